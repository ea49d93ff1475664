"""Items on their way: arrival, claim, prediction, and what goes wrong."""

from __future__ import annotations

import pytest

from models.errors import NotFoundError
from models.types import Fold, Route
from serving.store.records import ItemState, OutboxKind, OutboxState, ReceiveResult
from tests.store.world import LEASE_S, World, decision, prediction, task


def test_tasks_arrive(world: World) -> None:
    assert world.receive(task(2), task(1, fold=Fold.VALIDATION, draw=0.25)) == ReceiveResult(2, 0, 0)
    item = world.item(1)
    assert (item.state, item.revision, item.attempts, item.blind) == (ItemState.RECEIVED, 1, 0, False)
    assert (item.fold, item.draw, item.data) == (Fold.VALIDATION, 0.25, {"text": "good", "n": 1})
    assert (item.route, item.prediction_id, item.received_at) == (None, None, 1000.0)


def test_the_same_delivery_three_times_is_one(world: World) -> None:
    tasks = [task(n) for n in range(50)]
    assert world.receive(*tasks) == ReceiveResult(50, 0, 0)
    before = [world.item(n) for n in range(50)]
    world.now += 5
    assert world.receive(*tasks) == ReceiveResult(0, 0, 50)
    assert world.receive(*tasks) == ReceiveResult(0, 0, 50)
    assert [world.item(n) for n in range(50)] == before


def test_a_task_twice_in_one_delivery_is_one_item(world: World) -> None:
    assert world.receive(task(1), task(1, text="later")) == ReceiveResult(1, 0, 0)
    assert world.item(1).data["text"] == "later"


def test_changed_data_starts_the_item_again(world: World) -> None:
    world.published(1)
    world.receive(task(2))
    world.score()
    world.decide()
    world.now += 5
    assert world.receive(task(1, text="new", draw=0.9), task(2, text="new")) == ReceiveResult(0, 2, 0)
    item = world.item(1)
    assert (item.state, item.revision, item.attempts, item.data["text"]) == (ItemState.RECEIVED, 2, 0, "new")
    assert (item.route, item.reason, item.prediction_id, item.confidence, item.model_version) == (None,) * 5
    assert (item.draw, item.received_at, item.updated_at) == (0.001, 1000.0, 1005.0)
    with world.store.read() as uow:
        assert uow.outbox.counts(world.project) == {
            (OutboxKind.SUGGESTION, OutboxState.SENT): 1,
            (OutboxKind.SUGGESTION, OutboxState.CANCELLED): 1,
        }


def test_changed_data_takes_the_lease_from_whoever_scores_the_old(world: World) -> None:
    world.receive(task(1))
    [row] = world.claim(ItemState.RECEIVED)
    world.receive(task(1, text="new"))
    with world.store.begin() as uow:
        assert uow.items.store_predictions(world.owner, [(row.id, prediction(row.id))], world.now) == []


def test_changed_data_gets_a_second_prediction_and_a_second_suggestion(world: World) -> None:
    world.published(1)
    world.receive(task(1, text="new"))
    world.score(confidence=0.3)
    world.decide()
    assert len(world.send()) == 1
    assert (world.item(1).state, world.item(1).confidence) == (ItemState.PUBLISHED, 0.3)
    with world.store.read() as uow:
        story = uow.items.history(world.item(1).id)
    assert [p["revision"] for p in story["predictions"]] == [1, 2]
    assert [d["revision"] for d in story["decisions"]] == [1, 2]
    assert [o["state"] for o in story["outbox"]] == ["sent", "sent"]


def test_claims_are_oldest_first_and_exclusive(world: World) -> None:
    world.receive(*(task(n) for n in (3, 1, 2)))
    first = world.claim(ItemState.RECEIVED, limit=2, owner="a")
    second = world.claim(ItemState.RECEIVED, owner="b")
    assert [row.id for row in first + second] == sorted(row.id for row in first + second)
    assert len({row.id for row in first + second}) == 3
    assert [row.attempts for row in first] == [1, 1]
    assert world.claim(ItemState.RECEIVED, owner="c") == []
    assert world.states() == {ItemState.RECEIVED: 3}


def test_a_lease_that_ran_out_is_free_again(world: World) -> None:
    world.receive(task(1))
    world.claim(ItemState.RECEIVED, owner="a")
    world.now += LEASE_S
    [row] = world.claim(ItemState.RECEIVED, owner="b")
    assert row.attempts == 2


def test_only_the_owner_of_a_live_lease_completes(world: World) -> None:
    world.receive(task(1), task(2))
    rows = world.claim(ItemState.RECEIVED, owner="a")
    said = [(row.id, prediction(row.id)) for row in rows]
    with world.store.begin() as uow:
        assert uow.items.store_predictions("b", said, world.now) == []
        assert uow.items.store_predictions("a", said, world.now + LEASE_S) == []
        assert uow.items.bury("b", {rows[0].id: "no"}, world.now) == 0
        assert uow.items.bury("a", {rows[0].id: "no"}, world.now + LEASE_S) == 0
        assert uow.items.release("b", [rows[0].id], error="no", not_before=0.0, now=world.now) == 0
    assert world.states() == {ItemState.RECEIVED: 2}
    with world.store.begin() as uow:
        assert uow.items.store_predictions("a", said, world.now + LEASE_S - 1) == [rows[0].id, rows[1].id]
        assert uow.items.store_predictions("a", said, world.now) == []
    assert world.item(1).attempts == 0


def test_only_the_owner_of_a_live_lease_decides(world: World) -> None:
    world.receive(task(1))
    world.score()
    [row] = world.claim(ItemState.SCORED, owner="a")
    with world.store.begin() as uow:
        assert uow.items.decide("b", [decision(row)], world.now) == []
        assert uow.items.decide("a", [decision(row)], world.now + LEASE_S) == []
        assert uow.outbox.counts(world.project) == {}
        assert uow.items.history(row.id)["decisions"] == []


def test_a_prediction_is_stored_with_the_item(world: World) -> None:
    world.receive(task(1))
    world.score(confidence=0.75)
    item = world.item(1)
    assert (item.state, item.confidence, item.model_version) == (ItemState.SCORED, 0.75, "m1")
    assert item.prediction_id is not None
    with world.store.read() as uow:
        [row] = uow.items.predictions([item.prediction_id, 4711]).values()
    assert (row.item_id, row.revision, row.prediction) == (item.id, 1, prediction(item.id, confidence=0.75))


def test_the_same_version_again_replaces_its_prediction(world: World) -> None:
    world.receive(task(1))
    world.score(confidence=0.75)
    first = world.item(1).prediction_id
    with world.store.begin() as uow:
        uow.items.restart(world.project, states=[ItemState.SCORED], to=ItemState.RECEIVED, now=world.now)
    world.score(confidence=0.5)
    assert world.item(1).prediction_id == first
    assert world.item(1).confidence == 0.5
    with world.store.read() as uow:
        assert len(uow.items.history(world.item(1).id)["predictions"]) == 1


def test_predictions_of_labelled_and_blind_items_become_current_without_moving_them(world: World) -> None:
    world.receive(task(1), task(2, fold=Fold.VALIDATION, draw=0.1), task(3))
    world.label(1, 10)
    with world.store.begin() as uow:
        uow.items.set_blind(world.project, cut=0.2, now=world.now)
    said = [(id, prediction(id, confidence=0.6)) for id in world.ids(1, 2, 3)]
    with world.store.begin() as uow:
        ids = uow.items.record_predictions(said, world.now)
        assert uow.items.record_prediction(*said[0], now=world.now) == ids[said[0][0]]
        with pytest.raises(NotFoundError, match="4711"):
            uow.items.record_prediction(4711, prediction(1), world.now)
    assert [world.item(n).state for n in (1, 2, 3)] == [ItemState.LABELED, ItemState.RECEIVED, ItemState.RECEIVED]
    assert [world.item(n).prediction_id for n in (1, 2, 3)] == [ids[said[0][0]], ids[said[1][0]], None]
    assert [world.item(n).confidence for n in (1, 2, 3)] == [0.6, 0.6, None]
    assert set(ids) == {id for id, _ in said}


def test_a_released_item_waits(world: World) -> None:
    world.receive(task(1), task(2))
    rows = world.claim(ItemState.RECEIVED)
    with world.store.begin() as uow:
        assert uow.items.release(world.owner, [rows[0].id], error="busy", not_before=1010.0, now=world.now) == 1
        uow.items.release(world.owner, [rows[1].id], error="away", not_before=0.0, now=world.now, blameless=True)
    assert (world.item(1).attempts, world.item(1).last_error) == (1, "busy")
    assert world.item(2).attempts == 0
    assert [row.task_id for row in world.claim(ItemState.RECEIVED)] == [2]
    world.now = 1010.0
    assert [row.task_id for row in world.claim(ItemState.RECEIVED, owner="b")] == [1]


def test_leases_are_given_back_at_the_end(world: World) -> None:
    world.receive(task(1), task(2))
    world.claim(ItemState.RECEIVED, limit=1, owner="a")
    world.claim(ItemState.RECEIVED, limit=1, owner="b")
    with world.store.begin() as uow:
        assert uow.items.release_leases("a") == 1
    assert [row.task_id for row in world.claim(ItemState.RECEIVED, owner="c")] == [1]


def test_dead_items_have_a_reason_and_can_be_redriven(world: World) -> None:
    world.receive(task(1), task(2), task(3))
    rows = world.claim(ItemState.RECEIVED)
    with world.store.begin() as uow:
        assert uow.items.bury(world.owner, {rows[0].id: "unreadable", rows[1].id: "too long"}, world.now) == 2
        assert uow.items.bury_tasks(world.project, {3: "refused", 99: "unknown"}, world.now) == 1
    assert [world.item(n).last_error for n in (1, 2, 3)] == ["unreadable", "too long", "refused"]
    assert world.states() == {ItemState.DEAD: 3}
    with world.store.begin() as uow:
        assert uow.items.redrive(world.project, [rows[1].id], world.now) == 1
        assert uow.items.redrive(world.project, [rows[1].id], world.now) == 0
    item = world.item(2)
    assert (item.state, item.attempts, item.last_error) == (ItemState.RECEIVED, 0, None)
    with world.store.begin() as uow:
        assert uow.items.redrive(world.project, None, world.now) == 2
    assert len(world.claim(ItemState.RECEIVED)) == 3


def test_labelled_and_gone_items_are_not_buried(world: World) -> None:
    world.receive(task(1), task(2))
    world.label(1, 10)
    with world.store.begin() as uow:
        uow.items.mark_gone(world.project, [2], world.now)
        assert uow.items.bury_tasks(world.project, {1: "x", 2: "x"}, world.now) == 0


def test_gone_items_come_back_when_their_task_does(world: World) -> None:
    world.published(1, 2)
    world.label(2, 10)
    world.receive(task(3))
    with world.store.begin() as uow:
        assert uow.items.mark_gone(world.project, [1, 2, 3, 99], world.now) == 3
        assert uow.items.mark_gone(world.project, [1], world.now) == 0
        assert uow.items.task_ids(world.project) == []
    assert world.receive(task(1), task(2), task(3)) == ReceiveResult(0, 0, 3)
    assert [world.item(n).state for n in (1, 2, 3)] == [ItemState.RECEIVED, ItemState.LABELED, ItemState.RECEIVED]
    assert world.item(1).revision == 1


def test_a_gone_item_sends_nothing(world: World) -> None:
    world.receive(task(1))
    world.score()
    world.decide()
    with world.store.begin() as uow:
        uow.items.mark_gone(world.project, [1], world.now)
    assert world.claim_outbox() == []


def test_restart_never_touches_what_is_over(world: World) -> None:
    world.published(1, 2, 3, 4)
    world.receive(task(5))
    world.label(1, 10)
    with world.store.begin() as uow:
        uow.items.mark_gone(world.project, [2], world.now)
        uow.items.bury_tasks(world.project, {3: "x"}, world.now)
        assert uow.items.restart(world.project, states=list(ItemState), to=ItemState.RECEIVED, now=world.now) == 2
    assert world.states() == {
        ItemState.LABELED: 1,
        ItemState.GONE: 1,
        ItemState.DEAD: 1,
        ItemState.RECEIVED: 2,
    }


def test_restart_of_one_route_goes_behind_what_arrives(world: World) -> None:
    world.published(1)
    world.receive(task(2))
    world.score()
    world.decide(Route.AUDIT, [])
    world.receive(task(3))
    with world.store.begin() as uow:
        states = (ItemState.DECIDED, ItemState.PUBLISHED)
        assert uow.items.restart(world.project, states=states, to=ItemState.RECEIVED, now=1.0, route=Route.SUGGEST) == 1
    assert [row.task_id for row in world.claim(ItemState.RECEIVED)] == [3, 1]
    assert world.item(2).state is ItemState.PUBLISHED


def test_restart_takes_leases_and_cancels_what_waits(world: World) -> None:
    world.receive(task(1))
    world.score()
    world.decide()
    world.receive(task(2))
    world.score()
    [row] = world.claim(ItemState.SCORED)
    with world.store.begin() as uow:
        states = (ItemState.SCORED, ItemState.DECIDED)
        uow.items.restart(world.project, states=states, to=ItemState.SCORED, now=world.now)
        assert uow.items.decide(world.owner, [decision(row)], world.now) == []
    assert world.claim_outbox() == []
    assert len(world.decide()) == 2
    assert len(world.send()) == 2


def test_counts_pages_and_lookups(world: World) -> None:
    world.published(1, 2)
    world.receive(*(task(n) for n in range(3, 8)))
    world.label(1, 10)
    with world.store.read() as uow:
        assert uow.items.counts(world.project) == {
            ItemState.RECEIVED: 5,
            ItemState.PUBLISHED: 1,
            ItemState.LABELED: 1,
        }
        assert uow.items.route_counts(world.project) == {Route.SUGGEST: 2}
        first = uow.items.page(world.project, state=None, limit=3)
        rest = uow.items.page(world.project, state=None, after_id=first[-1].id)
        assert [row.task_id for row in first + rest] == [1, 2, 3, 4, 5, 6, 7]
        received = uow.items.page(world.project, state=ItemState.RECEIVED, after_id=first[-1].id, limit=2)
        assert [row.task_id for row in received] == [4, 5]
        assert set(uow.items.by_task(world.project, [1, 7, 99])) == {1, 7}
        assert uow.items.task_ids(world.project) == [1, 2, 3, 4, 5, 6, 7]
        assert uow.items.get(first[0].id) == first[0]
        with pytest.raises(NotFoundError):
            uow.items.get(4711)


def test_accepted_items_are_those_that_stand_in_label_studio(world: World) -> None:
    world.receive(task(1), task(2))
    world.score()
    world.decide(Route.ACCEPT, [OutboxKind.SUGGESTION, OutboxKind.ACCEPTANCE])
    with world.store.read() as uow:
        assert uow.items.accepted(world.project) == 0
    world.send()
    world.send(OutboxKind.ACCEPTANCE)
    with world.store.read() as uow:
        assert uow.items.accepted(world.project) == 2
    world.label(1, 10)
    with world.store.read() as uow:
        assert uow.items.accepted(world.project) == 1


def test_confidences_are_of_the_current_version_alone(world: World) -> None:
    world.receive(task(1), task(2, fold=Fold.VALIDATION, draw=0.5))
    world.score(limit=1, version="old")
    world.score(version="new", confidence=0.4)
    with world.store.read() as uow:
        found = uow.items.confidences(world.project, "new")
    assert found == [(world.item(2).id, Fold.VALIDATION, 0.5, 0.4, ItemState.SCORED)]


def test_the_story_of_an_item(world: World) -> None:
    world.published(1)
    world.label(1, 10)
    with world.store.read() as uow:
        story = uow.items.explain(world.project, 1)
        with pytest.raises(NotFoundError, match="99"):
            uow.items.explain(world.project, 99)
    assert story["item"]["state"] == "labeled"
    assert story["predictions"][0]["prediction"]["confidence"] == 0.9
    assert story["decisions"][0]["numbers"] == {"confidence": 0.9}
    assert [(row["kind"], row["state"]) for row in story["outbox"]] == [("suggestion", "sent")]
    assert story["labels"][0]["regions"][0]["value"]["labels"] == ["b"]


@pytest.mark.parametrize("text", ["你好 👋", "nul \x00 inside", "back\\u0000slash", '"quotes"', "\u2028"])
def test_any_text_can_be_stored(world: World, text: str) -> None:
    world.receive(task(1, text="plain"), task(2, text=text))
    assert world.item(2).data["text"] == text.replace("\x00", "\ufffd")


def test_half_a_character_does_not_stop_a_delivery(world: World) -> None:
    world.receive(task(1, text="plain"), task(2, text="\ud83d cut"))
    assert world.item(2).data["text"] == "? cut"


def test_errors_may_hold_any_text(world: World) -> None:
    world.receive(task(1), task(2))
    rows = world.claim(ItemState.RECEIVED)
    with world.store.begin() as uow:
        uow.items.release(world.owner, [rows[0].id], error="bad \x00 byte", not_before=0.0, now=world.now)
        uow.items.bury(world.owner, {rows[1].id: "bad \x00 byte"}, world.now)
    assert [world.item(n).last_error for n in (1, 2)] == ["bad \ufffd byte"] * 2
