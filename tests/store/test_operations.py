"""What metrics are read from, and signs of life, on both databases."""

from __future__ import annotations

from models.types import Fold, GateState, Route
from serving.store.health import PROCESS, Trouble
from serving.store.operations import HEAD, Held
from serving.store.records import BLIND_AUDIT, ItemState, OutboxKind, OutboxState
from tests.store.world import World, decision, task


def test_states_and_waits(world: World) -> None:
    world.receive(*(task(n) for n in range(HEAD + 5)))
    begun = world.now
    world.now += 60.0
    with world.store.read() as uow:
        states = uow.operations.states(world.project)
        assert states == dict.fromkeys(ItemState, 0) | {ItemState.RECEIVED: HEAD + 5}
        assert uow.operations.oldest(world.project, ItemState.RECEIVED) == begun
        assert uow.operations.oldest(world.project, ItemState.SCORED) is None
    world.score(limit=3)
    world.decide(limit=2)
    with world.store.read() as uow:
        assert uow.operations.oldest(world.project, ItemState.SCORED) == world.now
        rows = uow.operations.outbox(world.project)
        assert rows[OutboxKind.SUGGESTION, OutboxState.PENDING] == 2
        assert sum(rows.values()) == 2
        assert uow.operations.oldest_write(world.project) == {OutboxKind.SUGGESTION: world.now}
    world.send()
    with world.store.read() as uow:
        assert sum(uow.operations.outbox(world.project).values()) == 0
        assert uow.operations.oldest_write(world.project) == {}


def test_what_goes_round_again_is_not_overlooked(world: World) -> None:
    """It stands behind all that has just arrived, and may be what has waited longest."""
    world.receive(task(0))
    world.score()
    with world.store.begin() as uow:
        uow.items.restart(world.project, states=(ItemState.SCORED,), to=ItemState.RECEIVED, now=world.now)
    since = world.now
    world.now += 60.0
    world.receive(*(task(n) for n in range(1, 4)))
    with world.store.read() as uow:
        assert uow.operations.oldest(world.project, ItemState.RECEIVED) == since


def test_what_waits_for_people(world: World) -> None:
    world.receive(*(task(n, fold=Fold.VALIDATION if n < 2 else Fold.TRAIN) for n in range(8)))
    with world.store.begin() as uow:
        assert uow.operations.people(world.project, due=world.now).seeds == 6
        uow.items.set_blind(world.project, cut=0.002, now=world.now)
    world.score()
    rows = world.claim(ItemState.SCORED, owner="w")
    drawn = world.now
    made = [
        decision(row, Route.AUDIT, (), reason=BLIND_AUDIT)
        if row.task_id in (5, 6, 7)
        else decision(row, Route.AUDIT, (), reason="validation")
        if row.blind
        else decision(row)
        for row in rows
    ]
    with world.store.begin() as uow:
        uow.items.decide("w", made, world.now)
    world.send()
    world.label(7, 70)
    with world.store.read() as uow:
        queue = uow.operations.people(world.project, due=drawn)
        late = uow.operations.people(world.project, due=drawn + 1)
    assert (queue.audits, queue.validation, queue.suggestions, queue.seeds) == (2, 2, 3, 0)
    assert (queue.overdue, late.overdue) == (0, 2)


def test_leases(world: World) -> None:
    world.receive(*(task(n) for n in range(6)))
    world.score(limit=4)
    world.decide(limit=4)
    world.claim(ItemState.RECEIVED)
    world.claim_outbox()
    other = World(world.store, "other", number=2)
    with world.store.read() as uow:
        assert uow.operations.held(world.now) == {world.project: Held(items=2, writes=4)}
        assert uow.operations.held(world.now + 1e6) == {}
        assert uow.operations.handed_out(other.project, world.now) == 0


def test_when_the_gate_moved(world: World) -> None:
    with world.store.begin() as uow:
        assert uow.operations.gate_moved_at(world.project) is None
        uow.gate.transition(world.project, GateState.CLOSED, reason="x", actor="x", numbers={}, now=5.0)
        uow.gate.note(world.project, reason="x", actor="x", numbers={}, now=9.0)
        assert uow.operations.gate_moved_at(world.project) == 5.0


def test_signs_of_life(world: World) -> None:
    trouble = Trouble("publish", world.project, "authentication", "no", since=1.0, at=8.0)
    gone = Trouble("publish", world.project + 7, "authentication", "no", since=1.0, at=8.0)
    with world.store.begin() as uow:
        uow.health.beat("a", {PROCESS: 10.0, "score": 4.0, "publish": 9.0}, [trouble, gone], forget=0.0)
        uow.health.beat("b", {PROCESS: 12.0, "score": 5.0}, [], forget=0.0)
        uow.health.beat("b", {PROCESS: 13.0, "score": 6.0}, [], forget=0.0)
        assert (uow.health.processes(since=10.0), uow.health.processes(since=10.5)) == (2, 1)
        assert uow.health.stages(since=10.0) == {"score": 6.0, "publish": 9.0}
        assert uow.health.stages(since=10.5) == {"score": 6.0}, "stages of a process that is gone count no more"
        assert uow.health.troubles(since=8.0) == [trouble]
        assert uow.health.troubles(since=8.5) == []
        uow.health.beat("b", {PROCESS: 20.0}, [], forget=11.0)
        assert uow.health.processes(since=0.0) == 1
        assert uow.health.troubles(since=0.0) == []
        uow.health.leave("b")
        assert uow.health.processes(since=0.0) == 0


def test_whatever_label_studio_says_can_be_stored(world: World) -> None:
    trouble = Trouble("publish", world.project, "platform", "a\x00b" + "c" * 5000, since=1.0, at=8.0)
    with world.store.begin() as uow:
        uow.health.beat("a", {PROCESS: 10.0}, [trouble], forget=0.0)
        [found] = uow.health.troubles(since=0.0)
    assert found.reason.startswith("a\ufffdbccc")
    assert len(found.reason) == 1000


def test_troubles_go_with_their_project(world: World) -> None:
    trouble = Trouble("publish", world.project, "authentication", "no", since=1.0, at=8.0)
    with world.store.begin() as uow:
        uow.health.beat("a", {PROCESS: 10.0}, [trouble], forget=0.0)
        uow.projects.remove(world.project)
        assert uow.health.troubles(since=0.0) == []
