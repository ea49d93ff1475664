"""What work asks for and people can do: (domain, language, task) with a level, and the rules by which items need it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

from pydantic import ConfigDict, Field, model_validator

from models.tasks import item_loss
from models.tasks.choices import chosen_labels
from models.types import Frozen, LabelConfig, Prediction

TOP = 5
"""Levels go from 1 to this; a person without a skill has level 0 in it."""
VALUE = "*"
"""In a rule's words: what was found."""


@dataclass(frozen=True, slots=True)
class FieldOfWork:
    """(domain, language, task); an empty word is any."""

    domain: str = ""
    language: str = ""
    task: str = ""

    def covers(self, other: FieldOfWork) -> bool:
        """Whether a skill in this field is one in the other: the same words, or any."""
        pairs = ((self.domain, other.domain), (self.language, other.language), (self.task, other.task))
        return all(not own or own == wanted for own, wanted in pairs)

    def __str__(self) -> str:
        return "/".join(word or "any" for word in (self.domain, self.language, self.task))


class SkillSource(StrEnum):
    """Who says that a person has a skill."""

    OPERATOR = "operator"
    QUALIFICATION = "qualification"
    RESULTS = "results"
    """The person's own answers, compared with what they came to."""


@dataclass(frozen=True, slots=True)
class Skill:
    """What a person can do, and how well: a level from 1 to ``TOP``."""

    field: FieldOfWork
    level: int
    source: SkillSource = SkillSource.OPERATOR


@dataclass(frozen=True, slots=True)
class Need:
    """What an item asks of whoever labels it."""

    field: FieldOfWork
    level: int = 1

    def met_by(self, skills: Iterable[Skill]) -> bool:
        """Whether one of the skills covers it at its level."""
        return any(one.level >= self.level and one.field.covers(self.field) for one in skills)

    def __str__(self) -> str:
        return f"{self.field} from level {self.level}"


class SkillRule(Frozen):
    """Items for which all conditions of a rule hold need its skill; a rule without any holds for all."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    field: str | None = None
    """Field of the task's data that must be there."""
    control: str | None = None
    """Control of the label config of which the model must have said something: one that tells domain or language."""
    equals: str | None = None
    """What field or control must say; none: anything."""
    confidence_below: float | None = Field(default=None, gt=0.0, le=1.0)
    """The model's confidence must be lower, in (0, 1]."""
    models_disagree: bool = False
    """Another model version must have said something else of the item: the one before, or a challenger."""
    domain: str = Field(default="", max_length=64)
    """Domain of the skill; "*": what field or control says. Empty: any."""
    language: str = Field(default="", max_length=64)
    """The same for its language."""
    task: str = Field(default="", max_length=64)
    """The same for its task."""
    level: int = Field(default=1, ge=1, le=TOP)
    """Lowest level that will do, 1 to 5."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        words = (self.domain, self.language, self.task)
        if not any(words):
            raise ValueError("a skill rule names a domain, a language or a task")
        if self.field is not None and self.control is not None:
            raise ValueError("a skill rule looks at a field or at a control, not at both")
        if self.field is None and self.control is None and (self.equals is not None or VALUE in words):
            raise ValueError('"equals" and "*" are about a field or a control: name one')
        return self


def need_of(
    rules: Sequence[SkillRule],
    data: Mapping[str, Any],
    said: Prediction | None,
    config: LabelConfig,
    other: Prediction | None = None,
) -> Need | None:
    """What an item needs, by the first rule that holds; None: anybody may do it.

    Args:
        rules: the project's, in its order.
        data: the task's.
        said: what the model says of it; None: nothing yet, and rules about that do not hold.
        config: of the project.
        other: what another model version says of the same data; None: nothing, and rules about that do not hold.
    """
    for rule in rules:
        if rule.models_disagree and not _disagree(said, other, config):
            continue
        if rule.confidence_below is not None and (said is None or said.confidence >= rule.confidence_below):
            continue
        found = _found(rule, data, said, config)
        if found is None or (rule.equals is not None and found != rule.equals):
            continue
        words = (found if word == VALUE else word for word in (rule.domain, rule.language, rule.task))
        return Need(FieldOfWork(*(word[:64] for word in words)), rule.level)
    return None


def _disagree(said: Prediction | None, other: Prediction | None, config: LabelConfig) -> bool:
    """Whether one is wrong, taken for right what the other says."""
    return said is not None and other is not None and item_loss(said.regions, other.regions, config) > 0.0


def _found(rule: SkillRule, data: Mapping[str, Any], said: Prediction | None, config: LabelConfig) -> str | None:
    """What the rule's field or control says; empty where it looks at neither, None where there is nothing."""
    if rule.field is not None:
        value = data.get(rule.field)
        return str(value) if value is not None and str(value) else None
    if rule.control is None:
        return ""
    control = next((one for one in config.controls if one.name == rule.control), None)
    labels = sorted(chosen_labels(said.regions, control)) if said is not None and control is not None else []
    return ", ".join(labels) or None
