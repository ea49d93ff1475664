"""When each process of the pipeline was last seen to work, and what its stages fail at."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, delete, func, insert, select

from serving.store.health_tables import heartbeat, trouble
from serving.store.sql import readable
from serving.store.tables import project

PROCESS = "process"
"""The beat of a process as a whole, beside those of its stages."""

LONGEST = 1000
"""Characters of a reason that are kept."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """A stage fails for a project, and tries again."""

    stage: str
    project_id: int
    code: str
    """Of the error (``models.errors``); ``internal``: of none of ours."""
    reason: str
    since: float
    """The first failure of this kind without a success in between, epoch seconds."""
    at: float
    """The newest one, epoch seconds."""


class HealthRepository:
    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def beat(self, process: str, beats: Mapping[str, float], troubles: Collection[Trouble], *, forget: float) -> None:
        """Write down a process's beats (stage -> epoch seconds) and troubles, instead of what it wrote before.

        What processes wrote that have not beaten since ``forget`` (epoch seconds) goes.
        """
        self.leave(process)
        self._conn.execute(delete(heartbeat).where(heartbeat.c.beat_at < forget))
        self._conn.execute(delete(trouble).where(trouble.c.at < forget))
        rows = [{"process": process, "stage": stage, "beat_at": at} for stage, at in beats.items()]
        self._conn.execute(insert(heartbeat), rows)
        there = set(self._conn.scalars(select(project.c.id)))
        said = [
            {"process": process} | asdict(one) | {"reason": readable(one.reason)[:LONGEST]}
            for one in troubles
            if one.project_id in there
        ]
        if said:
            self._conn.execute(insert(trouble), said)

    def leave(self, process: str) -> None:
        """The process ends."""
        for table in (heartbeat, trouble):
            self._conn.execute(delete(table).where(table.c.process == process))

    def processes(self, *, since: float) -> int:
        """How many processes have beaten since (epoch seconds)."""
        lively = (heartbeat.c.stage == PROCESS, heartbeat.c.beat_at >= since)
        return self._conn.scalar(select(func.count()).select_from(heartbeat).where(*lively)) or 0

    def stages(self, *, since: float) -> dict[str, float]:
        """Stage -> when it last came round (epoch seconds), in any process that has beaten since."""
        lively = select(heartbeat.c.process).where(heartbeat.c.stage == PROCESS, heartbeat.c.beat_at >= since)
        mine = (heartbeat.c.stage != PROCESS, heartbeat.c.process.in_(lively))
        query = select(heartbeat.c.stage, func.max(heartbeat.c.beat_at)).where(*mine).group_by(heartbeat.c.stage)
        return {stage: at for stage, at in self._conn.execute(query.order_by(heartbeat.c.stage))}

    def troubles(self, *, since: float) -> list[Trouble]:
        """What stages have failed at since (epoch seconds), by stage and project; of several processes the newest."""
        names = ("stage", "project_id", "code", "reason", "since", "at")
        columns = [trouble.c[name] for name in names]
        query = (
            select(*columns).where(trouble.c.at >= since).order_by(trouble.c.stage, trouble.c.project_id, trouble.c.at)
        )
        found = [Trouble(*row) for row in self._conn.execute(query)]
        return list({(one.stage, one.project_id): one for one in found}.values())
