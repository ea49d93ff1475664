"""A trainer's own figures in Chromium: nothing breaks the policy, and nothing sticks out of a narrow screen."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from models.people.skill import Skill as Accuracy
from models.skills import FieldOfWork
from scripts.browser import FLAGS, chromium
from serving.api.application import create_app
from serving.store.people_records import Ground
from serving.workforce.desk import sign_in
from serving.workforce.reviewing import close_due
from tests.support.browsers import patient
from tests.support.local_world import LocalWorld, easy
from tests.support.served import serve

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(chromium() is None, reason="there is no Chromium: apt-get install chromium"),
]
ANNA = 21
TITLES = (
    "Your labels",
    "Active time",
    "Decisions on your labels",
    "How often you are right",
    "What models learned from you",
)
FIELDS = (FieldOfWork(), FieldOfWork(domain="commercial law", language="Rhaeto-Romanic", task="summarisation"))


@pytest.fixture
def served(world: LocalWorld) -> Iterator[str]:
    """Where a service listens in which Anna has labels, two accuracies and a model that learned from her."""
    world.clock.now = time.time() - 3600.0
    world.arrive(easy(50))
    world.sync()
    anna = sign_in(world.runtime, "http://127.0.0.1:9", f"user {ANNA}")
    for row in world.wanted():
        world.label(row.task_id, user=ANNA, lead_time=30.0)
    world.sync()
    assert world.train() is not None
    with world.store.begin() as uow:
        label = uow.labels.for_project(world.id)[0]
        uow.reviews.draw([(label, 1)], due_at=world.clock(), now=world.clock())
        uow.people.keep_compared({Ground(anna.id, field, False): Accuracy.of(9, 1) for field in FIELDS}, world.clock())
    world.later(2.0)
    assert close_due(world.runtime, world.project) == 1
    with serve(create_app(world.runtime)) as url:
        yield url


@pytest.mark.parametrize("width", [900, 320])
def test_the_page_is_whole(served: str, width: int) -> None:
    from playwright.sync_api import sync_playwright

    problems: list[str] = []
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium(), headless=True, args=list(FLAGS))
        page = patient(browser.new_context(viewport={"width": width, "height": 800}).new_page())
        page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(f"{served}/train")
        page.fill("#token", f"user {ANNA}")
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("link", name="Your own figures").click()
        for title in TITLES:
            page.get_by_role("heading", name=title, exact=True).wait_for()
        assert page.get_by_role("img", name="in all, most on").count() == 1
        assert page.locator("rect").first.bounding_box() is not None
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        tables = page.locator(".figures").evaluate_all("all => all.map(one => one.offsetWidth)")
        assert max(tables) <= page.evaluate("document.querySelector('.own').offsetWidth")
        if folder := os.environ.get("SCREENSHOTS"):
            page.screenshot(path=Path(folder) / f"own-{width}.png", full_page=True)
        browser.close()
    assert problems == []
