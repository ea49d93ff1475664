"""What should stand in Label Studio, by the store, and how items are taken up again; on both databases."""

from __future__ import annotations

import pytest

from models.types import Fold, Route
from serving.store.records import ItemState, OutboxKind, Stand
from tests.store.world import ACCEPTED, WITHDRAWN, World, task

VERSION = "m1"


def tasks(world: World, stand: Stand, *, before: float | None = None) -> set[int]:
    with world.store.read() as uow:
        return uow.sweep.tasks(
            world.project, stand, version=VERSION, before=world.now + 1 if before is None else before
        )


def mend(world: World, stand: Stand, *numbers: int, before: float | None = None) -> int:
    with world.store.begin() as uow:
        return uow.sweep.mend(
            world.project,
            stand,
            numbers,
            version=VERSION,
            before=world.now + 1 if before is None else before,
            now=world.now,
        )


def give_back(world: World, *numbers: int) -> int:
    with world.store.begin() as uow:
        return uow.sweep.give_back(
            world.project, numbers, reason="gone", version=VERSION, before=world.now + 1, now=world.now
        )


def accept(world: World, *numbers: int) -> None:
    world.receive(*(task(n) for n in numbers))
    world.score()
    world.decide(Route.ACCEPT, ACCEPTED)
    world.send()
    world.send(OutboxKind.ACCEPTANCE)


@pytest.fixture
def filled(world: World) -> World:
    """1 and 2 accepted, 3 suggested, 4 blind, 5 accepted and then labelled, 6 decided, 7 received."""
    accept(world, 1, 2, 5)
    world.published(3)
    world.receive(task(4, fold=Fold.VALIDATION))
    world.score()
    world.decide(Route.AUDIT, WITHDRAWN)
    world.send(OutboxKind.WITHDRAWAL)
    world.label(5, 50)
    world.receive(task(6))
    world.score()
    world.decide()
    world.receive(task(7))
    return world


def test_what_should_stand(filled: World) -> None:
    assert tasks(filled, Stand.SHOWN) == {1, 2, 3}
    assert tasks(filled, Stand.HIDDEN) == {4}
    assert tasks(filled, Stand.ACCEPTED) == {1, 2}
    assert tasks(filled, Stand.UNLABELED) == set(), "its retraction waits"
    filled.send(OutboxKind.RETRACTION)
    assert tasks(filled, Stand.UNLABELED) == {5}
    for stand in Stand:
        assert tasks(filled, stand, before=filled.now) == set(), "what is as new as the question does not count"


def test_of_another_model_nothing_has_to_be_shown(filled: World) -> None:
    with filled.store.read() as uow:
        assert uow.sweep.tasks(filled.project, Stand.SHOWN, version="m2", before=filled.now + 1) == set()


def test_a_suggestion_is_sent_again_and_read_back_first(filled: World) -> None:
    assert mend(filled, Stand.SHOWN, 1, 3, 4, 7, 99) == 2
    assert [filled.item(n).state for n in (1, 3)] == [ItemState.DECIDED] * 2
    rows = {row.task_id: row for row in filled.claim_outbox()}
    assert rows.keys() == {1, 3, 6}
    assert [rows[n].attempts for n in (1, 3, 6)] == [2, 2, 1]
    with filled.store.begin() as uow:
        uow.outbox.sent(filled.owner, [row.id for row in rows.values()], filled.now)
    assert [filled.item(n).state for n in (1, 3)] == [ItemState.PUBLISHED] * 2
    assert filled.claim_outbox(OutboxKind.ACCEPTANCE) == []
    assert mend(filled, Stand.SHOWN, 1, before=filled.now) == 0, "touched since the question"


def test_a_blind_item_is_cleared_again(filled: World) -> None:
    assert mend(filled, Stand.HIDDEN, 3, 4) == 1
    assert [row.task_id for row in filled.claim_outbox(OutboxKind.WITHDRAWAL)] == [4]


def test_a_blind_item_that_was_never_withdrawn(world: World) -> None:
    world.receive(task(1, fold=Fold.VALIDATION))
    world.score()
    world.decide(Route.AUDIT, ())
    assert mend(world, Stand.HIDDEN, 1) == 1
    assert [row.task_id for row in world.claim_outbox(OutboxKind.WITHDRAWAL)] == [1]


def test_an_unwanted_acceptance_is_retracted_again(filled: World) -> None:
    filled.send(OutboxKind.RETRACTION)
    assert mend(filled, Stand.UNLABELED, 1, 5) == 1
    assert [row.task_id for row in filled.claim_outbox(OutboxKind.RETRACTION)] == [5]
    assert filled.item(5).state is ItemState.LABELED


def test_an_acceptance_is_given_back_to_people(filled: World) -> None:
    assert give_back(filled, 1, 3, 5, 99) == 1
    item = filled.item(1)
    assert (item.state, item.route, item.reason) == (ItemState.PUBLISHED, Route.SUGGEST, "gone")
    with filled.store.read() as uow:
        assert uow.items.accepted(filled.project) == 1
        assert [d["reason"] for d in uow.items.history(item.id)["decisions"]] == ["test", "gone"]
    assert give_back(filled, 1) == 0
    assert tasks(filled, Stand.SHOWN) == {1, 2, 3}
    assert tasks(filled, Stand.UNLABELED) == {1}, "it may come late, and must not stay"
    assert mend(filled, Stand.UNLABELED, 1) == 1
    assert {row.task_id for row in filled.claim_outbox(OutboxKind.RETRACTION)} == {1, 5}


def test_many_at_once(world: World) -> None:
    numbers = range(1, 2101)
    for start in range(1, 2101, 700):
        world.receive(*(task(n) for n in range(start, start + 700)))
    world.score(limit=3000)
    world.decide(Route.ACCEPT, ACCEPTED, limit=3000)
    for kind in ACCEPTED:
        while world.send(kind):
            pass
    assert tasks(world, Stand.ACCEPTED) == set(numbers)
    assert mend(world, Stand.SHOWN, *numbers) == 2100
    while world.send():
        pass
    assert give_back(world, *numbers) == 2100
    assert tasks(world, Stand.ACCEPTED) == set()
