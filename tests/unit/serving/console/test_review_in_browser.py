"""Review, rejection, appeal and overturn in Chromium, on the real application over Label Studio's twin."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from scripts.browser import FLAGS, chromium
from serving.api.application import create_app
from serving.store.review_records import ReviewState
from tests.support.browsers import patient
from tests.support.local_world import LocalWorld, easy
from tests.support.served import serve
from tests.unit.serving.conftest import MakeWorld

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(chromium() is None, reason="there is no Chromium: apt-get install chromium"),
]
ANNA, BERT, CARL = 21, 22, 23
REFUSED = "Failed to load resource: the server responded with a status of 422 (Unprocessable Entity)"
"""What the browser writes down of a form that it has sent by itself, and that lacks something."""


@pytest.fixture
def served(make: MakeWorld) -> Iterator[tuple[LocalWorld, str]]:
    """A world in which Anna has labelled an item, and its address on loopback."""
    world = make(review_rate=1.0)
    world.clock.now = time.time()
    [task] = world.arrive(easy(1))
    world.sync()
    world.label(task, "good", user=ANNA)
    world.sync()
    with serve(create_app(world.runtime)) as url:
        yield world, url


@pytest.fixture
def chrome() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium(), headless=True, args=list(FLAGS))
        yield browser
        browser.close()


def sign_in(chrome: Browser, url: str, user: int, problems: list[str], *, deaf: bool) -> Page:
    """A browser of the person's own; what the console complains of, such as the policy, is written down.

    ``deaf``: its pages never listen, as none does before its scripts are there.
    """
    page = patient(chrome.new_context(viewport={"width": 900, "height": 1000}).new_page())
    if deaf:
        page.route("**/htmx-*.js", lambda route: route.fulfill(content_type="text/javascript", body=""))
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(f"{url}/train")
    page.fill("#token", f"user {user}")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Your next item").wait_for()
    return page


def picture(page: Page, name: str) -> None:
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


@pytest.mark.parametrize("deaf", [False, True])
def test_from_a_rejection_to_the_label_that_counts_again(
    served: tuple[LocalWorld, str], chrome: Browser, deaf: bool
) -> None:
    world, url = served
    problems: list[str] = []
    anna, bert, carl = (sign_in(chrome, url, user, problems, deaf=deaf) for user in (ANNA, BERT, CARL))
    opened: list[str] = []
    for page in (anna, bert, carl):
        page.on("framenavigated", lambda frame: opened.append(frame.url))
    with world.store.begin() as uow:
        for desk in uow.people.desks(world.id):
            uow.people.seat(world.id, desk.trainer.id, daily_cap=None, reviews=desk.trainer.user_id != ANNA)

    bert.reload()
    bert.get_by_role("link", name="Review labels of others").click()
    bert.wait_for_url("**/review")
    bert.get_by_role("button", name="Give me a review").click()
    bert.get_by_text("mood: good").wait_for()
    bert.get_by_text("It is not right").click()
    bert.get_by_role("button", name="Reject it").click()
    bert.get_by_text("a rejection needs a reason of the list").wait_for()
    picture(bert, "review")
    bert.select_option("#code", "guideline")
    bert.select_option("#evidence", "rule")
    bert.fill("#rule", "3.2: irony is negative")
    bert.get_by_role("button", name="Reject it").click()
    bert.get_by_text("the label does not count").wait_for()

    anna.get_by_role("link", name="Decisions on your labels").click()
    anna.wait_for_url("**/decisions")
    anna.get_by_text("The rule: 3.2: irony is negative").wait_for()
    picture(anna, "decisions")
    anna.locator('input[name="reason"]').fill("there is no irony in it")
    anna.get_by_role("button", name="Appeal").click()
    anna.get_by_text("You have appealed").wait_for()

    carl.goto(f"{url}/train/moods/review")
    carl.get_by_role("button", name="Give me a review").click()
    carl.get_by_text("The appeal: there is no irony in it").wait_for()
    carl.fill("#reason", "I see none either")
    carl.get_by_role("button", name="The label counts again").click()
    carl.get_by_text("Done: the label counts again.").wait_for()

    assert not [address for address in opened if "reason" in address or "irony" in address]
    assert bool([address for address in opened if "/review?review=" in address]) is deaf
    anna.reload()
    anna.get_by_text("Overturned: your label counts again.").wait_for()
    with world.store.read() as uow:
        assert uow.reviews.counts(world.id) == {ReviewState.OVERTURNED: 1}
        [label] = uow.labels.for_project(world.id)
    assert label.completed_by == ANNA
    assert problems == ([REFUSED] if deaf else [])
