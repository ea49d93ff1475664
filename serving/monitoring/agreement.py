"""How far people agree, by control: Krippendorff's alpha with its interval, apart for what it can speak of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal

from models.people import krippendorff_alpha
from models.people.classes import Level, level_of
from models.types import ControlSpec, Frozen
from serving.pipeline.opinions import is_checked
from serving.pipeline.runtime import Runtime
from serving.store.people_figures import VOTES
from serving.store.records import BLIND_AUDIT, LabelRole, LabelRow, ProjectRow

Sample = Literal["by_lot", "without_suggestion", "with_suggestion"]
Answers = Mapping[int, Sequence[LabelRow]]
UNSEEN: Final = frozenset(VOTES) - {LabelRole.CORRECTION}
"""Roles of answers that were given without seeing a suggestion."""

DEFINITIONS: Final[Mapping[Sample, str]] = {
    "by_lot": "Blind validation items that a second person is asked of by lot, whatever the first said: the first two "
    "answers. It speaks for the blind sample, and for the stream that this is drawn from.",
    "without_suggestion": "All answers that were given without seeing a suggestion. Most items are asked again because "
    "people or the model were not sure, so it is lower than it would be of all items.",
    "with_suggestion": "Answers that were given while a suggestion was shown. Who sees the same suggestion agrees for "
    "that reason, too: it is no proof of quality.",
}
"""What each alpha is taken from. The interval is a bootstrap over items at 95 %, given from 10 items on."""


class AgreementFigure(Frozen):
    """Alpha of one control over one sample."""

    control: str
    sample: Sample
    alpha: float | None
    """At most 1; 0 is chance. None: all answers are the same, so that chance would agree as well."""
    lower: float | None
    upper: float | None
    items: int
    """With two answers or more."""
    answers: int
    people: int
    level: Level
    """How two answers are compared."""


class AgreementReport(Frozen):
    """Agreement of a project's people; no figure where no item has two answers."""

    project: str
    figures: tuple[AgreementFigure, ...]
    definitions: Mapping[Sample, str]


def agreement(runtime: Runtime, project: ProjectRow) -> AgreementReport:
    """Alpha of every control that is in the store, over every sample that has items with two answers.

    Raises:
        MissingDependencyError: the extra ``people`` is not installed.
    """
    found = [
        figure
        for sample, answers in samples(runtime, project).items()
        for control in project.label_config.controls
        if (figure := _figure(control, sample, answers)) is not None
    ]
    found.sort(key=lambda one: one.control)
    return AgreementReport(project=project.slug, figures=tuple(found), definitions=DEFINITIONS)


def samples(runtime: Runtime, project: ProjectRow) -> dict[Sample, dict[int, list[LabelRow]]]:
    """Sample -> item id -> answers, one a person and no skips; items with one answer are among them."""
    secret = runtime.sampling_secret(project)
    with runtime.store.read() as uow:
        several, blind = uow.people_figures.answered(project.id)
        items = {row.id: row for row in uow.items.rows(sorted(several))}
        unseen, said = uow.opinions.answers(several & blind), uow.opinions.said(several)
    by_lot = {
        id: answers[:2]
        for id, answers in unseen.items()
        if id in items and items[id].reason != BLIND_AUDIT and is_checked(items[id], secret)
    }
    return {
        "by_lot": {id: two for id, two in by_lot.items() if all(one.counts for one in two)},
        "without_suggestion": {id: [one for one in rows if one.role in UNSEEN] for id, rows in said.items()},
        "with_suggestion": {id: [one for one in rows if one.role is LabelRole.CORRECTION] for id, rows in said.items()},
    }


def _figure(control: ControlSpec, sample: Sample, answers: Answers) -> AgreementFigure | None:
    twice = {id: rows for id, rows in answers.items() if len(rows) > 1}
    if not twice:
        return None
    said = {f"{id:019d}": {str(row.completed_by): row.regions for row in rows} for id, rows in twice.items()}
    found = krippendorff_alpha(said, control)
    return AgreementFigure(
        control=control.name,
        sample=sample,
        alpha=None if found is None else found.alpha,
        lower=None if found is None else found.lower,
        upper=None if found is None else found.upper,
        items=len(twice) if found is None else found.items,
        answers=sum(map(len, twice.values())) if found is None else found.answers,
        people=len({row.completed_by for rows in twice.values() for row in rows}) if found is None else found.people,
        level=level_of(control) if found is None else found.level,
    )


def in_words(figure: AgreementFigure) -> str:
    """The figure in a line, for tables."""
    if figure.alpha is None:
        alpha = "not defined, since all answers are the same"
    elif figure.lower is None or figure.upper is None:
        alpha = f"{figure.alpha:.2f}, too few items for an interval"
    else:
        alpha = f"{figure.alpha:.2f} (95 %: {figure.lower:.2f} to {figure.upper:.2f})"
    return f"{alpha}; {figure.items} items, {figure.answers} answers of {figure.people} people"
