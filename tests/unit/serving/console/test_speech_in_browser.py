"""Chinese pages in Chromium: nothing sticks out, nothing breaks the policy, and the language is chosen by keyboard."""

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
from tests.support.local_world import LocalWorld, easy
from tests.support.served import serve

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(chromium() is None, reason="there is no Chromium: apt-get install chromium"),
]
PLACES = ("/", "/projects/moods", "/projects/moods/items", "/projects/moods/items/likely-errors")
TRAINERS = ("/train", "/train/me", "/train/moods/qualifications", "/train/moods/decisions", "/train/moods/answers")


@pytest.fixture
def served(world: LocalWorld) -> Iterator[str]:
    """Where a service listens with an open gate and labels."""
    staff._failures.clear()
    world.open(easy(160))
    with serve(create_app(world.runtime)) as url:
        yield url


@pytest.mark.parametrize(("width", "scheme"), [(1200, "dark"), (360, "light")])
def test_pages_in_chinese(served: str, width: int, scheme: Literal["light", "dark"]) -> None:
    from playwright.sync_api import sync_playwright

    problems: list[str] = []
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium(), headless=True, args=list(FLAGS))
        context = browser.new_context(
            viewport={"width": width, "height": 800}, color_scheme=scheme, locale="zh-CN", base_url=served
        )
        page = patient(context.new_page())
        page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: problems.append(str(error)))
        for form, token, places in (("/sign-in", "operator-token", PLACES), ("/train", "user 21", TRAINERS)):
            page.goto(form)
            page.fill("#token", token)
            page.get_by_role("button", name="登录").click()
            for place in places:
                page.goto(place)
                page.wait_for_load_state("networkidle")
                assert page.evaluate("document.documentElement.lang") == "zh-Hans"
                assert page.evaluate("document.documentElement.scrollWidth") <= width, place
                if folder := os.environ.get("SCREENSHOTS"):
                    name = f"zh{place.replace('/', '-')}-{width}-{scheme}.png"
                    page.screenshot(path=Path(folder) / name, full_page=True)
        page.goto("/train/me")
        page.get_by_role("button", name="English").focus()
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="Your own figures").wait_for()
        assert page.url == f"{served}/train/me"
        assert page.evaluate("document.documentElement.lang") == "en"
        assert page.locator("button[aria-current]").inner_text() == "English"
        browser.close()
    assert problems == []
