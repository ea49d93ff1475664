"""Deliveries may come twice, late, or not at all; what they say is stored once."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from connectors.base import RemoteAnnotation, RemoteTask
from models.fair_queue import Kind
from models.gate.sampling import fold_of
from models.skills import FieldOfWork
from models.types import Fold, Route
from serving.pipeline import ingest
from serving.pipeline.certifying import validation_sample
from serving.store.records import ItemRow, ItemState, LabelRole
from serving.store.work import Open
from serving.workforce.gold_set import put_in
from tests.support.local_world import OURS, PERSON, LocalWorld, choice, easy


def deliver(world: LocalWorld, *annotations: RemoteAnnotation) -> list[int]:
    with world.store.begin() as uow:
        return ingest.receive_annotations(world.runtime, uow, world.project, annotations)


def annotation(task: int, number: int = 900, **changes: object) -> RemoteAnnotation:
    made = RemoteAnnotation(number, task, PERSON, choice("good"), 1_700_000_100.0)
    return replace(made, **changes)  # type: ignore[arg-type]


@pytest.fixture
def task(world: LocalWorld) -> int:
    [task] = world.arrive(easy(1))
    world.sync()
    return task


def test_the_same_label_three_times_is_one(world: LocalWorld, task: int) -> None:
    assert deliver(world, annotation(task)) == [world.item(task).id]
    assert deliver(world, annotation(task)) == []
    assert deliver(world, annotation(task), annotation(task)) == []
    assert world.report().labeled.train == 1


def test_the_same_tasks_three_times_are_one_item_each(world: LocalWorld) -> None:
    tasks = [RemoteTask(id=n, data={"text": f"t{n}"}, updated_at=1.0) for n in range(5)]
    for expected in (5, 0, 0):
        with world.store.begin() as uow:
            assert ingest.receive_tasks(world.runtime, uow, world.project, tasks + tasks[:2]).new == expected
    assert len(world.items()) == 5


def test_our_own_annotations_are_an_echo(world: LocalWorld, task: int) -> None:
    assert deliver(world, annotation(task, completed_by=OURS)) == []
    assert world.item(task).state is ItemState.RECEIVED
    assert deliver(world, annotation(task, completed_by=OURS), annotation(task, 901)) == [world.item(task).id]


def test_a_task_that_was_given_back_is_no_answer(world: LocalWorld, task: int) -> None:
    assert deliver(world, annotation(task, was_cancelled=True, given_back=True)) == []
    with world.store.read() as uow:
        assert uow.labels.annotation_ids(world.id, [task]) == {}


def test_the_echo_of_an_acceptance_changes_nothing(world: LocalWorld) -> None:
    world.open(easy(110))
    before = world.items()
    for _ in range(3):
        assert world.sync(full=True) == 0
    assert world.items() == before


def test_a_label_of_an_unknown_task_waits_for_the_task(world: LocalWorld) -> None:
    assert deliver(world, annotation(77)) == []


def test_a_skip_leaves_the_item_open(world: LocalWorld, task: int) -> None:
    assert deliver(world, annotation(task, result=[], was_cancelled=True)) == []
    assert world.item(task).state is ItemState.RECEIVED
    assert world.report().labeled.train == 0


def test_a_loss_says_whether_the_suggestion_was_right(world: LocalWorld) -> None:
    world.open(easy(110))
    [task] = world.arrive([("excellent lovely happy bright splendid warm 9", "good")])
    world.sync()
    world.settle()
    deliver(world, annotation(task), annotation(task, 901, result=choice("bad")))
    with world.store.read() as uow:
        losses = {x.annotation_id: x.loss for x in uow.labels.for_project(world.id) if x.annotation_id in (900, 901)}
    assert losses == {900: 0.0, 901: 1.0}


def test_text_that_was_cut_in_the_middle_of_a_character_is_taken(world: LocalWorld) -> None:
    [task] = world.platform.add_tasks([{"text": "half a pair \ud83d", "more": "\x00"}])
    assert world.sync() == 1
    assert world.item(task).state is ItemState.RECEIVED
    assert world.sync(full=True) == 0


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ({"a": 1, "b": [1, 2]}, {"b": [1, 2], "a": 1}, True),
        ({"a": 1}, {"a": "1"}, False),
        ({"a": "é"}, {"a": "e\u0301"}, False),
        ({"a": "\ud83d"}, {"a": "\ud83e"}, False),
    ],
)
def test_a_digest_is_of_the_content(first: dict[str, object], second: dict[str, object], same: bool) -> None:
    assert (ingest.digest_of(first) == ingest.digest_of(second)) is same


def test_a_draw_depends_on_key_and_task_alone(world: LocalWorld) -> None:
    project, secret = world.project, world.runtime.sampling_secret(world.project)
    one = ingest.new_item(RemoteTask(id=5, data={"text": "a"}, updated_at=1.0), project, secret)
    other = ingest.new_item(RemoteTask(id=5, data={"text": "b"}, updated_at=2.0), project, secret)
    assert one.draw == other.draw
    assert one.fold is fold_of(one.draw, project.validation_fraction)
    keyed = ingest.new_item(RemoteTask(id=5, data={"text": "a"}, updated_at=1.0), project, b"another-key-of-16-bytes")
    assert keyed.draw != one.draw


def row(world: LocalWorld, **changes: object) -> ItemRow:
    return replace(world.items()[0], **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "role"),
    [
        ({}, LabelRole.TRAIN),
        ({"route": Route.SUGGEST}, LabelRole.CORRECTION),
        ({"route": Route.ACCEPT}, LabelRole.CORRECTION),
        ({"fold": Fold.VALIDATION, "blind": True}, LabelRole.VALIDATION),
        ({"fold": Fold.VALIDATION, "blind": True, "route": Route.AUDIT, "reason": "validation_sample"}, "validation"),
        ({"fold": Fold.VALIDATION, "blind": True, "route": Route.SUGGEST}, LabelRole.CORRECTION),
        ({"fold": Fold.VALIDATION, "blind": True, "route": Route.AUDIT, "reason": "blind_audit"}, LabelRole.AUDIT),
        ({"blind": True, "route": Route.AUDIT, "reason": "blind_audit"}, LabelRole.AUDIT),
    ],
)
def test_what_a_label_may_be_used_for(
    world: LocalWorld, task: int, changes: dict[str, object], role: LabelRole
) -> None:
    assert ingest.role_of(row(world, **changes)) == role


@pytest.mark.parametrize(("reason", "blind"), [("blind_audit", LabelRole.AUDIT), ("validation_sample", "validation")])
def test_a_label_is_blind_only_where_nothing_was_shown_when_its_task_was_opened(
    world: LocalWorld, task: int, reason: str, blind: LabelRole
) -> None:
    item = row(world, fold=Fold.VALIDATION, blind=True, route=Route.AUDIT, reason=reason)
    assert ingest.role_of(item, opened=10.0, shown_until=math.inf) is LabelRole.CORRECTION
    assert ingest.role_of(item, opened=10.0, shown_until=10.5) is LabelRole.CORRECTION
    assert ingest.role_of(item, opened=10.0, shown_until=10.0) == blind
    fresh = replace(item, route=None)
    assert ingest.role_of(fresh, opened=10.0, shown_until=math.inf) is LabelRole.TRAIN
    assert ingest.role_of(fresh, opened=10.0) == blind


def test_an_answer_to_gold_is_no_label_of_its_item(world: LocalWorld) -> None:
    """Not even when it is the only one left: the item then waits for a label as if nobody had given any."""
    tasks = world.arrive(easy(60))
    world.sync()
    world.tick()
    [blind, *_] = [item for item in world.blind() if item.fold is Fold.VALIDATION]
    author = world.label(blind.task_id)
    world.sync()
    with world.store.begin() as uow:
        anna = uow.people.add("http://127.0.0.1:9", 21, email="", name="", now=0.0)
        uow.people.seat(world.id, anna.id, daily_cap=None)
        row = uow.items.get(blind.id)
        put_in(uow, world.project, row, regions=None, field=FieldOfWork(domain="law"), now=world.clock())
        [desk] = uow.people.desks(world.id)
        uow.work.hand(desk, Open(blind.id, None, Kind.GOLD), why={}, until=world.clock() + 1e6, now=world.clock())
    before = world.report()
    world.label(blind.task_id, "bad", user=21)
    world.sync()
    after = world.report()
    assert after.labeled.gold == 1
    assert after.labeled.validation == before.labeled.validation == 1
    world.platform.delete_annotation(author)
    world.sync()
    with world.store.read() as uow:
        sample = {item.id: label for item, label in validation_sample(uow, world.project)}
        assert uow.opinions.answers([blind.id]) == {}
        assert uow.gold.unseen(world.id, desk, most=9, limit=9) == []
    assert sample[blind.id] is None
    assert world.item(blind.task_id).state is ItemState.RECEIVED
    assert blind.task_id in {item.task_id for item in world.wanted()}
    assert len(tasks) == 60
