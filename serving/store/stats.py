"""Work done and time spent by stage, for the throughput figures of the report."""

from __future__ import annotations

from sqlalchemy import Connection, select

from serving.store.sql import upsert
from serving.store.tables import stage_stat

PULL = "pull"
"""Stage of the predictions that Label Studio asked for itself; it stores them, so the publisher may store a second."""


class StatsRepository:
    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def add(self, project_id: int, stage: str, items: int, seconds: float) -> None:
        """Add to the stage's totals; ``seconds`` is the time that the stage was busy with these items."""
        statement = upsert(self._conn, stage_stat)
        new = statement.excluded
        self._conn.execute(
            statement.values(project_id=project_id, stage=stage, items=items, seconds=seconds).on_conflict_do_update(
                index_elements=["project_id", "stage"],
                set_={"items": stage_stat.c["items"] + new["items"], "seconds": stage_stat.c.seconds + new.seconds},
            )
        )

    def totals(self, project_id: int) -> dict[str, tuple[int, float]]:
        """Stage -> (items, busy seconds)."""
        columns = (stage_stat.c.stage, stage_stat.c["items"], stage_stat.c.seconds)
        query = select(*columns).where(stage_stat.c.project_id == project_id).order_by(stage_stat.c.stage)
        return {stage: (items, seconds) for stage, items, seconds in self._conn.execute(query)}
