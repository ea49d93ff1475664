"""Decisions of a project by day and route.

An item that is decided again, by a new model or a gate that moved, counts again on that day: it is what was decided,
not where items stand now. Days that are over do not change, so that each process counts a decision once and remembers
the sums; only what was decided since is read.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from threading import Lock
from typing import Final
from weakref import WeakKeyDictionary

from models.types import Route
from serving.pipeline.runtime import Runtime
from serving.store.charting import DAY_S
from serving.store.engine import Store, UnitOfWork
from serving.store.records import ProjectRow

DAYS: Final = 90
"""Shown, today among them."""
SETTLED_S: Final = 600.0
"""Decisions older than this are all stored: no transaction runs so long."""


@dataclass(frozen=True, slots=True)
class Day:
    """One day (UTC) on which something was decided."""

    day: date
    accept: int
    suggest: int
    audit: int

    @property
    def n(self) -> int:
        return self.accept + self.suggest + self.audit


@dataclass(slots=True)
class _Counted:
    """What a process knows of a project already."""

    upto: int
    """Decision id."""
    anchor: tuple[int, float] | None
    """Item and time of that decision: SQLite gives ids anew once the newest rows are removed, with a project."""
    sums: Counter[tuple[int, Route]] = field(default_factory=Counter)


_known: WeakKeyDictionary[Store, dict[int, _Counted]] = WeakKeyDictionary()
_turn = Lock()


def by_day(runtime: Runtime, project: ProjectRow) -> list[Day]:
    """Days with decisions among the last ``DAYS``, oldest first."""
    first = int(runtime.now() // DAY_S) - DAYS + 1
    with _turn, runtime.store.read() as uow:
        counted = _settle(runtime, uow, project.id, first)
        sums = counted.sums.copy()
        sums.update(uow.charts.decided(project.id, after=counted.upto, upto=uow.charts.newest_decision()))
    return [
        Day(
            datetime.fromtimestamp(day * DAY_S, UTC).date(),
            accept=sums[day, Route.ACCEPT],
            suggest=sums[day, Route.SUGGEST],
            audit=sums[day, Route.AUDIT],
        )
        for day in sorted({day for day, _ in sums if day >= first})
    ]


def _settle(runtime: Runtime, uow: UnitOfWork, project_id: int, first: int) -> _Counted:
    """Add what has settled since the last look; begin anew where the last decision counted is no longer the same."""
    projects = _known.setdefault(runtime.store, {})
    counted = projects.get(project_id)
    if counted is None or uow.charts.decided_at(counted.upto) != counted.anchor:
        start = uow.charts.decided_before(first * DAY_S)
        counted = projects[project_id] = _Counted(start, uow.charts.decided_at(start))
    settled = uow.charts.decided_before(runtime.now() - SETTLED_S)
    if settled > counted.upto:
        counted.sums.update(uow.charts.decided(project_id, after=counted.upto, upto=settled))
        counted.upto, counted.anchor = settled, uow.charts.decided_at(settled)
    return counted
