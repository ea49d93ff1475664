"""Every change of a gate is told once or more, in order, and a failure stops nobody."""

from __future__ import annotations

from dataclasses import replace

import pytest

from models.errors import ConfigurationError, NotificationError
from models.types import GateState
from serving.notify import Notice
from serving.pipeline import announce
from serving.pipeline.worker import Worker
from serving.projects import gate
from tests.support.local_world import LocalWorld, easy


class Receiver:
    """Takes notices, or refuses as many as it is told to."""

    def __init__(self) -> None:
        self.taken: list[Notice] = []
        self.refuse = 0
        self.tries = 0

    def __call__(self, notice: Notice) -> None:
        self.tries += 1
        if self.refuse:
            self.refuse -= 1
            raise NotificationError("the address in notify_url answered 500")
        self.taken.append(notice)

    @property
    def events(self) -> list[str]:
        return [notice.event for notice in self.taken]


@pytest.fixture
def receiver(world: LocalWorld) -> Receiver:
    made = Receiver()
    world.runtime = replace(world.runtime, notify=made)
    world.worker = Worker(world.runtime)
    return made


def transition(world: LocalWorld, after: GateState, reason: str = "because", **numbers: float) -> None:
    with world.store.begin() as uow:
        uow.gate.transition(world.id, after, reason=reason, actor="prelabel", numbers=numbers, now=world.clock())


def test_all_changes_in_order_and_once(world: LocalWorld, receiver: Receiver) -> None:
    world.open(easy(110))
    gate.close(world.runtime, world.project, reason="too many complaints", actor="ada")
    assert world.worker.announce(world.project) == 3
    assert receiver.events == ["gate_shadow", "gate_open", "gate_closed"]
    last = receiver.taken[-1]
    assert last.text == "moods: the gate is closed (it was open), by ada. too many complaints"
    assert (last.project, last.numbers) == ("moods", {})
    assert receiver.taken[1].numbers["n"] > 0
    assert world.worker.announce(world.project) == 0
    assert announce.run(world.runtime, world.project) == 0
    assert receiver.tries == 3


def test_a_failure_is_tried_again_with_a_growing_delay(
    world: LocalWorld, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    transition(world, GateState.SHADOW)
    transition(world, GateState.WATCH, statistic=1234.5)
    receiver.refuse = 3
    waits, last = [], world.clock()
    for _ in range(40):
        before = receiver.tries
        world.worker._one("announce", world.worker.announce, world.project)
        if receiver.tries > before:
            waits.append(world.clock() - last)
            last = world.clock()
        world.later(0.5)
    assert receiver.events == ["gate_shadow", "gate_watch"]
    assert receiver.taken[1].numbers == {"statistic": 1234.5}
    assert waits == [0.0, 1.0, 2.0, 4.0]
    assert "a stage waits" in caplog.text


def test_what_was_told_before_a_failure_is_not_told_again(world: LocalWorld, receiver: Receiver) -> None:
    transition(world, GateState.SHADOW)
    assert announce.run(world.runtime, world.project) == 1
    transition(world, GateState.OPEN)
    transition(world, GateState.CLOSED)
    stale = world.project
    receiver.refuse = 1
    with pytest.raises(NotificationError):
        announce.run(world.runtime, stale)
    assert announce.run(world.runtime, stale) == 2
    assert receiver.events == ["gate_shadow", "gate_open", "gate_closed"]


def test_old_news_is_passed_over(world: LocalWorld, receiver: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    transition(world, GateState.SHADOW, "old")
    world.later(announce.STALE_S + 1)
    transition(world, GateState.CLOSED, "new")
    assert announce.run(world.runtime, world.project) == 2
    assert [notice.text.rpartition(" ")[2] for notice in receiver.taken] == ["new"]
    assert "too old to be announced" in caplog.text


def test_without_an_address_nothing_is_looked_for(world: LocalWorld) -> None:
    transition(world, GateState.SHADOW)
    assert not announce.waiting(world.runtime, world.project)
    assert announce.run(world.runtime, world.project) == 0
    assert world.project.announced == 0
    world.worker.start()
    world.worker.stop()
    assert "announce" not in {thread.name for thread in world.worker._threads}


def test_a_paused_project_is_told_of_too(world: LocalWorld, receiver: Receiver) -> None:
    world.arrive(easy(3))
    world.sync()
    world.platform.set_label_config("<View></View>")
    with pytest.raises(ConfigurationError):
        world.sync()
    assert world.project.paused
    world.worker._stop.set = lambda: None  # type: ignore[method-assign]
    rounds = iter([False, True])
    world.worker._stop.is_set = lambda: next(rounds)  # type: ignore[method-assign]
    world.worker._spawn("announce", world.worker.announce, 0.01)
    world.worker._threads[-1].join(10)
    assert receiver.events == ["gate_closed"]


def test_one_worker_at_a_time(world: LocalWorld, receiver: Receiver) -> None:
    transition(world, GateState.SHADOW)
    with world.store.begin() as uow:
        uow.leases.acquire(f"announce:{world.id}", "somebody", ttl_s=60.0, now=world.clock())
    assert world.worker.announce(world.project) == 0
    world.later(61)
    assert world.worker.announce(world.project) == 1
