"""Decisions, and what is sent to Label Studio because of them."""

from __future__ import annotations

import math

import pytest

from models.types import Fold, Route
from serving.store.records import Decision, ItemState, OutboxKind, OutboxState
from tests.store.world import ACCEPTED, LEASE_S, WITHDRAWN, World, decision, prediction, task

Counts = dict[tuple[OutboxKind, OutboxState], int]


def counts(world: World, version: str | None = None) -> Counts:
    with world.store.read() as uow:
        return uow.outbox.counts(world.project, model_version=version)


def scored(world: World, *numbers: int, version: str = "m1") -> None:
    world.receive(*(task(n) for n in numbers))
    world.score(version=version)


def restart(world: World, *states: ItemState, to: ItemState = ItemState.SCORED) -> None:
    with world.store.begin() as uow:
        uow.items.restart(world.project, states=states, to=to, now=world.now)


def test_a_decision_is_stored_with_its_numbers_and_its_outbox(world: World) -> None:
    scored(world, 1)
    world.decide(Route.ACCEPT, ACCEPTED, reason="certified", certificate_id=5, numbers={"threshold": 0.8})
    item = world.item(1)
    assert (item.state, item.route, item.reason, item.blind) == (ItemState.DECIDED, Route.ACCEPT, "certified", False)
    with world.store.read() as uow:
        [made] = uow.items.history(item.id)["decisions"]
        assert uow.outbox.oldest_pending(world.project) == world.now
    assert (made["prediction_id"], made["certificate_id"], made["numbers"]) == (
        item.prediction_id,
        5,
        {"threshold": 0.8},
    )
    assert counts(world) == {(kind, OutboxState.PENDING): 1 for kind in ACCEPTED}


def test_what_needs_no_sending_is_published_at_once(world: World) -> None:
    scored(world, 1)
    world.decide(Route.AUDIT, [], inclusion=0.02)
    item = world.item(1)
    assert (item.state, item.blind, item.inclusion) == (ItemState.PUBLISHED, True, 0.02)


def test_an_audit_is_blind_whatever_the_decision_says(world: World) -> None:
    scored(world, 1)
    world.decide(Route.AUDIT, [], blind=False)
    assert world.item(1).blind


def test_a_decision_on_another_prediction_is_not_stored(world: World) -> None:
    scored(world, 1)
    [row] = world.claim(ItemState.SCORED)
    stale = Decision(row.id, 4711, Route.SUGGEST, "r", {}, blind=False)
    with world.store.begin() as uow:
        assert uow.items.decide(world.owner, [stale], world.now) == []


def test_rows_are_sent_and_the_item_is_published_with_the_last(world: World) -> None:
    scored(world, 1)
    world.decide(Route.ACCEPT, ACCEPTED)
    assert world.claim_outbox(OutboxKind.ACCEPTANCE) == []
    [row] = world.claim_outbox()
    assert (row.task_id, row.attempts, row.prediction) == (1, 1, prediction(world.item(1).id))
    with world.store.begin() as uow:
        assert uow.outbox.sent(world.owner, [row.id], world.now) == [row.id]
    assert world.item(1).state is ItemState.DECIDED
    assert len(world.send(OutboxKind.ACCEPTANCE)) == 1
    assert world.item(1).state is ItemState.PUBLISHED
    with world.store.read() as uow:
        assert uow.outbox.oldest_pending(world.project) is None


def test_the_first_suggestion_of_a_version(world: World) -> None:
    scored(world, 1, 2, 3, version="m1")
    world.decide()
    rows = world.claim_outbox()
    with world.store.read() as uow:
        assert uow.outbox.first_suggestion(world.project, "m1") is None, "on its way"
    for row, at in zip(rows, (7.0, 5.0, 9.0), strict=True):
        with world.store.begin() as uow:
            uow.outbox.sent(world.owner, [row.id], at)
    with world.store.read() as uow:
        assert uow.outbox.first_suggestion(world.project, "m1") == 5.0
        assert uow.outbox.first_suggestion(world.project, "m2") is None


def test_one_claim_is_of_one_version_the_oldest(world: World) -> None:
    scored(world, 1, version="old")
    scored(world, 2, 3, version="new")
    world.decide()
    assert [(row.task_id, row.model_version) for row in world.claim_outbox()] == [(1, "old")]
    assert [row.task_id for row in world.claim_outbox()] == [2, 3]
    assert counts(world, "new") == {(OutboxKind.SUGGESTION, OutboxState.PENDING): 2}


def test_only_the_owner_of_a_live_lease_settles(world: World) -> None:
    scored(world, 1)
    world.decide()
    [row] = world.claim_outbox(owner="a")
    with world.store.begin() as uow:
        assert uow.outbox.sent("b", [row.id], world.now) == []
        assert uow.outbox.sent("a", [row.id], world.now + LEASE_S) == []
        assert uow.outbox.bury("b", {row.id: "no"}, world.now) == 0
        assert uow.outbox.release("b", [row.id], error="no", not_before=0.0, now=world.now) == 0
    world.now += LEASE_S
    [again] = world.claim_outbox(owner="b")
    assert again.attempts == 2
    with world.store.begin() as uow:
        assert uow.outbox.sent("a", [row.id], world.now) == []
        assert uow.outbox.sent("b", [row.id, row.id], world.now) == [row.id]


def test_a_released_row_waits(world: World) -> None:
    scored(world, 1)
    world.decide()
    [row] = world.claim_outbox()
    with world.store.begin() as uow:
        assert uow.outbox.release(world.owner, [row.id], error="refused", not_before=1010.0, now=world.now) == 1
    assert world.claim_outbox() == []
    world.now = 1010.0
    [row] = world.claim_outbox()
    assert (row.attempts, row.last_error) == (2, "refused")


def test_a_refused_row_takes_its_item_down_and_nothing_else(world: World) -> None:
    scored(world, 1, 2)
    world.decide(Route.ACCEPT, ACCEPTED)
    first, second = world.claim_outbox()
    with world.store.begin() as uow:
        assert uow.outbox.bury(world.owner, {first.id: "unknown label"}, world.now) == 1
        assert uow.outbox.sent(world.owner, [second.id], world.now) == [second.id]
    assert (world.item(1).state, world.item(1).last_error) == (ItemState.DEAD, "unknown label")
    assert counts(world) == {
        (OutboxKind.SUGGESTION, OutboxState.DEAD): 1,
        (OutboxKind.ACCEPTANCE, OutboxState.CANCELLED): 1,
        (OutboxKind.SUGGESTION, OutboxState.SENT): 1,
        (OutboxKind.ACCEPTANCE, OutboxState.PENDING): 1,
    }


def test_a_redriven_item_is_sent_anew(world: World) -> None:
    scored(world, 1)
    world.decide()
    [row] = world.claim_outbox()
    with world.store.begin() as uow:
        uow.outbox.bury(world.owner, {row.id: "no"}, world.now)
        uow.items.redrive(world.project, None, world.now)
    world.score()
    world.decide()
    assert len(world.send()) == 1
    assert world.item(1).state is ItemState.PUBLISHED


def test_what_was_sent_is_not_sent_again(world: World) -> None:
    world.published(1)
    restart(world, ItemState.PUBLISHED)
    world.decide(Route.ACCEPT, ACCEPTED)
    assert world.claim_outbox() == []
    assert len(world.send(OutboxKind.ACCEPTANCE)) == 1
    restart(world, ItemState.PUBLISHED)
    world.decide(Route.ACCEPT, ACCEPTED)
    assert world.item(1).state is ItemState.PUBLISHED


def test_a_cancelled_row_that_is_wanted_again_is_pending_again(world: World) -> None:
    scored(world, 1)
    world.decide()
    [row] = world.claim_outbox()
    with world.store.begin() as uow:
        uow.outbox.release(world.owner, [row.id], error="away", not_before=2000.0, now=world.now)
    restart(world, ItemState.DECIDED)
    assert counts(world) == {(OutboxKind.SUGGESTION, OutboxState.CANCELLED): 1}
    world.decide()
    [again] = world.claim_outbox()
    assert (again.id, again.attempts) == (row.id, 2), "it may have been sent before"


def test_a_new_decision_cancels_what_it_does_not_want(world: World) -> None:
    scored(world, 1)
    world.decide(Route.ACCEPT, ACCEPTED)
    restart(world, ItemState.DECIDED, to=ItemState.RECEIVED)
    world.score(version="m2")
    world.decide()
    assert counts(world, "m1") == {(kind, OutboxState.CANCELLED): 1 for kind in ACCEPTED}
    assert [row.model_version for row in world.claim_outbox()] == ["m2"]


def test_a_pending_row_that_the_decision_does_not_want_is_cancelled(world: World) -> None:
    """The claim goes by state alone, so rows may wait while an item is decided a second time."""
    scored(world, 1)
    world.decide(Route.ACCEPT, ACCEPTED)
    with world.store.engine.begin() as conn:
        conn.exec_driver_sql("UPDATE item SET state = 'scored'")
    world.decide()
    assert counts(world) == {
        (OutboxKind.SUGGESTION, OutboxState.PENDING): 1,
        (OutboxKind.ACCEPTANCE, OutboxState.CANCELLED): 1,
    }


def test_cancelling_settles_the_item(world: World) -> None:
    scored(world, 1)
    world.decide()
    with world.store.begin() as uow:
        uow.outbox.cancel_item(world.ids(1), world.now)
    assert world.item(1).state is ItemState.PUBLISHED
    assert counts(world) == {(OutboxKind.SUGGESTION, OutboxState.CANCELLED): 1}


def test_leases_are_given_back_at_the_end(world: World) -> None:
    scored(world, 1)
    world.decide()
    world.claim_outbox(owner="a")
    with world.store.begin() as uow:
        assert uow.outbox.release_leases("b") == 0
        assert uow.outbox.release_leases("a") == 1
    assert len(world.claim_outbox(owner="b")) == 1


def test_nothing_is_sent_for_a_labelled_item(world: World) -> None:
    scored(world, 1)
    world.decide()
    [row] = world.claim_outbox()
    assert world.label(1, 10) == world.ids(1)
    with world.store.begin() as uow:
        assert uow.outbox.sent(world.owner, [row.id], world.now) == []
    assert world.item(1).state is ItemState.LABELED


@pytest.mark.parametrize("settled", ["sent", "lease over"])
def test_a_withdrawal_waits_for_a_suggestion_that_is_on_its_way(world: World, settled: str) -> None:
    """Otherwise the suggestion would arrive after it was withdrawn, and a blind item would show it for good."""
    world.receive(task(1, fold=Fold.VALIDATION, draw=0.1))
    world.score()
    world.decide()
    [row] = world.claim_outbox(owner="slow")
    with world.store.begin() as uow:
        assert uow.items.set_blind(world.project, cut=0.5, now=world.now) == [1]
    restart(world, ItemState.PUBLISHED)
    world.decide(Route.AUDIT, WITHDRAWN)
    assert world.claim_outbox(OutboxKind.WITHDRAWAL) == []
    if settled == "sent":
        with world.store.begin() as uow:
            assert uow.outbox.sent("slow", [row.id], world.now) == []
    else:
        world.now += LEASE_S
    assert len(world.send(OutboxKind.WITHDRAWAL)) == 1
    assert world.item(1).state is ItemState.PUBLISHED


def test_no_suggestion_is_sent_for_a_blind_item(world: World) -> None:
    scored(world, 1)
    world.decide()
    with world.store.engine.begin() as conn:
        conn.exec_driver_sql("UPDATE item SET blind = true")
    assert world.claim_outbox() == []


def test_a_withdrawal_is_sent_although_a_person_has_labelled_meanwhile(world: World) -> None:
    """Else the suggestion of a blind item stays for good, and whoever looks at the task later sees it."""
    scored(world, 1)
    world.decide(Route.SUGGEST)
    world.send(OutboxKind.SUGGESTION)
    restart(world, ItemState.PUBLISHED)
    world.decide(Route.AUDIT, WITHDRAWN)
    world.label(1, 10)
    assert world.item(1).state is ItemState.LABELED
    assert len(world.send(OutboxKind.WITHDRAWAL)) == 1
    assert world.item(1).state is ItemState.LABELED


def shown_until(world: World, *numbers: int) -> list[float | None]:
    with world.store.read() as uow:
        found = uow.outbox.shown_until(world.ids(*numbers))
    return [found.get(id) for id in world.ids(*numbers)]


def test_a_suggestion_is_shown_until_it_was_withdrawn(world: World) -> None:
    scored(world, 1)
    assert shown_until(world, 1) == [None]
    world.decide(Route.SUGGEST)
    assert shown_until(world, 1) == [None]
    world.claim_outbox(OutboxKind.SUGGESTION)
    assert shown_until(world, 1) == [math.inf], "it may have arrived"
    world.now += LEASE_S + 1
    world.send(OutboxKind.SUGGESTION)
    restart(world, ItemState.PUBLISHED)
    world.decide(Route.AUDIT, WITHDRAWN)
    assert shown_until(world, 1) == [math.inf]
    world.now += 5
    world.send(OutboxKind.WITHDRAWAL)
    assert shown_until(world, 1) == [world.now]


def test_a_withdrawal_of_what_was_never_sent_hides_nothing(world: World) -> None:
    scored(world, 1, 2)
    world.decide(Route.AUDIT, WITHDRAWN)
    assert shown_until(world, 1, 2) == [None, None]
    world.send(OutboxKind.WITHDRAWAL)
    assert shown_until(world, 1, 2) == [None, None]


def test_a_withdrawal_already_made_is_kept(world: World) -> None:
    scored(world, 1)
    [row] = world.claim(ItemState.SCORED)
    with world.store.begin() as uow:
        uow.items.decide(world.owner, [decision(row, Route.AUDIT, WITHDRAWN)], world.now)
    world.send(OutboxKind.WITHDRAWAL)
    restart(world, ItemState.PUBLISHED)
    world.decide(Route.AUDIT, WITHDRAWN)
    assert counts(world) == {(OutboxKind.WITHDRAWAL, OutboxState.SENT): 1}
    assert world.item(1).state is ItemState.PUBLISHED


def accepted(world: World) -> None:
    scored(world, 1)
    world.decide(Route.ACCEPT, ACCEPTED)
    world.send()


def test_a_person_who_is_faster_than_an_acceptance_on_its_way_has_it_taken_back(world: World) -> None:
    accepted(world)
    [row] = world.claim_outbox(OutboxKind.ACCEPTANCE, owner="slow")
    world.label(1, 10)
    assert world.claim_outbox(OutboxKind.RETRACTION) == []
    with world.store.begin() as uow:
        assert uow.outbox.sent("slow", [row.id], world.now) == []
    assert len(world.send(OutboxKind.RETRACTION)) == 1
    assert world.item(1).state is ItemState.LABELED
    assert counts(world)[OutboxKind.ACCEPTANCE, OutboxState.CANCELLED] == 1


def test_a_label_on_an_accepted_item_stands_in_place_of_ours(world: World) -> None:
    accepted(world)
    world.send(OutboxKind.ACCEPTANCE)
    world.label(1, 10)
    assert len(world.send(OutboxKind.RETRACTION)) == 1
    world.label(1, 10)
    assert world.claim_outbox(OutboxKind.RETRACTION) == []
    with world.store.begin() as uow:
        uow.labels.remove(world.project, [10], world.now)
    world.decide(Route.ACCEPT, ACCEPTED)
    assert len(world.send(OutboxKind.ACCEPTANCE)) == 1


def test_an_acceptance_that_nobody_has_tried_owes_no_retraction(world: World) -> None:
    accepted(world)
    world.label(1, 10)
    assert world.claim_outbox(OutboxKind.RETRACTION) == []
    assert counts(world)[OutboxKind.ACCEPTANCE, OutboxState.CANCELLED] == 1
