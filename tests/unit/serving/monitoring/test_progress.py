"""Pace and time left: of simulated backfills whose end is known."""

from __future__ import annotations

import random

import pytest

from serving.monitoring.progress import Progress, judge, pace, progress
from serving.pipeline import series
from serving.store.series import Level, Part, Sample
from tests.support.local_world import LocalWorld, easy

IDLE = {part: Level(0, 0.0, 0) for part in Part}


def samples(*steps: tuple[int, int], every_s: float = 60.0) -> list[Sample]:
    """(Done, waiting) at equal distances."""
    return [Sample(n * every_s, Level(done, 0.0, waiting)) for n, (done, waiting) in enumerate(steps)]


def backfill(items: int, *, rate: float, upto: float, seed: int = 0) -> tuple[Progress, float]:
    """What is said at ``upto`` seconds of a backfill, and how long it still takes in truth.

    Score is the slowest; each minute is up to 40 % slower or faster than ``rate`` items a second.
    """
    draw = random.Random(seed)
    rows: dict[Part, list[Sample]] = {part: [] for part in Part}
    done, at, told, end = 0.0, 0.0, None, None
    while end is None:
        now = {
            Part.SCORE: Level(int(done), 0.0, items - int(done)),
            Part.DECIDE: Level(int(done), 0.0, 0),
            Part.PUBLISH: Level(int(done), 0.0, 0),
            Part.PEOPLE: Level(0, 0.0, 0),
        }
        if at == upto:
            told = judge(rows, now, at)
        for part, level in now.items():
            rows[part].append(Sample(at, level))
        step = 60.0 * rate * draw.uniform(0.6, 1.4)
        if done + step >= items:
            end = at + 60.0 * (items - done) / step
        done, at = done + step, at + 60.0
    assert told is not None
    return told, end - upto


def test_the_range_holds_the_end_of_a_backfill() -> None:
    held = 0
    for seed in range(40):
        told, truth = backfill(60_000, rate=20.0, upto=900.0, seed=seed)
        assert told.left is not None
        assert told.left.slow is not None
        assert told.left.seconds == pytest.approx(truth, rel=0.25)
        held += told.left.fast <= truth <= told.left.slow
    assert held >= 35, "the slowest and the fastest of six lie on both sides of it, nearly always"


def test_what_is_undone_is_no_pace() -> None:
    """Labels that are deleted make less of what was done."""
    found = pace(samples((100, 50), (90, 60), (80, 70)))
    assert found is not None
    assert (found.per_second, found.slow, found.fast) == (0.0, 0.0, 0.0)
    assert pace(samples((100, 50), (90, 60), (150, 0))) is not None
    rows = {part: samples((100, 50), (40, 110)) for part in Part}
    assert judge(rows, {part: Level(40, 0.0, 110) for part in Part}, 60.0).left is None


def test_an_idle_night_does_not_make_it_slow() -> None:
    found = pace(samples((100, 0), (100, 0), (100, 0), (100, 600), (400, 300), (700, 0)))
    assert found is not None
    assert found.per_second == pytest.approx(5.0)
    assert found.minutes == 2.0
    assert pace(samples((100, 0), (100, 0))) is None, "it had no work"
    assert pace(samples((1, 5))) is None


def test_nothing_is_foretold_of_what_does_not_move() -> None:
    stuck = {part: samples((5, 900), (5, 900), (5, 900)) for part in (Part.SCORE,)}
    said = judge(stuck, {**IDLE, Part.SCORE: Level(5, 0.0, 900)}, 180.0)
    assert said.left is None
    assert said.waiting == 900
    score = said.stages["score"]
    assert (score.left, score.per_minute) == (None, 0.0)
    assert score.pace is not None
    assert score.pace.per_second == 0.0
    halting = {Part.SCORE: samples((0, 900), (60, 840), (60, 840), (120, 780))}
    left = judge(halting, {**IDLE, Part.SCORE: Level(180, 0.0, 720)}, 240.0).stages["score"].left
    assert left is not None
    assert left.slow is None, "nothing moved in a part of the time"
    assert judge({}, {**IDLE, Part.SCORE: Level(5, 0.0, 9)}, 0.0).left is None


def test_what_waits_before_a_stage_is_ahead_of_it() -> None:
    rows = {
        Part.SCORE: samples((0, 900), (300, 600)),
        Part.DECIDE: samples((0, 0), (300, 0)),
        Part.PUBLISH: samples((0, 0), (450, 150)),
    }
    now = {
        Part.SCORE: Level(600, 0.0, 300),
        Part.DECIDE: Level(600, 0.0, 0),
        Part.PUBLISH: Level(900, 0.0, 300),
        Part.PEOPLE: Level(0, 0.0, 70),
    }
    said = judge(rows, now, 120.0)
    lefts = {part: one.left.seconds for part, one in said.stages.items() if one.left is not None}
    assert lefts == pytest.approx({"score": 60.0, "decide": 60.0, "publish": (300 + 1.5 * 300) / 7.5})
    assert said.left is not None
    assert said.left.seconds == pytest.approx(100.0), "as long as the slowest"
    assert said.waiting == 600, "people's is not the machine's"


def test_of_a_project(world: LocalWorld) -> None:
    world.open(easy(90))
    for _ in range(3):
        series.sample(world.runtime, world.project)
        world.arrive(easy(30, seed=int(world.clock.now)))
        world.sync()
        world.settle()
        world.later(series.SLOT_S)
    series.sample(world.runtime, world.project)
    world.arrive(easy(32, seed=7))
    world.sync()
    world.later(series.SLOT_S)
    said = progress(world.runtime, world.project)
    assert said.stages["score"].waiting == 32
    assert said.stages["decide"].done > 60
    assert said.stages["score"].per_minute == 0.0
    assert said.left is not None
    assert said.left.seconds > 0
    with world.store.engine.connect() as conn:
        assert conn.exec_driver_sql("SELECT count(*) FROM stage_sample").scalar_one() == 16
    world.later(series.KEPT_S + 1)
    series.thin(world.runtime, world.project)
    assert progress(world.runtime, world.project).left is None
