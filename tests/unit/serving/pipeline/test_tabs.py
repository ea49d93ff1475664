"""A tab for each queue: what is in it, when it changes, and what goes with it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

import pytest

from models.errors import PlatformUnavailable
from models.skills import FieldOfWork, Need
from serving.pipeline import tabs
from serving.pipeline.tabs import LESS_SURE, SURE, SURER, TEACHING, UNSEEN
from serving.projects.suggestions import set_tabs
from serving.store.records import ItemState
from tests.support.local_world import LocalWorld, another_worker, easy, hard
from tests.unit.serving.conftest import MakeWorld


@pytest.fixture
def world(make: MakeWorld) -> LocalWorld:
    """A model in shadow, with blind items, controls and suggestions that nobody has labelled yet."""
    world = make(control_rate=0.2, tabs=True)
    world.open(hard(150))
    world.change(validation_target=60)
    world.tick()
    world.arrive(easy(60, seed=3))
    world.sync()
    world.tick()
    world.settle()
    world.tick()
    return world


def look(world: LocalWorld) -> bool:
    return tabs.run(world.runtime, world.project)


def test_every_item_is_in_the_tab_of_its_queue(world: LocalWorld) -> None:
    assert look(world)
    shown = world.platform.queues
    assert shown.keys() <= {UNSEEN, TEACHING, SURER, LESS_SURE}
    assert {UNSEEN, LESS_SURE} <= shown.keys()
    kinds = set()
    for name, tasks in shown.items():
        for row in map(world.item, tasks):
            seen = bool(world.versions(row.task_id))
            assert seen is (name != UNSEEN), f"{row} in {name}"
            if name in (SURER, LESS_SURE):
                assert ((row.confidence or 0.0) >= SURE) is (name == SURER)
            kinds.add((row.blind, row.unaided))
    assert kinds == {(True, False), (False, True), (False, False)}, "blind items and controls stand together"
    wanted = {row.task_id for row in world.wanted()}
    assert {task for tasks in shown.values() for task in tasks} == wanted


@pytest.mark.parametrize("goes", ["switched off", "disconnected"])
def test_tabs_that_are_no_longer_wanted_when_they_are_made_go_again(world: LocalWorld, goes: str) -> None:
    show = world.platform.show_queues

    def slow(queues: Mapping[str, Collection[int]]) -> None:
        world.platform.show_queues = show  # type: ignore[method-assign]
        project = world.project
        if goes == "switched off":
            set_tabs(world.runtime, project, on=False)
        else:
            tabs.remove(world.runtime, project)
            with world.store.begin() as uow:
                uow.projects.remove(project.id)
        show(queues)
        assert world.platform.queues

    world.platform.show_queues = slow  # type: ignore[method-assign]
    assert look(world)
    assert world.platform.queues == {}
    assert not world.runtime.tabs


def test_without_a_model_all_is_without_a_suggestion(make: MakeWorld) -> None:
    world = make(tabs=True)
    world.arrive(easy(30))
    world.sync()
    world.tick()
    look(world)
    assert world.platform.queues == {UNSEEN: tuple(sorted(row.task_id for row in world.wanted()))}
    assert {row.blind for row in world.wanted()} == {True, False}


def test_what_needs_a_skill_has_a_tab_of_its_own_and_what_somebody_holds_is_in_none(world: LocalWorld) -> None:
    rows = [row for row in world.wanted() if not row.blind][:3]
    with world.store.begin() as uow:
        uow.people.set_needs(world.id, {row.id: Need(FieldOfWork("law", "de"), 3) for row in rows})
    look(world)
    name = "needs law/de/any from level 3"
    assert world.platform.queues[name] == tuple(sorted(row.task_id for row in rows))
    assert not set(world.platform.queues[name]) & set(world.platform.queues[UNSEEN])


def test_second_opinions_are_in_no_tab(world: LocalWorld) -> None:
    row = next(row for row in world.wanted() if not row.blind)
    world.label(row.task_id)
    world.sync()
    with world.store.begin() as uow:
        uow.opinions.ask({row.id: 3})
    assert row.id in {one.id for one in world.wanted()}
    look(world)
    assert row.task_id not in {task for shown in world.platform.queues.values() for task in shown}


def test_a_tab_is_not_longer_than_it_may_be(make: MakeWorld) -> None:
    world = make(tabs=True, settings={"tab_items": 7})
    world.arrive(easy(60))
    world.sync()
    look(world)
    assert {name: len(shown) for name, shown in world.platform.queues.items()} == {UNSEEN: 7}


def test_nothing_is_written_while_little_has_changed(world: LocalWorld) -> None:
    look(world)
    calls = world.platform.calls["show_queues"]
    assert not look(world)
    before = dict(world.platform.queues)
    [first, *others] = [row.task_id for row in world.wanted() if row.task_id in before[LESS_SURE]]
    world.label(first)
    world.sync()
    assert not look(world), "one of many: not at once"
    assert look(world), "nothing has moved since"
    assert first not in world.platform.queues[LESS_SURE]
    for task in others[: len(others) * 3 // 4]:
        world.label(task)
    world.sync()
    tabs.run(world.runtime, world.project)
    tabs.run(world.runtime, world.project)
    assert world.platform.calls["show_queues"] <= calls + 2
    assert not set(others[: len(others) * 3 // 4]) & set(world.platform.queues.get(LESS_SURE, ()))


def test_half_a_tab_out_of_date_is_written_at_once(make: MakeWorld) -> None:
    world = make(tabs=True)
    for pairs in (easy(10), easy(40, seed=1)):
        world.arrive(pairs)
        world.sync()
        assert look(world)
        assert world.platform.queues == {UNSEEN: tuple(sorted(row.task_id for row in world.wanted()))}


def test_an_outage_is_made_up_for(world: LocalWorld) -> None:
    world.platform.fail_next(1, PlatformUnavailable("away"))
    before = world.states()
    world.later(1000.0)
    assert world.worker._one("people", world.worker.people, world.project) == 0
    assert world.platform.queues == {}
    assert world.states() == before
    assert before.get(ItemState.DEAD) is None
    world.later(1000.0)
    world.worker._one("people", world.worker.people, world.project)
    assert world.platform.queues.keys() >= {UNSEEN}


def test_one_process_writes_tabs_and_another_takes_over(world: LocalWorld) -> None:
    other = another_worker(world)
    other._runtime = replace(world.runtime, owner="worker-2", tabs={})
    world.worker.people(world.project)
    calls = world.platform.calls["show_queues"]
    other.people(world.project)
    assert world.platform.calls["show_queues"] == calls
    world.later(1000.0)
    other.people(world.project)
    assert world.platform.calls["show_queues"] == calls + 1


def test_off_takes_them_away_wherever_it_was_said(world: LocalWorld) -> None:
    look(world)
    set_tabs(world.runtime, world.project, on=False)
    assert world.platform.queues == {}
    set_tabs(world.runtime, world.project, on=True)
    look(world)
    world.change(tabs=False)  # in another process, whose call was overtaken by ours
    assert look(world)
    assert world.platform.queues == {}
    calls = world.platform.calls["show_queues"]
    world.later(1000.0)
    world.worker.people(world.project)
    assert world.platform.calls["show_queues"] == calls
