"""Looks at how long people take with and without a suggestion, and moves the bound below which none is shown.

A look is taken when enough labels have come in since the last one. It reads the newest labels: given with a suggestion
shown, blind, or without one by lot or for the bound. Times are compared at the same confidence, and where the same
share was shown: all but the lot above the bound of that time, the lot alone below it.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import numpy as np

from models.people.effort import Effort, Factor, suggestion_effort
from models.people.showing import Showing, next_bound
from serving.pipeline.decide import WITH_PEOPLE
from serving.pipeline.runtime import Runtime
from serving.pipeline.standing import SELF
from serving.store.effort import Look, Timed
from serving.store.engine import UnitOfWork
from serving.store.records import LabelRole, ProjectRow, SuggestionBound

log = logging.getLogger(__name__)

NEWEST = 5_000
"""Labels that are read."""
LEAST = 50
"""Labels that must have come in since the last look."""
GROWTH = 0.2
"""The same as a share of those that the last look read: every look is a chance to be misled."""
DOUBT = 0.01
"""Probability, for each look, of a bound where suggestions are not slower."""
BELOW = frozenset({Showing.HIDDEN.value, Showing.SPARED.value})
"""Reason codes of items below the bound of their time."""


def run(runtime: Runtime, project: ProjectRow) -> int:
    """One look, if it is due. Returns how many items are decided again."""
    if project.control_rate == 0.0:
        return 0
    with runtime.store.read() as uow:
        last, newest = uow.effort.last(project.id), uow.effort.newest(project.id)
        if not _due(uow, project, last):
            return 0
        rows = uow.effort.times(project.id, limit=NEWEST)
    found = measure(rows, project.suggestion_bound)
    with runtime.store.begin() as uow:
        current, now = uow.projects.hold(project.id), runtime.now()
        if current.control_rate == 0.0 or current.suggestion_bound != project.suggestion_bound:
            return 0
        uow.effort.keep(project.id, Look(newest, found, now))
        return _move(uow, current, found, now)


def _due(uow: UnitOfWork, project: ProjectRow, last: Look | None) -> bool:
    if last is None:
        return uow.effort.since(project.id, 0) >= LEAST
    wanted = max(LEAST, GROWTH * (last.found.shown + last.found.hidden))
    return uow.effort.since(project.id, last.label_id) >= wanted


def measure(rows: Sequence[Timed], bound: SuggestionBound | None) -> Effort:
    """What suggestions do to the time, by these labels.

    A blind label counts beside those of its confidence: below the bound, or not.
    """
    kept = [row for row in rows if row.reason not in WITH_PEOPLE]
    shown = [row for row in kept if row.role is LabelRole.CORRECTION]
    hidden = [row for row in kept if row.role is not LabelRole.CORRECTION]
    return suggestion_effort(
        [row.confidence for row in shown],
        [row.seconds for row in shown],
        [row.confidence for row in hidden],
        [row.seconds for row in hidden],
        shown_strata=np.array([_stratum(row, bound) for row in shown], dtype=np.int64),
        hidden_strata=np.array([_stratum(row, bound) for row in hidden], dtype=np.int64),
        doubt=DOUBT,
    )


def _stratum(row: Timed, bound: SuggestionBound | None) -> int:
    if row.role.blind:
        return int(bound is not None and row.confidence < bound.below)
    return int(row.reason in BELOW)


def _move(uow: UnitOfWork, project: ProjectRow, found: Effort, now: float) -> int:
    """Move the bound where it has to be; items between the old one and the new one are decided again."""
    old = project.suggestion_bound.below if project.suggestion_bound is not None else None
    below = next_bound(old, found)
    if below == old:
        return 0
    bound = _bound(found, below, now) if below is not None else None
    uow.projects.update(project.id, suggestion_bound=bound)
    numbers: dict[str, Any] = {"suggest_from": below, "suggest_from_before": old}
    if bound is not None:
        numbers |= {"labels_shown": bound.shown, "labels_hidden": bound.hidden, "saved_seconds": bound.saved_seconds}
    reason = _words(bound, found.overall)
    uow.gate.note(project.id, reason=reason, actor=SELF, numbers=numbers, now=now)
    log.info("suggestions", extra={"project": project.slug, "reason": reason})
    start, end = sorted((old or 0.0, below or 0.0))
    return uow.effort.decide_again(project.id, start=start, end=end, now=now)


def _bound(found: Effort, below: float, now: float) -> SuggestionBound:
    mine = [one for one in found.ranges if one.end <= below]
    saved = found.saved_seconds(below)
    assert saved is not None, "a bound moves to the end of a range"
    return SuggestionBound(
        below=below,
        shown=sum(one.shown for one in mine),
        hidden=sum(one.hidden for one in mine),
        saved_seconds=-saved,
        at=now,
    )


def _words(bound: SuggestionBound | None, overall: Factor | None) -> str:
    if bound is None:
        share = f"{overall.factor:.2f} of the time without one" if overall is not None else "an unknown time"
        return f"Suggestions are shown at every confidence again: with one an item takes {share}."
    return (
        f"No suggestion is shown where the model is less than {bound.below:.0%} sure: without it an item takes "
        f"{bound.saved_seconds:.1f} s less ({bound.shown} labels with a suggestion, {bound.hidden} without). A share "
        "drawn by lot keeps it, so that this can be seen to change."
    )
