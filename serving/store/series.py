"""Stages by the minute: what they have done in all, and what waits for them; and windows that were compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, delete, func, select

from models.gate.drift import Drift
from serving.store.operations import OperationsRepository
from serving.store.records import ItemState, OutboxKind, OutboxState
from serving.store.series_tables import drift_window, stage_sample
from serving.store.sql import upsert
from serving.store.stats import StatsRepository
from serving.store.tables import item, label, outbox

FIVE_MINUTES = 300
WINDOWS = 400
"""Windows of a project that are kept."""


class Part(StrEnum):
    """What is sampled: the stages that items pass, and people."""

    SCORE = "score"
    DECIDE = "decide"
    PUBLISH = "publish"
    PEOPLE = "people"


WAITS_FOR = {Part.SCORE: ItemState.RECEIVED, Part.DECIDE: ItemState.SCORED}
"""Stage -> the state of the items that wait for it."""


@dataclass(frozen=True, slots=True)
class Level:
    """Where a stage stands."""

    done: int
    """Since the project was connected: items; writes of publish; labels of people, whatever became of them."""
    seconds: float
    """In which it was busy with these; of people 0: they are not timed here."""
    waiting: int
    """What waits for it: items; of publish writes."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Where a stage stood."""

    at: float
    """Epoch seconds."""
    level: Level


@dataclass(frozen=True, slots=True)
class Window:
    """One figure of one window of items against the blind sample."""

    figure: str
    at: float
    """When it was compared, epoch seconds."""
    window: int
    """Items."""
    psi: float
    distance: float
    p_value: float
    alarm: bool
    certificate_id: int


class SeriesRepository:
    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def now(self, project_id: int, *, people: bool = True) -> dict[Part, Level]:
        """Where each stage stands; ``people`` False leaves them out, and reads nothing but what waits for the rest."""
        totals = StatsRepository(self._conn).totals(project_id)
        mine = (item.c.project_id == project_id, item.c.state.in_(WAITS_FOR.values()))
        query = select(item.c.state, func.count()).where(*mine).group_by(item.c.state)
        waiting = {ItemState(state): n for state, n in self._conn.execute(query)}
        depths = {part: waiting.get(state, 0) for part, state in WAITS_FOR.items()}
        found = {}
        for part, depth in (depths | {Part.PUBLISH: self._writes(project_id)}).items():
            own = [total for stage, total in totals.items() if stage == part or stage.startswith(f"{part}_")]
            found[part] = Level(sum(n for n, _ in own), sum(s for _, s in own), depth)
        return found | ({Part.PEOPLE: self._people(project_id)} if people else {})

    def _writes(self, project_id: int) -> int:
        """Those that wait; each kind by the index of its queue."""
        mine = (outbox.c.project_id == project_id, outbox.c.kind.in_(list(OutboxKind)))
        query = select(func.count()).select_from(outbox).where(*mine, outbox.c.state == OutboxState.PENDING)
        return self._conn.scalar(query) or 0

    def _people(self, project_id: int) -> Level:
        queue = OperationsRepository(self._conn).people(project_id, due=0.0)
        given = select(func.count()).select_from(label).where(label.c.project_id == project_id)
        waiting = queue.audits + queue.validation + queue.seeds + queue.suggestions
        return Level(self._conn.scalar(given) or 0, 0.0, waiting)

    def keep(self, project_id: int, slot: int, at: float, levels: Mapping[Part, Level]) -> None:
        """Write down where the stages stand, once a slot: what another process has written in it stays."""
        rows = [
            {
                "project_id": project_id,
                "slot": slot,
                "stage": part.value,
                "at": at,
                "done": level.done,
                "seconds": level.seconds,
                "waiting": level.waiting,
            }
            for part, level in levels.items()
        ]
        self._conn.execute(upsert(self._conn, stage_sample).on_conflict_do_nothing(), rows)

    def samples(self, project_id: int, *, since: float, step: int = FIVE_MINUTES) -> dict[Part, list[Sample]]:
        """Part -> samples of slots that began since (epoch seconds), oldest first.

        ``step``: only those of the first five minutes of each so many seconds.
        """
        names = ("stage", "at", "done", "seconds", "waiting")
        query = select(*(stage_sample.c[name] for name in names))
        slot = stage_sample.c.slot
        mine = (stage_sample.c.project_id == project_id, slot >= since, (slot - slot % FIVE_MINUTES) % step == 0)
        found: dict[Part, list[Sample]] = {}
        for row in self._conn.execute(query.where(*mine).order_by(stage_sample.c.slot)):
            level = Level(row.done, row.seconds, row.waiting)
            found.setdefault(Part(row.stage), []).append(Sample(row.at, level))
        return found

    def thin(self, project_id: int, *, fine_since: float, since: float, step: int) -> None:
        """Forget slots before ``since``, and of those before ``fine_since`` all but the first of each ``step``.

        ``since`` and ``fine_since`` in epoch seconds, ``step`` in seconds.
        """
        slot, mine = stage_sample.c.slot, stage_sample.c.project_id == project_id
        self._conn.execute(delete(stage_sample).where(mine, slot < since))
        old = (mine, slot < fine_since)
        first = select(func.min(slot)).where(*old).group_by(slot - slot % step)
        self._conn.execute(delete(stage_sample).where(*old, slot.not_in(first)))

    def keep_window(
        self, project_id: int, certificate_id: int, newest: int, figures: Mapping[str, Drift], at: float
    ) -> None:
        """Write down what a comparison said; a window is known by its newest item, and kept once."""
        rows = [
            {
                "project_id": project_id,
                "newest": newest,
                "figure": name[:200],
                "certificate_id": certificate_id,
                "at": at,
                "window": one.recent,
                "psi": one.psi,
                "distance": one.distance,
                "p_value": one.p_value,
                "alarm": one.alarm,
            }
            for name, one in figures.items()
        ]
        if rows:
            self._conn.execute(upsert(self._conn, drift_window).on_conflict_do_nothing(), rows)
            self._forget(project_id)

    def _forget(self, project_id: int) -> None:
        """All but the newest windows."""
        mine = drift_window.c.project_id == project_id
        newest = select(drift_window.c.newest).where(mine).distinct().order_by(drift_window.c.newest.desc())
        last = self._conn.scalar(newest.offset(WINDOWS - 1).limit(1))
        if last is not None:
            self._conn.execute(delete(drift_window).where(mine, drift_window.c.newest < last))

    def windows(self, project_id: int) -> list[Window]:
        """Every window that is kept, oldest first."""
        names = ("figure", "at", "window", "psi", "distance", "p_value", "alarm", "certificate_id")
        query = select(*(drift_window.c[name] for name in names)).where(drift_window.c.project_id == project_id)
        return [
            Window(*row) for row in self._conn.execute(query.order_by(drift_window.c.newest, drift_window.c.figure))
        ]
