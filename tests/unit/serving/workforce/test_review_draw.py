"""Which labels are drawn for review, as they come in from Label Studio; and what follows there of a rejection."""

from __future__ import annotations

import pytest

from models.gate.sampling import keyed_uniform
from models.people.reviews import Code, Outcome, Rule
from serving.pipeline import learn
from serving.store.people_records import DeskRow, Nothing, TrainerRow
from serving.store.records import ItemState, LabelRole
from serving.store.review_records import ReviewRow, ReviewState
from serving.workforce import reviewing
from serving.workforce.desk import projects_of, sign_in, take
from serving.workforce.review_draw import PURPOSE
from serving.workforce.reviewing import Decision
from tests.support.local_world import LocalWorld, choice, easy
from tests.unit.serving.conftest import MakeWorld

URL = "http://127.0.0.1:9"
ANNA, BERT, CARL = 21, 22, 23


def reviews(world: LocalWorld) -> list[ReviewRow]:
    with world.store.read() as uow:
        return uow.reviews.page(world.id, limit=1000)


def reviewer(world: LocalWorld, user: int) -> DeskRow:
    person = sign_in(world.runtime, URL, f"user {user}")
    with world.store.begin() as uow:
        uow.people.seat(world.id, person.id, daily_cap=None, reviews=True)
    return desk(world, person)


def desk(world: LocalWorld, person: TrainerRow) -> DeskRow:
    [(_, found)] = projects_of(world.runtime, person)
    return found


def decided(world: LocalWorld, person: DeskRow, outcome: Outcome) -> ReviewRow:
    row = reviewing.next_review(world.runtime, world.project, person)
    assert isinstance(row, ReviewRow)
    with world.store.read() as uow:
        seen = uow.labels.get(row.label_id).remote_updated_at
    made = Decision(outcome, seen, code=Code.GUIDELINE, evidence=Rule(text="rule 3"))
    return reviewing.decide(world.runtime, world.project, person, row.id, made)


def test_blind_labels_are_never_drawn(make: MakeWorld) -> None:
    world = make(review_rate=1.0)
    world.arrive(easy(40))
    world.sync()
    world.tick()
    world.label_wanted()
    with world.store.read() as uow:
        labels = {row.id: row.role for row in uow.labels.for_project(world.id)}
    drawn = {row.label_id for row in reviews(world)}
    assert drawn == {id for id, role in labels.items() if role is LabelRole.TRAIN}
    assert LabelRole.VALIDATION in labels.values(), "there were blind ones to leave out"


def test_the_share_is_drawn_by_hash_once(make: MakeWorld) -> None:
    world = make(review_rate=0.4, train_target=1000)
    tasks = world.arrive(easy(60))
    world.sync()
    annotations = [world.label(task) for task in tasks]
    world.sync()
    secret = world.runtime.sampling_secret(world.project)
    with world.store.read() as uow:
        ids = {row.id: annotation for annotation, row in uow.labels.by_annotation(world.id, annotations).items()}
    expected = {one for one in annotations if keyed_uniform(secret, PURPOSE, one) < 0.4}
    assert {ids[row.label_id] for row in reviews(world)} == expected
    assert 10 < len(expected) < 40
    world.change(review_rate=1.0)
    world.sync(full=True)
    assert len(reviews(world)) == len(expected), "labels that were there before the rate rose stay as they are"


def test_without_a_rate_nothing_is_drawn(world: LocalWorld) -> None:
    [task] = world.arrive(easy(1))
    world.sync()
    world.label(task)
    world.sync()
    assert reviews(world) == []


def test_an_edit_after_the_decision_is_drawn_anew_and_one_before_is_judged_as_it_is(make: MakeWorld) -> None:
    world = make(review_rate=1.0)
    [task] = world.arrive(easy(1))
    world.sync()
    annotation = world.label(task, "good")
    world.sync()
    world.platform.edit_annotation(annotation, choice("bad"))
    world.sync()
    assert len(reviews(world)) == 1
    decided(world, reviewer(world, BERT), Outcome.ACCEPT)
    world.sync(full=True)
    assert len(reviews(world)) == 1
    world.later()
    world.platform.edit_annotation(annotation, choice("good"))
    world.sync()
    assert [row.state for row in reviews(world)] == [ReviewState.ACCEPTED, ReviewState.PENDING]


def test_skips_and_what_a_reviewer_answers_are_not_drawn(make: MakeWorld) -> None:
    world = make(review_rate=1.0)
    first, second = world.arrive(easy(2))
    world.sync()
    world.platform.annotate(first, [], user_id=ANNA, was_cancelled=True)
    world.label(second, "good", user=ANNA)
    world.sync()
    [row] = reviews(world)
    bert = reviewer(world, BERT)
    found = reviewing.next_review(world.runtime, world.project, bert)
    assert isinstance(found, ReviewRow)
    world.later()
    world.label(second, "bad", user=BERT)
    with world.store.read() as uow:
        seen = uow.labels.get(row.label_id).remote_updated_at
    after = reviewing.decide(world.runtime, world.project, bert, row.id, Decision(Outcome.FIX, seen))
    assert after.state is ReviewState.FIXED, "it was read from Label Studio, which had not told of it yet"
    world.sync(full=True)
    assert len(reviews(world)) == 1
    with world.store.read() as uow:
        [(_, label)] = uow.labels.training(world.id)
        examples = learn.examples(world.runtime, uow, world.project)
    assert label.completed_by == BERT
    assert [example.label.regions for example in examples] == [label.regions]


def test_a_rejected_item_is_given_to_somebody_else_and_kept_for_them(make: MakeWorld) -> None:
    """Before there is a model and in Label Studio, too, where the rejected answer still stands."""
    world = make(review_rate=1.0, validation_fraction=0.01)
    [task] = world.arrive(easy(1))
    world.sync()
    anna, carl = (sign_in(world.runtime, URL, f"user {user}") for user in (ANNA, CARL))
    bert = reviewer(world, BERT)
    assert not isinstance(take(world.runtime, world.project, desk(world, anna)), Nothing)
    world.label(task, user=ANNA)
    world.sync()
    assert decided(world, bert, Outcome.REJECT).state is ReviewState.REJECTED
    assert world.item(task).state is ItemState.RECEIVED
    for person in (desk(world, anna), bert):
        assert isinstance(take(world.runtime, world.project, person), Nothing)
    found = take(world.runtime, world.project, desk(world, carl))
    assert not isinstance(found, Nothing)
    assert found[1].startswith("memory://"), "held for Carl in Label Studio's own stream"
    assert found[0].why["code"] == "label_rejected"
    world.label(task, user=CARL)
    world.sync()
    assert world.item(task).state is ItemState.LABELED
    assert {row.author for row in reviews(world)} == {ANNA, CARL}


def test_who_was_rejected_cannot_answer_the_same_item_again(make: MakeWorld) -> None:
    """Not by another annotation either, while the rejection stands; others can."""
    world = make(review_rate=1.0)
    [task] = world.arrive(easy(1))
    world.sync()
    world.label(task, "good", user=ANNA)
    world.sync()
    decided(world, reviewer(world, BERT), Outcome.REJECT)
    again = world.label(task, "bad", user=ANNA)
    world.sync()
    assert world.item(task).state is ItemState.RECEIVED
    with world.store.read() as uow:
        assert uow.labels.by_annotation(world.id, [again])[again].set_aside
        assert uow.labels.for_project(world.id) == []
    assert len(reviews(world)) == 1
    world.label(task, "bad", user=CARL)
    world.sync()
    assert world.item(task).state is ItemState.LABELED


@pytest.mark.parametrize("late", [False, True])
def test_the_pipeline_closes_what_is_due(make: MakeWorld, late: bool) -> None:
    world = make(review_rate=1.0)
    [task] = world.arrive(easy(1))
    world.sync()
    world.label(task)
    world.sync()
    world.later(world.runtime.settings.review_due_s * (1.0 if late else 0.9))
    world.worker.learn(world.project)
    [row] = reviews(world)
    assert row.state is (ReviewState.ACCEPTED if late else ReviewState.PENDING)
