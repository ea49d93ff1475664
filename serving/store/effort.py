"""How long people took with and without a suggestion, and what the last look at that found."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, and_, delete, func, or_, select

from models.people.effort import Effort
from models.types import Route
from serving.store.items import round_again
from serving.store.labels import LIVE
from serving.store.outbox import UNSEEN
from serving.store.records import ItemState, LabelRole
from serving.store.rows import EFFORT
from serving.store.sql import lock_items, take_turn, upsert
from serving.store.tables import effort, item, label, prediction

BLIND = (LabelRole.VALIDATION, LabelRole.AUDIT)
"""Drawn by keyed hash: hidden by lot."""
SHOWN = (label.c.role == LabelRole.CORRECTION, item.c.route == Route.SUGGEST, ~UNSEEN)
UNAIDED = (label.c.role == LabelRole.TRAIN, item.c.route == Route.SUGGEST, UNSEEN)


@dataclass(frozen=True, slots=True)
class Timed:
    """How long somebody took over an item of which the model had spoken."""

    label_id: int
    seconds: float
    """Label Studio's lead time."""
    confidence: float
    """Of the prediction that the label is compared with, in [0, 1]."""
    role: LabelRole
    reason: str | None
    """Reason code of the item's route."""


@dataclass(frozen=True, slots=True)
class Look:
    """What was found when the times were looked at last."""

    label_id: int
    """The newest label of the project at that time."""
    found: Effort
    at: float
    """Epoch seconds."""


class EffortRepository:
    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def times(self, project_id: int, *, limit: int) -> list[Timed]:
        """The newest labels that say what a suggestion does: given with it, blind, or without it on other grounds.

        Left out are skips, items that the model had not seen, and labels of which it is not certain what was shown.
        """
        confidence = prediction.c.prediction["confidence"].as_float()
        query = (
            select(label.c.id, label.c.lead_time, confidence.label("confidence"), label.c.role, item.c.reason)
            .join(item, item.c.id == label.c.item_id)
            .join(prediction, prediction.c.id == label.c.prediction_id)
            .where(label.c.project_id == project_id, *LIVE, label.c.lead_time > 0)
            .where(or_(label.c.role.in_(BLIND), and_(*SHOWN), and_(*UNAIDED)))
            .order_by(label.c.id.desc())
            .limit(limit)
        )
        return [
            Timed(row.id, row.lead_time, row.confidence, LabelRole(row.role), row.reason)
            for row in self._conn.execute(query)
        ]

    def newest(self, project_id: int) -> int:
        """Id of the project's newest label; 0: none."""
        return self._conn.scalar(select(func.max(label.c.id)).where(label.c.project_id == project_id)) or 0

    def since(self, project_id: int, label_id: int) -> int:
        """How many labels came after this one."""
        mine = (label.c.project_id == project_id, label.c.id > label_id)
        return self._conn.scalar(select(func.count()).select_from(label).where(*mine)) or 0

    def last(self, project_id: int) -> Look | None:
        """The last look; None: there was none."""
        row = self._conn.execute(select(effort).where(effort.c.project_id == project_id)).one_or_none()
        return None if row is None else Look(row.label_id, EFFORT.validate_json(row.found), row.at)

    def keep(self, project_id: int, look: Look) -> None:
        """In place of the one before."""
        own = {"label_id": look.label_id, "found": look.found, "at": look.at}
        statement = upsert(self._conn, effort).values(project_id=project_id, **own)
        self._conn.execute(statement.on_conflict_do_update(index_elements=["project_id"], set_=own))

    def forget(self, project_id: int) -> None:
        """The next look starts anew."""
        self._conn.execute(delete(effort).where(effort.c.project_id == project_id))

    def decide_again(self, project_id: int, *, start: float, end: float, now: float) -> int:
        """Suggestions with a confidence in [start, end), seen or not, are decided again; how many."""
        take_turn(self._conn)
        mine = (
            item.c.project_id == project_id,
            item.c.state.in_((ItemState.DECIDED, ItemState.PUBLISHED)),
            item.c.route == Route.SUGGEST,
            item.c.confidence >= start,
            item.c.confidence < end,
        )
        found = self._conn.scalars(select(item.c.id).where(*mine)).all()
        ids = [row.id for row in lock_items(self._conn, found, *mine)]
        return round_again(self._conn, ids, ItemState.SCORED, now)
