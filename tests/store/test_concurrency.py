"""Many workers on one store, threads and processes, and one that is killed with items in its hands."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from serving.store.engine import Store
from serving.store.records import ItemRow, ItemState, OutboxKind, OutboxState
from tests.store.cycler import CHUNK, Cycler
from tests.store.world import World, task
from tests.support.patience import PATIENCE_S

ROOT = Path(__file__).parents[2]
ITEMS = 5000


def start(
    url: str, world: World, owner: str, output: Path, lease_s: float, mode: str = "run"
) -> subprocess.Popen[bytes]:
    arguments = [url, str(world.project), owner, str(lease_s), str(output), mode]
    return subprocess.Popen([sys.executable, "-m", "tests.store.cycler", *arguments], cwd=ROOT, stderr=subprocess.PIPE)


def finish(worker: subprocess.Popen[bytes]) -> None:
    _, errors = worker.communicate(timeout=PATIENCE_S)
    assert worker.returncode == 0, errors.decode()


def everything_happened_once(world: World, done: list[tuple[str, int]], items: int) -> None:
    times = Counter(done)
    assert {step: n for step, n in Counter(step for step, _ in times).items()} == dict.fromkeys(
        ("scored", "decided", "sent"), items
    )
    assert set(times.values()) == {1}
    assert world.states() == {ItemState.PUBLISHED: items}
    with world.store.read() as uow:
        assert uow.outbox.counts(world.project) == {(OutboxKind.SUGGESTION, OutboxState.SENT): items}


def test_four_processes_complete_every_item_once(world: World, url: str, tmp_path: Path) -> None:
    world.receive(*(task(n) for n in range(ITEMS)))
    outputs = [tmp_path / f"worker-{n}" for n in range(4)]
    workers = [start(url, world, output.name, output, lease_s=120.0) for output in outputs]
    for worker in workers:
        finish(worker)
    done = [(line.split()[0], int(line.split()[1])) for output in outputs for line in output.read_text().splitlines()]
    everything_happened_once(world, done, ITEMS)
    assert sum(bool(output.read_text()) for output in outputs) >= 2, "the work was shared"


def test_four_threads_complete_every_item_once(world: World) -> None:
    world.receive(*(task(n) for n in range(1000)))
    cyclers = [Cycler(world.store, world.project, f"thread-{n}", 120.0) for n in range(4)]
    threads = [threading.Thread(target=cycler.run) for cycler in cyclers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    done = [(step, id) for cycler in cyclers for step, ids in cycler.done.items() for id in ids]
    everything_happened_once(world, done, 1000)


def test_a_killed_workers_items_are_taken_over_when_its_lease_ends(world: World, url: str, tmp_path: Path) -> None:
    world.receive(*(task(n) for n in range(200)))
    claimed = tmp_path / "claimed"
    lease_s = 3600.0
    victim = start(url, world, "victim", claimed, lease_s, "stall")
    while not (claimed.exists() and claimed.read_text()):
        assert victim.poll() is None
        time.sleep(0.02)
    victim.send_signal(signal.SIGKILL)
    victim.communicate()
    assert claimed.read_text() == str(CHUNK)

    cycler = Cycler(world.store, world.project, "survivor", 120.0)
    while cycler.score():
        pass
    assert len(cycler.done["scored"]) == 200 - CHUNK, "a live lease is respected"
    cycler.clock = lambda: time.time() + lease_s
    cycler.run()
    everything_happened_once(world, [(step, id) for step, ids in cycler.done.items() for id in ids], 200)
    with world.store.read() as uow:
        story = uow.items.page(world.project, state=None, limit=200)
    assert {row.attempts for row in story} == {0}


def test_a_process_killed_inside_a_transaction_leaves_nothing_and_blocks_nobody(
    world: World, url: str, tmp_path: Path
) -> None:
    world.receive(*(task(n) for n in range(10)))
    ready = tmp_path / "ready"
    code = (
        "import sys, time, pathlib\n"
        "from serving.store.engine import Store\n"
        "from serving.store.records import ItemState\n"
        "with Store.open(sys.argv[1]).begin() as uow:\n"
        "    uow.items.claim(int(sys.argv[2]), ItemState.RECEIVED, limit=10, owner='v', lease_s=1e9, now=time.time())\n"
        "    pathlib.Path(sys.argv[3]).touch()\n"
        "    time.sleep(600)\n"
    )
    victim = subprocess.Popen([sys.executable, "-c", code, url, str(world.project), str(ready)], cwd=ROOT)
    while not ready.exists():
        assert victim.poll() is None
        time.sleep(0.02)
    victim.send_signal(signal.SIGKILL)
    victim.wait()
    deadline = time.monotonic() + PATIENCE_S
    rows: list[ItemRow] = []
    while len(rows) < 10 and time.monotonic() < deadline:
        rows += world.claim(ItemState.RECEIVED)
    assert [row.attempts for row in rows] == [1] * 10


@pytest.mark.parametrize("copies", [3])
def test_the_same_delivery_from_several_processes_is_one(world: World, url: str, copies: int) -> None:
    """Threads with a store each, as the replicas of the ingress are."""
    tasks = [task(n) for n in range(500)]
    stores = [Store.open(url) for _ in range(copies)]
    barrier = threading.Barrier(copies)

    def deliver(store: Store) -> None:
        barrier.wait()
        with store.begin() as uow:
            uow.items.receive(world.project, tasks, world.now)

    threads = [threading.Thread(target=deliver, args=(store,)) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for store in stores:
        store.close()
    assert world.states() == {ItemState.RECEIVED: 500}
    assert world.item(0).revision == 1
