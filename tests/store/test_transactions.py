"""All or nothing; readers and writers; errors that say what happened."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from models.errors import ConfigurationError, StoreError
from models.types import Route
from serving.store import engine
from serving.store.engine import Store
from serving.store.records import ItemRow, ItemState
from tests.store.world import ACCEPTED, World, decision, new_project, task


class Boom(Exception):
    pass


def decide_and_fail(world: World, row: ItemRow) -> None:
    with world.store.begin() as uow:
        assert uow.items.decide(world.owner, [decision(row, Route.ACCEPT, ACCEPTED)], world.now) == [row.id]
        assert len(uow.outbox.counts(world.project)) == 2
        raise Boom


def test_a_decision_and_its_outbox_are_written_together_or_not_at_all(world: World) -> None:
    world.receive(task(1))
    world.score()
    [row] = world.claim(ItemState.SCORED)
    with pytest.raises(Boom):
        decide_and_fail(world, row)
    assert world.item(1).state is ItemState.SCORED
    with world.store.read() as uow:
        assert uow.outbox.counts(world.project) == {}
        assert uow.items.history(row.id)["decisions"] == []
    with world.store.begin() as uow:
        assert uow.items.decide(world.owner, [decision(row, Route.ACCEPT, ACCEPTED)], world.now) == [row.id]


def receive_and_fail(world: World) -> None:
    with world.store.begin() as uow:
        uow.items.receive(world.project, [task(1)], world.now)
        uow.items.receive(4711, [task(2)], world.now)


def test_an_error_of_the_database_undoes_the_whole_unit_of_work(world: World) -> None:
    with pytest.raises(StoreError, match="the database refused"):
        receive_and_fail(world)
    assert world.states() == {}


def test_a_refused_project_does_not_undo_what_came_before(world: World) -> None:
    with world.store.begin() as uow:
        uow.items.receive(world.project, [task(1)], world.now)
        with pytest.raises(ConfigurationError):
            uow.projects.add(new_project(), 0.0)
    assert world.states() == {ItemState.RECEIVED: 1}


def test_a_reader_cannot_write_and_the_connection_can_again(world: World) -> None:
    for _ in range(3):
        with pytest.raises(StoreError, match=r"readonly|read-only"), world.store.read() as uow:
            uow.items.receive(world.project, [task(1)], world.now)
    assert world.receive(task(1)).new == 1


def test_a_reader_sees_one_state_and_stops_nobody(world: World) -> None:
    world.receive(task(1))
    with world.store.read() as uow:
        assert uow.items.counts(world.project) == {ItemState.RECEIVED: 1}
        world.receive(task(2))
        assert uow.items.counts(world.project) == {ItemState.RECEIVED: 1}
    assert world.states() == {ItemState.RECEIVED: 2}


def test_what_another_store_wrote_is_seen_at_once(world: World, url: str) -> None:
    other = Store.open(url)
    world.receive(task(1))
    with other.read() as uow:
        assert uow.items.counts(world.project) == {ItemState.RECEIVED: 1}
    other.close()


def test_errors_do_not_show_parameters(world: World) -> None:
    with pytest.raises(StoreError) as caught, world.store.begin() as uow:
        uow.items.receive(4711, [task(1, text="private words")], world.now)
    assert "private" not in str(caught.value)
    assert "private" not in str(caught.value.__cause__)


def test_a_unit_of_work_inside_another_is_an_error_not_a_standstill(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "BUSY_TIMEOUT_S", 0.02)
    store = Store.open(f"sqlite:///{tmp_path}/store.db")
    with store.begin(), pytest.raises(StoreError, match="must be short"), store.begin():
        pass
    store.close()


def test_threads_of_one_process_take_turns(world: World) -> None:
    errors: list[Exception] = []

    def work(first: int) -> None:
        try:
            for n in range(first, first + 20):
                world.receive(task(n))
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(first,)) for first in range(0, 160, 20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert world.states() == {ItemState.RECEIVED: 160}
