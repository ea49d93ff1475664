"""What people's time went to, label by label, and which items had no suggestion by lot."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import Connection, and_, case, func, literal, select

from serving.store.effort import UNAIDED
from serving.store.labels import LIVE
from serving.store.review_tables import review_turn
from serving.store.sql import batches
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


class Given(NamedTuple):
    """One label, as far as it took time."""

    item_id: int
    role: str
    seconds: float | None
    """Label Studio's lead time."""
    live: bool
    """It says what its item is: no skip, not deleted, not set aside, no answer to a known item."""


class SpendingRepository:
    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def given(self, project_id: int) -> list[Given]:
        """Every label of the project, oldest first."""
        live = and_(*LIVE).label("live")
        columns = (label.c.id, label.c.item_id, label.c.role, label.c.lead_time, live)
        rows = self._conn.execute(select(*columns).where(label.c.project_id == project_id)).all()
        return [Given(*row[1:]) for row in sorted(rows, key=lambda row: row.id)]

    def reviews(self, project_id: int, *, longest: float) -> Spent:
        """Looks at others' labels that have ended; those up to ``longest`` seconds count."""
        took = review_turn.c.ended_at - review_turn.c.granted_at
        mine = (review_turn.c.project_id == project_id, review_turn.c.ended_at.is_not(None))
        usable = and_(took > 0, took <= longest)
        timed = func.coalesce(func.sum(case((usable, 1), else_=0)), 0)
        seconds = func.coalesce(func.sum(case((usable, took), else_=literal(0.0))), 0.0)
        return Spent(*self._conn.execute(select(func.count(), timed, seconds).where(*mine)).one())

    def unaided(self, project_id: int) -> set[int]:
        """Items labelled without their suggestion though they are not blind: the control, and those below the bound."""
        query = select(label.c.item_id).join(item, item.c.id == label.c.item_id)
        return set(self._conn.scalars(query.where(label.c.project_id == project_id, *UNAIDED)))

    def confidences(self, item_ids: Collection[int], model_version: str) -> dict[int, float]:
        """Item id -> what this model says of it, or what was decided on; items without either are left out."""
        said = and_(
            prediction.c.item_id == item.c.id,
            prediction.c.revision == item.c.revision,
            prediction.c.model_version == model_version,
        )
        sure = func.coalesce(prediction.c.prediction["confidence"].as_float(), item.c.confidence).label("sure")
        found: dict[int, float] = {}
        for batch in batches(item_ids):
            rows = select(item.c.id, sure).select_from(item).outerjoin(prediction, said).where(item.c.id.in_(batch))
            found |= {id: confidence for id, confidence in self._conn.execute(rows) if confidence is not None}
        return found
