"""One more person at a time for items that are not blind, then experts, on both databases."""

from __future__ import annotations

import pytest

from models.fair_queue import Kind
from models.people import Overlap, Step
from models.skills import FieldOfWork, Need
from models.types import Choices, Region
from serving.store.people_records import Ground, Nothing, WorkRow
from serving.workforce.overlap import ASSUMED, ASSUMED_UNSURE, LINE, SURE, accuracy_of, at_once, review
from tests.store.people import Desks, skill
from tests.store.world import World, prediction, task

ANNA, BERT, CARL, DORA = 11, 12, 13, 14
MEDICAL = FieldOfWork(domain="medical")


@pytest.fixture
def desks(world: World) -> Desks:
    """Tasks 1 and 2, of which the model says "a" with 0.9; up to three people an item."""
    with world.store.begin() as uow:
        uow.projects.update(world.project, active_model="m1", overlap_people=3)
    world.published(1, 2)
    return Desks(world)


def answer(desks: Desks, work: WorkRow, user: int, label: str) -> Overlap:
    """The person says so; what follows for the item."""
    world = desks.world
    with world.store.read() as uow:
        number = uow.items.get(work.item_id).task_id
    desks.annotations += 1
    regions = (Region(control="label", value=Choices(labels=(label,))),)
    world.label(number, desks.annotations, completed_by=user, regions=regions)
    with world.store.begin() as uow:
        uow.work.end(work.id, type(work.state).DONE, world.now)
        return review(uow, desks.project, [work.item_id], world.now)[work.item_id]


def test_who_agrees_with_a_sure_model_is_enough(desks: Desks) -> None:
    desks.join(ANNA), desks.join(BERT)
    work = desks.given(ANNA)
    assert answer(desks, work, ANNA, "a").step is Step.STOP
    assert desks.given(BERT).item_id != work.item_id


def test_another_person_is_asked_and_not_the_same(world: World, desks: Desks) -> None:
    for user in (ANNA, BERT, CARL):
        desks.join(user)
    work = desks.given(ANNA)
    step = answer(desks, work, ANNA, "b")
    assert (step.step, step.reason) == (Step.ASK, "unsure")
    with world.store.read() as uow:
        assert uow.items.get(work.item_id).opinions == 2
        again = {by: uow.items.wanted(world.project, limit=9, now=0.0, train=False, by=by) for by in (ANNA, BERT)}
    assert [work.item_id in {row.id for row in again[by]} for by in (ANNA, BERT)] == [False, True]
    second = desks.given(BERT)
    assert (second.item_id, second.kind, second.why["code"]) == (work.item_id, Kind.FURTHER, "quality")
    assert "confidence" not in second.why
    assert desks.given(ANNA).item_id != work.item_id
    assert answer(desks, second, BERT, "a").numbers["certainty"] == pytest.approx(0.9)
    assert answer(desks, desks.given(CARL), CARL, "a").step is Step.STOP


def test_what_is_beyond_the_others_goes_to_an_expert(world: World, desks: Desks) -> None:
    with world.store.begin() as uow:
        uow.people.set_needs(world.project, {world.ids(1)[0]: Need(MEDICAL, 1)})
    for user in (ANNA, BERT, CARL):
        desks.join(user, skill(1, domain="medical"))
    desks.join(DORA, skill(5, domain="medical"))
    work = desks.given(ANNA)
    assert work.item_id == world.ids(1)[0]
    answer(desks, work, ANNA, "b")
    answer(desks, desks.given(ANNA), ANNA, "a")
    for user, label, reason in ((BERT, "a", "unsure"), (CARL, "b", "too_many")):
        again = desks.given(user)
        assert again.item_id == work.item_id
        assert answer(desks, again, user, label).reason == reason
    with world.store.read() as uow:
        assert uow.people.needed([work.item_id]) == {work.item_id: Need(MEDICAL, 5)}
    assert desks.ask(CARL) is Nothing.EMPTY
    third = desks.given(DORA)
    assert third.item_id == work.item_id
    assert answer(desks, third, DORA, "a").step is Step.STOP


def test_without_an_expert_it_ends(world: World, desks: Desks) -> None:
    desks.join(ANNA), desks.join(BERT)
    work = desks.given(ANNA)
    answer(desks, work, ANNA, "b")
    step = answer(desks, desks.given(BERT), BERT, "b")
    assert (step.step, step.reason) == (Step.ESCALATE, "nobody_left")
    with world.store.read() as uow:
        assert uow.items.get(work.item_id).opinions == 2
        assert uow.people.needed([work.item_id]) == {}


def test_accuracies_learn_of_an_item_once_and_from_the_others(world: World, desks: Desks) -> None:
    anna, bert = desks.join(ANNA), desks.join(BERT)
    work = desks.given(ANNA)
    answer(desks, work, ANNA, "b")
    answer(desks, desks.given(BERT), BERT, "b")
    with world.store.begin() as uow:
        known = uow.people.grounds([anna.trainer.id, bert.trainer.id], sure=SURE)
        review(uow, desks.project, [work.item_id], world.now)
        assert uow.people.grounds([anna.trainer.id, bert.trainer.id], sure=SURE) == known
    assert set(known) == {Ground(desk.trainer.id, FieldOfWork(), False) for desk in (anna, bert)}
    for desk in (anna, bert):
        assert ASSUMED < accuracy_of(desk, FieldOfWork(), known, False) < 0.95
        assert accuracy_of(desk, FieldOfWork(), known, True) == ASSUMED_UNSURE


def test_a_skip_is_no_answer(world: World, desks: Desks) -> None:
    desks.join(ANNA), desks.join(BERT)
    work = desks.given(ANNA)
    answer(desks, work, ANNA, "b")
    second = desks.given(BERT)
    world.label(1, 77, completed_by=BERT, was_cancelled=True)
    with world.store.begin() as uow:
        assert [row.completed_by for row in uow.opinions.said([work.item_id])[work.item_id]] == [ANNA]
        step = review(uow, desks.project, [work.item_id], world.now)[work.item_id]
    assert second.item_id == work.item_id
    assert (step.step, step.reason) == (Step.ESCALATE, "nobody_left")


def test_with_one_person_nothing_is_asked(world: World, desks: Desks) -> None:
    with world.store.begin() as uow:
        uow.projects.update(world.project, overlap_people=1)
        assert review(uow, uow.projects.get(world.project), world.ids(1), world.now) == {}


def test_a_changed_task_starts_again(world: World, desks: Desks) -> None:
    with world.store.begin() as uow:
        uow.opinions.settle(world.ids(1))
        uow.opinions.ask({world.ids(1)[0]: 2})
    world.receive(task(1, text="changed"))
    with world.store.read() as uow:
        assert uow.opinions.unsettled(world.ids(1)) == set(world.ids(1))
        assert uow.items.rows(world.ids(1))[0].opinions == 1


def beforehand(desks: Desks, *confidences: float) -> list[int]:
    """Levels that items of the medical field need, of which the model is so sure."""
    said = {n: prediction(n, confidence=one) for n, one in enumerate(confidences, 1)}
    with desks.world.store.begin() as uow:
        found = at_once(uow, desks.project, dict.fromkeys(said, Need(MEDICAL, 1)), said, desks.world.now)
    return [need.level for need in found.values() if need is not None]


@pytest.fixture
def clinic(desks: Desks) -> Desks:
    """Three people and an expert, all of whom asked for work a moment ago."""
    for user in (ANNA, BERT, CARL):
        desks.join(user, skill(1, domain="medical"))
    desks.join(DORA, skill(4, domain="medical"))
    with desks.world.store.begin() as uow:
        for one in uow.people.desks(desks.world.project):
            uow.work.sit(one, offered=0.0, waits_since=None, now=desks.world.now)
    return desks


def test_what_the_model_doubts_goes_to_an_expert_at_once(clinic: Desks) -> None:
    assert beforehand(clinic, 0.55, 0.99) == [4, 1]


def test_experts_get_no_longer_a_line_than_the_others(clinic: Desks) -> None:
    levels = beforehand(clinic, *[0.55] * 40)
    waiting = 40 + 2  # with those of the project itself
    assert levels.count(4) == int(LINE * waiting / 4)
    with clinic.world.store.read() as uow:
        assert uow.people.waiting(clinic.world.project) == {None: 2}


def test_nobody_waits_for_an_expert_who_is_away(clinic: Desks) -> None:
    clinic.world.now += 2 * 86_400.0
    with clinic.world.store.begin() as uow:
        for one in uow.people.desks(clinic.world.project):
            if one.trainer.user_id != DORA:
                uow.work.sit(one, offered=0.0, waits_since=None, now=clinic.world.now)
    assert beforehand(clinic, 0.55) == [1]


def test_with_one_person_nothing_goes_to_an_expert_at_once(clinic: Desks) -> None:
    with clinic.world.store.begin() as uow:
        uow.projects.update(clinic.world.project, overlap_people=1)
    assert beforehand(clinic, 0.55) == [1]


def test_what_waits_counts_first_and_further_answers(world: World, desks: Desks) -> None:
    with world.store.begin() as uow:
        uow.people.set_needs(world.project, {world.ids(1)[0]: Need(MEDICAL, 1)})
        assert uow.people.waiting(world.project) == {Need(MEDICAL, 1): 1, None: 1}
    desks.join(ANNA, skill(1, domain="medical")), desks.join(BERT, skill(1, domain="medical"))
    answer(desks, desks.given(ANNA), ANNA, "b")
    with world.store.read() as uow:
        assert sum(uow.people.waiting(world.project).values()) == 2
