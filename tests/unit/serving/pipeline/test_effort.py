"""Suggestions hidden by lot and below the bound: on every path, and in what their labels are used for."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import pytest

from connectors.base import OutgoingPrediction
from models.people.showing import Showing
from models.types import Fold, Route
from serving.pipeline import effort
from serving.pipeline.certifying import validation_sample
from serving.pipeline.learn import examples
from serving.projects.suggestions import set_control_rate
from serving.store.records import ItemRow, ItemState, LabelRole, LabelRow, SuggestionBound
from tests.support.local_world import PERSON, LocalWorld, easy, hard
from tests.unit.serving.conftest import MakeWorld

RATE = 0.25


@pytest.fixture
def shadow(make: MakeWorld) -> LocalWorld:
    """A model whose gate stays closed: what is not blind is suggested, a quarter of it hidden by lot."""
    world = make(control_rate=RATE)
    world.open(hard(150))
    return world


def suggested(world: LocalWorld, *, unaided: bool | None = None) -> list[ItemRow]:
    rows = [row for row in world.items() if row.route is Route.SUGGEST and row.state is ItemState.PUBLISHED]
    return [row for row in rows if unaided is None or row.unaided is unaided]


def labels_of(world: LocalWorld, task: int) -> list[LabelRow]:
    with world.store.read() as uow:
        return [row for row in uow.labels.for_project(world.id) if row.item_id == world.item(task).id]


def hide_below(world: LocalWorld, below: float | None) -> None:
    """The bound moves, as a look moves it."""
    bound = SuggestionBound(below, 40, 30, 2.5, world.clock()) if below is not None else None
    world.change(suggestion_bound=bound)
    with world.store.begin() as uow:
        uow.effort.decide_again(world.id, start=0.0, end=2.0, now=world.clock())
    world.settle()


def test_a_share_is_drawn_and_shows_nothing(shadow: LocalWorld) -> None:
    hidden, shown = suggested(shadow, unaided=True), suggested(shadow, unaided=False)
    assert {row.reason for row in hidden} == {"suggestion_control"}
    assert 0.1 < len(hidden) / len(hidden + shown) < 0.4
    assert all(shadow.versions(row.task_id) == [] for row in hidden)
    shadow.audit()
    with shadow.store.read() as uow:
        told = uow.items.explain(shadow.id, hidden[0].task_id)["decisions"][-1]
    assert told["numbers"]["control_rate"] == RATE > told["numbers"]["control_draw"]
    assert told["numbers"]["confidence"] == hidden[0].confidence


def test_predictions_by_others_are_removed_too_and_what_comes_late_is_swept(shadow: LocalWorld) -> None:
    row = suggested(shadow, unaided=True)[0]
    with shadow.store.read() as uow:
        assert row.prediction_id is not None
        said = uow.items.predictions([row.prediction_id])[row.prediction_id].prediction
    shadow.platform.publish_predictions([OutgoingPrediction(row.task_id, said)], check_existing=False)
    shadow.later(shadow.runtime.settings.sweep_s)
    shadow.worker.reconcile(shadow.project)
    shadow.settle()
    assert shadow.versions(row.task_id) == []
    shadow.audit()


def test_its_label_trains_and_is_compared_and_never_certifies(shadow: LocalWorld) -> None:
    before = shadow.report()
    rows = suggested(shadow, unaided=True)
    for row in rows:
        shadow.label(row.task_id, lead_time=9.0)
    shadow.sync()
    for row in rows:
        [label] = labels_of(shadow, row.task_id)
        assert label.role is LabelRole.TRAIN
        assert label.prediction_id == row.prediction_id
        assert label.loss is not None
        assert label.inclusion is None
    with shadow.store.read() as uow:
        taught = {example.item.key for example in examples(shadow.runtime, uow, shadow.project)}
        certifies = {item.id for item, _ in validation_sample(uow, shadow.project)}
    assert {str(row.id) for row in rows if row.fold is Fold.TRAIN} <= taught
    assert not {row.id for row in rows} & certifies
    after = shadow.report()
    assert after.labeled.train == before.labeled.train + len(rows)
    assert after.labeled.correction == before.labeled.correction
    assert after.suggestions_unchanged == before.suggestions_unchanged


def test_who_had_it_open_when_the_suggestion_went_has_seen_it(shadow: LocalWorld) -> None:
    shown = suggested(shadow, unaided=False)
    shadow.later(100.0)
    hide_below(shadow, 1.0)
    row = next(row for row in shown if shadow.item(row.task_id).reason == Showing.HIDDEN)
    shadow.label(row.task_id, lead_time=60.0)
    shadow.sync()
    [label] = labels_of(shadow, row.task_id)
    assert label.role is LabelRole.CORRECTION
    with shadow.store.read() as uow:
        assert label.id not in {one.label_id for one in uow.effort.times(shadow.id, limit=1000)}


def test_a_bound_hides_and_spares_and_a_lower_one_shows_again(shadow: LocalWorld) -> None:
    sure = sorted(row.confidence or 0.0 for row in suggested(shadow))
    middle = sure[len(sure) // 2]
    for below in (middle, None, middle, sure[0]):
        hide_below(shadow, below)
        shadow.audit()
        for row in suggested(shadow):
            hidden = below is not None and (row.confidence or 0.0) < below
            expected = {"no_suggestion", "suggestion_spared"} if hidden else {"suggestion_control", "gate_closed"}
            assert row.reason in expected, row
    hide_below(shadow, 1.1)
    kinds = [row.reason for row in suggested(shadow)]
    assert 0.1 < kinds.count("suggestion_spared") / len(kinds) < 0.4
    with shadow.store.read() as uow:
        row = next(row for row in suggested(shadow) if row.reason == "no_suggestion")
        numbers = uow.items.explain(shadow.id, row.task_id)["decisions"][-1]["numbers"]
    wanted = {"suggest_from": 1.1, "saved_seconds": 2.5, "labels_shown": 40.0, "labels_hidden": 30.0}
    assert wanted.items() <= numbers.items()


def test_what_was_taken_back_stays_what_it_is_and_is_shown(make: MakeWorld) -> None:
    world = make(control_rate=0.49)
    world.open(easy(110))
    world.arrive(easy(60, seed=1))
    world.sync()
    world.settle()
    accepted = [row for row in world.items() if row.route is Route.ACCEPT]
    assert len(accepted) > 20
    with world.store.begin() as uow:
        before = world.clock() + 1.0
        tasks = [row.task_id for row in accepted]
        version = world.project.active_model or ""
        uow.sweep.give_back(
            world.id, tasks, reason="acceptance_deleted", version=version, before=before, now=world.clock()
        )
    hide_below(world, 1.0)
    assert {world.item(task).reason for task in tasks} == {"acceptance_deleted"}
    assert all(world.versions(task) for task in tasks)


def test_off_shows_everything(shadow: LocalWorld) -> None:
    hide_below(shadow, 1.0)
    set_control_rate(shadow.runtime, shadow.project, 0.0)
    shadow.settle()
    assert suggested(shadow, unaided=True) == []
    assert shadow.project.suggestion_bound is None
    shadow.audit()
    assert effort.run(shadow.runtime, shadow.project) == 0
    assert "Not measured" in shadow.report().effort.in_words


def people_label(world: LocalWorld, seconds: Callable[[ItemRow], float], seed: int) -> None:
    """Everything that is suggested is labelled, each with a lead time of its own."""
    world.arrive(hard(400, seed=seed))
    world.sync()
    world.settle()
    draw = random.Random(seed)
    for row in suggested(world):
        world.label(row.task_id, user=PERSON, lead_time=seconds(row) * math.exp(draw.gauss(0.0, 0.2)))
    world.later(100.0)
    world.sync()


def test_a_look_moves_the_bound_there_and_back_and_says_so(make: MakeWorld) -> None:
    world = make(control_rate=0.4)
    world.open(hard(150))
    world.change(train_target=100_000)

    def slower(row: ItemRow) -> float:
        return 10.0 if row.unaided else 20.0

    def quicker(row: ItemRow) -> float:
        return 10.0 if row.unaided else 4.0

    people_label(world, slower, seed=5)
    world.worker.people(world.project)
    bound = world.project.suggestion_bound
    assert bound is not None
    assert bound.below == 1.0
    assert 5.0 < bound.saved_seconds < 15.0
    found = world.report().effort
    assert found.suggest_from == 1.0
    assert found.factor is not None
    assert 1.7 < found.factor < 2.3
    assert found.saved_seconds is not None
    assert found.saved_seconds < 0 < (found.saved_below_seconds or 0)
    with world.store.read() as uow:
        event = uow.gate.events(world.id)[-1]
    assert event.before is event.after
    assert event.numbers["suggest_from"] == 1.0
    assert "No suggestion is shown" in event.reason
    world.later(1000.0)
    assert world.worker.people(world.project) == 0, "nothing new: no look"
    for seed in (6, 7, 8):
        people_label(world, quicker, seed=seed)
        world.later(1000.0)
        world.worker.people(world.project)
        world.settle()
        world.audit()
    after = world.project.suggestion_bound
    print("bound after people got quicker:", after, world.report().effort.in_words)
    assert after is None or after.below < 1.0
