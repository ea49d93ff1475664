"""What a process of the pipeline tells of itself, through the store: that its stages come round, what they fail at."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from models.errors import PrelabelError
from serving.pipeline.runtime import Runtime
from serving.settings import Settings
from serving.store.health import PROCESS, Trouble

BEAT_S = 10.0
"""Time between two beats, seconds."""
LIVE_S = 60.0
"""A process that has not beaten for so many seconds counts as gone."""
STALE_S = 300.0
"""Seconds after which a stage that has not come round counts as stuck: longer than its slowest bulk write."""
FORGET_S = 3600.0
"""After so many seconds the beats of a process that is gone are removed."""
OTHER = "internal"
"""Code of an error that is none of ours; its text may hold anything, and stays in the log."""


def lasts_s(settings: Settings) -> float:
    """How long a failure counts after it was last seen, seconds: by then the stage has tried again."""
    return 2 * max(settings.retry_max_s, settings.reconcile_s, LIVE_S)


class Vitals:
    """Collected by the worker's threads, written by one of them."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._lock = threading.Lock()
        self._troubles: dict[tuple[str, int], Trouble] = {}

    def failed(self, thread: str, project_id: int, error: Exception) -> None:
        """A stage did not get through; it will try again."""
        code = error.code if isinstance(error, PrelabelError) else OTHER
        reason = str(error) if isinstance(error, PrelabelError) else "see logs/pipeline.log"
        now, key = self._runtime.now(), (stage_of(thread), project_id)
        with self._lock:
            known = self._troubles.get(key)
            since = known.since if known is not None and known.code == code and not self._over(known, now) else now
            self._troubles[key] = Trouble(*key, code=code, reason=reason, since=since, at=now)

    def healed(self, thread: str, project_id: int) -> None:
        """The stage got something done. That it found nothing to do proves nothing: it may only wait to try again."""
        with self._lock:
            self._troubles.pop((stage_of(thread), project_id), None)

    def write(self, beats: Mapping[str, float]) -> None:
        """One beat; ``beats``: thread -> when it last came round, epoch seconds.

        Raises:
            StoreError: the store does not take it.
        """
        now = self._runtime.now()
        newest = {PROCESS: now}
        for thread, at in beats.items():
            newest[stage_of(thread)] = max(at, newest.get(stage_of(thread), 0.0))
        with self._lock:
            self._troubles = {key: one for key, one in self._troubles.items() if not self._over(one, now)}
            troubles = list(self._troubles.values())
        with self._runtime.store.begin() as uow:
            uow.health.beat(self._runtime.owner, newest, troubles, forget=now - FORGET_S)
            uow.drafts.purge(now)

    def leave(self) -> None:
        """The process ends on purpose: nobody has to wait for its beat to grow old."""
        with self._runtime.store.begin() as uow:
            uow.health.leave(self._runtime.owner)

    def _over(self, one: Trouble, now: float) -> bool:
        return now - one.at > lasts_s(self._runtime.settings)


def stage_of(thread: str) -> str:
    """``score-1`` is a thread of ``score``."""
    return thread.partition("-")[0]
