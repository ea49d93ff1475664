"""Rows of one person's own figures, on both databases."""

from __future__ import annotations

from models.people.reviews import Code, Outcome
from models.people.skill import Skill as Accuracy
from models.skills import FieldOfWork
from models.types import Fold
from serving.monitoring.kept import EVERY_S
from serving.monitoring.kept_figures import peered
from serving.monitoring.own import own
from serving.store.gold_records import Ruling
from serving.store.own import Given, Handed, Reviewed
from serving.store.people_figures import Moment
from serving.store.people_records import Ground, WorkState
from serving.store.records import LabelRole
from serving.store.review_records import ReviewState
from serving.workforce import gold as marks
from serving.workforce.hand_out import QUALITY, give_back
from tests.store.court import DAY, Court
from tests.store.golden import Golden, always
from tests.store.people import Desks
from tests.store.test_gold import mark
from tests.store.world import World, new_project, task

ANNA, BERT = 11, 12
URL = "http://127.0.0.1:8080"


def handed(
    world: World, trainer: int, project: int | None = None, *, since: float = 0.0, silent_since: float = 0.0
) -> list[Handed]:
    with world.store.read() as uow:
        at = Moment(world.now, silent_since)
        return uow.own.handed(project or world.project, trainer, at, since=since)


def given(world: World, user: int, project: int | None = None) -> list[Given]:
    with world.store.read() as uow:
        return uow.own.given(project or world.project, user)


def test_what_was_handed_out_is_ones_own_with_what_was_told(world: World) -> None:
    with world.store.begin() as uow:
        uow.projects.update(world.project, active_model="m1")
    world.published(1, 2, 3, 4)
    world.receive(task(5, fold=Fold.VALIDATION, draw=0.1))
    with world.store.begin() as uow:
        uow.items.set_blind(world.project, cut=0.2, now=world.now)
    desks = Desks(world)
    anna, bert = desks.join(ANNA).trainer.id, desks.join(BERT).trainer.id
    other = World(world.store, "other", number=2)
    first = desks.given(ANNA)
    desks.hand_in(ANNA, first)
    world.now += 10.0
    second = desks.given(ANNA)
    assert give_back(desks.runtime, second, "not my field")
    world.now += 10.0
    third = desks.given(ANNA)
    desks.given(BERT)
    found = handed(world, anna, since=world.now - 10.0)
    assert [one.state for one in found] == [WorkState.DONE, WorkState.RELEASED, WorkState.HELD]
    assert [one.reason for one in found] == [None, "not my field", None]
    assert [one.code for one in found] == [work.why["code"] for work in (first, second, third)]
    assert found[0].code == QUALITY, "what is blind comes first"
    assert [one.n for one in found] == [1, 1, 1]
    assert [one.recent for one in found] == [False, True, True]
    silent = handed(world, anna, silent_since=world.now)
    assert [one.state for one in silent] == [*[one.state for one in found[:2]], WorkState.EXPIRED], "nothing was heard"
    assert len(handed(world, bert)) == 1
    assert handed(world, anna, other.project) == []
    world.now += 100.0
    assert handed(world, anna)[-1].state is WorkState.EXPIRED, "though nobody has ended it"


def test_what_was_handed_out_alike_is_counted_together(world: World) -> None:
    with world.store.begin() as uow:
        uow.projects.update(world.project, active_model="m1")
    world.published(*range(1, 8))
    desks = Desks(world)
    anna = desks.join(ANNA).trainer.id
    for reason in ("not my field", "not my field", "too long", "label studio: gone", ""):
        assert give_back(desks.runtime, desks.given(ANNA), reason, unasked=reason == "label studio: gone")
    found = handed(world, anna)
    assert [(one.reason, one.unasked, one.n) for one in found] == [
        ("not my field", False, 2),
        ("too long", False, 1),
        ("label studio: gone", True, 1),
        ("", False, 1),
    ]


def test_annotations_are_ones_own_and_there(world: World) -> None:
    world.published(1, 2, 3, 4)
    other = World(world.store, "other", number=2)
    other.published(1)
    world.now += 5.0
    world.label(2, 102, completed_by=ANNA, lead_time=None, loss=None, role=LabelRole.TRAIN)
    world.label(1, 101, completed_by=ANNA, remote_updated_at=world.now - 1)
    world.label(3, 103, completed_by=ANNA, was_cancelled=True)
    world.label(4, 104, completed_by=ANNA)
    world.label(4, 105, completed_by=BERT)
    other.label(1, 101, completed_by=ANNA)
    with world.store.begin() as uow:
        uow.labels.remove(world.project, [104], world.now)
    one, two, three = world.ids(1, 2, 3)
    assert given(world, ANNA) == [
        Given(one, False, LabelRole.CORRECTION, 2.5, 1.0, world.now - 1),
        Given(two, False, LabelRole.TRAIN, None, None, world.now),
        Given(three, True, LabelRole.CORRECTION, 2.5, 1.0, world.now),
    ]
    assert [row.item_id for row in given(world, BERT)] == world.ids(4)
    assert [row.item_id for row in given(world, ANNA, other.project)] == other.ids(1)
    assert given(world, 99) == []


def test_whose_label_teaches_is_whose_the_model_gets(world: World) -> None:
    world.published(1, 2, 3)
    world.receive(task(5, fold=Fold.VALIDATION, draw=0.1))
    world.label(1, 101, completed_by=ANNA)
    world.label(1, 102, completed_by=BERT, remote_updated_at=world.now + 1)
    world.label(2, 103, completed_by=ANNA)
    world.label(3, 104, completed_by=BERT, was_cancelled=True)
    world.label(5, 105, completed_by=ANNA, role=LabelRole.VALIDATION)
    with world.store.read() as uow:
        by = uow.labels.taught_by(world.project)
        pairs = uow.labels.training(world.project)
    assert by == {item.id: label.completed_by for item, label in pairs}
    assert by == dict(zip(world.ids(1, 2), (BERT, ANNA), strict=True))


def test_decisions_on_ones_own_labels(world: World) -> None:
    with world.store.begin() as uow:
        uow.projects.update(world.project, active_model="m1")
    world.published(1, 2, 3, 4)
    court = Court(world)
    for number in (1, 2, 3, 4):
        court.labelled(number)
    court.decide(BERT, court.given(BERT), Outcome.ACCEPT)
    fixed = court.given(BERT)
    court.own(2, BERT)
    court.decide(BERT, fixed, Outcome.FIX, code=Code.WRONG_LABEL)
    court.decide(BERT, court.given(BERT), Outcome.REJECT, code=Code.GUIDELINE)
    court.appeal(court.row(fixed))
    at = world.now
    with world.store.read() as uow:
        found = uow.own.reviewed(world.project, ANNA)
        assert uow.own.reviewed(world.project, BERT) == [], "what somebody decided is not about them"
    assert found == [
        Reviewed(ReviewState.ACCEPTED, at - 1.0, by_deadline=False, fixed=False, code=None, appealed=False),
        Reviewed(ReviewState.APPEALED, at, by_deadline=False, fixed=True, code="wrong_label", appealed=True),
        Reviewed(ReviewState.REJECTED, at, by_deadline=False, fixed=False, code="guideline", appealed=False),
    ], "the fourth is still to be decided"
    world.now += 30 * DAY
    court.pass_by(1)
    with world.store.read() as uow:
        after = uow.own.reviewed(world.project, ANNA)
    assert [one.state for one in after] == ["accepted", "overturned", "rejected", "accepted"]
    assert [one.by_deadline for one in after] == [False, False, False, True]


def test_marks_of_ones_own_answers(world: World) -> None:
    golden = Golden(world, always())
    first, _ = golden.gold(1, 2)
    for user in (ANNA, BERT):
        golden.join(user)
    anna = golden.desk(ANNA).trainer.id
    mark(golden, ANNA, 1, "b")
    mark(golden, ANNA, 2, "a")
    mark(golden, BERT, 1, "a")
    right = [one.is_right for one in golden.answers(ANNA)]
    assert sorted(right) == [False, True]
    with world.store.begin() as uow:
        marks.dispute(uow, golden.answers(ANNA)[0], "it is irony", world.now)
        marks.rule(uow, first, Ruling.WITHDRAWN, "so it is", world.now)
    with world.store.read() as uow:
        found = uow.own.marked(world.project, anna)
    assert [(one.is_right, one.counts, one.disputed) for one in found] == [
        (right[0], False, True),
        (right[1], True, False),
    ]
    with world.store.read() as uow:
        assert uow.own.marked(world.project + 1, anna) == []


def test_accuracy_is_ones_own_wherever_one_works_and_the_others_are_those_of_the_project(world: World) -> None:
    """Anna works in two projects, with five others in each; only in one of them are the others mostly wrong."""
    with world.store.begin() as uow:
        second = uow.projects.add(new_project("second", number=2), 0.0)
        add = uow.people.add
        anna, *others = [add(URL, ANNA + n, email=f"{n}@x", name=f"p{n}", now=0.0) for n in range(11)]
        here, there = others[:5], others[5:]
        for project, people in ((world.project, [anna, *here]), (second.id, [anna, *there])):
            for person in people:
                uow.people.seat(project, person.id, daily_cap=None)
        field = FieldOfWork()
        right = {anna.id: 8.0} | {one.id: 9.0 for one in here} | {one.id: 1.0 for one in there}
        uow.people.keep_compared({Ground(who, field, False): Accuracy(n, 10.0 - n) for who, n in right.items()}, 0.0)
        first = uow.projects.get(world.project)
        desks = [uow.people.desk(project.id, anna.id) for project in (first, second)]
        assert uow.people.desk(second.id, here[0].id) is None
        assert uow.people.seated(second.id) == [anna.id, *(one.id for one in there)]
    assert all(desk is not None and desk.trainer.user_id == ANNA for desk in desks)
    places = [(project, desk) for project, desk in zip((first, second), desks, strict=True) if desk is not None]
    runtime = Desks(world).runtime
    [[of_first], [of_second]] = [own(runtime, *place).accuracies for place in places]
    assert of_first.mean == of_second.mean, "it is the person's, wherever they work"
    assert of_first.peers.n == of_second.peers.n == 5
    assert of_first.peers.lower is not None
    assert of_second.peers.upper is not None
    assert of_first.peers.lower > of_first.mean > of_second.peers.upper


def test_others_are_as_they_were_counted_last_and_oneself_is_as_of_now(world: World) -> None:
    people = Desks(world)
    field = FieldOfWork()
    ids = [people.join(ANNA + n).trainer.id for n in range(6)]

    def told(right: float, *, after_s: float) -> tuple[float, float | None]:
        """Everybody is right on so many of ten; what Anna is told so many seconds later."""
        with world.store.begin() as uow:
            uow.people.keep_compared({Ground(who, field, False): Accuracy(right, 10.0 - right) for who in ids}, 0.0)
        world.now += after_s
        [found] = own(people.runtime, people.project, people.desk(ANNA)).accuracies
        assert found.peers.n == 5
        return found.mean, found.peers.upper

    with world.store.begin() as uow:
        uow.people.keep_compared({Ground(who, field, False): Accuracy(9.0, 1.0) for who in ids}, 0.0)
    assert peered.refresh(people.runtime, people.project)
    assert told(5.0, after_s=EVERY_S - 1.0) == (0.5, 0.9)
    assert not peered.refresh(people.runtime, people.project), "it is not time"
    world.now += 1.0
    assert peered.refresh(people.runtime, people.project)
    assert told(5.0, after_s=0.0) == (0.5, 0.5)
