"""Reviews of labels and appeals, on both databases."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import pytest

from connectors.memory import MemoryPlatform
from models.errors import EvidenceMissing, NotFoundError, PlatformUnavailable, ReviewRefused
from models.people.reviews import Answer, Code, Diff, Gold, Outcome, Own, Rule
from models.skills import FieldOfWork, Need
from models.types import Choices, Fold, Region
from serving.pipeline.decide import decide as route_of
from serving.pipeline.decide import gate_of
from serving.pipeline.runtime import Runtime
from serving.settings import Settings
from serving.store.people_records import DeskRow, Nothing, WorkState
from serving.store.records import LABEL_REJECTED, ItemState, LabelRole
from serving.store.review_records import By, ReviewRow, ReviewState
from serving.workforce import reviewing
from serving.workforce.overlap import review as look_at_overlap
from serving.workforce.reviewing import Decision
from tests.store.people import Desks, skill
from tests.store.world import World, task

ANNA, BERT, CARL, DORA = 11, 12, 13, 14
DAY = 86_400.0
SETTINGS = Settings(people_lease_s=100.0, people_silent_s=1e9, people_present_s=30.0)
XML = '<View><Text name="text" value="$text"/><Choices name="label" toName="text"><Choice value="a"/></Choices></View>'
RULE = Rule(text="3.2: irony is negative")


class Court(Desks):
    """People at their desks, of whom Bert, Carl and Dora may review; Anna labels."""

    def __init__(self, world: World) -> None:
        super().__init__(world, SETTINGS)
        self.platform = MemoryPlatform(XML)
        self.join(ANNA)
        for user in (BERT, CARL, DORA):
            self.join(user)
            self.may_review(user)

    @property
    def runtime(self) -> Runtime:
        return replace(super().runtime, platform=lambda _: self.platform)

    def may_review(self, user: int, may: bool = True) -> None:
        with self.world.store.begin() as uow:
            uow.people.seat(self.world.project, self.desk(user).trainer.id, daily_cap=None, reviews=may)

    def labelled(self, number: int, user: int = ANNA, label: str = "b", **more: Any) -> int:
        """A person's label, drawn for review; its id."""
        self.annotations += 1
        self.world.label(number, self.annotations, completed_by=user, regions=said(label), **more)
        with self.world.store.begin() as uow:
            row = uow.labels.by_annotation(self.world.project, [self.annotations])[self.annotations]
            uow.reviews.draw([(row, 1)], due_at=self.world.now + 3 * DAY, now=self.world.now)
        return row.id

    def own(self, number: int, user: int, label: str = "a") -> int:
        """A reviewer's own answer in Label Studio; the label's id."""
        self.annotations += 1
        self.world.now += 1.0
        self.world.label(number, self.annotations, completed_by=user, regions=said(label))
        with self.world.store.read() as uow:
            return uow.labels.by_annotation(self.world.project, [self.annotations])[self.annotations].id

    def next(self, user: int) -> ReviewRow | Nothing:
        return reviewing.next_review(self.runtime, self.project, self.desk(user))

    def given(self, user: int) -> ReviewRow:  # type: ignore[override]
        found = self.next(user)
        assert isinstance(found, ReviewRow), found
        return found

    def decide(self, user: int, row: ReviewRow, outcome: Outcome = Outcome.REJECT, **more: Any) -> ReviewRow:
        with self.world.store.read() as uow:
            seen = uow.labels.get(row.label_id).remote_updated_at
        values: dict[str, Any] = {"seen": seen}
        if outcome is Outcome.REJECT:
            values |= {"code": Code.WRONG_LABEL, "evidence": RULE}
        made = Decision(outcome, **values | more)
        return reviewing.decide(self.runtime, self.project, self.desk(user), row.id, made)

    def appeal(self, row: ReviewRow, user: int = ANNA) -> ReviewRow:
        return reviewing.appeal(self.runtime, self.project, self.desk(user), row.id, "irony is not meant here")

    def answer(self, user: int, row: ReviewRow, said: Answer = Answer.OVERTURN) -> ReviewRow:
        return reviewing.answer(self.runtime, self.project, self.desk(user), row.id, said, "I agree")

    def pass_by(self, seconds: float) -> int:
        self.world.now += seconds
        return reviewing.close_due(self.runtime, self.project)

    def row(self, row: ReviewRow) -> ReviewRow:
        with self.world.store.read() as uow:
            return uow.reviews.get(row.id)

    def counted(self) -> list[int]:
        """Ids of the labels that count."""
        with self.world.store.read() as uow:
            return [label.id for label in uow.labels.for_project(self.world.project)]

    def offered(self, user: int) -> set[int]:
        """Tasks that the person may still be given."""
        person = self.desk(user)
        with self.world.store.read() as uow:
            heads = uow.work.heads(self.world.project, train=False, limit=99, person=person)
            return {item.task_id for item in uow.items.rows([one.id for one in heads])}


def said(label: str) -> tuple[Region, ...]:
    return (Region(control="label", value=Choices(labels=(label,))),)


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
        ({"code": Code.GOLD, "evidence": Gold(task=99)}, "no task 99"),
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


def test_an_appeal_goes_to_a_second_person_and_restores_the_label(court: Court) -> None:
    label = court.labelled(1)
    row = court.decide(BERT, court.given(BERT))
    with pytest.raises(NotFoundError):
        court.appeal(row, CARL)
    appealed = court.appeal(row)
    assert (appealed.state, appealed.appeal) == (ReviewState.APPEALED, "irony is not meant here")
    assert court.counted() == [], "it does not count while the appeal is open"
    with pytest.raises(ReviewRefused, match="one appeal"):
        court.appeal(row)
    court.may_review(ANNA)
    assert court.next(BERT) is Nothing.EMPTY, "not to whoever decided first"
    assert court.next(ANNA) is Nothing.EMPTY, "nor to the author"
    for user in (ANNA, BERT):
        with pytest.raises(ReviewRefused):
            court.answer(user, appealed)
    after = court.answer(CARL, court.given(CARL))
    assert (after.state, after.answered_by, after.answer) == (ReviewState.OVERTURNED, By.REVIEWER, "I agree")
    assert after.second_id == court.desk(CARL).trainer.id
    assert court.counted() == [label]
    assert court.world.item(1).state is ItemState.LABELED
    with pytest.raises(ReviewRefused):
        court.appeal(after)


def test_the_first_decision_may_stand(court: Court) -> None:
    court.labelled(1)
    court.appeal(court.decide(BERT, court.given(BERT)))
    after = court.answer(CARL, court.given(CARL), Answer.UPHOLD)
    assert (after.state, after.closed_at) == (ReviewState.UPHELD, court.world.now)
    assert court.counted() == []
    with pytest.raises(ReviewRefused):
        court.appeal(after)


def test_an_appeal_has_its_time(court: Court) -> None:
    court.labelled(1)
    row = court.decide(BERT, court.given(BERT))
    assert court.pass_by(SETTINGS.appeal_due_s) == 1
    closed = court.row(row)
    assert (closed.state, closed.closed_at) == (ReviewState.REJECTED, court.world.now)
    with pytest.raises(ReviewRefused):
        court.appeal(closed)
    assert court.pass_by(DAY) == 0


def test_an_appeal_that_nobody_decides_is_decided_for_the_author(court: Court) -> None:
    label = court.labelled(1)
    row = court.appeal(court.decide(BERT, court.given(BERT)))
    court.given(CARL)
    assert court.pass_by(SETTINGS.appeal_answer_s) == 1
    after = court.row(row)
    assert (after.state, after.answered_by, after.second_id) == (ReviewState.OVERTURNED, By.DEADLINE, None)
    assert court.counted() == [label]
    with court.world.store.read() as uow:
        [bert] = [one for one in uow.reviews.figures(court.world.project) if one.outcomes]
        assert uow.reviews.by_deadline(court.world.project) == {ReviewState.OVERTURNED: 1}
    assert (bert.overturned, bert.upheld) == (0, 0), "nobody has looked at it: it says nothing of the reviewer"


def test_a_lease_that_runs_when_the_label_is_restored_may_be_finished(court: Court) -> None:
    world = court.world
    label = court.labelled(1)
    row = court.appeal(court.decide(BERT, court.given(BERT)))
    world.decide(reason=LABEL_REJECTED)
    while (work := Desks.given(court, DORA)).item_id != row.item_id:
        court.hand_in(DORA, work)
    court.answer(CARL, court.given(CARL))
    assert world.item(1).state is ItemState.LABELED
    assert Desks.given(court, DORA).id == work.id, "it is still hers"
    court.hand_in(DORA, work)
    with world.store.read() as uow:
        assert uow.work.get(work.id).state is WorkState.DONE
        heard = uow.opinions.said([row.item_id])[row.item_id]
    assert [one.completed_by for one in heard] == [ANNA, DORA]
    assert heard[0].id == label


def test_a_restored_label_of_old_data_does_not_end_the_wait_for_the_new(court: Court) -> None:
    world = court.world
    label = court.labelled(1)
    court.appeal(court.decide(BERT, court.given(BERT)))
    world.receive(task(1, text="changed"))
    court.answer(CARL, court.given(CARL))
    assert court.counted() == [label]
    assert world.item(1).state is ItemState.RECEIVED


@pytest.mark.parametrize("gone", ["deleted", "skipped", "changed", "task"])
def test_nothing_is_left_to_judge(court: Court, gone: str) -> None:
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
    assert court.pass_by(0) == 1
    assert court.row(row).state is ReviewState.VOID
    assert court.next(BERT) is Nothing.EMPTY


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


def test_label_studio_is_asked_for_one_more_than_counts(court: Court) -> None:
    [there] = court.platform.add_tasks([{"text": "x"}])
    assert there == 1
    court.labelled(1)
    row = court.decide(BERT, court.given(BERT))
    assert court.platform._tasks[1].people == 2
    court.appeal(row)
    court.answer(CARL, court.given(CARL))
    assert court.platform._tasks[1].people == 1


def test_an_outage_of_label_studio_stops_no_decision(court: Court) -> None:
    court.labelled(1)
    row = court.given(BERT)
    court.platform.fail_next(1, PlatformUnavailable("down"))
    assert court.decide(BERT, row).state is ReviewState.REJECTED


def test_figures_of_reviewers(court: Court) -> None:
    for number in (1, 2, 3):
        court.labelled(number)
    court.decide(BERT, court.given(BERT), Outcome.ACCEPT)
    for said_of, code in ((Answer.OVERTURN, Code.WRONG_LABEL), (Answer.UPHOLD, Code.NOT_DONE)):
        court.appeal(court.decide(BERT, court.given(BERT), code=code))
        court.answer(CARL, court.given(CARL), said_of)
    court.labelled(4)
    court.given(DORA)
    court.world.now += 500.0
    court.given(CARL)
    with court.world.store.read() as uow:
        bert, carl, dora = uow.reviews.figures(court.world.project)
        counts = uow.reviews.counts(court.world.project)
    assert bert.outcomes == {ReviewState.ACCEPTED: 1, ReviewState.OVERTURNED: 1, ReviewState.UPHELD: 1}
    assert bert.codes == {Code.WRONG_LABEL: 1, Code.NOT_DONE: 1}
    assert (bert.overturned, bert.upheld, bert.turns) == (1, 1, {WorkState.DONE: 3})
    assert carl.answered == {ReviewState.OVERTURNED: 1, ReviewState.UPHELD: 1}
    assert dora.turns == {WorkState.EXPIRED: 1}
    assert counts[ReviewState.PENDING] == 1


def test_reviews_are_work(court: Court) -> None:
    """They count for the day's cap and for whose turn it is."""
    for number in (1, 2):
        court.labelled(number)
    court.join(BERT, cap=1)
    row = court.given(BERT)
    assert court.desk(BERT).offered == 1.0
    court.decide(BERT, row, Outcome.ACCEPT)
    assert court.next(BERT) is Nothing.CAP
    assert court.ask(BERT) is Nothing.CAP


def test_a_reviewer_is_forgotten_and_decisions_stay(court: Court) -> None:
    world = court.world
    court.labelled(1)
    row = court.appeal(court.decide(BERT, court.given(BERT), note="read 3.2"))
    bert, anna = court.desk(BERT).trainer, court.desk(ANNA).trainer
    with world.store.begin() as uow:
        for one in (bert, anna):
            uow.reviews.forget_words([world.project], one.id, one.user_id)
            uow.people.erase(one.id)
    after = court.row(row)
    assert (after.state, after.code, after.evidence) == (ReviewState.APPEALED, Code.WRONG_LABEL, RULE)
    assert (after.reviewer_id, after.note, after.appeal) == (None, "", "")
    assert court.given(CARL).id == row.id


def test_two_reviewers_at_once_never_get_the_same(court: Court) -> None:
    for number in (1, 2, 3, 4):
        court.labelled(number)
    people: list[DeskRow] = [court.desk(user) for user in (BERT, CARL, DORA)]
    barrier, found, lock = threading.Barrier(len(people)), list[tuple[int, int]](), threading.Lock()

    def work(person: DeskRow) -> None:
        for _ in range(4):
            barrier.wait(timeout=30)
            row = reviewing.next_review(court.runtime, court.project, person)
            if isinstance(row, ReviewRow):
                with lock:
                    found.append((row.id, person.trainer.id))
                court.decide(person.trainer.user_id, row, Outcome.ACCEPT)

    threads = [threading.Thread(target=work, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(review for review, _ in found) == sorted({review for review, _ in found})
    assert len(found) == 4


def test_blind_labels_are_apart(court: Court) -> None:
    """Nothing here touches what certifies: their role keeps them out of the draw (see test_review_draw)."""
    court.world.label(1, 500, role=LabelRole.VALIDATION)
    assert court.next(BERT) is Nothing.EMPTY
