"""Plots are well-formed, and each value lies where its axes say."""

from xml.etree import ElementTree

import pytest

from scripts.bench_gate import plots
from scripts.bench_gate.result import Comparison, Row
from scripts.bench_gate.splits import OURS
from scripts.bench_gate.svg import BOTTOM, COLOURS, LEFT, RIGHT, TOP, Curve, Panel, figure

SVG = "{http://www.w3.org/2000/svg}"
TICKS = (0.0, 0.5, 1.0)


def _panel(*curves: Curve) -> Panel:
    return Panel("a < b", "x", "y", (0.0, 1.0), (0.0, 1.0), TICKS, TICKS, curves, verticals=(0.1,))


def _circles(text: str) -> list[ElementTree.Element]:
    """Without those of the legend."""
    return [one for one in ElementTree.fromstring(text).iter(f"{SVG}circle") if one.get("stroke")]


def test_corners() -> None:
    text = figure([_panel(Curve("ours", ((0.0, 0.0), (1.0, 1.0))))], ["ours"], columns=1, width=400, height=300)
    low, high = _circles(text)
    assert (float(low.attrib["cx"]), float(low.attrib["cy"])) == (LEFT, 300 - BOTTOM)
    assert (float(high.attrib["cx"]), float(high.attrib["cy"])) == (400 - RIGHT, TOP)
    assert "a &lt; b" in text


def test_what_is_outside_stands_at_the_edge() -> None:
    (only,) = _circles(figure([_panel(Curve("ours", ((2.0, -1.0),)))], ["ours"], columns=1, width=400, height=300))
    assert (float(only.attrib["cx"]), float(only.attrib["cy"])) == (400 - RIGHT, 300 - BOTTOM)


def test_more_names_than_colours_are_refused() -> None:
    with pytest.raises(ValueError, match="colours"):
        figure([_panel()], [str(n) for n in range(len(COLOURS) + 1)], columns=1)


def _section(epsilon: float, violations: float) -> Comparison:
    return Comparison("t", epsilon, 0.1, 100, 1000, 1, 1, (Row(OURS, 0.45, 0.01, violations, 0.0),))


def test_coverage_is_of_the_unlabelled_and_hollow_where_the_promise_broke() -> None:
    kept, broken = _circles(plots.coverage([_section(0.02, 0.05), _section(0.04, 0.2)]))
    assert kept.get("fill") != "#fff"
    assert broken.get("fill") == "#fff"
    height = 420
    assert float(kept.attrib["cy"]) == pytest.approx(height - BOTTOM - 0.5 * (height - BOTTOM - TOP), abs=0.06)


def test_trade_has_one_panel_a_setting() -> None:
    assert len(_circles(plots.trade([_section(0.02, 0.05), _section(0.05, 0.2)]))) == 2
