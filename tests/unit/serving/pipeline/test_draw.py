"""The blind sample: who is drawn, what hides, and which labels count for it."""

from __future__ import annotations

from models.types import Fold, GateState, Route
from serving.projects import gate
from serving.store.records import ItemState, LabelRole
from tests.support.local_world import LocalWorld, easy, hard


def test_exactly_as_many_as_asked_for_and_the_lowest(world: LocalWorld) -> None:
    world.arrive(easy(200))
    world.sync()
    assert world.tick()
    assert not world.tick()
    chosen = world.blind()
    others = [i for i in world.items() if i.fold is Fold.VALIDATION and not i.blind]
    assert len(chosen) == 40
    assert max(i.draw for i in chosen) < min(i.draw for i in others)
    assert {i.inclusion for i in chosen} == {world.project.validation_cut}


def test_nothing_is_drawn_before_everything_was_read(world: LocalWorld) -> None:
    world.arrive(easy(50))
    assert not world.tick()


def test_a_stream_fills_the_sample_as_it_comes(world: LocalWorld) -> None:
    cuts = []
    for part in range(8):
        world.arrive(easy(20, seed=part))
        world.sync()
        world.tick()
        cuts.append(world.project.validation_cut)
        assert len(world.blind()) <= 40
    assert len(world.blind()) == 40
    assert cuts == sorted(cuts)


def test_a_task_that_goes_is_replaced_by_one(world: LocalWorld) -> None:
    for part in range(8):
        world.arrive(easy(30, seed=part))
        world.sync()
        world.tick()
    cut = world.project.validation_cut
    world.platform.delete_tasks([world.blind()[0].task_id])
    world.sync()
    world.tick()
    assert len([i for i in world.blind() if i.state is not ItemState.GONE]) == 40
    assert world.project.validation_cut >= cut


def test_a_task_that_is_edited_is_drawn_again(world: LocalWorld) -> None:
    world.arrive(easy(150))
    world.sync()
    world.tick()
    task = world.blind()[0].task_id
    world.platform.edit_task(task, {"text": "something else"})
    world.sync()
    assert not world.item(task).blind
    world.tick()
    assert world.item(task).blind
    assert len(world.blind()) == 40


def test_a_higher_target_hides_what_was_shown(world: LocalWorld) -> None:
    world.open(hard(200))
    assert world.project.gate_state is GateState.CLOSED
    shown = {i.task_id for i in world.items() if i.state is ItemState.PUBLISHED and i.fold is Fold.VALIDATION}
    assert all(world.versions(task) for task in shown)
    gate.extend(world.runtime, world.project, labels=15)
    assert world.tick()
    drawn = {i.task_id for i in world.blind()} & shown
    assert len(drawn) == 15
    world.settle()
    assert not any(world.versions(task) for task in drawn)
    assert all(world.versions(task) for task in shown - drawn)
    world.audit()


def test_labels_after_the_draw_count_as_blind_once_nothing_is_shown(world: LocalWorld) -> None:
    world.open(hard(200))
    gate.extend(world.runtime, world.project, labels=10)
    world.tick()
    first, second = [i.task_id for i in world.blind() if i.state is not ItemState.LABELED][:2]
    world.label(first)
    world.sync()
    world.settle()
    world.label(second)
    world.sync()
    with world.store.read() as uow:
        roles = {label.item_id: label.role for label in uow.labels.for_project(world.id)}
    assert roles[world.item(first).id] is LabelRole.CORRECTION, "the suggestion was still there"
    assert roles[world.item(second).id] is LabelRole.VALIDATION
    world.tick()
    still = [i for i in world.blind() if i.state is not ItemState.LABELED]
    assert len(still) == 9, "the spoiled item is replaced"


def test_labels_before_the_withdrawal_and_of_tasks_opened_before_it_are_not_blind(world: LocalWorld) -> None:
    world.open(hard(200))
    gate.extend(world.runtime, world.project, labels=10)
    world.tick()
    while world.worker.decide(world.project):
        pass
    first, second, third = [i.task_id for i in world.blind() if i.state is not ItemState.LABELED][:3]
    assert world.item(first).route is Route.AUDIT
    assert world.versions(first), "decided, and still shown"
    world.label(first)
    world.sync()
    world.settle()
    world.later(60)
    world.label(second, lead_time=3600)
    world.label(third, lead_time=30)
    world.sync()
    with world.store.read() as uow:
        roles = {label.item_id: label.role for label in uow.labels.for_project(world.id)}
    assert [roles[world.item(task).id] for task in (first, second, third)] == ["correction"] * 2 + ["validation"]
    world.tick()
    still = [i for i in world.blind() if i.state is not ItemState.LABELED]
    assert len(still) == 9, "both are replaced"
