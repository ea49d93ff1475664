"""Appeals, on both databases; what reviewers did; and what Label Studio is told."""

from __future__ import annotations

import threading
from contextlib import suppress

import pytest

from models.errors import NotFoundError, PlatformUnavailable, ReviewRefused
from models.people.reviews import Answer, Code, Outcome
from serving.store.people_records import DeskRow, Nothing, WorkState
from serving.store.records import LABEL_REJECTED, ItemState, LabelRole
from serving.store.review_records import By, ReviewRow, ReviewState
from serving.workforce import reviewing
from tests.store.court import ANNA, BERT, CARL, DAY, DORA, RULE, SETTINGS, Court
from tests.store.people import Desks
from tests.store.world import World, task
from tests.support.patience import PATIENCE_S


@pytest.fixture
def court(world: World) -> Court:
    """Tasks 1 to 4, of which the model says "a"."""
    with world.store.begin() as uow:
        uow.projects.update(world.project, active_model="m1")
    world.published(1, 2, 3, 4)
    return Court(world)


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
            barrier.wait(timeout=PATIENCE_S)
            row = reviewing.next_review(court.runtime, court.project, person)
            if isinstance(row, ReviewRow):
                with lock:
                    found.append((row.id, person.trainer.id))
                court.decide(person.trainer.user_id, row, Outcome.ACCEPT)

    threads = [threading.Thread(target=work, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=PATIENCE_S)
    assert sorted(review for review, _ in found) == sorted({review for review, _ in found})
    assert len(found) == 4


def test_blind_labels_are_apart(court: Court) -> None:
    """Nothing here touches what certifies: their role keeps them out of the draw (see test_review_draw)."""
    court.world.label(1, 500, role=LabelRole.VALIDATION)
    assert court.next(BERT) is Nothing.EMPTY


def test_an_appeal_and_its_deadline_at_once(court: Court) -> None:
    """Whichever comes first holds, and nothing is left between the two."""
    for number in (1, 2, 3, 4):
        court.labelled(number)
    rows = [court.decide(BERT, court.given(BERT)) for _ in range(4)]
    court.world.now += SETTINGS.appeal_due_s - 0.001
    barrier, appealed = threading.Barrier(2), list[int]()

    def appeal() -> None:
        barrier.wait(timeout=PATIENCE_S)
        for row in rows:
            with suppress(ReviewRefused):
                appealed.append(court.appeal(row).id)

    def deadline() -> None:
        barrier.wait(timeout=PATIENCE_S)
        for _ in range(6):
            court.pass_by(0.0005)

    threads = [threading.Thread(target=target) for target in (appeal, deadline)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=PATIENCE_S)
    for row in map(court.row, rows):
        state = ReviewState.APPEALED if row.id in appealed else ReviewState.REJECTED
        assert (row.state, row.closed_at is None) == (state, row.id in appealed)
