"""Fifty people at two replicas, of which one is killed with items in their hands: each item once, nobody starves."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from serving.store.people_records import WorkState
from serving.store.records import ItemState
from tests.store.desk_worker import LEASE_S
from tests.store.people import Desks
from tests.store.world import World
from tests.support.patience import PATIENCE_S

ROOT = Path(__file__).parents[2]
ITEMS, PEOPLE = 300, 25
"""People of one replica."""


def replica(url: str, world: World, first: int, output: Path) -> subprocess.Popen[bytes]:
    arguments = [url, str(world.project), str(first), str(PEOPLE), str(output)]
    command = [sys.executable, "-m", "tests.store.desk_worker", *arguments]
    return subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE)


def kill_while_it_holds_something(process: subprocess.Popen[bytes], world: World, users: range) -> None:
    """With no warning, at a moment when its people have items in their hands."""
    while True:
        process.send_signal(signal.SIGSTOP)
        with world.store.read() as uow:
            people = [one for one in uow.people.desks(world.project) if one.trainer.user_id in users]
            held = any(uow.work.held(world.project, one.trainer.id) for one in people)
        if held:
            process.send_signal(signal.SIGKILL)
            process.communicate()
            return
        process.send_signal(signal.SIGCONT)
        time.sleep(0.02)


def lines(output: Path) -> list[list[str]]:
    return [line.split() for line in output.read_text().splitlines()] if output.exists() else []


def test_every_item_once_and_nobody_starves(world: World, url: str, tmp_path: Path) -> None:
    with world.store.begin() as uow:
        uow.projects.update(world.project, active_model="m1")
    for start in range(0, ITEMS, 100):
        world.published(*range(start + 1, start + 101))
    desks = Desks(world)
    for user in range(1, 2 * PEOPLE + 1):
        desks.join(user)
    outputs = [tmp_path / "one", tmp_path / "two"]
    first, second = (replica(url, world, 1 + PEOPLE * n, output) for n, output in enumerate(outputs))
    end = time.monotonic() + PATIENCE_S
    while len(lines(outputs[0])) < 40 and time.monotonic() < end:
        time.sleep(0.02)
    kill_while_it_holds_something(first, world, range(1, 1 + PEOPLE))
    _, errors = second.communicate(timeout=PATIENCE_S)
    assert second.returncode == 0, errors.decode()

    assert world.states() == {ItemState.LABELED: ITEMS}
    with world.store.read() as uow:
        people = uow.people.desks(world.project)
        labels = Counter(row.item_id for row in uow.labels.for_project(world.project))
        pieces = [piece for one in people for piece in uow.work.of_trainer(one.trainer.id, limit=ITEMS)]
    by_item: dict[int, list[tuple[float, float]]] = {}
    for piece in pieces:
        over = piece.ended_at if piece.ended_at is not None else piece.until
        by_item.setdefault(piece.item_id, []).append((piece.granted_at, over))
    assert len(by_item) == len(labels) == ITEMS
    assert set(labels.values()) == {1}
    for spans in by_item.values():
        ordered = sorted(spans)
        assert all(before[1] <= after[0] + 1e-6 for before, after in pairwise(ordered))
    lost = [piece for piece in pieces if piece.state is WorkState.EXPIRED]
    assert lost, "what the dead replica's people held came to others"
    assert all(piece.until - piece.granted_at == pytest.approx(LEASE_S) for piece in lost)
    shares = Counter(line[2] for line in lines(outputs[1]) if line[0] == "did")
    assert len(shares) == PEOPLE, "everybody got something"
