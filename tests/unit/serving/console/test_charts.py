"""Charts are functions of their rows: every number of the rows is in the picture's data and in the table."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from serving.console import charts
from serving.console.charts import Chart
from serving.monitoring.blind_figures import Bin, Point
from serving.monitoring.by_day import Day
from serving.store.records import CertificateRow

DAYS = [Day(date(2026, 3, 1), accept=0, suggest=30, audit=10), Day(date(2026, 3, 2), accept=60, suggest=15, audit=5)]
POINTS = [Point(0.99, 0.2, 40, 0, 0.0722), Point(0.9, 0.5, 100, 3, 0.0758), Point(0.6, 1.0, 200, 20, 0.1417)]
BINS = [Bin(0.5, 0.6, 10, 0.55, 0.5, 0.187, 0.813), Bin(0.9, 1.0, 50, 0.97, 0.98, 0.89, 0.99)]
CONFUSION = {("cat", "cat"): 8, ("cat", "dog"): 2, ("dog", "dog"): 5}
TESTS = [
    CertificateRow(1, 1, "m1", "", "", False, None, 30, 2, 0.05, 0.04, 0.19, 0.1, 0.0, 212, "x", 1_700_000_000.0),
    CertificateRow(2, 1, "m1", "", "", True, 0.9, 90, 1, 0.05, 0.02, 0.048, 0.1, 0.6, 0, "x", 1_700_090_000.0),
]
UNTESTED = replace(TESTS[0], n=0, errors=0, selective_upper=None)
ALL = [
    charts.certificates(TESTS),
    charts.automation(DAYS),
    charts.coverage_risk(POINTS, epsilon=0.05, chosen=0.9, waiting=True),
    charts.reliability(BINS),
    charts.confusion("pet of the house", CONFUSION),
]


def values(chart: Chart) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = chart.spec["data"]["values"]
    return found


@pytest.mark.parametrize("chart", ALL, ids=lambda chart: chart.name)
def test_each_is_json_with_a_table_beside_it(chart: Chart) -> None:
    assert json.loads(json.dumps(chart.spec)) == chart.spec
    assert chart.spec["$schema"].endswith("/vega-lite/v6.json")
    assert chart.rows
    assert {len(row) for row in chart.rows} == {len(chart.columns)}
    assert " " not in chart.name


def test_days_are_stacked_by_route() -> None:
    chart = charts.automation(DAYS)
    assert sum(value["decisions"] for value in values(chart)) == 40 + 80
    assert {(v["day"], v["route"]): v["decisions"] for v in values(chart)}["2026-03-02", "accepted"] == 60
    assert chart.rows[0] == ("2026-03-02", "80", "60", "15", "5", "75.0%"), "the newest comes first"
    domain = chart.spec["encoding"]["color"]["scale"]["domain"]
    assert {value["route"] for value in values(chart)} == set(domain)


def dot(chart: Chart) -> dict[str, Any] | None:
    layers = [layer for layer in chart.spec["layer"] if layer["mark"]["type"] == "point"]
    return layers[0]["data"]["values"][0] if layers else None


def test_the_chosen_point_is_the_lowest_that_is_accepted() -> None:
    chart = charts.coverage_risk(POINTS, epsilon=0.05, chosen=0.85, waiting=True)
    assert dot(chart) == {"coverage": 0.5, "risk": 0.03}
    assert ("0.9000", "50.0%", "100", "3", "3.00%", "7.58%") in chart.rows
    assert "waiting items" in chart.says
    assert "5.00%" in chart.says


def test_a_closed_gate_has_no_dot() -> None:
    assert dot(charts.coverage_risk(POINTS, epsilon=0.05, chosen=None, waiting=True)) is None
    assert "accepts nothing" in charts.coverage_risk(POINTS, epsilon=0.05, chosen=None, waiting=True).says
    assert "would accept" in charts.coverage_risk(POINTS, epsilon=0.05, chosen=0.9, waiting=True, supposed=True).says


def test_a_bin_says_how_many_and_how_sure() -> None:
    chart = charts.reliability(BINS)
    assert chart.rows[1] == ("0.9 to 1.0", "50", "97.0%", "98.0%", "89.0% to 99.0%")
    assert [value["n"] for value in values(chart)] == [10, 50]


def test_a_row_of_the_matrix_is_what_people_said() -> None:
    chart = charts.confusion("pet", CONFUSION)
    assert {(v["person"], v["model"]): v["share"] for v in values(chart)}["cat", "dog"] == 0.2
    assert "15 in all" in chart.says
    assert ("cat", "dog", "2", "20.0%") in chart.rows


def test_a_test_has_its_error_bound_and_budget() -> None:
    chart = charts.certificates([*TESTS, UNTESTED])
    assert [(v["gate"], v["error"], v["upper"], v["budget"]) for v in values(chart)] == [
        ("closed", 2 / 30, 0.19, 0.05),
        ("open", 1 / 90, 0.048, 0.05),
    ]
    assert chart.rows[0][1:] == ("open", "1 of 90", "1.11%", "4.80%", "5.00%", "2.00%")
