"""Live progress: one look for everybody who listens, none when nobody does, and streams that end."""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import aclosing

import pytest
from fastapi.testclient import TestClient

from serving.api.application import create_app
from serving.console import live, staff
from serving.console.live import Live
from serving.monitoring.progress import Progress, progress
from tests.support.local_world import LocalWorld, easy
from tests.support.patience import PATIENCE_S


def enter(browser: TestClient) -> None:
    staff._failures.clear()
    browser.post("/sign-in", data={"token": "operator-token"}, follow_redirects=False)


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """A look that took long, on a busy machine, puts none off."""
    if "looks_that_take_long" not in request.node.name:
        monkeypatch.setattr(live, "SHARE", 1.0)


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """When the store was looked at."""
    seen: list[float] = []
    look = progress

    def counted(*args: object) -> Progress:
        seen.append(time.monotonic())
        return look(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(live, "progress", counted)
    return seen


async def take(feeds: Live, world: LocalWorld, n: int) -> list[Progress]:
    found = []
    async with aclosing(feeds.listen(world.project)) as told:
        async for one in told:
            found.append(one)
            if len(found) == n:
                break
    return found


def test_one_look_serves_everybody(world: LocalWorld, looks: list[float]) -> None:
    async def listen() -> None:
        feeds = Live(world.runtime, every_s=0.05)
        told = await asyncio.gather(*(take(feeds, world, 4) for _ in range(20)))
        assert len({id(one) for found in told for one in found}) <= 6, "the same looks for all"
        assert feeds.listeners == 0
        done = len(looks)
        await asyncio.sleep(0.2)
        assert len(looks) <= done + 1, "nobody listens: nobody looks"
        assert feeds._feeds == {}
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(listen())
    assert 4 <= len(looks) <= 6


def test_what_has_changed_is_told(world: LocalWorld) -> None:
    world.open(easy(90))

    async def listen() -> list[int]:
        waiting: list[int] = []
        async with aclosing(Live(world.runtime, every_s=0.02, lasts_s=PATIENCE_S).listen(world.project)) as told:
            async for one in told:
                if not waiting:
                    world.arrive(easy(25, seed=3))
                    await asyncio.to_thread(world.sync)
                waiting.append(one.stages["score"].waiting)
                if waiting[-1]:
                    break
        return waiting

    waiting = asyncio.run(listen())
    assert (waiting[0], waiting[-1]) == (0, 25)


def test_a_stream_ends_by_itself(world: LocalWorld) -> None:
    async def listen() -> int:
        feeds = Live(world.runtime, every_s=0.02, lasts_s=3.0)
        told = [one async for one in feeds.listen(world.project)]
        assert feeds.listeners == 0
        return len(told)

    begun = time.monotonic()
    assert asyncio.run(listen()) >= 1
    assert time.monotonic() - begun >= 3.0


def test_looks_that_take_long_are_rarer(world: LocalWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = progress

    def wait(*args: object) -> Progress:
        time.sleep(0.02)
        return slow(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(live, "progress", wait)
    begun = time.monotonic()
    asyncio.run(take(Live(world.runtime, every_s=0.0), world, 3))
    assert time.monotonic() - begun > 2 * 0.02 / live.SHARE


def test_a_look_that_fails_is_tried_again(world: LocalWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    look, calls = progress, []

    def fail_first(*args: object) -> Progress:
        calls.append(args)
        if len(calls) == 1:
            raise RuntimeError("the store is away")
        return look(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(live, "progress", fail_first)
    assert len(asyncio.run(take(Live(world.runtime, every_s=0.01), world, 1))) == 1


def stream(browser: TestClient, **more: str) -> str:
    answer = browser.get("/projects/moods/live", headers=more)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["cache-control"] == "no-store"
    return answer.text


def test_the_page_is_told_in_its_language(world: LocalWorld) -> None:
    app = create_app(world.runtime)
    app.state.live = Live(world.runtime, every_s=0.05, lasts_s=3.0)
    before = threading.active_count()
    with TestClient(app, headers={"Origin": "http://testserver"}) as browser:
        assert browser.get("/projects/moods/live", follow_redirects=False).headers["location"] == "/sign-in"
        enter(browser)
        told = stream(browser)
        assert told.startswith(": it goes on")
        assert "retry: 1000" in told
        assert told.count("event: progress") >= 1
        assert "Nothing waits for the machine." in told
        assert "items to be scored" in told
        assert "Nothing waits" not in stream(browser, **{"Accept-Language": "zh"})
        browser.post("/sign-out", follow_redirects=False)
        assert browser.get("/projects/moods/live", follow_redirects=False).status_code == 303, "signed out"
        assert app.state.live.listeners == 0
    end = time.monotonic() + PATIENCE_S
    while threading.active_count() > before + 1:  # a pool's threads end on their own
        assert time.monotonic() < end, threading.enumerate()
        time.sleep(0.05)


def test_more_than_so_many_are_refused(world: LocalWorld, browser: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    enter(browser)
    monkeypatch.setattr(live, "MOST", 0)
    answer = browser.get("/projects/moods/live")
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "60"
