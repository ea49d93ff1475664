"""Several people's answers to one blind item: who gave them, and who is still asked."""

from __future__ import annotations

from typing import Any

import pytest

from models.gate.noise import Pairs, measure
from models.types import Fold, Route
from serving.store.records import ItemState, LabelRole
from tests.store.test_drawing import set_blind
from tests.store.world import WITHDRAWN, World, task


@pytest.fixture
def blind(world: World) -> World:
    """Tasks 1 to 3, to be labelled blind, with a prediction of the active model."""
    with world.store.begin() as uow:
        uow.projects.update(world.project, active_model="m1")
    world.receive(*(task(n, fold=Fold.VALIDATION) for n in (1, 2, 3)))
    set_blind(world, 0.1)
    world.score()
    world.decide(Route.AUDIT, WITHDRAWN)
    return world


def answer(world: World, number: int, annotation: int, person: int, **more: Any) -> None:
    world.label(number, annotation, completed_by=person, role=LabelRole.VALIDATION, inclusion=0.1, **more)


def ask(world: World, people: dict[int, int]) -> None:
    with world.store.begin() as uow:
        uow.opinions.ask({world.item(number).id: n for number, n in people.items()})


def again(world: World, *, by: int | None = None) -> list[int]:
    """Tasks that another person is to answer, in the order in which they are asked for."""
    with world.store.read() as uow:
        rows = uow.items.wanted(world.project, limit=100, now=world.now, train=True, by=by)
    return [row.task_id for row in rows if row.state is ItemState.LABELED]


def waiting(world: World, version: str = "m1") -> int:
    with world.store.read() as uow:
        return uow.opinions.waiting(world.project, version, audits=False)


def answers(world: World, number: int) -> list[tuple[int, int]]:
    """(annotation, person)."""
    with world.store.read() as uow:
        found = uow.opinions.answers(world.ids(number))
    return [(row.annotation_id, row.completed_by) for rows in found.values() for row in rows]


def test_one_answer_is_enough_unless_more_are_asked_for(blind: World) -> None:
    answer(blind, 1, 10, 3)
    assert blind.item(1).opinions == 1
    assert again(blind) == []
    ask(blind, {1: 2})
    assert again(blind) == [1]
    assert waiting(blind) == 1
    answer(blind, 1, 11, 4)
    assert again(blind) == []
    assert waiting(blind) == 0
    ask(blind, {1: 3})
    assert again(blind) == [1]
    ask(blind, {1: 1})
    assert again(blind) == []


def test_the_same_person_twice_answers_once(blind: World) -> None:
    answer(blind, 1, 10, 3)
    answer(blind, 1, 11, 3)
    ask(blind, {1: 2})
    assert again(blind) == [1]
    assert again(blind, by=3) == []
    assert again(blind, by=4) == [1]
    assert answers(blind, 1) == [(10, 3)]


def test_a_persons_skip_is_an_answer_until_they_give_another(blind: World) -> None:
    answer(blind, 1, 10, 3, was_cancelled=True)
    answer(blind, 1, 11, 4)
    assert answers(blind, 1) == [(10, 3), (11, 4)]
    answer(blind, 1, 12, 3)
    assert answers(blind, 1) == [(11, 4), (12, 3)]
    with blind.store.read() as uow:
        assert uow.opinions.answered_by(blind.ids(1, 2)) == {blind.item(1).id: [3, 4]}


def test_labels_that_were_not_given_blind_are_no_answers(blind: World) -> None:
    answer(blind, 1, 10, 3)
    blind.label(1, 11, completed_by=4, role=LabelRole.CORRECTION)
    ask(blind, {1: 2})
    assert again(blind) == [1]
    assert answers(blind, 1) == [(10, 3)]


def test_an_answer_that_was_deleted_is_asked_for_again(blind: World) -> None:
    for annotation, person in ((10, 3), (11, 4)):
        answer(blind, 1, annotation, person)
    ask(blind, {1: 2})
    assert again(blind) == []
    with blind.store.begin() as uow:
        uow.labels.remove(blind.project, [11], blind.now)
    assert again(blind) == [1]


def test_what_nobody_has_labelled_comes_first(blind: World) -> None:
    answer(blind, 1, 10, 3)
    answer(blind, 2, 20, 3)
    ask(blind, {1: 2, 2: 2})
    with blind.store.read() as uow:
        rows = uow.items.wanted(blind.project, limit=100, now=blind.now, train=True)
    assert [row.task_id for row in rows] == [3, 1, 2]


def test_another_model_asks_for_itself(blind: World) -> None:
    answer(blind, 1, 10, 3)
    ask(blind, {1: 2})
    with blind.store.begin() as uow:
        uow.projects.update(blind.project, active_model="m2")
    assert again(blind) == []
    assert (waiting(blind), waiting(blind, "m2")) == (1, 0)


def test_changed_data_starts_with_one_person_again(blind: World) -> None:
    ask(blind, {1: 3})
    with blind.store.read() as uow:
        assert uow.opinions.asked(blind.project, audits=False) == {blind.item(1).id: 3}
    blind.receive(task(1, text="other", fold=Fold.VALIDATION))
    assert blind.item(1).opinions == 1


def test_what_is_gone_waits_for_nobody(blind: World) -> None:
    answer(blind, 1, 10, 3)
    ask(blind, {1: 2})
    with blind.store.begin() as uow:
        uow.items.mark_gone(blind.project, [1], blind.now)
    assert waiting(blind) == 0
    with blind.store.read() as uow:
        assert uow.opinions.asked(blind.project, audits=False) == {}


def test_audits_are_asked_apart_from_the_sample(blind: World) -> None:
    """They hold up no certificate, and are not taken back with what an earlier model asked of the sample."""
    with blind.store.begin() as uow:
        uow.items._conn.exec_driver_sql(f"UPDATE item SET reason = 'blind_audit' WHERE id = {blind.item(2).id}")
    answer(blind, 1, 10, 3)
    blind.label(2, 20, completed_by=3, role=LabelRole.AUDIT)
    ask(blind, {1: 2, 2: 3})
    assert again(blind) == [1, 2]
    with blind.store.read() as uow:
        assert uow.opinions.asked(blind.project, audits=True) == {blind.item(2).id: 3}
        assert uow.opinions.asked(blind.project, audits=False) == {blind.item(1).id: 2}
        assert uow.opinions.waiting(blind.project, "m1", audits=True) == 1
    assert waiting(blind) == 1
    assert answers(blind, 2) == [(20, 3)]


def test_of_one_project_only(blind: World) -> None:
    other = World(blind.store, "other", number=2)
    answer(blind, 1, 10, 3)
    ask(blind, {1: 2})
    with blind.store.read() as uow:
        assert uow.opinions.asked(other.project, audits=False) == {}
        assert uow.opinions.waiting(other.project, "m1", audits=False) == 0
        assert (uow.opinions.people(blind.project), uow.opinions.people(other.project)) == (1, 0)


@pytest.mark.parametrize("measured", [True, False])
def test_a_certificate_keeps_what_it_assumed(world: World, measured: bool) -> None:
    noise = measure(Pairs(100, 10, 6, 9, 1), people=3, second_opinions=20, overturned=1, classes=2)
    with world.store.begin() as uow:
        row = uow.gate.add_certificate(
            world.project,
            model_version="m1",
            model_sha256="f" * 64,
            label_config_digest="0" * 64,
            open=False,
            threshold=None,
            n=10,
            errors=2,
            epsilon=0.05,
            delta=0.1,
            selective_upper=None,
            overall_upper=None,
            coverage=0.0,
            needed_labels=0,
            reason="closed",
            now=world.now,
            noise=noise if measured else None,
        )
    assert row.noise == (noise if measured else None)
    assert row.people == (3 if measured else 1)
    with world.store.read() as uow:
        assert uow.gate.latest(world.project) == row
