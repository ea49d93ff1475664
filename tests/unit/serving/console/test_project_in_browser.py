"""A project's page in Chromium: charts are drawn, nothing breaks the policy, nothing sticks out of a narrow screen."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest

from scripts.browser import FLAGS, chromium
from serving.api.application import create_app
from serving.console import staff
from tests.support.browsers import patient
from tests.support.local_world import LocalWorld, easy, hard
from tests.support.served import serve

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(chromium() is None, reason="there is no Chromium: apt-get install chromium"),
]
TITLES = ("Decisions by day", "Coverage and risk", "Reliability", "Confusion: mood")


@pytest.fixture
def served(world: LocalWorld) -> Iterator[str]:
    """Where a service listens whose project has an open gate, and decisions of three days."""
    staff._failures.clear()
    world.open(easy(90) + hard(20))
    for day in range(3):
        world.later(86_400.0)
        world.arrive(easy(30, seed=day + 1) + hard(15 * day, seed=day + 1))
        world.sync()
        world.settle()
    with serve(create_app(world.runtime)) as url:
        yield url


@pytest.mark.parametrize("width", [1200, 400])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_charts_are_drawn(served: str, width: int, scheme: Literal["light", "dark"]) -> None:
    from playwright.sync_api import sync_playwright

    problems: list[str] = []
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium(), headless=True, args=list(FLAGS))
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        page = patient(context.new_page())
        page.on(
            "console", lambda message: problems.append(message.text) if message.type in ("error", "warning") else None
        )
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(served)
        page.fill("#token", "operator-token")
        page.get_by_role("button", name="Sign in").click()
        page.get_by_text("automated:").wait_for()
        shot = os.environ.get("SCREENSHOTS")
        if shot:
            page.screenshot(path=Path(shot) / f"projects-{scheme}-{width}.png", full_page=True)
        page.get_by_role("link", name="moods").click()
        for title in TITLES:
            figure = page.locator("figure", has=page.get_by_role("heading", name=title, exact=True))
            figure.locator("svg").wait_for()
            assert figure.locator("svg path, svg text").count() > 5
        page.fill("#percent", "2")
        page.get_by_role("button", name="Look").click()
        page.get_by_text("At a budget of 2.00 %").wait_for()
        page.locator("#looked svg").wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        if shot:
            page.screenshot(path=Path(shot) / f"project-{scheme}-{width}.png", full_page=True)
        browser.close()
    assert problems == []
