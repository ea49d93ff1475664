"""Who is asked for which label: blind draws and people's queue."""

from __future__ import annotations

from models.types import Fold, Route
from serving.store.records import ItemState, OutboxKind, OutboxState
from tests.store.world import SHOWN, WITHDRAWN, World, decision, task


def wanted(world: World, *, limit: int = 100, train: bool = True, exclude: tuple[int, ...] = ()) -> list[int]:
    with world.store.read() as uow:
        rows = uow.items.wanted(world.project, limit=limit, now=world.now, train=train, exclude=exclude)
    return [row.task_id for row in rows]


def set_blind(world: World, cut: float) -> list[int]:
    with world.store.begin() as uow:
        return uow.items.set_blind(world.project, cut=cut, now=world.now)


def test_drawn_items_are_the_lowest_of_the_validation_fold(world: World) -> None:
    draws = {1: 0.4, 2: 0.1, 3: 0.3, 4: 0.2, 5: 0.05, 6: 0.15}
    world.receive(*(task(n, fold=Fold.VALIDATION, draw=draw) for n, draw in draws.items()), task(7, draw=0.0))
    world.label(5, 10)
    with world.store.begin() as uow:
        uow.items.mark_gone(world.project, [6], world.now)
        below = uow.items.drawn(world.project, cut=0.4, limit=10)
        first = uow.items.drawn(world.project, cut=1.0, limit=2)
    assert [row.task_id for row in below] == [2, 4, 3]
    assert [row.task_id for row in first] == [2, 4]


def test_drawing_makes_items_blind_once(world: World) -> None:
    world.receive(*(task(n, fold=Fold.VALIDATION, draw=n / 10) for n in (1, 2, 3)), task(4, draw=0.0))
    world.label(1, 10)
    assert set_blind(world, 0.25) == []
    assert [(world.item(n).blind, world.item(n).inclusion) for n in (1, 2, 3, 4)] == [
        (False, None),
        (True, 0.25),
        (False, None),
        (False, None),
    ]
    set_blind(world, 0.35)
    assert [world.item(n).inclusion for n in (2, 3)] == [0.25, 0.35]


def test_drawing_tells_what_was_shown_and_stops_what_waits(world: World) -> None:
    world.published(1, fold=Fold.VALIDATION, draw=0.1)
    world.receive(task(2, fold=Fold.VALIDATION, draw=0.2))
    world.score()
    world.decide()
    assert set_blind(world, 0.5) == [1]
    assert world.claim_outbox() == []
    assert world.item(2).state is ItemState.PUBLISHED
    with world.store.read() as uow:
        assert uow.outbox.counts(world.project) == {
            (OutboxKind.SUGGESTION, OutboxState.SENT): 1,
            (OutboxKind.SUGGESTION, OutboxState.CANCELLED): 1,
        }


def test_a_decision_under_way_cannot_undo_the_draw(world: World) -> None:
    world.receive(task(1, fold=Fold.VALIDATION, draw=0.1))
    world.score()
    rows = world.claim(ItemState.SCORED)
    set_blind(world, 0.5)
    with world.store.begin() as uow:
        assert uow.items.decide(world.owner, [decision(row) for row in rows], world.now) == []
    assert world.item(1).blind
    [again] = world.claim(ItemState.SCORED)
    assert again.blind


def test_people_get_blind_items_then_untouched_ones_then_suggestions(world: World) -> None:
    """Without a list; suggestions of the validation fold come last, and of them those that are drawn blind next."""
    world.receive(task(1, draw=0.9), task(2, draw=0.6), task(3, draw=0.8))
    world.receive(task(5, fold=Fold.VALIDATION, draw=0.51), task(6, fold=Fold.VALIDATION, draw=0.55))
    world.score()
    world.decide()
    world.send()
    world.receive(task(4))
    world.score()
    world.decide(Route.AUDIT, WITHDRAWN)
    world.receive(task(10, draw=0.7), task(11, draw=0.2), task(12, fold=Fold.VALIDATION, draw=0.9))
    world.receive(task(13, fold=Fold.VALIDATION, draw=0.001))
    set_blind(world, 0.5)
    assert wanted(world) == [13, 4, 11, 10, 2, 3, 1, 6, 5]
    assert wanted(world, train=False) == [13, 4, 2, 3, 1, 6, 5]
    assert wanted(world, limit=4) == [13, 4, 11, 10]
    assert wanted(world, limit=0) == []
    assert wanted(world, exclude=tuple(world.ids(13, 11, 2))) == [4, 10, 3, 1, 6, 5]


def test_people_are_not_asked_for_what_is_over_or_not_shown(world: World) -> None:
    world.published(1, 2, 3)
    world.receive(task(4))
    world.score()
    world.decide(Route.ACCEPT, SHOWN)
    world.receive(task(5))
    world.score()
    world.decide()
    world.label(1, 10)
    with world.store.begin() as uow:
        uow.items.mark_gone(world.project, [2], world.now)
        uow.items.bury_tasks(world.project, {3: "x"}, world.now)
    assert wanted(world) == []
    world.send()
    assert wanted(world) == [5]


def test_a_labelled_blind_item_leaves_the_queue(world: World) -> None:
    world.receive(task(1, fold=Fold.VALIDATION, draw=0.1))
    set_blind(world, 0.5)
    assert wanted(world) == [1]
    world.label(1, 10)
    assert wanted(world) == []
