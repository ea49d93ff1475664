"""What people's time went to, item by item, and how long items took that had no suggestion by lot."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, case, func, literal, or_, select, true

from serving.store.effort import BLIND, UNAIDED
from serving.store.labels import LIVE
from serving.store.records import LabelRole
from serving.store.review_tables import review_turn
from serving.store.tables import item, label, prediction


class Kind(StrEnum):
    """What a person's time went to."""

    SUGGESTED = "suggested"
    """The first label of an item, with a suggestion shown."""
    BY_HAND = "by_hand"
    """The first label of an item, without one: blind ones, audits among them, and train."""
    AGAIN = "again"
    """Further labels of the same item: second opinions, overlap."""
    GOLD = "gold"
    """Answers to items whose answer is known."""
    DROPPED = "dropped"
    """Skips, and labels that were deleted or that a review set aside."""
    REVIEW = "review"
    """Judging others' labels, from hand-out to decision."""


@dataclass(frozen=True, slots=True)
class Spent:
    """Labels of one kind."""

    n: int
    timed: int
    """Of these, with a time that counts as work."""
    seconds: float
    """Of the timed ones together."""


class SpendingRepository:
    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def times(self, project_id: int, *, limit: int) -> list[float]:
        """Lead times of the newest labels, seconds; any label's that has one."""
        mine = (label.c.project_id == project_id, label.c.lead_time > 0)
        query = select(label.c.lead_time).where(*mine).order_by(label.c.id.desc()).limit(limit)
        return list(self._conn.scalars(query))

    def spent(self, project_id: int, *, longest: float) -> dict[Kind, Spent]:
        """Every label by what it was for; times up to ``longest`` seconds count. Kinds that never were are left out."""
        each = _each(project_id).subquery()
        kind = case(
            (each.c.role == LabelRole.GOLD, Kind.GOLD.value),
            (each.c.live.is_not(true()), Kind.DROPPED.value),
            (each.c.place > 1, Kind.AGAIN.value),
            (each.c.role == LabelRole.CORRECTION, Kind.SUGGESTED.value),
            else_=Kind.BY_HAND.value,
        ).label("kind")
        counts = _counts(each.c.lead_time, longest)
        found = {Kind(row[0]): Spent(*row[1:]) for row in self._conn.execute(select(kind, *counts).group_by(kind))}
        reviews = self._reviews(project_id, longest)
        return found | ({Kind.REVIEW: reviews} if reviews.n else {})

    def _reviews(self, project_id: int, longest: float) -> Spent:
        took = review_turn.c.ended_at - review_turn.c.granted_at
        mine = (review_turn.c.project_id == project_id, review_turn.c.ended_at.is_not(None))
        return Spent(*self._conn.execute(select(*_counts(took, longest)).where(*mine)).one())

    def suggested(self, project_id: int) -> list[float]:
        """Confidences of the items whose first label was given with a suggestion shown."""
        each = _each(project_id).subquery()
        mine = (each.c.live.is_(true()), each.c.place == 1, each.c.role == LabelRole.CORRECTION)
        query = select(item.c.confidence).join(each, each.c.item_id == item.c.id)
        return list(self._conn.scalars(query.where(*mine, item.c.confidence.is_not(None))))

    def control(self, project_id: int, model_version: str, *, longest: float) -> list[tuple[float, float]]:
        """(Confidence, seconds) of items that had no suggestion by lot, by their first label: blind, or the control.

        The confidence is what this model says of the item, or what was decided on; items without either are left out.
        Times up to ``longest`` seconds count.
        """
        each = _each(project_id).subquery()
        said = and_(
            prediction.c.item_id == item.c.id,
            prediction.c.revision == item.c.revision,
            prediction.c.model_version == model_version,
        )
        sure = func.coalesce(prediction.c.prediction["confidence"].as_float(), item.c.confidence)
        drawn = or_(label.c.role.in_(BLIND), and_(*UNAIDED))
        mine = (each.c.live.is_(true()), each.c.place == 1, drawn, label.c.lead_time > 0, label.c.lead_time <= longest)
        query = select(sure, label.c.lead_time).select_from(label).join(each, each.c.id == label.c.id)
        query = query.join(item, item.c.id == label.c.item_id).outerjoin(prediction, said)
        rows = self._conn.execute(query.where(*mine, sure.is_not(None)).order_by(label.c.id))
        return [(confidence, seconds) for confidence, seconds in rows]


def _each(project_id: int) -> Select[tuple[int, int, str, float, bool, int]]:
    """Every label of the project, with its place among those of its item that count, 1 the first."""
    live = and_(*LIVE).label("live")
    place = func.row_number().over(partition_by=(label.c.item_id, live), order_by=label.c.id).label("place")
    columns = (label.c.id, label.c.item_id, label.c.role, label.c.lead_time, live, place)
    return select(*columns).where(label.c.project_id == project_id)


def _counts(
    seconds: ColumnElement[Any], longest: float
) -> tuple[ColumnElement[int], ColumnElement[int], ColumnElement[float]]:
    """All, those whose time counts, and the sum of these."""
    usable = and_(seconds > 0, seconds <= longest)
    timed = func.coalesce(func.sum(case((usable, 1), else_=0)), 0)
    return func.count(), timed, func.coalesce(func.sum(case((usable, seconds), else_=literal(0.0))), 0.0)
