"""Suggestions that come and go, and the times of labels with and without one."""

from __future__ import annotations

import pytest

from models.people.effort import suggestion_effort
from models.types import Route
from serving.store.effort import Look, Timed
from serving.store.records import ItemState, LabelRole, OutboxKind, OutboxState, Stand, SuggestionBound
from tests.store.world import SHOWN, WITHDRAWN, World


def turn(world: World, *, shown: bool) -> None:
    """All suggestions are decided again, and what that needs is sent."""
    world.now += 10.0
    with world.store.begin() as uow:
        uow.effort.decide_again(world.project, start=0.0, end=1.0, now=world.now)
    world.decide(outbox=SHOWN if shown else WITHDRAWN, reason="test" if shown else "no_suggestion")


def stands(world: World, stand: Stand) -> set[int]:
    with world.store.read() as uow:
        return uow.sweep.tasks(world.project, stand, version="m1", before=world.now + 1.0)


def shown_until(world: World, number: int) -> dict[int, float]:
    with world.store.read() as uow:
        return uow.outbox.shown_until([world.item(number).id])


def test_a_suggestion_goes_and_comes_back_as_often_as_it_is_decided(world: World) -> None:
    world.published(1, 2)
    for _ in range(3):
        turn(world, shown=False)
        assert world.claim_outbox(OutboxKind.SUGGESTION) == []
        world.now += 1.0
        assert len(world.send(OutboxKind.WITHDRAWAL)) == 2
        assert world.states() == {ItemState.PUBLISHED: 2}
        assert (stands(world, Stand.SHOWN), stands(world, Stand.HIDDEN)) == (set(), {1, 2})
        assert shown_until(world, 1) == {world.item(1).id: world.now}
        turn(world, shown=False)
        assert world.claim_outbox(OutboxKind.WITHDRAWAL) == [], "nothing was shown since"
        turn(world, shown=True)
        assert world.claim_outbox(OutboxKind.WITHDRAWAL) == []
        world.now += 1.0
        assert len(world.send(OutboxKind.SUGGESTION)) == 2
        assert (stands(world, Stand.SHOWN), stands(world, Stand.HIDDEN)) == ({1, 2}, set())
        assert shown_until(world, 1) == {world.item(1).id: float("inf")}
        turn(world, shown=True)
        assert world.claim_outbox(OutboxKind.SUGGESTION) == [], "it stands"


def test_what_is_under_way_is_waited_for(world: World) -> None:
    world.published(1)
    turn(world, shown=False)
    [row] = world.claim_outbox(OutboxKind.WITHDRAWAL, owner="slow")
    turn(world, shown=True)
    assert world.claim_outbox(OutboxKind.SUGGESTION) == [], "the withdrawal may be carried out any moment"
    with world.store.begin() as uow:
        assert uow.outbox.sent("slow", [row.id], world.now) == [], "it was overtaken"
    assert [one.task_id for one in world.claim_outbox(OutboxKind.SUGGESTION)] == [1]


def test_a_suggestion_that_may_be_on_its_way_is_withdrawn_after_it(world: World) -> None:
    world.published(1)
    turn(world, shown=False)
    world.send(OutboxKind.WITHDRAWAL)
    turn(world, shown=True)
    [row] = world.claim_outbox(OutboxKind.SUGGESTION, owner="slow")
    turn(world, shown=False)
    assert world.claim_outbox(OutboxKind.WITHDRAWAL) == [], "not while somebody may be sending it"
    with world.store.begin() as uow:
        uow.outbox.sent("slow", [row.id], world.now)
    assert [one.task_id for one in world.claim_outbox(OutboxKind.WITHDRAWAL)] == [1]


def test_no_suggestion_is_claimed_for_an_item_that_shows_none(world: World) -> None:
    world.published(1)
    with world.store.begin() as uow:
        uow.sweep.mend(world.project, Stand.SHOWN, [1], version="m1", before=world.now + 1.0, now=world.now)
    with world.store.engine.begin() as conn:
        conn.exec_driver_sql("UPDATE item SET reason = 'suggestion_control'")
    assert world.claim_outbox(OutboxKind.SUGGESTION) == []


def test_only_what_lies_between_is_decided_again(world: World) -> None:
    world.published(1, 2, 3)
    with world.store.engine.begin() as conn:
        conn.exec_driver_sql("UPDATE item SET confidence = task_id * 0.25")
    with world.store.begin() as uow:
        assert uow.effort.decide_again(world.project, start=0.5, end=0.75, now=world.now) == 1
    assert world.item(2).state is ItemState.SCORED
    assert world.states() == {ItemState.SCORED: 1, ItemState.PUBLISHED: 2}


def test_times_of_labels_that_say_what_a_suggestion_does(world: World) -> None:
    world.published(1, 2, 3, 4, 5, 6, 7)
    prediction = world.item(1).prediction_id
    with world.store.engine.begin() as conn:
        conn.exec_driver_sql("UPDATE item SET reason = 'suggestion_control' WHERE task_id IN (2, 5)")
        conn.exec_driver_sql("UPDATE item SET reason = 'no_suggestion' WHERE task_id = 3")
    roles = {
        1: LabelRole.CORRECTION,
        2: LabelRole.TRAIN,
        3: LabelRole.TRAIN,
        4: LabelRole.VALIDATION,
        5: LabelRole.CORRECTION,  # it was open when the suggestion went
        6: LabelRole.TRAIN,  # no model had spoken
    }
    for number, role in roles.items():
        said = world.item(number).prediction_id if number != 6 else None
        world.label(number, 100 + number, role=role, prediction_id=said, lead_time=float(number))
    world.label(7, 107, role=LabelRole.CORRECTION, prediction_id=prediction, lead_time=None)
    with world.store.read() as uow:
        rows = uow.effort.times(world.project, limit=10)
        assert [(row.seconds, row.role, row.reason) for row in rows] == [
            (4.0, LabelRole.VALIDATION, "test"),
            (3.0, LabelRole.TRAIN, "no_suggestion"),
            (2.0, LabelRole.TRAIN, "suggestion_control"),
            (1.0, LabelRole.CORRECTION, "test"),
        ]
        assert all(isinstance(row, Timed) and row.confidence == pytest.approx(0.9) for row in rows)
        assert [row.seconds for row in uow.effort.times(world.project, limit=2)] == [4.0, 3.0]
        newest = uow.effort.newest(world.project)
        assert (uow.effort.since(world.project, newest), uow.effort.since(world.project, 0)) == (0, 7)


def test_the_last_look_and_the_bound_are_kept(world: World) -> None:
    look = Look(12, suggestion_effort([0.5] * 30, [2.0] * 30, [0.5] * 30, [1.0] * 30), 5.0)
    bound = SuggestionBound(0.5, 30, 30, 1.0, 5.0)
    with world.store.begin() as uow:
        assert uow.effort.last(world.project) is None
        uow.effort.keep(world.project, Look(1, suggestion_effort([], [], [], []), 1.0))
        uow.effort.keep(world.project, look)
        assert uow.projects.get(world.project).suggestion_bound is None
        uow.projects.update(world.project, suggestion_bound=bound, control_rate=0.1, tabs=True)
    with world.store.read() as uow:
        assert uow.effort.last(world.project) == look
        row = uow.projects.get(world.project)
        assert (row.suggestion_bound, row.control_rate, row.tabs) == (bound, 0.1, True)
    with world.store.begin() as uow:
        uow.effort.forget(world.project)
        assert uow.effort.last(world.project) is None
        uow.projects.update(world.project, suggestion_bound=None)
        assert uow.projects.get(world.project).suggestion_bound is None


def test_an_item_is_unaided_only_while_it_is_suggested(world: World) -> None:
    world.published(1)
    turn(world, shown=False)
    assert world.item(1).unaided
    world.now += 10.0
    with world.store.begin() as uow:
        uow.effort.decide_again(world.project, start=0.0, end=1.0, now=world.now)
    world.decide(Route.AUDIT, WITHDRAWN, reason="no_suggestion")
    assert not world.item(1).unaided
    with world.store.read() as uow:
        kinds = {(row["kind"], row["state"]) for row in uow.items.history(world.item(1).id)["outbox"]}
    assert (OutboxKind.WITHDRAWAL.value, OutboxState.PENDING.value) in kinds
