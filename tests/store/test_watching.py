"""What the monitor reads, and how accepts go back; on both databases."""

from __future__ import annotations

from typing import Any

import pytest

from models.types import Choices, Fold, Region, Route
from serving.store.records import Audit, ItemState, LabelRole, OutboxKind
from tests.store.world import ACCEPTED, SHOWN, WITHDRAWN, World, decision, prediction, task

CERTIFICATE = 5


def audits(world: World, *certificates: int) -> list[Audit]:
    with world.store.read() as uow:
        return uow.watch.audits(certificates or [CERTIFICATE])


def audit(world: World, *numbers: int, certificate: int | None = CERTIFICATE) -> None:
    """New tasks, decided in this order, each drawn for an audit."""
    for number in numbers:
        world.now += 1
        world.receive(task(number))
        world.score()
        world.decide(Route.AUDIT, WITHDRAWN, reason="blind_audit", certificate_id=certificate, inclusion=0.1)
        world.send(OutboxKind.WITHDRAWAL)


def answer(world: World, number: int, annotation: int, **more: Any) -> None:
    world.label(number, annotation, **{"role": LabelRole.AUDIT} | more)


def accept(world: World, *numbers: int, certificate: int = CERTIFICATE, send: bool = True) -> None:
    for number in numbers:
        world.receive(task(number))
        world.score()
        world.decide(Route.ACCEPT, ACCEPTED, reason="certified", certificate_id=certificate)
        if send:
            world.send()
            world.send(OutboxKind.ACCEPTANCE)


def decision_of(world: World, number: int) -> int:
    with world.store.read() as uow:
        return int(uow.items.history(world.item(number).id)["decisions"][-1]["id"])


def reopen(world: World, after: int, *certificates: int) -> int:
    chosen = certificates or (CERTIFICATE,)
    with world.store.begin() as uow:
        return uow.watch.reopen(world.project, chosen, after=after, reason="reopened", now=world.now)


def test_audits_are_those_of_the_certificate_in_the_order_of_their_draws(world: World) -> None:
    audit(world, 3, 1)
    audit(world, 9, certificate=6)
    accept(world, 7)
    audit(world, 2)
    found = audits(world)
    assert [a.task_id for a in found] == [3, 1, 2]
    assert [a.decision_id for a in found] == sorted(a.decision_id for a in found)
    assert all(a.awaited and a.label_id is None and a.loss is None and not a.skipped for a in found)
    assert [a.drawn_at for a in found] == [1001.0, 1002.0, 1004.0]
    assert [a.prediction_id for a in found] == [world.item(n).prediction_id for n in (3, 1, 2)]
    assert [a.task_id for a in audits(world, 6)] == [9]
    assert audits(world, 4711) == []
    both = audits(world, 6, CERTIFICATE)
    assert [(a.task_id, a.certificate_id) for a in both] == [(3, 5), (1, 5), (9, 6), (2, 5)]


def test_what_is_drawn_again_counts_where_it_was_drawn_first(world: World) -> None:
    audit(world, 1, 2)
    with world.store.begin() as uow:
        again = (ItemState.DECIDED, ItemState.PUBLISHED)
        uow.items.restart(world.project, states=again, to=ItemState.SCORED, now=world.now, route=Route.AUDIT)
    world.decide(Route.AUDIT, WITHDRAWN, reason="blind_audit", certificate_id=6, inclusion=0.1)
    assert [(a.task_id, a.certificate_id) for a in audits(world, CERTIFICATE, 6)] == [(1, 5), (2, 5)]
    assert {a.task_id for a in audits(world, 6)} == {1, 2}


def test_the_first_answer_that_is_no_skip_counts(world: World) -> None:
    audit(world, 1, 2, 3)
    answer(world, 1, 10, was_cancelled=True, loss=None)
    answer(world, 1, 11, loss=0.0)
    answer(world, 1, 12, loss=1.0)
    answer(world, 2, 20, was_cancelled=True, loss=None)
    first, second, third = audits(world)
    assert (first.loss, first.skipped, first.awaited) == (0.0, False, False)
    assert (second.loss, second.skipped, second.awaited) == (None, True, False)
    assert third.awaited
    with world.store.begin() as uow:
        uow.labels.remove(world.project, [11, 12, 20], world.now)
    first, second, third = audits(world)
    assert (first.skipped, first.awaited) == (True, False)
    assert (second.label_id, second.awaited) == (None, True)


def test_who_saw_the_suggestion_answers_no_audit(world: World) -> None:
    """Such a label ends the wait, and says nothing; a skip leaves the audit to the next person."""
    audit(world, 1, 2)
    answer(world, 1, 10, role=LabelRole.CORRECTION, loss=0.0)
    answer(world, 2, 20, role=LabelRole.CORRECTION, was_cancelled=True, loss=None)
    first, second = audits(world)
    assert (first.label_id, first.awaited) == (None, False)
    assert (second.label_id, second.awaited, second.skipped) == (None, True, False)
    answer(world, 1, 11, loss=1.0)
    answer(world, 2, 21, loss=0.0)
    assert [a.loss for a in audits(world)] == [1.0, 0.0]


def test_an_answer_to_another_prediction_has_no_loss_yet(world: World) -> None:
    audit(world, 1)
    with world.store.begin() as uow:
        other = uow.items.record_prediction(world.item(1).id, prediction("1", version="m2"), world.now)
    answer(world, 1, 10, prediction_id=other, loss=0.0)
    [found] = audits(world)
    assert (found.loss, found.awaited, found.prediction_id != other) == (None, False, True)
    assert found.label_id is not None
    with world.store.read() as uow:
        assert uow.watch.regions([found.label_id, 4711]) == {
            found.label_id: (Region(control="label", value=Choices(labels=("b",))),)
        }


def test_what_nobody_can_answer_any_more(world: World) -> None:
    """1 is deleted, 2 is edited, 3 and 4 likewise after they were answered."""
    audit(world, 1, 2, 3, 4)
    for number in (3, 4):
        answer(world, number, 10 * number, loss=1.0)
    with world.store.begin() as uow:
        uow.items.mark_gone(world.project, [1, 3], world.now)
    world.receive(*(task(number, text="other") for number in (2, 4)))
    found = {a.task_id: (a.awaited, a.loss) for a in audits(world)}
    assert found == {1: (False, None), 2: (False, None), 3: (False, 1.0), 4: (False, 1.0)}
    assert [a.label_id is None for a in audits(world)] == [True, True, False, False]
    world.score()
    answer(world, 2, 20, loss=0.0)
    assert audits(world)[1].label_id is None, "that label is of the new data"


def test_an_item_that_came_back_is_counted_once(world: World) -> None:
    audit(world, 1)
    with world.store.begin() as uow:
        uow.items.mark_gone(world.project, [1], world.now)
    audit(world, 1)
    [found] = audits(world)
    assert found.awaited


def test_people_get_the_oldest_audits_first(world: World) -> None:
    world.receive(task(50, fold=Fold.VALIDATION, draw=0.001))
    with world.store.begin() as uow:
        uow.items.set_blind(world.project, cut=0.01, now=world.now)
    world.score()
    world.decide(Route.AUDIT, WITHDRAWN, reason="validation_sample")
    audit(world, 30, 10, 20)
    with world.store.begin() as uow:
        uow.items.restart(
            world.project, states=(ItemState.PUBLISHED,), to=ItemState.SCORED, now=world.now, route=Route.AUDIT
        )
    [again] = [row for row in world.claim(ItemState.SCORED) if row.task_id == 30]
    with world.store.begin() as uow:
        made = decision(again, Route.AUDIT, WITHDRAWN, reason="blind_audit")
        assert uow.items.decide(world.owner, [made], world.now) == [again.id]
        found = uow.items.wanted(world.project, limit=10, now=world.now, train=False)
        some = uow.items.wanted(world.project, limit=2, now=world.now, train=False, exclude=world.ids(30))
    assert [row.task_id for row in found] == [30, 10, 20, 50]
    assert [row.task_id for row in some] == [10, 20]


def test_accepts_since_a_decision_go_back(world: World) -> None:
    accept(world, 1, 2, 3)
    accept(world, 4, certificate=6)
    world.published(6)
    accept(world, 7)
    world.label(7, 70)
    accept(world, 5, send=False)
    assert reopen(world, decision_of(world, 1)) == 3
    assert world.states() == {ItemState.PUBLISHED: 3, ItemState.SCORED: 3, ItemState.LABELED: 1}
    for number in (2, 3, 5):
        item = world.item(number)
        assert (item.state, item.route, item.reason) == (ItemState.SCORED, Route.ACCEPT, "reopened")
    with world.store.read() as uow:
        assert uow.items.accepted(world.project) == 2
    assert world.claim_outbox() == []
    assert world.claim_outbox(OutboxKind.ACCEPTANCE) == []
    world.decide(outbox=(*SHOWN, OutboxKind.RETRACTION))
    assert {row.task_id for row in world.claim_outbox(OutboxKind.RETRACTION)} == {2, 3, 5, 7}
    assert {row.task_id for row in world.claim_outbox()} == {5}, "what is shown already is not sent again"
    assert reopen(world, 0) == 1


def test_many_accepts_go_back_at_once(world: World) -> None:
    world.receive(*(task(n) for n in range(1, 2101)))
    world.score(limit=3000)
    world.decide(Route.ACCEPT, ACCEPTED, limit=3000, certificate_id=CERTIFICATE)
    assert reopen(world, 0) == 2100
    assert world.states() == {ItemState.SCORED: 2100}


@pytest.fixture
def sampled(world: World) -> World:
    """1 to 4 of the validation fold, 1 and 2 drawn; 5 of the train fold; confidences by number."""
    world.receive(*(task(n, fold=Fold.VALIDATION, draw=n / 10) for n in (1, 2, 3, 4)))
    with world.store.begin() as uow:
        uow.items.set_blind(world.project, cut=0.25, now=world.now)
    world.now += 10
    world.receive(task(5))
    rows = {row.task_id: row for row in world.claim(ItemState.RECEIVED)}
    with world.store.begin() as uow:
        said = [(row.id, prediction(row.id, confidence=n / 10)) for n, row in rows.items()]
        uow.items.store_predictions(world.owner, said, world.now)
    return world


def test_the_reference_is_the_sample_that_was_drawn(sampled: World) -> None:
    def reference(version: str, since: float = 0.0) -> list[float]:
        with sampled.store.read() as uow:
            return [said.confidence for said in uow.watch.reference(sampled.project, version, since=since)]

    assert sorted(reference("m1")) == [0.1, 0.2]
    assert reference("m1", since=1001.0) == []
    assert reference("m2") == []
    with sampled.store.begin() as uow:
        uow.items.record_prediction(sampled.item(1).id, prediction("1", version="m2", confidence=0.7), sampled.now)
    assert sorted(reference("m1")) == [0.1, 0.2], "another model's say changes nothing"
    assert reference("m2") == [0.7]


def test_what_was_said_of_the_newest(sampled: World) -> None:
    def recent(after: int, limit: int) -> list[tuple[int, float, float]]:
        with sampled.store.read() as uow:
            rows = uow.watch.recent(sampled.project, "m1", after=after, limit=limit)
            said = uow.items.predictions([prediction_id for _, _, prediction_id in rows])
        return [(id, said[prediction_id].prediction.confidence, at) for id, at, prediction_id in rows]

    ids = sampled.ids(1, 2, 3, 4, 5)
    assert recent(0, 2) == [(ids[4], 0.5, 1010.0), (ids[3], 0.4, 1000.0)]
    assert [id for id, _, _ in recent(ids[2], 100)] == [ids[4], ids[3]]


def test_only_items_that_arrived_since_are_drawn(sampled: World) -> None:
    sampled.receive(task(6, fold=Fold.VALIDATION, draw=0.05))
    with sampled.store.begin() as uow:
        assert [row.task_id for row in uow.items.drawn(sampled.project, cut=1.0, limit=9, since=1010.0)] == [6]
        uow.items.set_blind(sampled.project, cut=0.9, now=sampled.now, since=1010.0)
    assert [sampled.item(n).blind for n in (1, 2, 3, 4, 5, 6)] == [True, True, False, False, False, True]


def test_blind_items_alone_can_be_sent_round_again(world: World) -> None:
    world.published(1, 2, fold=Fold.VALIDATION, draw=0.1)
    world.published(3, fold=Fold.VALIDATION, draw=0.9)
    with world.store.begin() as uow:
        uow.items.set_blind(world.project, cut=0.5, now=world.now)
        states = (ItemState.DECIDED, ItemState.PUBLISHED)
        done = uow.items.restart(
            world.project, states=states, to=ItemState.SCORED, now=world.now, route=Route.SUGGEST, blind=True
        )
    assert done == 2
    assert world.item(3).state is ItemState.PUBLISHED
