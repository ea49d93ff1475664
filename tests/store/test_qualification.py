"""Qualifications: a set of gold items with feedback, and the level at the end; on both databases."""

from __future__ import annotations

import pytest

from models.errors import ConflictError
from models.fair_queue import Kind
from models.people.skill import Skill as Accuracy
from models.skills import FieldOfWork, Need
from serving.store.gold_records import QualificationRow, Ruling
from serving.store.people_records import Nothing, WorkState
from serving.workforce import gold as marks
from serving.workforce import qualification
from serving.workforce.hand_out import give_back
from tests.store.golden import LAW, Golden, always
from tests.store.people import skill
from tests.store.world import World

ANNA, BERT = 11, 12


@pytest.fixture
def golden(world: World) -> Golden:
    """Twelve gold items in law, and ordinary work that needs no skill."""
    found = Golden(world, always(0.0, qualification_items=8))
    found.gold(*range(1, 13))
    world.published(*range(20, 30))
    found.join(ANNA), found.join(BERT)
    return found


def start(golden: Golden, user: int, field: FieldOfWork = LAW) -> QualificationRow:
    with golden.world.store.begin() as uow:
        return qualification.start(uow, golden.desk(user), field, golden.settings, golden.world.now)


def go_through(golden: Golden, user: int, labels: str) -> None:
    for label in labels:
        work = golden.given(user)
        assert work.kind is Kind.QUALIFICATION
        golden.answer(user, work, label)


def again(golden: Golden, one: QualificationRow) -> QualificationRow:
    with golden.world.store.read() as uow:
        return uow.qualifications.get(one.id)


def test_a_set_from_start_to_level(world: World, golden: Golden) -> None:
    one = start(golden, ANNA)
    assert one.wanted == 8
    work = golden.given(ANNA)
    assert work.why == {"code": "qualification", "qualification": one.id, "field": "law/any/any", "place": 1, "of": 8}
    assert golden.desk(ANNA).offered == golden.desk(BERT).offered + 1, "it is work like any other"
    go_through(golden, ANNA, "aaaaaaaa")
    assert golden.level(ANNA, "qualification") == golden.level(ANNA, "results") == 2
    assert again(golden, one).level == 2
    assert golden.given(ANNA).kind is Kind.SUGGESTION
    with world.store.begin() as uow:
        uow.people.set_needs(world.project, dict.fromkeys(world.ids(*range(20, 30)), Need(LAW, 2)))
    assert golden.ask(BERT) is Nothing.EMPTY
    golden.answer(ANNA, golden.given(ANNA), "a")
    assert golden.given(ANNA).why["needs"] == "law/any/any from level 2", "the level opens what it is for"


def test_a_bad_set_gives_nothing_and_can_be_repeated(golden: Golden) -> None:
    one = start(golden, ANNA)
    with pytest.raises(ConflictError, match="under way"):
        start(golden, ANNA)
    go_through(golden, ANNA, "bbbbaaaa")
    assert again(golden, one).level == 0
    assert golden.level(ANNA, "qualification") == 0
    second = start(golden, ANNA)
    assert second.wanted == 4, "what was seen does not come again"
    go_through(golden, ANNA, "aaaa")
    assert golden.level(ANNA, "qualification") == 1
    assert golden.level(ANNA, "results") == 0, "all twelve answers count there"
    with pytest.raises(ConflictError, match="0 items in law/any/any are left"):
        start(golden, ANNA)


def test_a_level_never_falls_and_the_operators_word_stands(golden: Golden) -> None:
    golden.join(ANNA, skill(3, domain="law"))
    start(golden, ANNA)
    go_through(golden, ANNA, "aaaaaaaa")
    start(golden, ANNA)
    go_through(golden, ANNA, "bbbb")
    assert golden.level(ANNA, "qualification") == 2
    assert golden.level(ANNA, "operator") == 3
    assert Need(LAW, 3).met_by(golden.desk(ANNA).skills)


def test_what_is_passed_over_counts_against_the_level_alone(world: World, golden: Golden) -> None:
    one = start(golden, ANNA)
    go_through(golden, ANNA, "aaaaa")
    assert give_back(golden.runtime, golden.given(ANNA), "too long")
    golden.answer(ANNA, golden.given(ANNA), "a", skipped=True)
    assert give_back(golden.runtime, golden.given(ANNA), "label studio: gone", unasked=True)
    assert golden.given(ANNA).why["place"] == 8, "what could not be had was not passed over"
    go_through(golden, ANNA, "a")
    with world.store.read() as uow:
        found = qualification.progress(uow, again(golden, one))
        known = uow.people.accuracies([one.trainer_id])
    assert (found.over, found.right, found.wrong, found.passed_over) == (8, 6, 0, 2)
    assert again(golden, one).level == Accuracy.of(6, 2).level() == 0
    assert known[one.trainer_id, LAW] == Accuracy.of(6, 0)


def test_time_that_ran_out_costs_nothing(world: World, golden: Golden) -> None:
    one = start(golden, ANNA)
    work = golden.given(ANNA)
    world.now += 1000.0
    golden.given(ANNA)
    golden.answer(ANNA, work, "a")
    with world.store.read() as uow:
        assert uow.work.get(work.id).state is WorkState.LATE
        assert qualification.progress(uow, one).over <= 2
    go_through(golden, ANNA, "a" * (8 - len(golden.answers(ANNA))))
    assert again(golden, one).level == 2


def test_giving_up_gives_no_level_and_keeps_the_answers(world: World, golden: Golden) -> None:
    one = start(golden, ANNA)
    go_through(golden, ANNA, "aaaaaaa")
    with world.store.begin() as uow:
        qualification.give_up(uow, one, world.now)
    assert (again(golden, one).level, golden.level(ANNA, "qualification")) == (None, 0)
    assert len(golden.answers(ANNA)) == 7
    assert golden.given(ANNA).kind is Kind.SUGGESTION


def test_what_others_hold_is_waited_for_with_other_work(world: World) -> None:
    golden = Golden(world, always(0.0, qualification_items=4))
    golden.gold(1, 2, 3, 4)
    world.published(20)
    golden.join(ANNA), golden.join(BERT)
    start(golden, BERT)
    start(golden, ANNA)
    go_through(golden, BERT, "aaa")
    held = golden.given(BERT)
    go_through(golden, ANNA, "aaa")
    assert golden.given(ANNA).kind is Kind.SUGGESTION
    golden.answer(ANNA, golden.given(ANNA), "a")
    golden.answer(BERT, held, "a")
    go_through(golden, ANNA, "a")
    assert golden.level(ANNA, "qualification") == golden.level(BERT, "qualification") == 1


def test_a_withdrawn_gold_lifts_who_failed_it_and_lowers_nobody(world: World, golden: Golden) -> None:
    first, second = start(golden, ANNA), start(golden, BERT)
    go_through(golden, ANNA, "baaaaaaa")
    go_through(golden, BERT, "aaaaaaaa")
    assert (again(golden, first).level, again(golden, second).level) == (1, 2)
    [failed] = [one for one in golden.answers(ANNA) if not one.is_right]
    with world.store.begin() as uow:
        marks.rule(uow, uow.gold.get(failed.gold_id), Ruling.WITHDRAWN, "a typo", world.now)
    assert (again(golden, first).level, golden.level(ANNA, "qualification")) == (2, 2)
    assert (again(golden, second).level, golden.level(BERT, "qualification")) == (2, 2)


def test_a_set_that_shrinks_ends(world: World, golden: Golden) -> None:
    one = start(golden, ANNA)
    go_through(golden, ANNA, "aaaa")
    with world.store.begin() as uow:
        for gold in uow.gold.of_project(world.project):
            uow.gold.retire(gold.id, "out", world.now)
    assert golden.given(ANNA).kind is Kind.SUGGESTION
    assert again(golden, one).level == 1


def test_no_qualification_in_nothing_or_where_there_is_nothing(golden: Golden) -> None:
    with pytest.raises(ConflictError, match="name one"):
        start(golden, ANNA, FieldOfWork())
    with pytest.raises(ConflictError, match="0 items in tax"):
        start(golden, ANNA, FieldOfWork(domain="tax"))
