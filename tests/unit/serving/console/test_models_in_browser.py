"""The models page in Chromium: versions side by side, and a roll-back by hand, in both languages."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest

from scripts.browser import FLAGS, chromium
from serving.api.application import create_app
from serving.console import staff
from serving.projects import versions
from tests.support.audited import stream
from tests.support.browsers import patient
from tests.support.local_world import LocalWorld, easy
from tests.support.served import serve
from tests.unit.serving.projects.test_versions import another

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(chromium() is None, reason="there is no Chromium: apt-get install chromium"),
]
Scheme = Literal["light", "dark"]


@pytest.fixture
def served(world: LocalWorld) -> Iterator[tuple[str, str, str]]:
    """Where a service listens, with the version before and the one that was promoted by hand."""
    staff._failures.clear()
    world.open(easy(110))
    stream(world, easy(30, seed=8))
    old, new = str(world.project.active_model), another(world)
    versions.promote(world.runtime, world.project, new, reason="it knows more words", actor="ada")
    versions.shadow(world.runtime, world.project, old, reason="to see where they differ", actor="ada")
    world.settle()
    world.tick()
    world.later()
    with serve(create_app(world.runtime)) as url:
        yield url, old, new


@pytest.mark.parametrize(
    ("width", "scheme", "locale"),
    [(1200, "light", "en"), (1200, "dark", "zh-CN"), (400, "dark", "en"), (400, "light", "zh-CN")],
)
def test_an_operator_rolls_back(
    served: tuple[str, str, str], world: LocalWorld, width: int, scheme: Scheme, locale: str
) -> None:
    from playwright.sync_api import sync_playwright

    home, old, new = served
    problems: list[str] = []
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium(), headless=True, args=list(FLAGS))
        looks = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, locale=locale)
        page = patient(looks.new_page())
        page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.request.post(f"{home}/sign-in", form={"token": "operator-token"}, max_redirects=0)
        page.goto(f"{home}/projects/moods/models")
        page.get_by_text("would accept" if locale == "en" else "会接受").first.wait_for(state="attached")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert not [one for one in page.locator("label").all() if not one.get_attribute("for")]
        if folder := os.environ.get("SCREENSHOTS"):
            page.screenshot(path=Path(folder) / f"models-{width}-{scheme}.png", full_page=True)
        page.locator("#promote-version").select_option(old)
        page.locator("#promote-reason").fill("it says good of everything")
        page.locator("form[action$='/models/promote'] button").click()
        page.get_by_text(f"{old} predicts." if locale == "en" else f"{old} 正在预测。").wait_for()
        browser.close()
    assert problems == []
    assert (world.project.active_model, world.project.shadow, world.project.pinned) == (old, None, True)
    with world.store.read() as uow:
        assert uow.gate.events(world.id)[-1].reason.endswith("it says good of everything")
        assert uow.models.get(world.id, new).rejected_at is not None
