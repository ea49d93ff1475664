"""Somebody connects a project in the browser: a real Label Studio, a real service, and the time that it takes."""

from __future__ import annotations

import time

import pytest

from scripts import label_studio
from scripts.browser import FLAGS, chromium
from scripts.demo.stack import Service
from tests.support.patience import PATIENCE_S
from tests.support.world import add_world, mood_texts

pytestmark = [
    pytest.mark.browser,
    pytest.mark.label_studio,
    pytest.mark.ray,
    pytest.mark.skipif(chromium() is None, reason="there is no Chromium: apt-get install chromium"),
]
TASKS, LABELLED = 60, 30
LIMIT_S = 180.0
"""Of the whole way, typing apart: the promise is three minutes for somebody who has never seen it."""


def test_connecting_in_the_browser_takes_less_than_three_minutes(studio: label_studio.Server, service: Service) -> None:
    from playwright.sync_api import sync_playwright

    world = add_world(studio, service, "wizard", mood_texts(TASKS, seed=7), labelled=LABELLED)
    token = label_studio.personal_access_token(studio)
    problems: list[str] = []
    took: dict[str, float] = {}
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium(), headless=True, args=list(FLAGS))
        page = browser.new_page()
        began = time.monotonic()
        page.set_default_timeout(PATIENCE_S * 1000)
        page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
        page.goto(f"{service.url}/sign-in")
        page.locator("input[type=password]").fill(service.token)
        page.locator("main form button").first.click()
        page.get_by_role("link", name="Connect a project").click()
        page.locator("#url").fill(studio.url)
        page.get_by_text("Now the token.").wait_for()
        page.locator("#token").fill(token)
        page.get_by_role("link", name="Next: choose a project").click()
        page.wait_for_url("**/connect/project")
        took["account"] = time.monotonic() - began
        page.locator(f"input[name=project][value='{world.project}']").check()
        page.locator(".tried article").first.wait_for()
        took["predictions"] = time.monotonic() - began
        assert page.locator(".tried .chips li").count() == 20
        page.get_by_text(f"taught just now by {LABELLED} labelled tasks").wait_for()
        page.locator("#slug").fill("by-wizard")
        page.get_by_role("button", name="Next: the error budget").click()
        page.get_by_role("button", name="Next: costs").click()
        page.locator("#person_hour").fill("30")
        page.get_by_role("button", name="Next: look it over").click()
        page.get_by_role("button", name="Connect", exact=True).click()
        page.get_by_role("heading", name="by-wizard is connected").wait_for()
        took["connected"] = time.monotonic() - began
        page.get_by_text(f"All of it is read: {TASKS} tasks.").wait_for()
        page.get_by_text("All is well.").wait_for()
        took["read and well"] = time.monotonic() - began
        assert token not in page.content()
        browser.close()
    print(", ".join(f"{name} after {seconds:.1f} s" for name, seconds in took.items()))
    assert problems == []
    assert took["read and well"] < LIMIT_S
    (hook,) = world.hooks()
    assert hook["url"] == f"{service.url}/hooks/label-studio/by-wizard"
    with service.client() as http:
        rows = http.get("/api/v1/projects").raise_for_status().json()
    assert "by-wizard" in {row["slug"] for row in rows}
    logs = "".join(
        file.read_text(errors="replace") for file in (service.data_dir / "logs").rglob("*") if file.is_file()
    )
    assert token not in logs
