"""Streams through a gate that audits much: labels that turn, people who answer audits, looks of the monitor."""

from __future__ import annotations

from dataclasses import replace

from models.types import GateState, Route
from serving.pipeline import watch
from serving.pipeline.watch import Reading
from serving.pipeline.worker import Worker
from serving.store.records import CertificateRow, GateEvent, ItemRow, ItemState
from tests.support.local_world import LocalWorld, Pair

LEVELS = {"monitor_watch": 200.0, "monitor_close": 2000.0, "watch_audit_factor": 2.0, "drift_window": 50}


def turned(pairs: list[Pair]) -> list[Pair]:
    """The same texts, of which people say the opposite now: every confidence is as high as it was."""
    return [(text, "bad" if label == "good" else "good") for text, label in pairs]


Drifted = tuple[LocalWorld, list[int], list[int]]
"""A world, tasks from before the labels turned, and tasks from after."""


def stream(world: LocalWorld, pairs: list[Pair]) -> list[int]:
    """New tasks, decided and published one chunk after the other; their ids."""
    tasks = world.arrive(pairs)
    world.sync()
    world.settle()
    return tasks


def decided(world: LocalWorld, pairs: list[Pair]) -> list[int]:
    """New tasks, decided; nothing of it is written yet. Their ids."""
    tasks = world.arrive(pairs)
    world.sync()
    world.worker.score(world.project)
    world.worker.decide(world.project)
    return tasks


def audits(world: LocalWorld, *, answered: bool = False) -> list[ItemRow]:
    """Audited items by rising id, which is the order in which they were drawn."""
    return [i for i in world.items() if i.reason == "blind_audit" and (i.state is ItemState.LABELED) is answered]


def answer(world: LocalWorld, label: str | None = None) -> int:
    """People answer every audit that waits."""
    waiting = audits(world)
    for item in waiting:
        world.label(item.task_id, label)
    world.sync()
    return len(waiting)


def look(world: LocalWorld) -> GateState:
    world.later()
    watch.run(world.runtime, world.project)
    return world.project.gate_state


def certificate(world: LocalWorld) -> CertificateRow:
    with world.store.read() as uow:
        found = uow.gate.latest(world.id)
    assert found is not None
    return found


def reading(world: LocalWorld) -> Reading:
    row = certificate(world)
    with world.store.read() as uow:
        return watch.read(uow, world.project, watch.watched(uow, world.project, row))


def last_event(world: LocalWorld) -> GateEvent:
    with world.store.read() as uow:
        return uow.gate.events(world.id)[-1]


def accepted(world: LocalWorld, tasks: list[int] | None = None) -> list[int]:
    rows = [i for i in world.items() if i.route is Route.ACCEPT and i.state is ItemState.PUBLISHED]
    return [i.task_id for i in rows if tasks is None or i.task_id in tasks]


def configure(world: LocalWorld, **changes: float) -> None:
    """A process with other settings takes over."""
    world.runtime = replace(world.runtime, settings=world.runtime.settings.model_copy(update=changes))
    world.worker = Worker(world.runtime)
