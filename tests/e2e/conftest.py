"""Real servers for all end-to-end tests: one Label Studio, one service, a second Label Studio with its own defaults."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from scripts import label_studio
from scripts.demo.stack import Service, start_service, stop_service
from tests.support.shared_servers import ends_with
from tests.support.world import CALM, World, add_world, mood_texts, prelabel

SHADOW = 70
"""Tasks of the project in shadow."""
_running: list[Service] = []


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
    started = start_service(folder, settings=CALM, progress=lambda _: None)
    ends_with(lambda: stop_service(folder))
    _running.append(started)
    yield started
    _running.clear()
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


@pytest.fixture(scope="module", autouse=True)
def _nothing_stays_connected() -> Iterator[None]:
    """The service looks at every project that is connected, several times a second: at none that is done with."""
    yield
    for service in _running:
        with service.client() as http:
            slugs = {row["slug"] for row in http.get("/api/v1/projects").raise_for_status().json()}
        for slug in sorted(slugs - {"shadow"}):
            said = prelabel(service, "disconnect", slug)
            assert said.code == 0, said.err
