"""A Label Studio that projects are connected to, beside the one that a local world has in memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from fastapi.testclient import TestClient

from serving.composition import Platforms
from serving.pipeline import reconcile
from tests.support.local_world import CONFIG, LocalWorld, choice, easy
from tests.support.studio_twin import TOKEN, StudioTwin, studio_twin
from tests.unit.connectors.media.pictures import image_bytes

HTMX = {"HX-Request": "true"}
PICTURES = CONFIG.replace('<Text name="text" value="$text"/>', '<Image name="text" value="$image"/>')
MANY = 11
"""Projects from which on the wizard finds them by title."""


@contextmanager
def beside(world: LocalWorld) -> Iterator[StudioTwin]:
    """It has labelled texts as project 1, pictures as 2 and 3, nothing in the others."""
    with studio_twin() as twin:
        moods = twin.project("Moods", CONFIG)
        for text, label in easy(30):
            moods.add({"text": text}, choice(label))
        for text, _ in easy(20, seed=2):
            moods.add({"text": text})
        twin.files["1/mood.png"] = ("image/png", image_bytes())
        for title in ("Person", "Example"):
            twin.project(title, PICTURES).add({"image": "/data/upload/1/mood.png"})
        while len(twin.projects) < MANY:
            twin.project("Mood", CONFIG)
        http, memory = Platforms(world.runtime.settings, world.runtime.vault), world.runtime.platform
        platform = lambda project: http(project) if project.platform_url == twin.url else memory(project)  # noqa: E731
        world.runtime = replace(world.runtime, platform=platform)
        yield twin
        for client in http._clients.values():
            client.close()


def connect(world: LocalWorld, browser: TestClient, twin: StudioTwin, number: int) -> str:
    """By the wizard, with an operator's browser; the project's name. Its tasks are read."""
    browser.post("/connect/account", data={"url": twin.url, "token": TOKEN}, headers=HTMX)
    browser.post("/connect/project", data={"project": str(number)}, headers=HTMX)
    assert "is connected" in browser.post("/connect/go").text
    slug = twin.projects[number].title.lower()
    with world.store.read() as uow:
        made = uow.projects.by_slug(slug)
    reconcile.run(world.runtime, made)
    return slug
