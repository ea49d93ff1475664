"""Figures of a project that take long to count, as they were counted last, and what else is kept by a name alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from serving.store.kept_tables import kept_figure
from serving.store.sql import upsert


@dataclass(frozen=True, slots=True)
class KeptFigure:
    """When it was counted, and what that took."""

    at: float
    """Epoch seconds."""
    seconds: float


class KeptRepository:
    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def put(self, project_id: int, name: str, value: Any, *, seconds: float, at: float) -> None:
        """In place of what was counted before, unless that is newer."""
        statement = upsert(self._conn, kept_figure)
        new = statement.excluded
        self._conn.execute(
            statement.values(
                project_id=project_id, name=name, value=value, seconds=seconds, at=at
            ).on_conflict_do_update(
                index_elements=["project_id", "name"],
                set_={"value": new.value, "seconds": new.seconds, "at": new.at},
                where=kept_figure.c.at <= new.at,
            )
        )

    def look(self, project_id: int, name: str) -> KeptFigure | None:
        """Without the value; None: it was never counted."""
        mine = (kept_figure.c.project_id == project_id, kept_figure.c.name == name)
        row = self._conn.execute(select(kept_figure.c.at, kept_figure.c.seconds).where(*mine)).one_or_none()
        return None if row is None else KeptFigure(row.at, row.seconds)

    def value(self, project_id: int, name: str) -> str | bytes | None:
        """JSON, as the database gives it."""
        mine = (kept_figure.c.project_id == project_id, kept_figure.c.name == name)
        found: str | bytes | None = self._conn.scalar(select(kept_figure.c.value).where(*mine))
        return found
