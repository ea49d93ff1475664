"""Parts of a project's page: the numbers of the store, for those who are signed in, in the language of the page."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from serving.console import over_time, staff
from serving.monitoring.progress import progress
from serving.monitoring.remembered import FRESH_S
from serving.monitoring.savings import savings
from serving.pipeline import series, watch
from tests.support.local_world import LocalWorld, easy
from tests.unit.serving.conftest import MakeWorld
from tests.unit.serving.console.test_project import specs

PARTS = ("progress", "savings", "series", "series?span=month", "watching")


def enter(browser: TestClient) -> None:
    staff._failures.clear()
    browser.post("/sign-in", data={"token": "operator-token"}, follow_redirects=False)


@pytest.mark.parametrize("part", [*PARTS, "live"])
def test_nobody_looks_without_signing_in(world: LocalWorld, browser: TestClient, part: str) -> None:
    answer = browser.get(f"/projects/moods/{part}", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")


def test_of_a_project_without_anything(world: LocalWorld, browser: TestClient) -> None:
    enter(browser)
    parts = [browser.get(f"/projects/moods/{part}") for part in PARTS]
    assert [part.status_code for part in parts] == [200] * len(PARTS)
    text = "".join(part.text for part in parts)
    assert specs(text) == []
    for said in ("Nothing waits", "Nothing is saved yet", "Nothing was sampled", "no audit to count", "No window"):
        assert said in text
    assert browser.get("/projects/moods/series?span=century").status_code == 422
    page = browser.get("/projects/moods").text
    for part in ("progress", "savings", "series", "watching"):
        assert f'hx-get="/projects/moods/{part}"' in page


def test_numbers_are_those_of_the_store(world: LocalWorld, browser: TestClient) -> None:
    world.open(easy(110))
    for _ in range(3):
        series.sample(world.runtime, world.project)
        world.arrive(easy(40, seed=int(world.clock.now)))
        world.sync()
        world.settle()
        world.later(90.0)
    series.sample(world.runtime, world.project)
    enter(browser)
    with world.store.engine.connect() as conn:
        stored = conn.exec_driver_sql(
            "SELECT stage, done, waiting FROM stage_sample WHERE slot = (SELECT max(slot) FROM stage_sample)"
        ).all()
        assert conn.exec_driver_sql("SELECT sum(items) FROM stage_stat WHERE stage = 'score'").scalar_one() > 120
    drawn = specs(browser.get("/projects/moods/series").text)
    newest = {v["stage"]: v["n"] for spec in (drawn[1], drawn[3]) for v in spec["data"]["values"]}  # type: ignore[index]
    assert newest == {stage: waiting for stage, _, waiting in stored}
    rates = [v["n"] for v in drawn[0]["data"]["values"] if v["stage"] == "score"]  # type: ignore[index]
    assert 20.0 <= max(rates) <= 40.0, "40 items in one and a half minutes and some seconds"
    now = progress(world.runtime, world.project)
    assert f">{now.stages['people'].waiting:,}</td>" in browser.get("/projects/moods/progress").text
    assert savings(world.runtime, world.project).in_words in browser.get("/projects/moods/savings").text
    assert "more labels" in browser.get("/projects/moods/savings").text


def test_windows_of_drift_are_written_down(make: MakeWorld) -> None:
    world = make(settings={"drift_window": 50}, validation_target=60)
    world.open(easy(170), labels=110)
    for seed in (1, 2):
        world.arrive(easy(90, seed=seed))
        world.sync()
        world.settle()
        for _ in range(2):
            world.later()
            watch.run(world.runtime, world.project)
    with world.store.read() as uow:
        windows = uow.series.windows(world.id)
    assert len({one.at for one in windows}) == 2, "each once, however often it is looked at"
    assert {"confidence", "answer"} <= {one.figure for one in windows}
    assert {one.window for one in windows} == {50}


def test_parts_are_counted_once_in_half_a_minute(
    world: LocalWorld, browser: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    enter(browser)
    first = browser.get("/projects/moods/progress").text
    world.arrive(easy(9))
    world.sync()
    assert browser.get("/projects/moods/progress").text == first
    world.later(FRESH_S)
    assert ">9</td>" in browser.get("/projects/moods/progress").text
    assert over_time.spots.keys() == {"hours", "day", "week", "month"}
