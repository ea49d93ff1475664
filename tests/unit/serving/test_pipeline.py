"""The whole way of an item, through all arrows of the pipeline, one step at a time."""

from __future__ import annotations

import pytest

from models.types import Fold, GateState, Route
from serving.store.records import ItemState, LabelRole
from tests.support.local_world import OURS, LocalWorld, easy, hard


def test_from_nothing_to_an_open_gate(world: LocalWorld) -> None:
    tasks = world.arrive(easy(120) + hard(20))
    assert world.sync() == 140
    assert world.sync() == 0
    assert world.states() == {ItemState.RECEIVED: 140}

    assert world.tick()
    blind = [item for item in world.items() if item.blind]
    validation = sorted(i.draw for i in world.items() if i.fold is Fold.VALIDATION)
    assert [i.fold for i in blind] == [Fold.VALIDATION] * 40
    assert sorted(i.draw for i in blind) == validation[:40]
    world.settle()
    assert world.states() == {ItemState.RECEIVED: 140}, "nothing is scored before there is a model"

    labelled = world.label_wanted(70)
    assert {i.task_id for i in blind} <= set(labelled), "people get the blind sample first"
    report = world.report()
    assert (report.labeled.validation, report.labeled.train, report.labeled.correction) == (40, 30, 0)

    assert world.tick()
    assert world.report().gate is GateState.SHADOW
    assert not world.tick(), "nothing is certified before everything that waits has been scored"
    world.settle()
    assert {i.route for i in world.items() if i.state is ItemState.PUBLISHED} == {Route.SUGGEST}
    world.audit()

    assert world.tick()
    assert world.project.gate_state is GateState.OPEN, world.project.gate_reason
    world.settle()
    assert not world.tick()
    report = world.audit()
    threshold = report.certificate.threshold if report.certificate else None
    assert threshold is not None
    for item in (i for i in world.items() if i.state is ItemState.PUBLISHED):
        assert item.confidence is not None
        assert (item.route is Route.SUGGEST) == (item.confidence < threshold)
        if item.route is Route.ACCEPT:
            assert world.annotations(item.task_id) == [OURS]
    assert report.arrived == len(tasks)
    assert report.accepted > 30
    assert set(report.states) == {"labeled", "published"}


def test_the_stream_goes_on(world: LocalWorld) -> None:
    world.open(easy(110))
    world.sync()
    late = world.arrive(easy(60, seed=1) + hard(60, seed=1))
    world.sync()
    world.settle()
    routes = {task: world.item(task).route for task in late}
    assert set(routes.values()) == set(Route)
    audits = [task for task, route in routes.items() if route is Route.AUDIT]
    assert all(world.item(task).inclusion == world.project.audit_rate for task in audits)
    world.audit()

    world.label_wanted()
    report = world.audit()
    assert report.audits == report.labeled.audit >= len(audits)
    assert report.suggestions_unchanged is not None
    assert 0 < report.suggestions_unchanged < 1
    assert report.labeled.correction > 0
    assert not any(i.state is not ItemState.LABELED for i in world.items() if i.route is not Route.ACCEPT)


def test_what_people_do_with_a_suggestion_is_measured(world: LocalWorld) -> None:
    world.open(easy(110))
    world.arrive(hard(60))
    world.sync()
    world.settle()
    shown = [i for i in world.items() if i.state is ItemState.PUBLISHED and i.route is Route.SUGGEST]
    with world.store.read() as uow:
        said = uow.items.predictions([i.prediction_id or 0 for i in shown[:4]])
    for n, item in enumerate(shown[:4]):
        answer = said[item.prediction_id or 0].prediction.regions[0].labels[0]
        world.label(item.task_id, answer if n else {"good": "bad", "bad": "good"}[answer])
    world.sync()
    assert world.report().suggestions_unchanged == 0.75


def test_no_label_of_the_validation_fold_trains(world: LocalWorld) -> None:
    world.open(easy(110))
    world.arrive(hard(60))
    world.sync()
    world.settle()
    world.label_wanted()
    assert world.train() is not None
    held_out = {i.data["text"] for i in world.items() if i.fold is Fold.VALIDATION}
    labelled = {i.data["text"] for i in world.items() if i.state is ItemState.LABELED}
    assert held_out & labelled
    assert len(world.scorer.trained) == 2
    for examples in world.scorer.trained:
        assert examples
        assert not held_out & {example.item.data["text"] for example in examples}


@pytest.mark.parametrize("seed", range(2))
def test_a_worse_world_keeps_the_gate_closed_and_says_what_it_takes(world: LocalWorld, seed: int) -> None:
    world.open(hard(150, seed=seed))
    report = world.audit()
    assert report.gate is GateState.CLOSED
    assert report.accepted == 0
    assert report.gate_reason.startswith("Closed: ")
    assert report.suggested == 80


def test_labels_of_every_role_are_counted_once(world: LocalWorld) -> None:
    world.open(easy(110) + hard(10))
    task = next(i.task_id for i in world.items() if i.state is ItemState.LABELED)
    world.label(task, user=3)
    world.sync()
    with world.store.read() as uow:
        counts = uow.labels.counts(world.id)
        assert len(uow.labels.for_project(world.id)) == 71
    assert counts == {LabelRole.VALIDATION: 40, LabelRole.TRAIN: 30}
