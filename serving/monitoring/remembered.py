"""Figures that take long to count are kept for some seconds, so that several viewers, or reloads, count them once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Final, Generic, TypeVar
from weakref import WeakKeyDictionary

from serving.pipeline.runtime import Runtime
from serving.store.engine import Store
from serving.store.records import ProjectRow

FRESH_S: Final = 30.0
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Counted(Generic[T]):
    """A value, and when it was counted (epoch seconds)."""

    value: T
    at: float


class Remembered(Generic[T]):
    """What ``make`` says of a project, at most ``FRESH_S`` old; each process counts for itself, one at a time."""

    def __init__(self, make: Callable[[Runtime, ProjectRow], T]) -> None:
        self._make = make
        self._known: WeakKeyDictionary[Store, dict[int, Counted[T]]] = WeakKeyDictionary()
        self._turn = Lock()

    def __call__(self, runtime: Runtime, project: ProjectRow) -> Counted[T]:
        with self._turn:
            known, now = self._known.setdefault(runtime.store, {}), runtime.now()
            found = known.get(project.id)
            if found is None or not 0.0 <= now - found.at < FRESH_S:
                found = known[project.id] = Counted(self._make(runtime, project), now)
            return found
