"""Reviews of labels, on both databases: who gets which, what a decision does, and the deadline."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from models.errors import EvidenceMissing, ReviewRefused
from models.people.reviews import Code, Diff, Gold, Outcome, Own
from models.skills import FieldOfWork, Need
from models.types import Fold
from serving.pipeline.decide import decide as route_of
from serving.pipeline.decide import gate_of
from serving.store.people_records import Nothing, WorkState
from serving.store.records import LABEL_REJECTED, ItemState
from serving.store.review_records import By, ReviewState
from serving.workforce import reviewing
from serving.workforce.overlap import review as look_at_overlap
from tests.store.court import ANNA, BERT, CARL, DAY, DORA, SETTINGS, Court, said
from tests.store.people import skill
from tests.store.world import World, task


@pytest.fixture
def court(world: World) -> Court:
    """Tasks 1 to 4, of which the model says "a"."""
    with world.store.begin() as uow:
        uow.projects.update(world.project, active_model="m1")
    world.published(1, 2, 3, 4)
    return Court(world)


def test_a_label_counts_until_somebody_has_looked_at_it(court: Court) -> None:
    label = court.labelled(1)
    assert court.counted() == [label]
    row = court.given(BERT)
    assert (row.label_id, row.author, row.state) == (label, ANNA, ReviewState.PENDING)
    after = court.decide(BERT, row, Outcome.ACCEPT)
    assert (after.state, after.decided_by, after.closed_at) == (ReviewState.ACCEPTED, By.REVIEWER, court.world.now)
    assert court.counted() == [label]
    assert court.next(BERT) is Nothing.EMPTY


def test_one_reviewer_at_a_time_and_what_is_due_first(court: Court) -> None:
    first = court.labelled(1)
    court.world.now += 5.0
    second = court.labelled(2)
    assert court.given(BERT).label_id == first
    assert court.given(BERT).label_id == first, "the same again, while it is held"
    assert court.given(CARL).label_id == second
    assert court.next(DORA) is Nothing.EMPTY
    court.world.now += 100.0
    assert court.given(DORA).label_id == first, "the time of the first is over"


def test_nobody_reviews_a_label_of_their_own_nor_without_the_right(court: Court) -> None:
    court.labelled(1, BERT)
    assert court.next(BERT) is Nothing.EMPTY
    with pytest.raises(ReviewRefused, match="does not review here"):
        court.next(ANNA)
    court.may_review(CARL, False)
    with pytest.raises(ReviewRefused):
        court.next(CARL)
    row = court.given(DORA)
    with pytest.raises(ReviewRefused, match="label of their own"):
        court.decide(BERT, row, Outcome.ACCEPT)
    court.may_review(CARL)
    with pytest.raises(ReviewRefused, match="ask for the next"):
        court.decide(CARL, row, Outcome.ACCEPT)


def test_who_has_labelled_or_holds_the_item_does_not_review_it(court: Court) -> None:
    court.labelled(1)
    court.own(1, BERT)
    assert court.next(BERT) is Nothing.EMPTY
    court.labelled(2)
    assert {court.given(CARL).item_id, court.given(DORA).item_id} == set(court.world.ids(1, 2))


def test_a_reviewer_knows_the_field(court: Court) -> None:
    court.labelled(1)
    with court.world.store.begin() as uow:
        uow.people.set_needs(court.world.project, {court.world.ids(1)[0]: Need(FieldOfWork(domain="law"), 3)})
    assert court.next(BERT) is Nothing.EMPTY
    court.join(DORA, skill(4, domain="law"))
    assert court.given(DORA).item_id == court.world.ids(1)[0]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"code": None}, "a reason of the list"),
        ({"evidence": None}, "needs evidence"),
        ({"code": Code.GUIDELINE, "evidence": Gold(task=2)}, "shown by a rule"),
        ({"code": Code.GOLD}, "shown by a gold"),
        ({"code": Code.GOLD, "evidence": Gold(task=99)}, "task 99 is no gold item"),
        ({"code": Code.GOLD, "evidence": Gold(task=2)}, "task 2 is no gold item"),
        ({"evidence": Own()}, "your own answer is not there"),
    ],
)
def test_a_rejection_needs_a_reason_and_evidence(court: Court, more: dict[str, Any], words: str) -> None:
    label = court.labelled(1)
    row = court.given(BERT)
    with pytest.raises(EvidenceMissing, match=words):
        court.decide(BERT, row, **more)
    assert court.row(row).state is ReviewState.PENDING
    assert court.counted() == [label]


def test_what_is_rejected_counts_nowhere_and_goes_to_others(court: Court) -> None:
    world = court.world
    label = court.labelled(1)
    court.known(2)
    after = court.decide(BERT, court.given(BERT), code=Code.GOLD, evidence=Gold(task=2), note="look at task 2")
    assert (after.state, after.code, after.evidence) == (ReviewState.REJECTED, Code.GOLD, Gold(task=2))
    assert (after.judged, after.note) == (said("b"), "look at task 2")
    assert after.due_at == world.now + SETTINGS.appeal_due_s
    item = world.item(1)
    assert (item.state, item.reason) == (ItemState.SCORED, LABEL_REJECTED)
    with world.store.read() as uow:
        assert uow.labels.get(label).set_aside
        assert uow.labels.for_project(world.project) == []
        assert uow.labels.training(world.project) == []
        assert uow.labels.training_count(world.project) == 0
        assert uow.labels.counts(world.project) == {}
        assert uow.opinions.said([item.id]) == {}
        assert uow.asking.answers(world.project, control_from=0.9) == {}
        assert uow.labels.annotation_ids(world.project, [1]) == {1: {1001}}, "it is there all the same"
    world.decide(reason=LABEL_REJECTED)
    assert [1 in court.offered(user) for user in (ANNA, BERT, CARL)] == [False, False, True]
    with world.store.read() as uow:
        through = {user for _, user in uow.work.been_through([item.id])}
    assert through == {court.desk(ANNA).trainer.id, court.desk(BERT).trainer.id}


def test_people_keep_it_whatever_the_gate_says_and_it_certifies_nothing(court: Court) -> None:
    world = court.world
    world.published(5, fold=Fold.VALIDATION, draw=0.01)
    court.labelled(5)
    court.decide(BERT, court.given(BERT))
    item = world.item(5)
    gate = gate_of(court.project, None, b"x" * 16, audit_rate=0.5)
    sure = replace(gate, threshold=0.1, model_version="m1")
    assert route_of(replace(item, confidence=0.99), sure).reason == LABEL_REJECTED
    with world.store.read() as uow:
        assert uow.items.drawn(world.project, cut=1.0, limit=9) == []


def test_what_the_author_makes_of_a_rejected_label_does_not_bring_it_back(court: Court) -> None:
    world = court.world
    court.labelled(1)
    court.decide(BERT, court.given(BERT))
    world.now += 5.0
    assert world.label(1, court.annotations, completed_by=ANNA, regions=said("a")) == []
    assert world.item(1).state is ItemState.SCORED
    assert court.counted() == []
    world.label(1, court.annotations + 1, completed_by=CARL)
    assert world.item(1).state is ItemState.LABELED


def test_a_fix_counts_in_place_of_the_label(court: Court) -> None:
    label = court.labelled(1)
    row = court.given(BERT)
    own = court.own(1, BERT)
    after = court.decide(BERT, row, Outcome.FIX, code=Code.WRONG_LABEL)
    assert (after.state, after.fix_id) == (ReviewState.FIXED, own)
    assert after.evidence == Diff(annotation=1002, said=("label: a",), loss=1.0, controls={"label": 1.0})
    assert court.counted() == [own]
    assert court.world.item(1).state is ItemState.LABELED
    court.appeal(after)
    court.answer(CARL, court.given(CARL))
    assert court.counted() == [label], "overturned: the label counts, its correction no longer"


def test_an_item_whose_fix_is_deleted_is_for_people(court: Court) -> None:
    court.labelled(1)
    row = court.given(BERT)
    court.own(1, BERT)
    court.decide(BERT, row, Outcome.FIX)
    with court.world.store.begin() as uow:
        assert uow.labels.remove(court.world.project, [court.annotations], court.world.now) == court.world.ids(1)
    assert court.world.item(1).reason == LABEL_REJECTED


def test_an_answer_that_says_the_same_is_no_fix(court: Court) -> None:
    court.labelled(1)
    row = court.given(BERT)
    court.own(1, BERT, "b")
    with pytest.raises(EvidenceMissing, match="says the same"):
        court.decide(BERT, row, Outcome.FIX)


def test_an_answer_from_before_the_review_is_no_evidence(court: Court) -> None:
    court.labelled(1)
    row = court.given(BERT)
    court.world.label(1, 77, completed_by=BERT, regions=said("a"), remote_updated_at=court.world.now - 50.0)
    with pytest.raises(EvidenceMissing, match="not there"):
        court.decide(BERT, row, evidence=Own())


def test_an_answer_that_is_evidence_is_no_label(court: Court) -> None:
    court.labelled(1)
    row = court.given(BERT)
    court.own(1, BERT)
    after = court.decide(BERT, row, evidence=Own())
    assert isinstance(after.evidence, Diff)
    assert court.counted() == []
    assert court.world.item(1).state is ItemState.SCORED, "a third person labels it"


def test_a_label_that_has_changed_is_looked_at_anew(court: Court) -> None:
    court.labelled(1)
    row = court.given(BERT)
    before = court.world.now
    court.world.now += 5.0
    court.world.label(1, court.annotations, completed_by=ANNA, regions=said("a"))
    with pytest.raises(ReviewRefused, match="has changed"):
        court.decide(BERT, row, seen=before)
    assert court.decide(BERT, court.given(BERT), Outcome.ACCEPT).judged == said("a")


def test_nobody_decides_twice_and_late_work_counts_while_nobody_else_has_it(court: Court) -> None:
    court.labelled(1)
    row = court.given(BERT)
    court.world.now += 200.0
    court.given(CARL)
    with pytest.raises(ReviewRefused, match="not with you"):
        court.decide(BERT, row)
    court.world.now += 200.0
    court.decide(BERT, row, Outcome.ACCEPT)
    with pytest.raises(ReviewRefused):
        court.decide(CARL, row)
    with court.world.store.read() as uow:
        turn = uow.reviews.turn_of(row.id, court.desk(BERT).trainer.id, appeal=False)
    assert turn is not None
    assert turn.state is WorkState.LATE


def test_what_is_given_back_goes_to_somebody_else(court: Court) -> None:
    court.labelled(1)
    row = court.given(BERT)
    reviewing.give_back(court.runtime, court.desk(BERT), row.id, "not my field")
    assert court.next(BERT) is Nothing.EMPTY
    assert court.given(CARL).id == row.id
    with pytest.raises(ReviewRefused):
        reviewing.give_back(court.runtime, court.desk(BERT), row.id, "not my field")


def test_nobody_decides_and_the_label_is_approved(court: Court) -> None:
    label = court.labelled(1)
    row = court.given(BERT)
    assert court.pass_by(3 * DAY - 1) == 0
    assert court.pass_by(1) == 1
    after = court.row(row)
    assert (after.state, after.decided_by, after.reviewer_id) == (ReviewState.ACCEPTED, By.DEADLINE, None)
    assert court.counted() == [label]
    with pytest.raises(ReviewRefused):
        court.decide(BERT, row)
    assert court.next(CARL) is Nothing.EMPTY


def test_a_decision_after_the_deadline_is_refused_before_the_pass_has_run(court: Court) -> None:
    court.labelled(1)
    row = court.given(BERT)
    court.world.now += 4 * DAY
    with pytest.raises(ReviewRefused, match="over"):
        court.decide(BERT, row)
    assert court.next(CARL) is Nothing.EMPTY


@pytest.mark.parametrize("gone", ["deleted", "skipped", "changed", "task"])
@pytest.mark.parametrize("held", [True, False])
def test_nothing_is_left_to_judge(court: Court, gone: str, held: bool) -> None:
    world = court.world
    court.labelled(1)
    row = court.given(BERT)
    world.now += 1.0
    with world.store.begin() as uow:
        if gone == "deleted":
            uow.labels.remove(world.project, [court.annotations], world.now)
        if gone == "task":
            uow.items.mark_gone(world.project, [1], world.now)
    if gone == "skipped":
        world.label(1, court.annotations, completed_by=ANNA, was_cancelled=True)
    if gone == "changed":
        world.receive(task(1, text="changed"))
    assert court.next(CARL) is Nothing.EMPTY
    with pytest.raises(ReviewRefused):
        court.decide(BERT, row, Outcome.ACCEPT)
    if held:
        assert court.next(BERT) is Nothing.EMPTY
    else:
        assert court.pass_by(3 * DAY) == 1
    assert court.row(row).state is ReviewState.VOID


def test_accuracies_wait_for_reviews(court: Court) -> None:
    """What a rejected label says teaches nobody's skill; once the review is over, what counts does."""
    world = court.world
    with world.store.begin() as uow:
        uow.projects.update(world.project, overlap_people=2)
    court.labelled(1)
    court.own(1, BERT, "b")
    people = [court.desk(user).trainer.id for user in (ANNA, BERT)]

    def known() -> int:
        with world.store.begin() as uow:
            look_at_overlap(uow, court.project, world.ids(1), world.now)
            return len(uow.people.accuracies(people))

    assert known() == 0
    court.decide(CARL, court.given(CARL))
    assert known() == 0
    court.own(1, DORA, "a")
    assert known() == 0, "Anna may appeal"
    court.pass_by(SETTINGS.appeal_due_s)
    with world.store.read() as uow:
        anna, bert = (uow.people.accuracies([one]) for one in people)
    assert (len(anna), len(bert)) == (0, 1), "Bert and Dora have answered; what Anna said does not count"


def test_another_answer_of_the_item_counts_on(court: Court) -> None:
    world = court.world
    court.labelled(1)
    other = court.own(1, DORA)
    court.decide(BERT, court.given(BERT))
    assert court.counted() == [other]
    assert world.item(1).state is ItemState.LABELED
