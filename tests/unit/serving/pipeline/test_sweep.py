"""Whatever is lost in Label Studio, or stands there unwanted, is found and mended, and people are not overruled."""

from __future__ import annotations

import pytest

from connectors.base import OutgoingPrediction
from models.errors import PlatformUnavailable
from models.types import Prediction, Route
from serving.pipeline import sweep
from serving.pipeline.decide import RETURNED
from serving.store.records import ItemState
from tests.support.local_world import OURS, LocalWorld, choice, easy

READS = ("predicted_tasks", "annotated_tasks")


def swept(world: LocalWorld) -> int:
    world.later()
    return sweep.run(world.runtime, world.project)


def reads(world: LocalWorld) -> int:
    return sum(world.platform.calls.get(name, 0) for name in READS)


@pytest.fixture
def opened(world: LocalWorld) -> LocalWorld:
    world.open(easy(110))
    assert swept(world) == 0
    return world


def accepted(world: LocalWorld) -> list[int]:
    return [i.task_id for i in world.items() if i.route is Route.ACCEPT and i.state is ItemState.PUBLISHED]


def test_what_stands_as_it_should_is_read_once(opened: LocalWorld) -> None:
    before = reads(opened)
    assert before == len(READS)
    assert swept(opened) == 0
    assert reads(opened) == before, "the counts say that nothing has changed"


def test_without_a_model_there_is_nothing_to_compare(world: LocalWorld) -> None:
    world.arrive(easy(5))
    world.sync()
    assert swept(world) == 0
    assert "standing" not in world.platform.calls


def test_lost_predictions_are_sent_again(opened: LocalWorld) -> None:
    tasks = accepted(opened)[:5]
    opened.platform.remove_task_predictions(tasks)
    assert swept(opened) == 5
    assert [opened.item(task).state for task in tasks] == [ItemState.DECIDED] * 5
    opened.settle()
    opened.audit()
    assert swept(opened) == 0


def test_predictions_by_which_a_former_model_accepted_are_sent_again(opened: LocalWorld) -> None:
    tasks, former = accepted(opened), opened.project.active_model
    assert former is not None
    with opened.store.begin() as uow:
        ref = uow.models.get(opened.id, former).ref.model_copy(update={"version": "next"})
        uow.models.add(opened.id, ref, 1, {}, opened.runtime.now())
        uow.models.activate(opened.id, "next", opened.runtime.now())
    opened.settle()
    assert opened.project.active_model == "next"
    kept = [task for task in tasks if opened.item(task).model_version == former][:5]
    assert len(kept) == 5
    opened.later(opened.runtime.settings.sweep_s)
    swept(opened)
    opened.platform.remove_task_predictions(kept)
    assert swept(opened) == 5
    opened.settle()
    assert all(former in opened.versions(task) for task in kept)
    assert swept(opened) == 0


def test_all_predictions_of_a_version_lost(opened: LocalWorld) -> None:
    version = opened.project.active_model
    assert version is not None
    shown = sum(opened.versions(i.task_id) == [version] for i in opened.items() if i.state is ItemState.PUBLISHED)
    opened.platform.remove_predictions(version)
    assert swept(opened) == shown > 20
    opened.settle()
    opened.audit()


def test_a_deleted_acceptance_goes_to_people_and_stays_with_them(opened: LocalWorld) -> None:
    task, *others = accepted(opened)
    opened.platform.retract([task])
    before = opened.report().accepted
    assert swept(opened) == 1
    item = opened.item(task)
    assert (item.state, item.route, item.reason) == (ItemState.PUBLISHED, Route.SUGGEST, RETURNED)
    assert opened.audit().accepted == before - 1 == len(others)
    assert task in [row.task_id for row in opened.wanted()]
    with opened.store.read() as uow:
        story = uow.items.explain(opened.id, task)
    assert [d["reason"] for d in story["decisions"]][-1] == RETURNED

    # A new model finds the same items acceptable: not this one.
    opened.train()
    opened.settle()
    opened.tick()
    opened.settle()
    assert opened.item(task).route is Route.SUGGEST
    assert opened.item(task).reason == RETURNED
    assert opened.annotations(task) == []
    assert swept(opened) == 0
    opened.audit()


def test_edited_data_is_a_new_item_that_may_be_accepted(opened: LocalWorld) -> None:
    task = accepted(opened)[0]
    opened.platform.retract([task])
    swept(opened)
    opened.platform.edit_task(task, {"text": "excellent lovely happy bright splendid warm"})
    opened.sync()
    opened.settle()
    assert opened.item(task).reason != RETURNED
    opened.audit()


def test_counters_that_forget_cost_nobody_an_acceptance(opened: LocalWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """Label Studio's lists may leave a task out; its annotations are read before anybody is sent to it."""
    monkeypatch.setattr(opened.platform, "annotated_tasks", set)
    opened.platform.annotate(opened.wanted()[0].task_id, choice("good"), user_id=OURS)
    assert swept(opened) == 0
    assert len(accepted(opened)) > 20


def test_forgotten_annotations_are_counted_some_in_each_pass(
    opened: LocalWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep, "RECOUNT", 2)
    worker, pause = opened.worker, opened.runtime.settings.reconcile_s + 1
    opened.later(1000)
    worker.reconcile(opened.project)
    opened.platform.forgotten |= set(accepted(opened)[:5])
    opened.later(1000)
    worker.reconcile(opened.project)
    assert len(opened.platform.forgotten) == 5, "it may count them yet"
    opened.later(1000)
    left = []
    for _ in range(4):
        worker.reconcile(opened.project)
        left.append(len(opened.platform.forgotten))
        opened.later(pause)
    assert left == [3, 1, 0, 0]
    opened.audit()


def test_what_was_accepted_a_moment_ago_is_left_to_label_studio(opened: LocalWorld) -> None:
    first, second = accepted(opened)[:2]
    opened.platform.forgotten = {first}
    assert not sweep.recount(opened.runtime, opened.project)
    opened.platform.forgotten = {second}
    assert not sweep.recount(opened.runtime, opened.project)
    assert opened.platform.forgotten == {second}
    assert not sweep.recount(opened.runtime, opened.project)
    assert opened.platform.forgotten == set()


def test_a_blind_item_that_shows_a_prediction_is_cleared(opened: LocalWorld) -> None:
    opened.arrive(easy(60, seed=5))
    opened.sync()
    opened.settle()
    blind = next(i for i in opened.items() if i.blind and i.state is ItemState.PUBLISHED)
    shown = next(i for i in opened.items() if i.route is Route.ACCEPT)
    with opened.store.read() as uow:
        assert shown.prediction_id is not None
        said = uow.items.predictions([shown.prediction_id])[shown.prediction_id].prediction
    late(opened, blind.task_id, said)
    assert swept(opened) == 1
    opened.settle()
    assert opened.versions(blind.task_id) == []
    opened.audit()


def late(world: LocalWorld, task: int, said: Prediction) -> None:
    """A write that we gave up is carried out after all."""
    world.platform.publish_predictions([OutgoingPrediction(task, said)], check_existing=False)


@pytest.mark.parametrize("labelled", [False, True], ids=["closed gate", "labelled by a person"])
def test_an_acceptance_that_comes_late_is_taken_back(opened: LocalWorld, labelled: bool) -> None:
    task = accepted(opened)[0]
    version = opened.project.active_model
    assert version is not None
    if labelled:
        opened.label(task, user=9)
        opened.sync()
    else:
        opened.platform.retract([task])
        swept(opened)
    opened.settle()
    assert OURS not in opened.annotations(task)
    if labelled:
        opened.platform.annotate(task, choice("good"), user_id=OURS)
    else:
        opened.platform.accept([task], model_version=version)
    assert OURS in opened.annotations(task)
    assert swept(opened) == 1
    opened.settle()
    assert OURS not in opened.annotations(task)
    assert opened.item(task).state is (ItemState.LABELED if labelled else ItemState.PUBLISHED)
    opened.audit()


def test_what_changes_while_label_studio_is_read_is_left_alone(
    opened: LocalWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks = accepted(opened)[:2]
    opened.platform.retract([tasks[1]])
    read = opened.platform.annotations

    def meanwhile(asked: list[int]) -> object:
        answer = read(asked)
        opened.label(tasks[1], user=9)
        opened.sync()
        return answer

    monkeypatch.setattr(opened.platform, "annotations", meanwhile)
    assert swept(opened) == 0
    assert opened.item(tasks[1]).state is ItemState.LABELED


def test_deleted_tasks_are_no_losses(opened: LocalWorld) -> None:
    tasks = accepted(opened)[:3]
    opened.platform.delete_tasks(tasks)
    swept(opened)
    opened.sync()
    opened.settle()
    assert {opened.item(task).state for task in tasks} == {ItemState.GONE}
    assert swept(opened) == 0
    opened.audit()


def test_an_outage_loses_nothing(opened: LocalWorld) -> None:
    opened.platform.remove_task_predictions(accepted(opened)[:2])
    opened.platform.fail_next(1, PlatformUnavailable("away"))
    with pytest.raises(PlatformUnavailable):
        swept(opened)
    assert swept(opened) == 2


def test_the_worker_sweeps_by_the_clock(opened: LocalWorld) -> None:
    worker = opened.worker
    opened.later(1000)
    worker.reconcile(opened.project)
    opened.platform.remove_task_predictions(accepted(opened)[:2])
    opened.later(opened.runtime.settings.reconcile_s + 1)
    assert worker.reconcile(opened.project) == 0
    opened.later(opened.runtime.settings.sweep_s + 1)
    assert worker.reconcile(opened.project) == 2
