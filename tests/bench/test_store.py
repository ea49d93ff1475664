"""Speed of the store on SQLite: whole cycles by chunks of 64, and the arrival of tasks."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from models.types import Route
from serving.store.engine import Store
from serving.store.records import ItemState, OutboxKind
from tests.store.world import SHOWN, World, decision, prediction, task

CHUNK = 64
ITEMS = 5000

pytestmark = [pytest.mark.bench, pytest.mark.slow]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    store = Store.open(f"sqlite:///{tmp_path}/store.db")
    store.migrate()
    yield World(store)
    store.close()


def test_arrival(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    tasks = [task(n, text=f"words of task {n} " * 20) for n in range(ITEMS)]
    first, again = timed(world.receive, *tasks), timed(world.receive, *tasks)
    with capsys.disabled():
        print(f"\nreceive {ITEMS} tasks: {first:.2f} s; the same again: {again:.2f} s")
    assert first < 1.0


def test_cycle(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.receive(*(task(n, text=f"words of task {n} " * 20) for n in range(ITEMS)))
    chunks = ITEMS // CHUNK
    seconds = {step.__name__: [timed(step, world) for _ in range(chunks)] for step in (score, decide, publish)}
    overall = chunks * CHUNK / sum(map(sum, seconds.values()))
    best = CHUNK / sum(map(min, seconds.values()))
    with capsys.disabled():
        parts = ", ".join(f"{step} {chunks * CHUNK / sum(each):.0f}" for step, each in seconds.items())
        print(f"\nclaim, predict, decide, claim outbox, sent: {overall:.0f} items/s ({parts}); best chunks {best:.0f}")
    assert world.states()[ItemState.PUBLISHED] == chunks * CHUNK
    assert best > 1000, "fastest chunks gave 2,200 to 3,900 on a machine busy with other work"


def timed(call: object, *arguments: object) -> float:
    started = time.perf_counter()
    call(*arguments)  # type: ignore[operator]
    return time.perf_counter() - started


def score(world: World) -> None:
    rows = world.claim(ItemState.RECEIVED, limit=CHUNK)
    said = [(row.id, prediction(row.id)) for row in rows]
    with world.store.begin() as uow:
        uow.items.store_predictions(world.owner, said, world.now)


def decide(world: World) -> None:
    with world.store.begin() as uow:
        rows = uow.items.claim(
            world.project, ItemState.SCORED, limit=CHUNK, owner=world.owner, lease_s=60.0, now=world.now
        )
        uow.items.decide(world.owner, [decision(row, Route.SUGGEST, SHOWN) for row in rows], world.now)


def publish(world: World) -> None:
    with world.store.begin() as uow:
        rows = uow.outbox.claim(
            world.project, OutboxKind.SUGGESTION, limit=CHUNK, owner=world.owner, lease_s=60.0, now=world.now
        )
    with world.store.begin() as uow:
        uow.outbox.sent(world.owner, [row.id for row in rows], world.now)
