"""What people's answers come to: who votes on an item, and the label that follows by Dawid-Skene or CROWDLAB.

- An item that was answered blind is judged by its blind answers, the first of each person, and the model has a voice:
  its active version, where that has spoken of the item as it is. Blind answers teach no model, which so does not repeat
  them.
- Of any other item people alone vote, each with the newest answer. They may have seen the same suggestion, so that they
  agree more than they would have: the certainty is then too high.
- A skip is no vote, and neither is an answer that is not one of the control's classes.

Dawid-Skene is fitted to every item with two voices or more, and not to those alone that several people answered: these
were often asked again because person and model disagreed, and would make both look worse than they are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from models.errors import NotFoundError, fragment
from models.gate.arrays import Floats
from models.people import Consensus, Vote, class_of, crowdlab, dawid_skene, options
from models.types import ControlSpec, LabelConfig, Prediction
from serving.store.engine import UnitOfWork
from serving.store.people_figures import VOTES
from serving.store.records import ItemRow, LabelRow, ProjectRow


class Method(StrEnum):
    """How votes become a label."""

    DAWID_SKENE = "dawid_skene"
    CROWDLAB = "crowdlab"
    """Only items that were answered blind, since it needs the model's voice on each."""


@dataclass(frozen=True, slots=True)
class Heard:
    """An item, and who may vote on it."""

    item: ItemRow
    answers: tuple[LabelRow, ...]
    """One a person."""
    blind: bool
    said: Prediction | None
    """The model's voice; None: it has none here."""


def hear(uow: UnitOfWork, project: ProjectRow) -> list[Heard]:
    """Items that several people answered, or somebody blind, by id."""
    several, blind = uow.people_figures.answered(project.id)
    rows = uow.items.rows(sorted(several | blind))
    unseen = uow.opinions.answers(blind)
    said = uow.opinions.said(several - blind)
    speaks = {row.id for row in rows if row.id in blind and row.model_version == project.active_model}
    shown = uow.items.predictions([r.prediction_id for r in rows if r.id in speaks and r.prediction_id is not None])
    found = []
    for row in rows:
        answers = unseen.get(row.id, []) if row.id in blind else said.get(row.id, [])
        voice = shown.get(row.prediction_id) if row.id in speaks and row.prediction_id is not None else None
        found.append(
            Heard(
                item=row,
                answers=tuple(one for one in answers if one.role in VOTES and one.counts),
                blind=row.id in blind,
                said=voice.prediction if voice is not None and voice.revision == row.revision else None,
            )
        )
    return found


def judged(config: LabelConfig) -> list[ControlSpec]:
    """Controls whose answer is one class; answers to controls that no model fills are not in the store."""
    return [one for one in config.controls if len(options(one)) > 1]


def control_of(config: LabelConfig, name: str | None) -> ControlSpec:
    """The control of this name, or the first of ``judged``. Raises NotFoundError, with those there are."""
    controls = judged(config)
    found = next((one for one in controls if name in (None, one.name)), None)
    if found is None:
        names = ", ".join(one.name for one in controls) or fragment("there is none")
        raise NotFoundError(f"no control {name or ''!r} has one class as its answer; those that have: {names}")
    return found


def votes_of(heard: Sequence[Heard], control: ControlSpec) -> list[Vote]:
    """One vote a person and item, in the order of items; the item and the person by their numbers as text."""
    classes = set(options(control))
    each = ((one, answer, class_of(answer.regions, control)) for one in heard for answer in one.answers)
    return [Vote(key(one), str(answer.completed_by), said) for one, answer, said in each if said in classes]


def key(heard: Heard) -> str:
    """The item's name in votes: its number, with zeros in front, so that names and numbers have one order."""
    return f"{heard.item.id:019d}"


def voices(heard: Sequence[Heard], control: ControlSpec) -> dict[str, Floats]:
    """Item -> ``(K,)``: the model's confidence in its class, the rest evenly; no key: it said nothing.

    The confidence is the whole item's, and at least 1/K.
    """
    classes = options(control)
    found: dict[str, Floats] = {}
    for one in heard:
        guess = class_of(one.said.regions, control) if one.said is not None else None
        if one.said is not None and guess is not None and guess in classes:
            found[key(one)] = sure_of(classes, guess, one.said.confidence)
    return found


def sure_of(classes: Sequence[str], guess: str, confidence: float) -> Floats:
    """``(K,)``, K >= 2: the confidence, at least 1/K, for the class that was guessed, and the rest evenly."""
    sure = max(confidence, 1.0 / len(classes))
    return np.where([k == guess for k in classes], sure, (1.0 - sure) / (len(classes) - 1))


def judge(heard: Sequence[Heard], control: ControlSpec, method: Method) -> Consensus | None:
    """The consensus of all items with two voices or more; None: there are none.

    Raises:
        MissingDependencyError: the extra ``people`` is not installed.
    """
    model = voices(heard, control)
    votes = counted(heard, control, method)
    if not votes:
        return None
    if method is Method.CROWDLAB:
        return crowdlab(votes, options(control), model)
    return dawid_skene(votes, options(control), model)


def counted(heard: Sequence[Heard], control: ControlSpec, method: Method) -> list[Vote]:
    """The votes that ``judge`` learns from, in the order of its ``supported``; none where it has nothing to say."""
    model, votes = voices(heard, control), votes_of(heard, control)
    people: dict[str, int] = Counter(vote.item for vote in votes)
    if method is Method.CROWDLAB:
        votes = [vote for vote in votes if vote.item in model]
        return votes if any(people[vote.item] > 1 for vote in votes) else []
    return [vote for vote in votes if people[vote.item] + (vote.item in model) > 1]
