"""A fresh local world for each test; the empty store is migrated once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.local_world import LocalWorld, make_world, template

MakeWorld = Callable[..., LocalWorld]


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return template(tmp_path_factory.mktemp("store"))


@pytest.fixture
def make(tmp_path: Path, empty_store: Path) -> Iterator[MakeWorld]:
    """Makes worlds with settings of the test's own; closes them."""
    made: list[LocalWorld] = []

    def make_one(**changes: object) -> LocalWorld:
        folder = tmp_path / f"world-{len(made)}"
        folder.mkdir()
        made.append(make_world(folder, empty_store, **changes))  # type: ignore[arg-type]
        return made[-1]

    yield make_one
    for world in made:
        world.store.close()


@pytest.fixture
def world(make: MakeWorld) -> LocalWorld:
    return make()
