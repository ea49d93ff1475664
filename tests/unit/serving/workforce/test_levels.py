"""Levels that follow results are right on average, and what is taken back leaves no trace: simulated people."""

from __future__ import annotations

import numpy as np
import pytest

from models.people.skill import LEVELS
from models.people.skill import Skill as Accuracy
from models.skills import FieldOfWork, SkillSource
from serving.store.engine import Store
from serving.store.gold_records import GoldSource
from serving.workforce import levels
from tests.store.world import World, task

LAW = FieldOfWork(domain="law")
PEOPLE = 300


@pytest.fixture
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    found = Store.open(f"sqlite:///{tmp_path_factory.mktemp('levels')}/store.db")
    found.migrate()
    return found


@pytest.mark.parametrize("items", [12, 40])
def test_few_have_a_level_above_their_accuracy(store: Store, items: int) -> None:
    """Uniform accuracies: at any one time 2.5 % of the people just below a bound may have it, others hardly ever."""
    world, draw = World(store), np.random.default_rng(items)
    able = draw.uniform(0.4, 1.0, PEOPLE)
    world.receive(*(task(number) for number in range(1, items + 1)))
    with store.begin() as uow:
        ids = [row.id for row in uow.items.by_task(world.project, range(1, items + 1)).values()]
        about = {"field": LAW, "revision": 1, "regions": (), "source": GoldSource.OPERATOR, "now": 0.0}
        golds = [uow.gold.add(world.project, id, **about) for id in ids]  # type: ignore[arg-type]
        people = [uow.people.add("x", n, email="", name="", now=0.0).id for n in range(PEOPLE)]
        for person, accuracy in zip(people, able, strict=True):
            for gold, right in zip(golds, draw.uniform(size=items) < accuracy, strict=True):
                said = {"qualification_id": None, "regions": (), "is_right": bool(right), "now": 0.0}
                assert uow.gold.answer(gold, person, **said)  # type: ignore[arg-type]
        levels.follow(uow, people, 0.0)
        skills = uow.people.skills(people)
        known = uow.people.accuracies(people)
        has = [skills[person][0].level if person in skills else 0 for person in people]
        sources = {one.source for found in skills.values() for one in found}
        for person in people:
            given = uow.gold.answers(trainer_id=person)
            right = sum(one.is_right for one in given)
            assert known[person, LAW] == Accuracy.of(right, items - right)
        for gold in golds[: items // 2]:
            uow.gold.void(gold)
        levels.follow(uow, people, 0.0)
        for (person, _), found in uow.people.accuracies(people).items():
            left = uow.gold.answers(trainer_id=person)[items // 2 :]
            right = sum(one.is_right for one in left)
            assert found == Accuracy.of(right, len(left) - right)
    assert sources == {SkillSource.RESULTS}
    bounds = np.array([0.0, *LEVELS])
    above = np.mean(bounds[has] > able)
    assert above <= 0.025 + 3 * np.sqrt(0.025 * 0.975 / PEOPLE)
    assert np.corrcoef(has, able)[0, 1] > 0.5, "levels say who is better"
    if items == 40:
        assert np.mean(np.array(has)[able > 0.95] >= 3) > 0.8, "who is good gets there"
