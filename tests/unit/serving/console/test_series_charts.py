"""Charts over time are functions of their rows; gaps stay gaps, and nothing is drawn twice."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from models.gate.noise import Pairs, measure
from serving.console import series_charts as charts
from serving.console.charts import Chart
from serving.language import speaking
from serving.monitoring.series import POINTS, Spot, spots
from serving.monitoring.watching import Step, Watched, kept
from serving.store.records import CertificateRow
from serving.store.series import Level, Part, Sample, Window

NOISE = measure(Pairs(120, 20, 4, 12, 1), people=3, second_opinions=32, overturned=1, classes=2)
TEST = CertificateRow(
    1, 1, "m1", "", "", True, 0.9, 90, 1, 0.05, 0.02, 0.048, 0.1, 0.6, 0, "x", 1_700_000_000.0, noise=NOISE
)
STEPS = (Step(1, 0.4, 0, 60.0), Step(2, 3.5, 1, 120.0), Step(3, 2.9, 1, 180.0))
WINDOWS = tuple(
    Window(figure, at, 60, psi, 0.1, 0.01, psi > 0.5, 1)
    for at, psi in ((60.0, 0.05), (90_000.0, 0.7))
    for figure in ("answer", "confidence")
)
SPOTS = [Spot(part, at, 2.0 * at, int(at)) for part in Part for at in (0.0, 60.0)] + [Spot(Part.PEOPLE, 120.0, None, 7)]


def watched(steps: tuple[Step, ...] = STEPS) -> Watched:
    return Watched(steps, watch_level=400.0, close_level=1e4, windows=WINDOWS, noisy=(TEST,))


ALL = [
    *(draw(SPOTS, people=people) for draw in (charts.throughput, charts.queue) for people in (False, True)),
    charts.monitor(watched()),
    charts.drift(WINDOWS),
    charts.noise([TEST]),
]


def values(chart: Chart) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = chart.spec["data"]["values"]
    return found


@pytest.mark.parametrize("chart", ALL, ids=lambda chart: chart.name)
def test_a_chart_is_data_with_its_table(chart: Chart) -> None:
    assert json.loads(json.dumps(chart.spec, allow_nan=False)) == chart.spec
    assert values(chart)
    assert chart.rows
    assert {len(row) for row in chart.rows} == {len(chart.columns)}
    assert chart.says.endswith(".")


def test_names_are_unique_on_the_page() -> None:
    assert len({chart.name for chart in ALL}) == len(ALL)


def test_stages_and_people_are_drawn_apart() -> None:
    stages, people = charts.throughput(SPOTS, people=False), charts.throughput(SPOTS, people=True)
    assert {value["stage"] for value in values(stages)} == {"score", "decide", "publish"}
    assert {value["stage"] for value in values(people)} == {"people"}
    assert ("1970-01-01 00:01:00 UTC", "120.0", "120.0", "120.0") in stages.rows
    assert len(values(people)) == 2, "what nobody sampled is not drawn"
    assert people.rows[0] == ("1970-01-01 00:02:00 UTC", "–")
    assert charts.queue(SPOTS, people=True).rows[0][1] == "7"


def test_the_monitor_has_its_levels_and_its_wrong_audits() -> None:
    chart = charts.monitor(watched())
    levels = [layer["data"]["values"] for layer in chart.spec["layer"] if "data" in layer]
    assert {value["level"] for value in levels[0]} == {400.0, 1e4}
    assert [(v["audits"], v["statistic"], v["wrong"]) for v in values(chart)] == [(1, 0.4, 0), (2, 3.5, 1), (3, 2.9, 0)]
    assert chart.rows[0] == ("3", "1970-01-01 00:03:00 UTC", "1", "2.90")
    assert "400" in chart.says
    assert "10,000" in chart.says
    assert min(v["statistic"] for v in values(charts.monitor(watched(steps=(Step(1, 0.0, 0, 0.0),))))) > 0, (
        "a logarithm"
    )


def test_long_tables_show_some_of_it() -> None:
    many = tuple(Step(n + 1, 1.0, 0, float(n)) for n in range(500))
    rows = charts.monitor(watched(steps=many)).rows
    assert len(rows) == charts.TABLED
    assert (rows[0][0], rows[-1][0]) == ("500", "1")


def test_the_line_of_many_audits_keeps_its_peaks() -> None:
    path = np.ones(10_000)
    path[4321] = 900.0
    few = kept(path)
    assert len(few) <= 241
    assert 4321 in few
    assert few[-1] == 9_999
    assert list(kept(path[:5])) == [0, 1, 2, 3, 4]


def test_drift_tells_its_alarms() -> None:
    chart = charts.drift(WINDOWS)
    assert [value["alarm"] for value in values(chart)] == [False, False, True, True]
    assert chart.rows[0][-1] == "yes"
    assert chart.spec["layer"][0]["data"]["values"] == [{"psi": 0.1}]


def test_noise_has_bounds_and_budget() -> None:
    chart = charts.noise([TEST])
    rate = NOISE.rate
    assert rate is not None
    assert [(v["lower"], v["rate"], v["upper"], v["budget"]) for v in values(chart)] == [
        (rate.lower, rate.estimate, rate.upper, 0.05)
    ]
    assert chart.rows[0][3:] == ("32", "1 / 12", "3")


def test_charts_speak_the_language_of_the_page() -> None:
    with speaking("zh-Hans"):
        chart = charts.throughput(SPOTS, people=False)
    assert chart.title == "各阶段的吞吐量"
    assert {value["stage"] for value in values(chart)} == {"评分", "决定", "写入"}


def test_what_was_done_is_spread_over_the_time_between_samples() -> None:
    rows = [Sample(60.0 * n, Level(100 * n, 0.0, n)) for n in range(61)]
    found = spots({Part.SCORE: rows}, now=3600.0, length=3600.0)
    assert len(found) <= POINTS
    assert sum(one.per_minute or 0.0 for one in found) * 0.5 == pytest.approx(6000.0, rel=0.02)
    assert {round(one.per_minute, 6) for one in found if one.per_minute is not None} == {100.0}
    assert [one.waiting for one in found if one.waiting is not None][-1] == 60


def test_a_time_without_samples_is_a_gap() -> None:
    late = 600.0 + 1800.0
    rows = [Sample(at, Level(int(at), 0.0, 1)) for at in (0.0, 300.0, 600.0, late, late + 60.0)]
    found = spots({Part.SCORE: rows}, now=late + 60.0, length=3600.0)
    told = [one.start for one in found if one.per_minute is not None]
    assert [at for at in told if 630.0 < at < late - 30.0] == []
    assert max(told) >= late - 30.0
    assert spots({Part.SCORE: rows[:1]}, now=30.0, length=3600.0)[-1].per_minute is None
    assert spots({}, now=0.0, length=60.0) == []
    back = [Sample(0.0, Level(50, 0.0, 0)), Sample(60.0, Level(10, 0.0, 0))]
    assert spots({Part.PEOPLE: back}, now=60.0, length=3600.0)[0].per_minute == 0.0, "never below 0"
