"""What one person did in one project, row by row, for that person's own figures; nothing of anybody else."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select

from serving.store.people_records import WorkState
from serving.store.records import LabelRole
from serving.store.tables import label, work


@dataclass(frozen=True, slots=True)
class Piece:
    """An item that was in the person's hands."""

    state: WorkState
    granted_at: float
    until: float
    """When the lease ends, epoch seconds."""
    beat_at: float
    """When the page was last seen open."""
    code: str
    """Why it came, as the person was told."""
    reason: str | None
    """Why it was given back."""


@dataclass(frozen=True, slots=True)
class Given:
    """An annotation of the person that is there."""

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

    def pieces(self, project_id: int, trainer_id: int) -> list[Piece]:
        """All that the person was handed, oldest first."""
        columns = (work.c.state, work.c.granted_at, work.c.until, work.c.beat_at)
        why = (work.c.why["code"].as_string(), work.c.why["given_back"].as_string())
        mine = (work.c.trainer_id == trainer_id, work.c.project_id == project_id)
        query = select(*columns, *why).where(*mine).order_by(work.c.granted_at, work.c.id)
        return [
            Piece(WorkState(state), granted_at, until, beat_at, code or "", reason)
            for state, granted_at, until, beat_at, code, reason in self._conn.execute(query)
        ]

    def given(self, project_id: int, user_id: int) -> list[Given]:
        """The person's annotations, skips among them and deleted ones not, oldest first."""
        columns = (label.c.item_id, label.c.was_cancelled, label.c.role, label.c.lead_time, label.c.loss)
        mine = (label.c.project_id == project_id, label.c.completed_by == user_id)
        query = select(*columns, label.c.remote_updated_at).where(*mine, label.c.deleted.is_(False))
        return [
            Given(item_id, skipped, LabelRole(role), lead_time, loss, saved_at)
            for item_id, skipped, role, lead_time, loss, saved_at in self._conn.execute(
                query.order_by(label.c.remote_updated_at, label.c.id)
            )
        ]
