"""Two trainers at once, from the sign-in on /train to a submitted label, in real browsers and a real Label Studio."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from scripts import label_studio
from scripts.browser import SUBMIT, all_signed_in, choose, chromium, submit
from scripts.demo.stack import Service
from tests.support.world import World, add_world, mood_texts, soon

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [
    pytest.mark.browser,
    pytest.mark.label_studio,
    pytest.mark.ray,
    pytest.mark.skipif(chromium() is None, reason="there is no Chromium: apt-get install chromium"),
]
EMAILS = ("anna@example.com", "bert@example.com")
PASSWORD = "a long passphrase"


@pytest.fixture(scope="module")
def desks(studio: label_studio.Server, service: Service) -> World:
    world = add_world(studio, service, "desks", mood_texts(6, seed=77))
    said = world.connect()
    assert said.code == 0, said.err
    soon(lambda: world.report()["arrived"] == 6 or None)
    return world


@pytest.fixture(scope="module")
def pages(desks: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Page]]:
    tokens = [label_studio.create_user(desks.studio, email, PASSWORD) for email in EMAILS]
    with all_signed_in(desks.studio, dict.fromkeys(EMAILS, PASSWORD), tmp_path_factory.mktemp("profiles")) as opened:
        for page, token in zip(opened, tokens, strict=True):
            page.goto(f"{desks.service.url}/train")
            page.select_option("#url", desks.studio.url)
            page.fill("#token", token)
            page.get_by_role("button", name="Sign in").click()
            page.get_by_role("heading", name="Your next item").wait_for()
        yield opened


def picture(page: Page, name: str) -> None:
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png")


def open_item(page: Page, world: World) -> tuple[Page, int]:
    """The Label Studio page of the item that this person is given, and the task on it."""
    place = page.locator(f"#place-{world.slug}")
    place.get_by_role("button").first.click()
    link = place.get_by_role("link", name="Open it in Label Studio")
    link.wait_for()
    picture(page, "train")
    with page.context.expect_page() as waiting:
        link.click()
    studio = waiting.value
    studio.locator(SUBMIT).wait_for()
    text = studio.locator(".lsf-richtext", has_text=re.compile(r"\S")).first
    text.wait_for()
    shown = text.inner_text()
    [task] = [task["id"] for task in world.tasks() if task["data"]["text"] == shown.strip()]
    return studio, task


def test_each_opens_and_submits_an_item_of_their_own(desks: World, pages: list[Page]) -> None:
    opened = [open_item(page, desks) for page in pages]
    assert len({task for _, task in opened}) == len(EMAILS)
    for (studio, task), page in zip(opened, pages, strict=True):
        choose(studio, "good")
        submit(studio, task)
        studio.close()
        page.locator(f"#place-{desks.slug}").get_by_text("your label has arrived").wait_for()
    by_task = {task["id"]: task["annotations"] for task in desks.tasks()}
    people = [by_task[task][0]["completed_by"] for _, task in opened]
    assert len(set(people)) == len(EMAILS), "each label is by the person who was given the item"


def test_what_is_given_back_comes_to_the_other(desks: World, pages: list[Page]) -> None:
    anna, bert = pages
    place = anna.locator(f"#place-{desks.slug}")
    place.get_by_role("button", name="Next item").click()
    place.get_by_role("button", name="Give it back").wait_for()
    with desks.service.client() as http:
        people = http.get(f"/api/v1/projects/{desks.slug}/people").json()
    [task] = [one["holds"] for one in people if one["email"] == EMAILS[0]]
    place.locator("input[name=reason]").fill("not my field")
    place.get_by_role("button", name="Give it back").click()
    place.get_by_text("You gave this one back").wait_for()
    with desks.service.client() as http:
        people = http.get(f"/api/v1/projects/{desks.slug}/people").json()
        told = http.get(f"/api/v1/projects/{desks.slug}/tasks/{task}").json()
    assert {one["email"]: one["holds"] for one in people} == {EMAILS[0]: None, EMAILS[1]: None}
    assert told["labels"] == [], "giving back is no answer"
    bert.locator(f"#place-{desks.slug}").get_by_role("button", name="Next item").click()
    bert.locator(f"#place-{desks.slug}").get_by_role("link").wait_for()
