"""The operators' figures of people: what waits for whom and for how long, how work is shared, and what comes of it.

All are counted from the store, from work that was handed out in a window of days up to now; see ``DEFINITIONS``.
Figures of single people are the operators' view: they are answered to whoever asks with the operators' token, and stand
in no log.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Final

from models.people import Estimate, per_hour, work_gini_estimate
from models.people import share as share_of
from models.types import Frozen
from serving.monitoring.queue_lines import HOUR_S, LineFigures, lines_of
from serving.pipeline.runtime import Runtime
from serving.store.people_figures import HANDED_IN, RAN_OUT, First, Moment, Pieces
from serving.store.people_records import DeskRow, WorkState
from serving.store.records import ProjectRow
from serving.workforce.review_view import Reviewers, reviewers_of

DAY_S: Final = 86_400.0
HARD: Final = 1.0 / 3.0
"""Share of what was handed out that is called hard, by the model's confidence."""
LEAST_H: Final = 0.1
"""Active hours below which a person's items an hour say nothing."""
REASONS: Final = 20
"""Reasons that are told apart; they are people's own words."""

DEFINITIONS: Final[Mapping[str, str]] = {
    "open": "items that nobody holds; one whose lease is over is open again",
    "wait": "from an item's arrival until now; where others have answered it, from the newest answer",
    "able": "people with a desk here whose skills meet the need",
    "present": "of these, who asked for work a moment ago (people_present_s) or hold an item",
    "eta": "items open and held, over pieces of this line handed in an hour of the clock in the window; of a line that "
    "is often empty it is too long. null: nobody can do it, or nothing was handed in",
    "active": "from the hand-out until the label came or the item was given back; where time ran out, until the page "
    "was last seen open. Standing in line is not counted",
    "offered_gini": "Gini coefficient of items handed out per active hour, over people with 6 active minutes or "
    "more; n is people",
    "lease_loss": "leases that ran out, of those that are over; n is leases",
    "reviews": "by reviewer and reason, since the project was connected; the overturn rate is of decisions that were "
    "appealed, which trainers choose",
    "late": "handed in after the lease had run out, of what was handed in: it counts like any other",
    "effective_items_per_hour": "different items with a label that counts, over all people's active hours, of audits, "
    "second opinions, skips and lost leases too; n is items",
    "answers_per_hour": "pieces of work handed in, over the same hours; n is pieces",
    "hard": "share of items from the third of all that was handed out of which the model is least sure; n is items of "
    "known confidence",
    "wait_in_line": "from asking until something was handed out; n is pieces of work",
    "first_item": "the same, of people whose first piece here was handed out in the window; time away counts",
    "intervals": "95 %: shares by Clopper-Pearson, rates by Garwood, the Gini coefficient by a bootstrap over people, "
    "from 10 of them on",
}
"""What each figure says; ``docs/trainers.md`` has the same at length."""


class PersonFigures(Frozen):
    """One person's work in the window."""

    user: int
    """Label Studio's id."""
    name: str
    handed_out: int
    handed_in: int
    """In time or late."""
    late: int
    lost: int
    """Ran out, and no label has come."""
    skipped: int
    given_back: int
    holds: int
    """Handed out in the window and not over: at most one."""
    active_h: float
    answers_per_hour: Estimate
    hard: Estimate


class Reason(Frozen):
    """Why work was given back, in people's words."""

    reason: str
    n: int


class Wait(Frozen):
    """Seconds in line before work was handed out."""

    n: int
    median_s: float | None
    longest_s: float | None


class PeopleFigures(Frozen):
    """The operators' figures of one project."""

    project: str
    now: float
    """Epoch seconds."""
    since: float
    """When the window begins."""
    lines: tuple[LineFigures, ...]
    handed_out: int
    handed_in: int
    active_h: float
    offered_gini: Estimate
    lease_loss: Estimate
    late: Estimate
    given_back: tuple[Reason, ...]
    """Most frequent first; what is not among the first 20 stands together under an empty reason."""
    reviews: Reviewers
    effective_items_per_hour: Estimate
    answers_per_hour: Estimate
    hard_below: float | None
    """Confidence up to which an item is hard."""
    wait_in_line: Wait
    first_item: Wait
    waiting_for_first: int
    """People who have asked in the window, and were never given anything."""
    people: tuple[PersonFigures, ...]
    definitions: Mapping[str, str]


def figures(runtime: Runtime, project: ProjectRow, *, days: float) -> PeopleFigures:
    """The figures of the last ``days``, all from one reading of the store."""
    now = runtime.now()
    since, at = now - days * DAY_S, Moment(now, now - runtime.settings.people_silent_s)
    with runtime.store.read() as uow:
        desks = uow.people.desks(project.id)
        pieces = uow.people_figures.pieces(project.id, at, since=since)
        firsts = uow.people_figures.firsts(project.id)
        asked_since = now - runtime.settings.people_present_s
        asked = {desk.trainer.id for desk in desks if desk.seen_at >= asked_since}
        here = asked | uow.people_figures.holders(project.id, at)
        begun = min((one.granted_at for one in firsts if one.granted_at is not None), default=None)
        lines = lines_of(uow, project, desks, here, at, since=since, begun=begun)
        effective = uow.people_figures.effective(project.id, since=since)
        reasons = uow.people_figures.given_back(project.id, since=since)
        sure = uow.people_figures.confidences(project.id, since=since)
        waited = uow.people_figures.waited(project.id, since=since)
        reviews = reviewers_of(uow, project)
    cut = _hardest(sure)
    people = [
        _person(
            desk,
            [one for one in pieces if one.trainer_id == desk.trainer.id],
            hard=[one <= cut for one in sure.get(desk.trainer.id, ())] if cut is not None else [],
        )
        for desk in desks
    ]
    active = [one for one in people if one.active_h >= LEAST_H]
    counts = Counter[WorkState]()
    for one in pieces:
        counts[one.state] += one.n
    handed_in, ran_out = (sum(counts[state] for state in states) for states in (HANDED_IN, RAN_OUT))
    active_h = sum(one.active_s for one in pieces) / HOUR_S
    return PeopleFigures(
        project=project.slug,
        now=now,
        since=since,
        lines=lines,
        handed_out=counts.total(),
        handed_in=handed_in,
        active_h=active_h,
        offered_gini=work_gini_estimate([one.handed_out for one in active], [one.active_h for one in active]),
        lease_loss=share_of(ran_out, counts.total() - counts[WorkState.HELD]),
        late=share_of(counts[WorkState.LATE], handed_in),
        given_back=_reasons(reasons),
        reviews=reviews,
        effective_items_per_hour=per_hour(effective, active_h),
        answers_per_hour=per_hour(handed_in, active_h),
        hard_below=cut,
        wait_in_line=Wait(n=waited.n, median_s=waited.median_s, longest_s=waited.longest_s),
        first_item=_first([one for one in firsts if one.granted_at is not None and one.granted_at >= since]),
        waiting_for_first=_without(desks, firsts, since),
        people=tuple(people),
        definitions=DEFINITIONS,
    )


def _hardest(sure: Mapping[int, Sequence[float]]) -> float | None:
    """The confidence at ``HARD`` of all of them, from below; None: there are none."""
    ranked = sorted(one for some in sure.values() for one in some)
    return ranked[min(len(ranked) - 1, int(HARD * len(ranked)))] if ranked else None


def _person(desk: DeskRow, pieces: Sequence[Pieces], hard: Sequence[bool]) -> PersonFigures:
    counts = {one.state: one.n for one in pieces}
    active_h = sum(one.active_s for one in pieces) / HOUR_S
    handed_in = sum(counts.get(state, 0) for state in HANDED_IN)
    return PersonFigures(
        user=desk.trainer.user_id,
        name=desk.trainer.name,
        handed_out=sum(counts.values()),
        handed_in=handed_in,
        late=counts.get(WorkState.LATE, 0),
        lost=counts.get(WorkState.EXPIRED, 0),
        skipped=counts.get(WorkState.SKIPPED, 0),
        given_back=counts.get(WorkState.RELEASED, 0),
        holds=counts.get(WorkState.HELD, 0),
        active_h=active_h,
        answers_per_hour=per_hour(handed_in, active_h),
        hard=share_of(sum(hard), len(hard)),
    )


def _reasons(counts: Mapping[str, int]) -> tuple[Reason, ...]:
    """The most frequent first; words that differ in case or blanks alone are one reason."""
    same = Counter[str]()
    for said, n in counts.items():
        same[" ".join(said.split()).lower()] += n
    top = [Reason(reason=said, n=n) for said, n in same.most_common(REASONS)]
    others = same.total() - sum(one.n for one in top)
    return (*top, *([Reason(reason="", n=others)] if others else ()))


def _first(firsts: Sequence[First]) -> Wait:
    waits = [one.waited_s for one in firsts if one.waited_s is not None]
    return Wait(n=len(waits), median_s=median(waits) if waits else None, longest_s=max(waits, default=None))


def _without(desks: Sequence[DeskRow], firsts: Sequence[First], since: float) -> int:
    nothing = {one.trainer_id for one in firsts if one.granted_at is None}
    return sum(desk.trainer.id in nothing and desk.seen_at >= since for desk in desks)
