from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from fastapi.testclient import TestClient

from serving.api.application import create_app
from serving.composition import GuardedMedia, Platforms
from serving.console import staff
from serving.console.speech import COOKIE
from tests.support import marked
from tests.support.local_world import CONFIG, LocalWorld, choice, easy
from tests.support.studio_twin import StudioTwin, studio_twin

NOTHING = '<View><Text name="t" value="$text"/><TextArea name="answer" toName="t"/></View>'
"""What no model is proposed for."""


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


@pytest.fixture
def studio() -> Iterator[StudioTwin]:
    with studio_twin() as running:
        mood = running.project("Moods of reviews", CONFIG)
        for text, label in easy(30):
            mood.add({"text": text}, choice(label))
        for text, _ in easy(25, seed=2):
            mood.add({"text": text})
        running.project("Nothing to predict", NOTHING)
        yield running


@pytest.fixture
def there(world: LocalWorld) -> Iterator[LocalWorld]:
    """A world whose runtime reaches Label Studio over HTTP."""
    platforms = Platforms(world.runtime.settings, world.runtime.vault)
    media = GuardedMedia(world.runtime.settings, platforms)
    world.runtime = replace(world.runtime, platform=platforms, media=media)
    yield world
    for client in platforms._clients.values():
        client.close()


@pytest.fixture
def operator(there: LocalWorld) -> Iterator[TestClient]:
    """Signed in there."""
    staff._failures.clear()
    with TestClient(create_app(there.runtime), headers={"Origin": "http://testserver"}) as opened:
        opened.post("/sign-in", data={"token": "operator-token"}, follow_redirects=False)
        yield opened
