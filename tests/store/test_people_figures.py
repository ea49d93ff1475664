"""What the operators' figures of people are counted from, on both databases; each count is told by hand beside it."""

from __future__ import annotations

import pytest

from models.fair_queue import Kind
from models.skills import FieldOfWork, Need
from models.types import Choices, Fold, Region
from serving.store.people_figures import Moment, Waited
from serving.store.people_records import Nothing, WorkState
from serving.store.records import LabelRole
from tests.store.people import Desks, skill
from tests.store.world import World, task

ANNA, BERT = 11, 12
LAW = FieldOfWork(domain="law")


@pytest.fixture
def desks(world: World) -> Desks:
    """Seven suggestions, of which tasks 1 and 2 need somebody who knows law; Anna does."""
    with world.store.begin() as uow:
        uow.projects.update(world.project, active_model="m1")
    for number in range(1, 8):
        world.published(number)
        world.now += 10.0
    with world.store.begin() as uow:
        uow.people.set_needs(world.project, dict.fromkeys(world.ids(1, 2), Need(LAW, 2)))
    made = Desks(world)
    made.join(ANNA, skill(3, domain="law")), made.join(BERT)
    return made


def moment(world: World) -> Moment:
    return Moment(world.now, world.now - 1000.0)


def law(world: World) -> int:
    with world.store.read() as uow:
        [id] = uow.people.needs(world.project)
    return id


def test_lines_of_what_waits(world: World, desks: Desks) -> None:
    with world.store.read() as uow:
        found = uow.people_figures.waiting(world.project, moment(world), train=False)
    skilled, plain = found[Kind.SUGGESTION, law(world)], found[Kind.SUGGESTION, None]
    assert set(found) == {(Kind.SUGGESTION, law(world)), (Kind.SUGGESTION, None)}
    assert (skilled.n, skilled.oldest, skilled.median) == (2, 1000.0, 1005.0)
    assert (plain.n, plain.oldest, plain.median) == (5, 1020.0, 1040.0)


def test_what_is_held_waits_no_longer_until_the_lease_is_over(world: World, desks: Desks) -> None:
    work = desks.given(ANNA)
    line = (Kind.SUGGESTION, law(world))
    with world.store.read() as uow:
        assert uow.people_figures.held(world.project, moment(world)) == {line: 1}
        assert uow.people_figures.holders(world.project, moment(world)) == {work.trainer_id}
        assert uow.people_figures.waiting(world.project, moment(world), train=False)[line].n == 1
        late = Moment(work.until, 0.0)
        silent = Moment(world.now, work.beat_at)
        for over in (late, silent):
            assert uow.people_figures.held(world.project, over) == {}
            assert uow.people_figures.holders(world.project, over) == set()
            assert uow.people_figures.waiting(world.project, over, train=False)[line].n == 2
            [piece] = uow.people_figures.pieces(world.project, over, since=0.0)
            assert (piece.state, piece.n, piece.active_s) == (WorkState.EXPIRED, 1, 0.0)


def test_each_kind_is_a_line_of_its_own(world: World, desks: Desks) -> None:
    """Blind items, and one that another person is to answer: it waits since the first answer."""
    for n in range(20, 24):
        world.receive(task(n, fold=Fold.VALIDATION, draw=0.001 * n))
    with world.store.begin() as uow:
        uow.items.set_blind(world.project, cut=0.0225, now=world.now)
    world.now += 100.0
    world.label(7, 1)
    with world.store.begin() as uow:
        uow.opinions.ask({world.ids(7)[0]: 2})
    world.now += 7.0
    with world.store.read() as uow:
        found = uow.people_figures.waiting(world.project, moment(world), train=False)
    assert {line: one.n for line, one in found.items()} == {
        (Kind.VALIDATION, None): 3,
        (Kind.FURTHER, None): 1,
        (Kind.SUGGESTION, law(world)): 2,
        (Kind.SUGGESTION, None): 4,
    }
    assert found[Kind.FURTHER, None].oldest == world.now - 7.0


def test_pieces_of_work_and_how_long_they_took(world: World, desks: Desks) -> None:
    started = world.now
    first = desks.given(ANNA)
    world.now += 30.0
    desks.hand_in(ANNA, first)
    lost = desks.given(BERT)
    world.now += 20.0
    with world.store.begin() as uow:
        uow.work.beat(lost.id, world.now)
    world.now = lost.until + 1.0
    second = desks.given(ANNA)  # ends Bert's lease
    world.now += 5.0
    with world.store.begin() as uow:
        uow.work.end(second.id, WorkState.RELEASED, world.now, given_back="not my field")
    world.now += 5.0
    desks.hand_in(BERT, lost)
    skipped = desks.given(BERT)
    world.now += 3.0
    desks.hand_in(BERT, skipped, skipped=True)
    with world.store.read() as uow:
        people = {one.trainer.user_id: one.trainer.id for one in uow.people.desks(world.project)}
        found = uow.people_figures.pieces(world.project, moment(world), since=0.0)
        assert {(one.trainer_id, one.state): (one.n, one.active_s) for one in found} == {
            (people[ANNA], WorkState.DONE): (1, 30.0),
            (people[ANNA], WorkState.RELEASED): (1, 5.0),
            (people[BERT], WorkState.LATE): (1, 20.0),
            (people[BERT], WorkState.SKIPPED): (1, 3.0),
        }
        assert uow.people_figures.handed_in(world.project, since=0.0) == {
            (Kind.SUGGESTION, law(world)): 1,
            (Kind.SUGGESTION, None): 1,
        }
        assert uow.people_figures.given_back(world.project, since=0.0) == {"not my field": 1}
        assert uow.people_figures.effective(world.project, since=0.0) == 2
        later = started + 40.0
        assert sum(one.n for one in uow.people_figures.pieces(world.project, moment(world), since=later)) == 2
        assert uow.people_figures.effective(world.project, since=later) == 0


def test_a_label_that_was_deleted_is_not_effective(world: World, desks: Desks) -> None:
    desks.hand_in(ANNA, desks.given(ANNA))
    desks.hand_in(ANNA, desks.given(ANNA))
    with world.store.begin() as uow:
        assert uow.people_figures.effective(world.project, since=0.0) == 2
        uow.labels.remove(world.project, [desks.annotations], world.now)
        assert uow.people_figures.effective(world.project, since=0.0) == 1


def test_how_sure_the_model_is_of_what_each_got(world: World, desks: Desks) -> None:
    sure = {id: n / 10 for n, id in enumerate(world.ids(*range(1, 7)), 1)} | {world.ids(7)[0]: None}
    with world.store.engine.begin() as conn:
        for id, confidence in sure.items():
            conn.exec_driver_sql(f"UPDATE item SET confidence = {confidence or 'NULL'} WHERE id = {id}")
    given: dict[int, list[float | None]] = {ANNA: [], BERT: []}
    for user in (ANNA, BERT, ANNA, BERT, ANNA, BERT, ANNA):
        work = desks.given(user)
        given[user].append(sure[work.item_id])
        desks.hand_in(user, work)
    with world.store.read() as uow:
        people = {one.trainer.id: one.trainer.user_id for one in uow.people.desks(world.project)}
        found = uow.people_figures.confidences(world.project, since=0.0)
        assert uow.people_figures.confidences(world.project, since=world.now + 1) == {}
    assert {people[id]: sorted(some) for id, some in found.items()} == {
        user: sorted(one for one in some if one is not None) for user, some in given.items()
    }


def test_how_long_people_wait_and_for_their_first_item(world: World) -> None:
    with world.store.begin() as uow:
        uow.projects.update(world.project, active_model="m1")
    desks = Desks(world)
    for user in (ANNA, BERT):
        desks.join(user)
    assert desks.ask(ANNA) is Nothing.EMPTY
    world.now += 42.0
    world.published(1, 2, 3)
    started = world.now
    for wait in (42.0, 0.0, 0.0):
        work = desks.given(ANNA)
        assert work.why["waited_s"] == wait
        desks.hand_in(ANNA, work)
        world.now += 10.0
    with world.store.read() as uow:
        anna, bert = uow.people_figures.firsts(world.project)
        assert uow.people_figures.waited(world.project, since=0.0) == Waited(3, 0.0, 42.0)
        assert uow.people_figures.waited(world.project, since=started + 5.0) == Waited(2, 0.0, 0.0)
        assert uow.people_figures.waited(world.project, since=world.now) == Waited(0, None, None)
    assert (anna.granted_at, anna.waited_s) == (started, 42.0)
    assert (bert.granted_at, bert.waited_s) == (None, None)


def test_items_with_several_answers_and_with_blind_ones(world: World, desks: Desks) -> None:
    good = (Region(control="label", value=Choices(labels=("a",))),)
    world.label(1, 1, completed_by=ANNA)
    world.label(1, 2, completed_by=BERT, regions=good)
    world.label(2, 3, completed_by=ANNA)
    world.label(2, 4, completed_by=ANNA)
    world.label(3, 5, completed_by=ANNA, role=LabelRole.AUDIT)
    world.label(4, 6, completed_by=ANNA, role=LabelRole.AUDIT, was_cancelled=True)
    world.label(5, 7, completed_by=ANNA)
    world.label(5, 8, completed_by=BERT)
    with world.store.begin() as uow:
        uow.labels.remove(world.project, [8], world.now)
        several, blind = uow.people_figures.answered(world.project)
    assert (several, blind) == ({*world.ids(1)}, {*world.ids(3)})
