"""What people's time went to, and the times of items that had no suggestion by lot."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from models.types import Fold, Route
from serving.monitoring.savings import Found, read
from serving.store.engine import UnitOfWork
from serving.store.records import LabelRole
from serving.store.spending import Kind, Spent
from tests.store.court import BERT, Court
from tests.store.crowd import Crowd, assert_searched, plans
from tests.store.world import WITHDRAWN, World, task

LONGEST = 100.0


def read_of(world: World) -> Found:
    with world.store.read() as uow:
        return read(uow, uow.projects.get(world.project))


def spent(world: World) -> dict[Kind, Spent]:
    return dict(read_of(world).spent)


def control(world: World) -> list[float]:
    """Times of the control, of whatever confidence."""
    return sorted(float(seconds) for part in read_of(world).parts for seconds in part.seconds)


def test_every_label_is_of_one_kind(world: World) -> None:
    world.published(*range(8))
    world.label(0, 100, lead_time=10.0, role=LabelRole.CORRECTION)
    world.label(0, 101, lead_time=7.0, role=LabelRole.CORRECTION, completed_by=22)
    world.label(1, 110, lead_time=30.0, role=LabelRole.TRAIN)
    world.label(2, 120, lead_time=20.0, role=LabelRole.AUDIT)
    world.label(3, 130, lead_time=4.0, was_cancelled=True)
    world.label(3, 131, lead_time=12.0, role=LabelRole.CORRECTION)
    world.label(4, 140, lead_time=5.0, role=LabelRole.GOLD)
    world.label(5, 150, lead_time=None, role=LabelRole.CORRECTION)
    world.label(6, 160, lead_time=5000.0, role=LabelRole.CORRECTION)
    found = spent(world)
    assert found == {  # so few times do not tell what a break is
        Kind.SUGGESTED: Spent(4, 3, 5022.0),
        Kind.BY_HAND: Spent(2, 2, 50.0),
        Kind.AGAIN: Spent(1, 1, 7.0),
        Kind.GOLD: Spent(1, 1, 5.0),
        Kind.DROPPED: Spent(1, 1, 4.0),
    }
    assert read_of(world).suggested == 4
    other = World(world.store, "other", number=2)
    assert spent(other) == {}


def test_a_label_that_is_deleted_makes_the_next_one_the_first(world: World) -> None:
    world.published(1)
    world.label(1, 10, lead_time=10.0, role=LabelRole.CORRECTION)
    world.label(1, 11, lead_time=8.0, role=LabelRole.CORRECTION, completed_by=22)
    with world.store.begin() as uow:
        uow.labels.remove(world.project, [10], world.now)
    assert spent(world) == {Kind.SUGGESTED: Spent(1, 1, 8.0), Kind.DROPPED: Spent(1, 1, 10.0)}


def test_the_control_is_what_had_no_suggestion_by_lot(world: World) -> None:
    world.published(1, 2, 3, 4, 5)
    world.label(1, 10, lead_time=10.0, role=LabelRole.CORRECTION)
    world.label(2, 20, lead_time=20.0, role=LabelRole.AUDIT)
    world.label(2, 21, lead_time=21.0, role=LabelRole.AUDIT, completed_by=22)
    world.label(3, 30, lead_time=30.0, role=LabelRole.VALIDATION)
    world.label(4, 40, lead_time=None, role=LabelRole.VALIDATION)
    world.label(5, 50, lead_time=50.0, role=LabelRole.TRAIN)
    assert control(world) == [20.0, 30.0], "first labels that were timed, and by lot"
    world.receive(task(9, fold=Fold.TRAIN))
    world.score()
    world.decide(Route.SUGGEST, WITHDRAWN, reason="suggestion_control")
    world.label(9, 90, lead_time=60.0, role=LabelRole.TRAIN)
    assert control(world) == [20.0, 30.0, 60.0]
    ids = world.ids(2, 9)
    with world.store.read() as uow:
        assert uow.spending.confidences(ids, "m1") == dict.fromkeys(ids, 0.9)
        assert uow.spending.confidences(ids, "no such version") == dict.fromkeys(ids, 0.9), "what was decided on"
        assert uow.spending.unaided(world.project) == {ids[1]}


def test_reviews_take_time(world: World) -> None:
    court = Court(world)
    world.published(1)
    court.labelled(1)
    row = court.given(BERT)
    court.pass_by(40.0)
    court.decide(BERT, row)
    assert spent(world)[Kind.REVIEW] == Spent(1, 1, 40.0)
    with world.store.read() as uow:
        assert uow.spending.reviews(world.project, longest=39.0) == Spent(1, 0, 0.0)


@pytest.mark.parametrize("what", ["given", "unaided", "reviews", "confidences"])
def test_it_stands_on_indexes(crowd: Crowd, what: str) -> None:
    project, ids = crowd.world.project, crowd.world.ids(1, 2)
    calls: dict[str, Callable[[UnitOfWork], object]] = {
        "given": lambda uow: uow.spending.given(project),
        "unaided": lambda uow: uow.spending.unaided(project),
        "reviews": lambda uow: uow.spending.reviews(project, longest=LONGEST),
        "confidences": lambda uow: uow.spending.confidences(ids, "m1"),
    }
    assert_searched(plans(crowd.world.store, calls[what], seqscan="off"))
