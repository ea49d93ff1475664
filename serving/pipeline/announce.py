"""Changes of a gate -> notifications. The gate's own events are the outbox; the project knows the last one announced.

Each is sent at least once and in order; a failure is the worker's to repeat, with a growing delay. Nothing else waits
for it.
"""

from __future__ import annotations

import logging

from serving.notify import Notice
from serving.pipeline.runtime import Runtime
from serving.store.records import GateEvent, ProjectRow

log = logging.getLogger(__name__)

AT_ONCE = 20
STALE_S = 86_400.0
"""Older events are passed over: an address that was never there, or was away for a day, gets no flood of old news."""


def waiting(runtime: Runtime, project: ProjectRow) -> bool:
    """Whether there is anything to announce, and anybody to tell."""
    if runtime.notify is None:
        return False
    with runtime.store.read() as uow:
        return bool(uow.gate.news(project.id, after=project.announced, limit=1))


def run(runtime: Runtime, project: ProjectRow) -> int:
    """Tell what has happened since the last time. Returns the number of events that were dealt with.

    Raises:
        NotificationError: one could not be delivered; it is the first to be tried next time.
    """
    if runtime.notify is None:
        return 0
    with runtime.store.read() as uow:
        project = uow.projects.get(project.id)
        news = uow.gate.news(project.id, after=project.announced, limit=AT_ONCE)
    for id, event in news.items():
        if runtime.now() - event.at > STALE_S:
            log.warning("too old to be announced", extra={"project": project.slug, "reason": event.reason})
        else:
            runtime.notify(notice(project.slug, event))
        with runtime.store.begin() as uow:
            uow.projects.update(project.id, announced=id)
    return len(news)


def notice(slug: str, event: GateEvent) -> Notice:
    """What is told of one change."""
    same = event.before is event.after
    change = f"{event.after.value} as before" if same else f"{event.after.value} (it was {event.before.value})"
    change = f"the gate is {change}, by {event.actor}"
    return Notice(f"{slug}: {change}. {event.reason}", f"gate_{event.after.value}", slug, event.numbers)
