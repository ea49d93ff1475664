"""What one person did in one project, row by row, for that person's own figures; nothing of anybody else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

from sqlalchemy import Connection, false, func, select

from serving.store.gold_tables import gold, gold_answer
from serving.store.people_figures import Moment, as_it_stands
from serving.store.people_records import WorkState
from serving.store.records import LabelRole
from serving.store.review_records import TOLD, By, ReviewState
from serving.store.review_tables import review
from serving.store.sql import ZERO
from serving.store.tables import label, work

DECIDED: Final = (ReviewState.ACCEPTED, *TOLD)
STATES: Final = {state.value: state for state in WorkState}
ROLES: Final = {role.value: role for role in LabelRole}


@dataclass(frozen=True, slots=True)
class Handed:
    """Items that were in the person's hands, and came, ended and were given back alike."""

    state: WorkState
    code: str
    """Why they came, as the person was told."""
    reason: str | None
    """Why they were given back."""
    unasked: bool
    """They went back by themselves: Label Studio did not let the person open them."""
    recent: bool
    """Handed out at the moment that was asked for, or later."""
    n: int = 1


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A decision on a label of the person."""

    state: ReviewState
    """As it stands now."""
    decided_at: float
    by_deadline: bool
    """Nobody looked in time, and it was accepted."""
    fixed: bool
    """The reviewer's own answer took its place, whatever became of that."""
    code: str | None
    """Why it was decided against."""
    appealed: bool


@dataclass(frozen=True, slots=True)
class Marked:
    """An answer of the person to an item whose answer is known."""

    is_right: bool
    counts: bool
    """Whether the mark stands."""
    answered_at: float
    disputed: bool


class Given(NamedTuple):
    """An annotation of the person that is there; one of thousands."""

    item_id: int
    skipped: bool
    role: LabelRole
    lead_time: float | None
    """Seconds."""
    loss: float | None
    """Of the model's prediction against it, in [0, 1]."""
    saved_at: float
    """When the person last saved it, by Label Studio's clock, epoch seconds."""


class OwnRepository:
    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def handed(self, project_id: int, trainer_id: int, at: Moment, *, since: float) -> list[Handed]:
        """All that the person was handed, counted; what was first handed out first."""
        each = select(
            as_it_stands(at).label("state"),
            func.coalesce(work.c.why["code"].as_string(), "").label("code"),
            work.c.why["given_back"].as_string().label("reason"),
            func.coalesce(work.c.why["unasked"].as_boolean(), false()).label("unasked"),
            (work.c.granted_at >= since).label("recent"),
            work.c.id,
        ).where(work.c.trainer_id == trainer_id, work.c.project_id == project_id)
        rows = each.subquery()
        alike = (rows.c.state, rows.c.code, rows.c.reason, rows.c.unasked, rows.c.recent)
        found = self._conn.execute(select(*alike, func.count()).group_by(*alike).order_by(func.min(rows.c.id)))
        return [
            Handed(STATES[state], code, reason, bool(unasked), bool(recent), n)
            for state, code, reason, unasked, recent, n in found
        ]

    def given(self, project_id: int, user_id: int) -> list[Given]:
        """The person's annotations, skips among them and deleted ones not, oldest first."""
        columns = (label.c.item_id, label.c.was_cancelled, label.c.role, label.c.lead_time, label.c.loss)
        mine = (label.c.project_id + ZERO == project_id, label.c.completed_by == user_id)  # by the person's index
        query = select(*columns, label.c.remote_updated_at).where(*mine, label.c.deleted.is_(False))
        rows = self._conn.execute(query.order_by(label.c.remote_updated_at, label.c.id)).all()
        return [
            Given(item_id, skipped, ROLES[role], lead_time, loss, saved_at)
            for item_id, skipped, role, lead_time, loss, saved_at in rows
        ]

    def reviewed(self, project_id: int, user_id: int) -> list[Reviewed]:
        """What reviews said of the person's labels, oldest first; those that are still to decide are left out."""
        columns = (review.c.state, review.c.decided_at, review.c.decided_by, review.c.fix_id, review.c.code)
        mine = (review.c.project_id == project_id, review.c.author == user_id, review.c.state.in_(DECIDED))
        query = select(*columns, review.c.appealed_at).where(*mine).order_by(review.c.id)
        return [
            Reviewed(ReviewState(state), at or 0.0, by == By.DEADLINE, fix is not None, code, appealed is not None)
            for state, at, by, fix, code, appealed in self._conn.execute(query)
        ]

    def marked(self, project_id: int, trainer_id: int) -> list[Marked]:
        """The person's answers to items whose answer is known, those of qualifications too, oldest first."""
        columns = (gold_answer.c.is_right, gold_answer.c.counts, gold_answer.c.answered_at, gold_answer.c.disputed_at)
        query = select(*columns).join(gold, gold.c.id == gold_answer.c.gold_id)
        mine = (gold_answer.c.trainer_id == trainer_id, gold.c.project_id == project_id)
        return [
            Marked(is_right, counts, at, disputed is not None)
            for is_right, counts, at, disputed in self._conn.execute(query.where(*mine).order_by(gold_answer.c.id))
        ]
