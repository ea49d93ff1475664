"""Figures as they were counted last, on both databases."""

from __future__ import annotations

from pydantic_core import from_json

from serving.store.kept import KeptFigure
from tests.store.world import World


def json(text: str | bytes | None) -> object:
    assert text is not None
    return from_json(text)


def put(world: World, value: object, *, at: float, name: str = "counts") -> None:
    with world.store.begin() as uow:
        uow.kept.put(world.project, name, value, seconds=0.5, at=at)


def test_the_newest_count_is_kept_of_each_figure_and_project(world: World) -> None:
    other = World(world.store, "other", number=2)
    put(world, {"a": 1}, at=10.0)
    put(world, {"a": 2}, at=20.0)
    put(world, {"a": 3}, at=15.0)
    put(world, [1.5, None], at=5.0, name="days")
    put(other, {"b": 1}, at=1.0)
    with world.store.read() as uow:
        assert uow.kept.look(world.project, "counts") == KeptFigure(at=20.0, seconds=0.5)
        assert json(uow.kept.value(world.project, "counts")) == {"a": 2}, "a late one is dropped"
        assert json(uow.kept.value(world.project, "days")) == [1.5, None]
        assert json(uow.kept.value(other.project, "counts")) == {"b": 1}
        assert uow.kept.look(world.project, "report") is None
        assert uow.kept.value(world.project, "report") is None
