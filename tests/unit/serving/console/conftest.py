from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from serving.api.application import create_app
from serving.console import staff
from serving.console.speech import COOKIE
from tests.support import marked
from tests.support.local_world import LocalWorld


@pytest.fixture
def browser(world: LocalWorld) -> Iterator[TestClient]:
    """A browser with cookies."""
    with TestClient(create_app(world.runtime), headers={"Origin": "http://testserver"}) as opened:
        yield opened


@pytest.fixture
def spoken(world: LocalWorld, browser: TestClient, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    """A browser that asks for the marked language."""
    staff._failures.clear()
    marked.speak(monkeypatch)
    browser.cookies.set(COOKIE, marked.TAG)
    return browser
