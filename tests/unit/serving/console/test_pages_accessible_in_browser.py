"""Every page by axe-core, light and dark, wide and narrow, and by keyboard alone."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from scripts.browser import FLAGS, chromium
from serving.api.application import create_app
from serving.console import staff
from tests.support.browsers import patient
from tests.support.local_world import LocalWorld
from tests.support.routes import all_routes
from tests.support.served import serve
from tests.support.studio_twin import TOKEN, StudioTwin
from tests.unit.serving.conftest import MakeWorld
from tests.unit.serving.console.connected import beside, connect
from tests.unit.serving.console.every_page import URL, Place, full, places

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(chromium() is None, reason="there is no Chromium: apt-get install chromium"),
]
RULES = {
    "resultTypes": ["violations"],
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
}
TOKENS = {"staff": "operator-token", "anna": "user 21", "bert": "user 22"}
FOCUSABLE = """() => [...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex="0"]')]
  .filter((one) => one.type !== 'hidden' && !one.disabled && one.checkVisibility({visibilityProperty: true}))
  .filter((one, n, all) => one.type !== 'radio'
    || one === (document.querySelector(`input[name="${one.name}"]:checked`)
      ?? all.find((other) => other.name === one.name)))
  .map((one, n) => { one.dataset.stop = n; return one.outerHTML.slice(0, 120); })"""
"""Arrow keys lead through the choices of a group; Tab stops at one of them."""
FOCUSED = """() => { const one = document.activeElement;
  const style = getComputedStyle(one), box = one.getBoundingClientRect();
  return {stop: one.dataset.stop, seen: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2
    && box.width > 0 && box.bottom > 0 && box.right > 0}; }"""


FILES = {"/projects/{slug}/report.{form}"}
"""To be stored, not looked at."""
STILL = """() => document.readyState === 'complete' && !document.querySelector('.htmx-request')
  && [...document.images].every((one) => one.complete)"""
"""Nothing more is asked for but by the stream of what goes on, which does not end."""


@dataclass(frozen=True)
class Made:
    """A service, and a Label Studio beside it."""

    world: LocalWorld
    app: FastAPI
    url: str
    twin: StudioTwin

    def places(self) -> list[Place]:
        return places(self.world, self.twin.projects[2].tasks[0]["id"])


@pytest.fixture
def made(make: MakeWorld) -> Iterator[Made]:
    staff._failures.clear()
    world = full(make)
    with beside(world) as twin:
        app = create_app(world.runtime)
        with TestClient(app, headers={"Origin": "http://testserver"}) as browser:
            browser.post("/sign-in", data={"token": "operator-token"})
            connect(world, browser, twin, 2)
        with serve(app) as url:
            yield Made(world, app, url, twin)


@pytest.fixture
def chrome() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium(), headless=True, args=list(FLAGS))
        yield browser
        browser.close()


def enter(chrome: Browser, url: str, who: str, width: int, scheme: Literal["light", "dark"]) -> Page:
    page = patient(chrome.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme).new_page())
    if who != "nobody":
        page.goto(f"{url}/sign-in" if who == "staff" else f"{url}/train")
        if who != "staff":
            page.select_option("#url", URL)
        page.fill("#token", TOKENS[who])
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("button", name="Sign out").wait_for()
    return page


def visit(page: Page, url: str, place: Place) -> None:
    page.goto(url + place.path)
    if place.press is not None:
        page.get_by_role("button", name=place.press).click()
    page.locator(place.ready).first.wait_for(state="attached")
    page.wait_for_function(STILL)


def begin(page: Page, made: Made) -> None:
    """The wizard up to a project with pictures, which nothing is predicted of yet."""
    page.goto(f"{made.url}/connect")
    page.fill("#url", made.twin.url)
    page.fill("#token", TOKEN)
    page.get_by_role("link", name="Next: choose a project").click()
    page.wait_for_url("**/connect/project")  # and for htmx, which would not hear what is typed before
    page.fill("#name", "example")
    page.locator("#projects label").nth(1).wait_for(state="detached")
    page.get_by_role("radio").check()
    page.locator(".tried img").wait_for(state="attached")


def violations(page: Page, axe: str) -> list[str]:
    page.evaluate(axe)
    found: dict[str, Any] = page.evaluate("(rules) => axe.run(document, rules)", RULES)
    assert found["passes"], "axe looked at nothing"
    return [
        f"{one['id']}: {node['html'][:160]} ({node['failureSummary'][:300]})"
        for one in found["violations"]
        for node in one["nodes"]
    ]


@pytest.mark.parametrize(("width", "scheme"), [(1200, "light"), (420, "dark")])
def test_every_page_is_clean(made: Made, chrome: Browser, width: int, scheme: Literal["light", "dark"]) -> None:
    from axe_playwright_python.base import AXE_SCRIPT

    app, url = made.app, made.url
    wanted = {r.path for r in all_routes(app) if "GET" in (r.methods or ()) and not r.include_in_schema} - FILES
    seen: set[str] = set()
    wrong: list[str] = []
    pages = {who: enter(chrome, url, who, width, scheme) for who in ("nobody", *TOKENS)}
    for page in pages.values():
        page.on("response", lambda answer: seen.update(named(answer.url.removeprefix(url), wanted)))
    begin(pages["staff"], made)
    for place in made.places():
        page = pages[place.who]
        visit(page, url, place)
        where = f"{place.path} {place.press or ''}"
        wrong += [f"{where}: {one}" for one in violations(page, AXE_SCRIPT)]
        if page.evaluate("document.documentElement.scrollWidth") > width:
            wrong.append(f"{where}: it is wider than the window")
        if folder := os.environ.get("SCREENSHOTS"):
            name = re.sub(r"\W+", "-", f"{where} {width} {scheme}").strip("-")
            page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)
    assert not wrong, "\n".join(wrong)
    assert wanted - seen == set(), "nobody looked at these pages: add them to places()"


def named(path: str, routes: set[str]) -> list[str]:
    """The routes that a path is of: the one of this very path, else those with a place for it."""
    bare = path.partition("?")[0]
    fits = [one for one in routes if re.fullmatch(re.sub(r"{\w+}", "[^/]+", one), bare)]
    return [bare] if bare in routes else fits


def test_everything_can_be_reached_by_keyboard_and_focus_is_seen(made: Made, chrome: Browser) -> None:
    url = made.url
    pages = {who: enter(chrome, url, who, 1200, "light") for who in ("nobody", *TOKENS)}
    begin(pages["staff"], made)
    wrong: list[str] = []
    for place in made.places():
        page = pages[place.who]
        visit(page, url, place)
        page.evaluate("() => { document.activeElement.blur(); getSelection().removeAllRanges(); scrollTo(0, 0); }")
        stops: list[str] = page.evaluate(FOCUSABLE)
        reached: dict[str, bool] = {}
        for _ in range(2 * len(stops) + 10):
            page.keyboard.press("Tab")
            now = page.evaluate(FOCUSED)
            if now["stop"] is not None:
                reached[now["stop"]] = now["seen"]
            if len(reached) == len(stops):
                break
        wrong += [f"{place.path}: no Tab leads to {stops[n]}" for n in range(len(stops)) if str(n) not in reached]
        wrong += [f"{place.path}: focus is not seen on {stops[int(n)]}" for n, seen in reached.items() if not seen]
    assert wrong == []


def test_the_content_is_one_key_away(made: Made, chrome: Browser) -> None:
    url = made.url
    page = enter(chrome, url, "staff", 1200, "light")
    page.goto(url)
    page.keyboard.press("Tab")
    box = page.locator(".skip").bounding_box()
    assert page.locator(".skip").evaluate("one => one === document.activeElement")
    assert box is not None
    assert box["y"] >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
