from __future__ import annotations

from typing import Any

import pytest

from models.errors import NotFoundError
from models.types import Fold, Route
from serving.store.records import ItemState, LabelRole, LabelRow, NewLabel
from tests.store.world import World, prediction, task


def stored(world: World) -> list[LabelRow]:
    with world.store.read() as uow:
        return uow.labels.for_project(world.project)


def remove(world: World, *annotations: int) -> list[int]:
    with world.store.begin() as uow:
        return uow.labels.remove(world.project, annotations, world.now)


def test_a_label_ends_the_items_way(world: World) -> None:
    world.published(1)
    assert world.label(1, 10) == world.ids(1)
    assert world.item(1).state is ItemState.LABELED
    [label] = stored(world)
    assert (label.annotation_id, label.completed_by, label.lead_time, label.loss) == (10, 3, 2.5, 1.0)
    assert label.regions[0].labels == ("b",)
    assert label.prediction_id == world.item(1).prediction_id


def test_the_same_annotation_three_times_is_one_label(world: World) -> None:
    world.published(1)
    assert world.label(1, 10) == world.ids(1)
    first = stored(world)
    assert world.label(1, 10) == []
    assert world.label(1, 10) == []
    assert stored(world) == first


def test_a_label_takes_the_lease_from_whoever_works_on_the_item(world: World) -> None:
    world.receive(task(1))
    [row] = world.claim(ItemState.RECEIVED)
    world.label(1, 10)
    with world.store.begin() as uow:
        assert uow.items.store_predictions(world.owner, [(row.id, prediction(row.id))], world.now) == []
    assert world.item(1).state is ItemState.LABELED


def test_a_newer_label_replaces_what_it_says_but_not_what_it_is_for(world: World) -> None:
    world.published(1)
    shown = world.item(1).prediction_id
    world.label(1, 10, role=LabelRole.AUDIT, inclusion=0.02, remote_updated_at=5.0)
    world.label(1, 10, role=LabelRole.TRAIN, inclusion=None, remote_updated_at=6.0, lead_time=9.0, loss=0.0)
    [label] = stored(world)
    assert (label.role, label.inclusion, label.prediction_id) == (LabelRole.AUDIT, 0.02, shown)
    assert (label.lead_time, label.loss, label.remote_updated_at) == (9.0, 0.0, 6.0)


def test_a_loss_against_another_prediction_is_not_taken_over(world: World) -> None:
    world.published(1)
    shown = world.item(1).prediction_id
    world.label(1, 10, remote_updated_at=5.0)
    world.label(1, 10, remote_updated_at=6.0, prediction_id=4711, loss=0.5)
    [label] = stored(world)
    assert (label.prediction_id, label.loss) == (shown, None)


def test_an_older_delivery_never_overwrites_a_newer_one(world: World) -> None:
    world.published(1)
    world.label(1, 10, remote_updated_at=6.0, lead_time=9.0)
    world.label(1, 10, remote_updated_at=5.0, lead_time=1.0, was_cancelled=True)
    [label] = stored(world)
    assert (label.lead_time, label.was_cancelled) == (9.0, False)
    assert world.item(1).state is ItemState.LABELED


def test_both_versions_in_one_delivery_leave_the_newer(world: World) -> None:
    world.receive(task(1))
    values = {"item_id": world.item(1).id, "annotation_id": 10, "completed_by": 3, "regions": (), "inclusion": None}
    both = [
        NewLabel(
            **values,  # type: ignore[arg-type]
            was_cancelled=False,
            lead_time=at,
            role=LabelRole.TRAIN,
            prediction_id=None,
            loss=None,
            remote_updated_at=at,
        )
        for at in (6.0, 5.0)
    ]
    with world.store.begin() as uow:
        uow.labels.upsert(world.project, both, world.now)
    assert [label.lead_time for label in stored(world)] == [6.0]


def test_a_skip_leaves_the_item_where_it_is(world: World) -> None:
    world.published(1)
    assert world.label(1, 10, was_cancelled=True) == []
    assert world.item(1).state is ItemState.PUBLISHED
    assert stored(world) == []
    with world.store.read() as uow:
        assert uow.labels.annotation_ids(world.project, [1, 2]) == {1: {10}}


def test_a_label_that_turns_into_a_skip_gives_the_item_back(world: World) -> None:
    world.published(1)
    world.label(1, 10, remote_updated_at=5.0)
    world.label(1, 10, remote_updated_at=6.0, was_cancelled=True)
    assert world.item(1).state is ItemState.SCORED


def test_the_last_label_removed_gives_the_item_back(world: World) -> None:
    world.published(1)
    world.receive(task(2))
    for number, annotation in ((1, 10), (1, 11), (2, 20)):
        world.label(number, annotation)
    assert remove(world, 10, 99) == []
    assert remove(world, 11, 20) == world.ids(1, 2)
    assert [world.item(n).state for n in (1, 2)] == [ItemState.SCORED, ItemState.RECEIVED]
    assert remove(world, 11) == []
    assert stored(world) == []


def test_an_item_given_back_is_scored_again_when_its_model_is_not_the_active_one(world: World) -> None:
    world.published(1)
    world.label(1, 10)
    with world.store.begin() as uow:
        uow.projects.update(world.project, active_model="m2")
    remove(world, 10)
    assert world.item(1).state is ItemState.RECEIVED


def test_a_deleted_label_that_comes_back_is_revived(world: World) -> None:
    world.published(1)
    world.label(1, 10, remote_updated_at=5.0)
    remove(world, 10)
    assert world.label(1, 10, remote_updated_at=4.0) == []
    assert stored(world) == []
    assert world.label(1, 10, remote_updated_at=5.0) == world.ids(1)
    assert len(stored(world)) == 1


def test_labels_of_an_unknown_item_are_refused(world: World) -> None:
    other = World(world.store, "other", number=2)
    other.receive(task(1))
    world.receive(task(1))
    label = NewLabel(other.item(1).id, 10, 3, (), False, None, LabelRole.TRAIN, None, None, None, 1.0)
    with world.store.begin() as uow, pytest.raises(NotFoundError):
        uow.labels.upsert(world.project, [label], world.now)
    assert stored(world) == []


def test_counts_are_of_items_and_roles_can_be_chosen(world: World) -> None:
    world.receive(*(task(n) for n in range(1, 5)))
    world.label(1, 10, role=LabelRole.TRAIN)
    world.label(1, 11, role=LabelRole.TRAIN)
    world.label(2, 20, role=LabelRole.AUDIT)
    world.label(3, 30, role=LabelRole.AUDIT, was_cancelled=True)
    world.label(4, 40, role=LabelRole.VALIDATION)
    remove(world, 40)
    with world.store.read() as uow:
        assert uow.labels.counts(world.project) == {LabelRole.TRAIN: 1, LabelRole.AUDIT: 1}
        audits = uow.labels.for_project(world.project, roles=[LabelRole.AUDIT])
        losses = uow.labels.audit_losses(world.project)
        assert uow.labels.annotation_ids(world.project, [1, 2, 3, 4]) == {1: {10, 11}, 2: {20}, 3: {30}}
    assert [label.annotation_id for label in audits] == [20]
    assert losses == [(label.item_id, label.completed_by, 1.0) for label in audits]


def test_corrections_are_counted_with_those_that_changed_nothing(world: World) -> None:
    world.published(1, 2, 3, 4, 5)
    given: list[dict[str, Any]] = [{"loss": 0.0}, {"loss": 0.5}, {"loss": None}, {"was_cancelled": True}]
    for number, more in enumerate(given, 1):
        world.label(number, 10 * number, **more)
    world.label(5, 50, role=LabelRole.AUDIT, loss=0.0)
    with world.store.read() as uow:
        assert uow.labels.corrected(world.project) == (2, 1)
        assert uow.labels.corrected(world.project + 1) == (0, 0)


def test_losses_are_set_in_bulk(world: World) -> None:
    world.published(1, 2)
    world.label(1, 10)
    world.label(2, 20)
    first, second = stored(world)
    with world.store.begin() as uow:
        uow.labels.set_losses({first.id: (77, 0.25)})
        uow.labels.set_losses({})
    changed, same = stored(world)
    assert (changed.prediction_id, changed.loss) == (77, 0.25)
    assert same == second


def test_training_gives_the_newest_label_of_each_item_of_the_train_fold(world: World) -> None:
    world.receive(*(task(n) for n in range(1, 6)), task(6, fold=Fold.VALIDATION))
    world.label(1, 10, role=LabelRole.TRAIN, remote_updated_at=5.0)
    world.label(1, 11, role=LabelRole.CORRECTION, remote_updated_at=7.0)
    world.label(1, 12, role=LabelRole.TRAIN, remote_updated_at=6.0)
    world.label(2, 20, role=LabelRole.AUDIT)
    world.label(3, 30, role=LabelRole.TRAIN)
    world.label(3, 31, role=LabelRole.TRAIN, remote_updated_at=9e9, was_cancelled=True)
    world.label(4, 40, role=LabelRole.TRAIN)
    remove(world, 40)
    world.label(5, 50, role=LabelRole.TRAIN)
    world.label(6, 60, role=LabelRole.TRAIN)
    with world.store.begin() as uow:
        uow.items.mark_gone(world.project, [5], world.now)
        pairs = uow.labels.training(world.project)
        assert uow.labels.training_count(world.project) == 2
    assert [(item.task_id, label.annotation_id) for item, label in pairs] == [(1, 11), (3, 30)]
    assert pairs[0][0] == world.item(1)
    assert pairs[0][1].regions[0].labels == ("b",)


def test_validation_gives_every_drawn_item_with_its_first_label_or_none(world: World) -> None:
    world.receive(*(task(n, fold=Fold.VALIDATION, draw=n / 10) for n in range(1, 8)), task(8))
    with world.store.begin() as uow:
        uow.items.set_blind(world.project, cut=0.55, now=world.now)
        uow.items.mark_gone(world.project, [5], world.now)
    world.label(1, 10, role=LabelRole.VALIDATION)
    world.label(1, 11, role=LabelRole.VALIDATION)
    world.label(2, 20, role=LabelRole.VALIDATION, was_cancelled=True)
    world.label(2, 21, role=LabelRole.VALIDATION)
    world.label(3, 30, role=LabelRole.VALIDATION, was_cancelled=True)
    world.label(7, 70, role=LabelRole.CORRECTION)
    with world.store.read() as uow:
        sample = uow.labels.validation(world.project)
    found = [(item.task_id, item.inclusion, label.annotation_id if label else None) for item, label in sample]
    assert found == [(1, 0.55, 10), (2, 0.55, 21), (3, 0.55, 30), (4, 0.55, None)]
    assert sample[2][1] is not None
    assert sample[2][1].was_cancelled
    assert world.item(1).route is None
    assert Route.AUDIT not in {item.route for item, _ in sample}
