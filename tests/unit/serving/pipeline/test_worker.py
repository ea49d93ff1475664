"""The worker: threads that turn the arrows, one worker at a time for what looks at a whole project."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from connectors.base import PublishResult
from models.errors import PlatformUnavailable
from models.types import GateState
from serving.notify import Notice
from serving.pipeline import publish
from serving.pipeline.pace import Pace
from serving.pipeline.runtime import backoff
from serving.pipeline.worker import Worker
from serving.store.records import ItemState, ProjectRow
from tests.support.audited import turned
from tests.support.local_world import LocalWorld, another_worker, easy, hard
from tests.support.patience import PATIENCE_S
from tests.unit.serving.conftest import MakeWorld


def until(true: Callable[[], bool], limit_s: float = PATIENCE_S) -> None:
    end = time.monotonic() + limit_s
    while not true():
        if time.monotonic() > end:
            raise AssertionError("not reached")
        time.sleep(0.02)


@pytest.fixture
def running(make: MakeWorld) -> LocalWorld:
    """A world on the real clock, with settings in milliseconds."""
    world = make(settings={"claim_idle_s": 0.02, "reconcile_s": 0.05, "learn_s": 0.05, "retry_base_s": 0.05})
    world.runtime = replace(world.runtime, clock=time.time)
    world.worker = Worker(world.runtime)
    return world


def test_threads_take_everything_its_way(running: LocalWorld) -> None:
    world = running
    world.arrive(easy(110))
    world.worker.start()
    try:
        until(lambda: sum(i.blind for i in world.items()) == 40)
        for item in world.wanted(70):
            world.label(item.task_id)
        until(lambda: world.project.gate_state is GateState.OPEN)
        world.arrive(easy(30, seed=1))
        until(lambda: world.report().arrived == 140 and not world.moving())
        assert world.worker.stale(30) == []
    finally:
        world.worker.stop()
    assert not any(thread.is_alive() for thread in world.worker._threads)
    assert world.audit().accepted > 40


def test_threads_close_a_gate_when_labels_turn_and_tell(make: MakeWorld) -> None:
    paces = {"claim_idle_s": 0.02, "reconcile_s": 0.05, "watch_s": 0.05, "retry_base_s": 0.05}
    world = make(settings=paces | {"audit_due_s": 1e12})  # the clock leaps, from a made-up time to ours
    world.open(easy(110))
    world.change(audit_rate=0.4)
    told: list[Notice] = []
    world.runtime = replace(world.runtime, clock=time.time, notify=told.append)
    world.worker = Worker(world.runtime)
    world.arrive(turned(easy(60, seed=1)))
    world.worker.start()
    try:
        until(lambda: world.report().arrived == 170 and not world.moving())
        for item in [i for i in world.items() if i.reason == "blind_audit"]:
            world.label(item.task_id)
        until(lambda: world.project.gate_state is GateState.CLOSED)
        until(lambda: not world.moving() and bool(told) and told[-1].event == "gate_closed")
    finally:
        world.worker.stop()
    assert told[-1].numbers["reopened"] == world.report().reopened > 20
    assert world.audit().accepted < 50


def test_a_stage_that_has_done_some_wakes_the_next(make: MakeWorld) -> None:
    world = make(settings={"claim_idle_s": 1e6})
    world.open(hard(150))
    world.arrive(easy(30, seed=1))
    world.runtime = replace(world.runtime, clock=time.time)
    world.worker = Worker(world.runtime)
    world.worker.start()
    try:
        until(lambda: world.report().arrived == 180 and not world.moving())
    finally:
        world.worker.stop()
    world.audit()


def test_one_write_at_a_time_and_the_answer_is_written_down_meanwhile(
    running: LocalWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While one bulk is on its way to Label Studio the one before it is settled; no two are on their way at once."""
    world = running
    world.open(hard(150))
    real, here, most, begun = world.platform.publish_predictions, 0, 0, 0
    settle, overlaps = publish._settle, []

    def slow(*args: Any, **more: Any) -> PublishResult:
        nonlocal here, most, begun
        here, begun = here + 1, begun + 1
        most = max(most, here)
        time.sleep(0.02)
        here -= 1
        return real(*args, **more)

    def settle_late(*args: Any) -> int:
        """Waits for the next write to begin; after the last one there is none."""
        seen, end = begun, time.monotonic() + 1
        while begun == seen and time.monotonic() < end:
            time.sleep(0.01)
        overlaps.append(begun > seen)
        return settle(*args)

    world.platform.publish_predictions = slow  # type: ignore[method-assign]
    monkeypatch.setattr(publish, "_settle", settle_late)
    world.worker._pace = Pace(8)
    world.arrive(easy(60, seed=1))
    world.sync()
    world.worker.start()
    try:
        until(lambda: not world.moving())
    finally:
        world.worker.stop()
    assert most == 1
    assert any(overlaps)
    world.audit()


def test_a_stage_that_fails_is_tried_again_and_stops_nobody(running: LocalWorld) -> None:
    world = running
    world.platform.fail_next(3, PlatformUnavailable("refused"))
    world.arrive(easy(20))
    world.worker.start()
    try:
        until(lambda: len(world.items()) == 20)
    finally:
        world.worker.stop()


def test_a_dead_thread_is_told(running: LocalWorld) -> None:
    world = running
    thread = threading.Thread(target=lambda: None, name="score-9")
    thread.start()
    thread.join()
    world.worker._threads.append(thread)
    assert world.worker.stale(30) == ["score-9"]


def test_a_stage_that_does_not_come_round_is_told(world: LocalWorld) -> None:
    world.worker._beats = {"publish": world.clock() - 31, "score": world.clock()}
    assert world.worker.stale(30) == ["publish"]


def test_leases_are_given_back_at_the_end(world: LocalWorld) -> None:
    world.open(hard(150))
    world.arrive(easy(5))
    world.sync()
    with world.store.begin() as uow:
        for owner in ("worker-1", "worker-1/score-0"):
            uow.items.claim(world.id, ItemState.RECEIVED, limit=2, owner=owner, lease_s=60, now=world.clock())
    world.worker._threads.append(threading.Thread(name="score-0", target=lambda: None))
    world.worker._threads[0].start()
    world.worker.stop()
    assert world.worker.score(world.project) == 5


def test_one_worker_at_a_time_polls_and_learns(world: LocalWorld) -> None:
    other = another_worker(world)
    world.arrive(easy(60))
    assert world.worker.reconcile(world.project) == 60
    world.arrive(easy(5, seed=1))
    world.later(16)
    assert other.reconcile(world.project) == 0
    assert world.worker.reconcile(world.project) == 5
    world.arrive(easy(5, seed=2))
    world.later(61)
    assert other.reconcile(world.project) == 5, "the first one has not been heard of for a minute"
    assert world.worker.learn(world.project) == 1
    assert other.learn(world.project) == 0


def test_jobs_wait_for_their_time(world: LocalWorld) -> None:
    world.arrive(easy(3))
    assert world.worker.reconcile(world.project) == 3
    world.arrive(easy(3, seed=1))
    assert world.worker.reconcile(world.project) == 0
    world.later(16)
    assert world.worker.reconcile(world.project) == 3


def doubled(world: LocalWorld) -> int:
    """Double every prediction in Label Studio, as a bulk write does whose answer was lost; how many there are."""
    for task in world.platform._tasks.values():
        for made in list(task.predictions):
            copy = replace(made.stored, id=made.stored.id + 1_000_000)
            task.predictions.append(made.__class__(copy, made.model_version))
    return sum(len(task.predictions) for task in world.platform._tasks.values())


@pytest.mark.parametrize("first", [0, 1])
def test_whoever_may_have_written_twice_looks_after_it(world: LocalWorld, first: int) -> None:
    """Also a worker that never gets the turn to poll."""
    world.open(hard(150))
    workers = [world.worker, another_worker(world)]
    for worker in workers:
        worker.reconcile(world.project)
    before = sum(len(task.predictions) for task in world.platform._tasks.values())
    assert doubled(world) == 2 * before
    workers[first]._one("publish", lambda _: raise_away(), world.project)
    for _ in range(20):
        world.later(16)
        for worker in workers:
            worker.reconcile(world.project)
    assert sum(len(task.predictions) for task in world.platform._tasks.values()) == before
    world.audit()


def raise_away() -> int:
    raise PlatformUnavailable("the answer timed out")


def test_failures_of_one_stage_space_out_its_tries(world: LocalWorld) -> None:
    tries = []

    def away(project: ProjectRow) -> int:
        tries.append(world.clock())
        return raise_away()

    for _ in range(30):
        world.worker._one("publish", away, world.project)
        world.later(0.5)
    waits = [round(b - a, 1) for a, b in pairwise(tries)]
    assert waits == [1.0, 2.0, 4.0, 4.0]


def test_an_error_that_nobody_expected_stops_no_loop(world: LocalWorld, caplog: pytest.LogCaptureFixture) -> None:
    def broken(project: ProjectRow) -> int:
        raise KeyError("surprise")

    assert world.worker._one("decide", broken, world.project) == 0
    assert "a stage failed" in caplog.text
    world.later(10)
    assert world.worker._one("decide", lambda _: 7, world.project) == 7


@pytest.mark.parametrize(("attempts", "seconds"), [(0, 1), (1, 1), (2, 2), (3, 4), (7, 60), (10**6, 60)])
def test_backoff_doubles_up_to_a_limit(attempts: int, seconds: float) -> None:
    assert backoff(attempts, base_s=1.0, max_s=60.0) == seconds
