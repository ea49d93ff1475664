"""Model versions of a project, and which of them predicts."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select, update

from models.base import ModelRef
from models.errors import NotFoundError, fragment
from serving.store.rows import to_model_version
from serving.store.sql import take_turn, upsert
from serving.store.tables import model_version, project
from serving.store.version_records import ModelVersionRow

Versions = list[ModelVersionRow]


class ModelVersionRepository:
    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def add(self, project_id: int, ref: ModelRef, n_train: int, metrics: dict[str, Any], now: float) -> ModelVersionRow:
        """Store a version; one that is there already stays as it is and is returned."""
        self._conn.execute(
            upsert(self._conn, model_version)
            .values(
                project_id=project_id,
                version=ref.version,
                ref=ref,
                n_train=n_train,
                metrics=metrics,
                created_at=now,
            )
            .on_conflict_do_nothing(index_elements=["project_id", "version"])
        )
        return self.get(project_id, ref.version)

    def get(self, project_id: int, version: str) -> ModelVersionRow:
        """Raises NotFoundError, with the versions that there are."""
        query = select(model_version).where(
            model_version.c.project_id == project_id, model_version.c.version == version
        )
        row = self._conn.execute(query).one_or_none()
        if row is None:
            known = ", ".join(r.ref.version for r in self.list(project_id)) or fragment("none yet")
            raise NotFoundError(f"the project has no model version {version!r}; it has: {known}")
        return to_model_version(row)

    def activate(self, project_id: int, version: str, now: float) -> None:
        """Let this version predict from now on. Raises NotFoundError when it was never added."""
        take_turn(self._conn)
        row = self.get(project_id, version)
        self._conn.execute(update(project).where(project.c.id == project_id).values(active_model=version))
        self._conn.execute(update(model_version).where(model_version.c.id == row.id).values(activated_at=now))

    def reject(self, project_id: int, version: str, now: float) -> None:
        """This version was tried and certified no more, or rolled back. Raises NotFoundError if it was never added."""
        take_turn(self._conn)
        row = self.get(project_id, version)
        self._conn.execute(update(model_version).where(model_version.c.id == row.id).values(rejected_at=now))

    def measured(self, project_id: int, version: str, items: int, seconds: float) -> None:
        """Add to what is known of a version's speed: a scorer worked ``seconds`` on so many items."""
        mine = (model_version.c.project_id == project_id, model_version.c.version == version)
        more = {
            "scored_items": model_version.c.scored_items + items,
            "scored_seconds": model_version.c.scored_seconds + seconds,
        }
        self._conn.execute(update(model_version).where(*mine).values(more))

    def list(self, project_id: int) -> Versions:
        """All versions, oldest first."""
        query = select(model_version).where(model_version.c.project_id == project_id).order_by(model_version.c.id)
        return [to_model_version(row) for row in self._conn.execute(query)]
