"""Items and models in Chromium: nothing breaks the policy, and nothing sticks out of a narrow screen."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest

from scripts.browser import FLAGS, chromium
from serving.api.application import create_app
from serving.console import staff
from serving.store.records import ItemState
from tests.support.browsers import patient
from tests.support.local_world import LocalWorld, easy
from tests.support.served import serve

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(chromium() is None, reason="there is no Chromium: apt-get install chromium"),
]
EVIL = "<script>document.title = 'taken'</script>"


@pytest.fixture
def served(world: LocalWorld) -> Iterator[str]:
    """Where a service listens that has accepted, labelled, blind and dead items."""
    staff._failures.clear()
    world.open(easy(160))
    world.arrive([(EVIL, "good"), ("a word", "good")])
    world.sync()
    world.settle()
    shown = next(row for row in world.items() if row.state is ItemState.PUBLISHED and not row.blind)
    world.label(shown.task_id, "bad" if world.gold[shown.data["text"]] == "good" else "good")
    world.sync()
    with world.store.begin() as uow:
        uow.items.bury_tasks(world.id, {world.items()[-1].task_id: "the media do not answer"}, world.clock())
    with serve(create_app(world.runtime)) as url:
        yield url


@pytest.mark.parametrize(("width", "scheme"), [(1200, "light"), (1200, "dark"), (400, "light"), (400, "dark")])
def test_the_pages_are_whole(served: str, world: LocalWorld, width: int, scheme: Literal["light", "dark"]) -> None:
    from playwright.sync_api import sync_playwright

    blind = next(row for row in world.blind() if row.state is not ItemState.GONE)
    evil = next(row for row in world.items() if row.data["text"] == EVIL)
    [differs] = [row for row in world.items() if row.state is ItemState.LABELED and not row.blind and row.route][:1]
    items = "/projects/moods/items"
    pages = {
        "items": items,
        "evil": f"{items}/{evil.task_id}",
        "item": f"{items}/{differs.task_id}",
        "blind": f"{items}/{blind.task_id}",
        "dead": f"{items}/dead",
        "disagreements": f"{items}/disagreements",
        "errors": f"{items}/likely-errors",
        "models": "/projects/moods/models",
    }
    problems: list[str] = []
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium(), headless=True, args=list(FLAGS))
        page = patient(browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme).new_page())
        page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.request.post(f"{served}/sign-in", form={"token": "operator-token"}, max_redirects=0)
        for name, path in pages.items():
            page.goto(f"{served}{path}")
            page.get_by_role("heading", level=1).wait_for()
            assert page.evaluate("document.documentElement.scrollWidth") <= width, name
            assert "taken" not in page.title()
            assert not [one for one in page.locator("label").all() if not one.get_attribute("for")]
            if folder := os.environ.get("SCREENSHOTS"):
                page.screenshot(path=Path(folder) / f"{name}-{width}-{scheme}.png", full_page=True)
        page.goto(f"{served}{pages['blind']}")
        assert page.locator(".said").count() > 0
        assert not page.locator(".said").first.is_visible()
        page.goto(f"{served}{pages['dead']}")
        page.get_by_role("button", name="Re-drive task").click()
        page.get_by_text("1 item starts again").wait_for()
        browser.close()
    assert problems == []
