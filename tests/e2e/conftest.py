"""Real servers for all end-to-end tests: one Label Studio, one service, a second Label Studio with its own defaults."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from scripts import label_studio
from scripts.demo.stack import Service, start_service, stop_service
from tests.support.shared_servers import ends_with
from tests.support.world import FAST, World, add_world, mood_texts

SHADOW = 70
"""Tasks of the project in shadow."""


@pytest.fixture(scope="session")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[label_studio.Server]:
    server = label_studio.start(tmp_path_factory.mktemp("label-studio"))
    ends_with(server.stop)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def strict_studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[label_studio.Server]:
    """As Label Studio comes: it refuses to call private addresses."""
    defaults = {"USE_DEFAULT_BANNED_SUBNETS": "true", "USER_ADDITIONAL_BANNED_SUBNETS": ""}
    server = label_studio.start(tmp_path_factory.mktemp("strict-label-studio"), extra_env=defaults)
    ends_with(server.stop)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """``prelabel serve``, without a project."""
    folder = tmp_path_factory.mktemp("service")
    started = start_service(folder, settings=FAST, progress=lambda _: None)
    ends_with(lambda: stop_service(folder))
    yield started
    stop_service(folder)


@pytest.fixture(scope="session")
def shadow(studio: label_studio.Server, service: Service) -> World:
    """A connected project with a model, suggestions and blind items; nobody labels those, so its gate stays shut."""
    world = add_world(studio, service, "shadow", mood_texts(SHADOW, seed=1), labelled=24)
    said = world.connect("--train-target", "6", "--validation-target", "12")
    assert said.code == 0, said.err
    report = world.learned(SHADOW)
    assert report["gate"] == "shadow"
    return world
