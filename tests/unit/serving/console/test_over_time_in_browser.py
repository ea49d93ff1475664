"""Progress, savings and the monitor's charts in Chromium: drawn, kept up to date, and ended with the sign-in."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest

from models.costs import Costs
from models.gate.noise import Pairs, measure
from models.types import Route
from scripts.browser import FLAGS, chromium
from serving.api.application import create_app
from serving.console import live, staff
from serving.console.live import Live
from serving.pipeline import series, watch
from serving.projects.costs import set_costs
from tests.support.browsers import patient
from tests.support.local_world import LocalWorld, easy, hard
from tests.support.served import serve

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(chromium() is None, reason="there is no Chromium: apt-get install chromium"),
]
TITLES = (
    "Throughput of the stages",
    "Queue of the stages",
    "Labels of people over time",
    "Queue of people over time",
    "The monitor, audit by audit",
    "Drift, window by window",
    "Label noise, test by test",
)


def label_all(world: LocalWorld, rng: np.random.Generator) -> None:
    """People label what the queue has: with a suggestion they are quicker."""
    for row in world.wanted():
        aided = row.route is Route.SUGGEST and not row.unaided
        gold = world.gold[row.data["text"]]
        other = "bad" if gold == "good" else "good"
        took = float((12.0 if aided else 30.0) * rng.lognormal(0.0, 0.5))
        world.label(row.task_id, other if rng.random() < 0.03 else gold, lead_time=took)
    world.sync()


def measure_noise(world: LocalWorld) -> None:
    """Two tests that found people to be wrong on some items."""
    with world.store.begin() as uow:
        known = uow.gate.latest(world.id)
        assert known is not None
        fields = ("model_version", "model_sha256", "label_config_digest", "open", "threshold", "n", "errors", "epsilon")
        more = ("delta", "selective_upper", "overall_upper", "coverage", "needed_labels", "reason")
        for split in (2, 4):
            noise = measure(Pairs(120, 20, split, 12, 0), people=3, second_opinions=32, classes=2)
            values = {name: getattr(known, name) for name in (*fields, *more)}
            uow.gate.add_certificate(world.id, **values, now=world.clock.now + split, trial=True, noise=noise)


@pytest.fixture(scope="module")
def lively(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalWorld]:
    """Some hours of a project: audits that are answered, items of which some are labelled, a backfill under way."""
    from tests.support.local_world import make_world, template

    folder = tmp_path_factory.mktemp("lively")
    world = make_world(
        folder,
        template(tmp_path_factory.mktemp("template")),
        settings={"drift_window": 60},
        audit_rate=0.3,
        control_rate=0.3,
        validation_target=60,
    )
    rng = np.random.default_rng(1)
    world.open(easy(170), labels=110)
    measure_noise(world)
    set_costs(world.runtime, world.project, Costs(person_hour=24.0, compute_hour=2.0))
    for round in range(6):
        world.arrive(easy(60, seed=round + 1) + hard(20 + 8 * round, seed=round + 1))
        world.sync()
        for _ in range(4):
            world.worker.score(world.project)
            world.later(60.0)
            series.sample(world.runtime, world.project)
        world.settle()
        label_all(world, rng)
        watch.run(world.runtime, world.project)
        for _ in range(3):
            world.later(120.0)
            series.sample(world.runtime, world.project)
    world.arrive(easy(200, seed=50))
    world.sync()
    for _ in range(3):
        world.later(60.0)
        world.worker.score(world.project)
        world.worker.decide(world.project)
        world.worker.publish(world.project)
        series.sample(world.runtime, world.project)
    world.later(45.0)
    yield world
    world.store.close()


@pytest.fixture
def served(lively: LocalWorld, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    staff._failures.clear()
    monkeypatch.setattr(live, "SHARE", 1.0)  # a look that took long, on a busy machine, puts none off
    app = create_app(lively.runtime)
    app.state.live = Live(lively.runtime, every_s=0.3)
    with serve(app) as url:
        yield url
    assert url not in {one.name for one in threading.enumerate()}, "streams hold no server up"
    assert app.state.live.listeners == 0


def enter(page: Any, url: str) -> list[str]:
    problems: list[str] = []
    page.on("console", lambda one: problems.append(one.text) if one.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(url)
    page.fill("#token", "operator-token")
    page.locator("main form button").last.click()
    page.get_by_role("link", name="moods").first.click()
    return problems


@pytest.mark.parametrize("language", ["en", "zh-CN"])
@pytest.mark.parametrize("width", [1200, 400])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everything_is_drawn(served: str, width: int, scheme: Literal["light", "dark"], language: str) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium(), headless=True, args=list(FLAGS))
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, locale=language)
        page = patient(context.new_page())
        problems = enter(page, served)
        page.locator("#series-part svg").nth(3).wait_for()
        page.locator("section[aria-labelledby=watching] svg").nth(2).wait_for()
        if language == "en":
            for title in TITLES:
                figure = page.locator("figure", has=page.get_by_role("heading", name=title, exact=True))
                assert figure.locator("svg path").count() > 5, title
            page.get_by_text("hours of people").wait_for()
            page.get_by_text("The machine is through with what waits in about").wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        shot = os.environ.get("SCREENSHOTS")
        if shot:
            page.screenshot(path=Path(shot) / f"over-time-{language}-{scheme}-{width}.png", full_page=True)
        browser.close()
    assert problems == []


def test_the_page_is_kept_up_to_date_until_somebody_signs_out(lively: LocalWorld, served: str) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium(), headless=True, args=list(FLAGS))
        context = browser.new_context(viewport={"width": 1200, "height": 900})
        page = patient(context.new_page())
        problems = enter(page, served)
        row = page.get_by_role("row", name="items to be scored").locator("td").first
        row.wait_for()
        before = int(row.inner_text().replace(",", ""))
        lively.arrive(easy(37, seed=int(time.time())))
        lively.sync()
        row.filter(has_text=str(before + 37)).wait_for()
        other = patient(context.new_page())
        other.goto(f"{served}/projects/moods")
        other.get_by_role("row", name="items to be scored").wait_for()
        page.get_by_role("button", name="24 hours").click()
        page.locator("#series-part button[aria-current]", has_text="24 hours").wait_for()
        page.get_by_role("button", name="Sign out").click()
        page.locator("#token").wait_for()
        lively.later(1.0)
        told = other.locator("[data-live] .hint").inner_text()
        time.sleep(1.5)
        assert other.locator("[data-live] .hint").inner_text() == told, "the other page hears of it"
        browser.close()
    assert problems == []
