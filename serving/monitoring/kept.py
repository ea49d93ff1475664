"""Figures that take long to count are counted by the pipeline, beside its other work, and stored: pages read them.

They can be counted anew at any time, and say when they were. Where no pipeline has counted for a while, whoever looks
counts for itself, as where nothing is stored.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock
from typing import Any, Final, Generic, TypeVar
from weakref import WeakKeyDictionary

from pydantic import TypeAdapter

from serving.monitoring.remembered import Counted, Remembered
from serving.pipeline.runtime import Runtime
from serving.store.engine import Store
from serving.store.kept import KeptFigure
from serving.store.records import ProjectRow

EVERY_S: Final = 30.0
"""Time between two counts, at least."""
SHARE: Final = 0.05
"""Largest share of its time that a process spends on one figure of a project."""
LATE: Final = 3.0
"""A figure is taken as it is stored for so many times the time between two counts."""
T = TypeVar("T")


class Kept(Generic[T]):
    """One figure of every project."""

    def __init__(
        self,
        name: str,
        make: Callable[[Runtime, ProjectRow], T],
        *,
        dump: Callable[[T], Any],
        load: Callable[[str | bytes], T],
    ) -> None:
        """See above.

        Args:
            name: what it is stored under, at most 32 characters.
            make: counts it.
            dump: what is stored of it, as JSON has it.
            load: the figure from that JSON.
        """
        self.name = name
        self.make = make
        self._dump, self._load = dump, load
        self._own = Remembered(make)
        self._read: WeakKeyDictionary[Store, dict[int, Counted[T]]] = WeakKeyDictionary()
        self._turn = Lock()

    def __call__(self, runtime: Runtime, project: ProjectRow) -> Counted[T]:
        """As it is stored, or counted now."""
        return self._stored(runtime, project) or self._own(runtime, project)

    def refresh(self, runtime: Runtime, project: ProjectRow) -> bool:
        """Count it and store it, if it is time. Returns whether it was."""
        with runtime.store.read() as uow:
            known = uow.kept.look(project.id, self.name)
        at = runtime.now()
        if known is not None and 0.0 <= at - known.at < every_s(known):
            return False
        begun = time.perf_counter()
        value = self._dump(self.make(runtime, project))
        seconds = time.perf_counter() - begun
        with runtime.store.begin() as uow:
            uow.kept.put(project.id, self.name, value, seconds=seconds, at=at)
        return True

    def _stored(self, runtime: Runtime, project: ProjectRow) -> Counted[T] | None:
        with runtime.store.read() as uow:
            row = uow.kept.look(project.id, self.name)
            if row is None or not 0.0 <= runtime.now() - row.at < LATE * every_s(row):
                return None
            with self._turn:
                known = self._read.setdefault(runtime.store, {}).get(project.id)
            if known is not None and known.at == row.at:
                return known
            text = uow.kept.value(project.id, self.name)
        if text is None:
            return None
        found = Counted(self._load(text), row.at)
        with self._turn:
            self._read[runtime.store][project.id] = found
        return found


def by_type(name: str, make: Callable[[Runtime, ProjectRow], T], type_: TypeAdapter[T]) -> Kept[T]:
    """A figure of plain fields; what is worked out from them, such as words, is not stored."""
    return Kept(
        name,
        make,
        dump=lambda value: type_.dump_python(value, mode="json", round_trip=True),
        load=type_.validate_json,
    )


def every_s(last: KeptFigure) -> float:
    """Seconds from one count to the next: a figure that takes long is counted less often."""
    return max(EVERY_S, last.seconds / SHARE)
