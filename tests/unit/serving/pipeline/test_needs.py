"""What items need, where a rule looks at what two models say of them."""

from __future__ import annotations

from models.skills import FieldOfWork, Need, SkillRule
from models.types import Choices
from serving.pipeline import challenge
from serving.store.engine import UnitOfWork
from tests.support.local_world import LocalWorld
from tests.unit.serving.conftest import MakeWorld
from tests.unit.serving.pipeline.test_challenge import half_known, train_more

HARD = SkillRule(models_disagree=True, task="hard", level=2)


def needed(world: LocalWorld) -> dict[int, Need]:
    with world.store.read() as uow:
        return uow.people.needed([row.id for row in world.items()])


def differing(uow: UnitOfWork, ids: list[int], one: str, other: str) -> set[int]:
    """Items of which two versions say different moods."""

    def moods(version: str) -> dict[int, tuple[str, ...]]:
        values = {id: said.regions[0].value for id, said in uow.challenge.said(ids, version).items()}
        return {id: value.labels for id, value in values.items() if isinstance(value, Choices)}

    first, second = moods(one), moods(other)
    return {id for id in first.keys() & second.keys() if first[id] != second[id]}


def test_what_models_disagree_on_goes_to_those_who_can(make: MakeWorld) -> None:
    world = half_known(make)
    world.change(skill_rules=(HARD,))
    assert needed(world) == {}
    active, challenger = world.project.active_model, train_more(world, 40)
    assert active is not None
    while (trial := progress(world)) is not None and trial.scored < trial.items:
        assert challenge.advance(world.runtime, world.project)
    open_ = [row.id for row in world.items() if row.state.value in ("scored", "decided", "published")]
    with world.store.read() as uow:
        expected = differing(uow, open_, active, challenger)
    assert expected, "the challenger has learned other words"
    assert set(needed(world)) == expected
    assert set(needed(world).values()) == {Need(FieldOfWork(task="hard"), 2)}


def test_without_such_a_rule_nobody_looks(make: MakeWorld) -> None:
    world = half_known(make)
    train_more(world, 40)
    while (trial := progress(world)) is not None and trial.scored < trial.items:
        assert challenge.advance(world.runtime, world.project)
    assert needed(world) == {}


def progress(world: LocalWorld) -> challenge.Progress | None:
    with world.store.read() as uow:
        return challenge.progress(world.runtime, uow, world.project)
