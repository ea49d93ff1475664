"""Workers tell of themselves: threads that come round, and what a stage fails at."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from connectors.memory import MemoryPlatform
from models.errors import AuthenticationError
from serving.pipeline.worker import Worker
from serving.store.health import Trouble
from tests.support.local_world import LocalWorld, easy
from tests.support.patience import PATIENCE_S
from tests.unit.serving.conftest import MakeWorld


def troubles(world: LocalWorld) -> list[Trouble]:
    world.worker._vitals.write({})
    with world.store.read() as uow:
        return uow.health.troubles(since=0.0)


def test_a_worker_is_heard_of_until_it_stops(make: MakeWorld) -> None:
    world = make(settings={"claim_idle_s": 0.02})
    worker = Worker(replace(world.runtime, clock=time.time))
    worker.start()
    try:
        end = time.monotonic() + PATIENCE_S
        while True:
            with world.store.read() as uow:
                stages = uow.health.stages(since=time.time() - 30)
            if stages:
                break
            assert time.monotonic() < end
            time.sleep(0.02)
        assert stages.keys() == {
            "score",
            "decide",
            "publish",
            "reconcile",
            "learn",
            "watch",
            "people",
            "series",
            "figures",
        }
        assert all(time.time() - at < 30 for at in stages.values())
    finally:
        worker.stop()
    with world.store.read() as uow:
        assert uow.health.processes(since=0.0) == 0


def test_a_token_that_is_refused_is_told_until_a_poll_gets_through(
    world: LocalWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rounds in which it was not yet time to poll again prove nothing."""
    worker = world.worker

    def refuse(*args: object, **more: object) -> object:
        raise AuthenticationError("Label Studio does not know this token")

    with monkeypatch.context() as broken:
        broken.setattr(MemoryPlatform, "project", refuse)
        broken.setattr(MemoryPlatform, "tasks", refuse)
        worker._one("reconcile", worker.reconcile, world.project)
        [told] = troubles(world)
        assert (told.stage, told.code, told.since) == ("reconcile", "authentication", world.clock.now)
        world.later(world.runtime.settings.retry_base_s + 1)
        worker._one("reconcile", worker.reconcile, world.project)
        assert troubles(world) == [told]
    world.later(world.runtime.settings.reconcile_s)
    worker._one("reconcile", worker.reconcile, world.project)
    assert troubles(world) == []


def test_a_stage_that_fails_for_one_project_is_told(world: LocalWorld) -> None:
    def fail(project: object) -> int:
        raise ValueError("token=secret")

    world.worker._one("learn", fail, world.project)
    [told] = troubles(world)
    assert (told.stage, told.code, told.reason) == ("learn", "internal", "see logs/pipeline.log")
    world.later(10.0)
    world.worker._one("learn", lambda project: 1, world.project)
    assert troubles(world) == []


def test_a_worker_whose_project_was_disconnected_goes_on(world: LocalWorld) -> None:
    world.open(easy(110))
    world.worker._vitals.failed("learn", world.id, ValueError())
    with world.store.begin() as uow:
        uow.projects.remove(world.id)
    assert troubles(world) == []
