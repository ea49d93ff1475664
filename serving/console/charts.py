"""Charts: pure functions from rows to a Vega-Lite specification, with the same numbers as a table beside it.

The page's own script draws them, in the colours of the page; nothing in a specification is code.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from serving.console.moments import moment
from serving.language import N_, gettext, joined
from serving.monitoring.blind_figures import Bin, Point
from serving.monitoring.by_day import Day
from serving.store.records import CertificateRow

SCHEMA: Final = "https://vega.github.io/schema/vega-lite/v6.json"
"""The name of the format; nothing is fetched from there."""
HEIGHT: Final = 240
COLOURS: Final = {N_("accepted"): "#0f7bc4", N_("suggested"): "#d98200", N_("audited"): "#b3589a"}
"""Told apart by people with any colour vision (after Okabe & Ito), with 3 : 1 against both grounds."""
BLUE, ORANGE, GREY = "#0f7bc4", "#d98200", "#7d8794"
ONE_HUE: Final = ["#cfe3f5", "#0b4f82"]

TABLED: Final = 5
"""The table has every so many-th point of the curve, the chosen one and the last."""

ACCEPTS: Final = {
    False: (N_("The dot is where the gate accepts from."), N_("The gate accepts nothing now.")),
    True: (N_("The dot is where it would accept from."), N_("It would accept nothing.")),
}

CURVE: Final = {
    True: N_(
        "Share of wrong predictions among blind labels at or above a confidence, by the share of waiting items that "
        "lies there. The band reaches to an upper bound of 95 % for one threshold looked at alone; the dashed line is "
        "the budget, {epsilon:.2%}."
    ),
    False: N_(
        "Share of wrong predictions among blind labels at or above a confidence, by the share of the blind sample that "
        "lies there. The band reaches to an upper bound of 95 % for one threshold looked at alone; the dashed line is "
        "the budget, {epsilon:.2%}."
    ),
}
"""Whether items wait -> what the curve is."""

Spec = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture, and what it shows for those who do not see it."""

    name: str
    """Unique on its page."""
    title: str
    says: str
    """How it is defined, and of how many."""
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    """The table: a name and its figures."""
    spec: Spec


def automation(days: Sequence[Day]) -> Chart:
    """Decisions a day, stacked by route."""
    values = [
        {"day": day.day.isoformat(), "route": gettext(route), "place": place, "decisions": n}
        for day in days
        for place, (route, n) in enumerate(zip(COLOURS, (day.accept, day.suggest, day.audit), strict=True))
    ]
    layer = {
        "mark": {"type": "bar", "tooltip": False},
        "encoding": {
            "x": {
                "field": "day",
                "type": "temporal",
                "timeUnit": "utcyearmonthdate",
                "title": gettext("day (UTC)"),
                "axis": {"format": "%Y-%m-%d", "tickCount": "day", "labelAngle": -45, "labelOverlap": True},
            },
            "y": {"field": "decisions", "type": "quantitative", "title": gettext("decisions"), "stack": "zero"},
            "color": {
                "field": "route",
                "type": "nominal",
                "title": None,
                "scale": {"domain": [gettext(route) for route in COLOURS], "range": list(COLOURS.values())},
            },
            "order": {"field": "place", "type": "quantitative"},
        },
    }
    return Chart(
        "automation",
        gettext("Decisions by day"),
        gettext(
            "What was decided on each day, by route: accepted without a person, suggested to a person, audited blind. "
            "An item that is decided again counts again; a rate is the accepted of all decisions of that day."
        ),
        (
            gettext("day"),
            gettext("decisions"),
            gettext("accepted"),
            gettext("suggested"),
            gettext("audited"),
            gettext("accepted of all"),
        ),
        tuple(
            (
                day.day.isoformat(),
                f"{day.n:,}",
                f"{day.accept:,}",
                f"{day.suggest:,}",
                f"{day.audit:,}",
                f"{day.accept / day.n:.1%}",
            )
            for day in reversed(days)
        ),
        _spec(values, layer),
    )


def certificates(rows: Sequence[CertificateRow]) -> Chart:
    """The selective error of each test that found labels enough, with its bound and its budget; oldest first."""
    tested = [row for row in rows if row.n and row.selective_upper is not None]
    values = [
        {
            "at": moment(row.created_at),
            "error": row.errors / row.n,
            "upper": row.selective_upper,
            "budget": row.epsilon,
            "gate": _gate(row),
        }
        for row in tested
    ]
    x = {
        "field": "at",
        "type": "ordinal",
        "sort": None,
        "title": gettext("tested"),
        "axis": {"labelAngle": -45, "labelOverlap": True},
    }
    y = {"type": "quantitative", "title": gettext("share wrong"), "axis": {"format": "%"}}
    gate = {
        "field": "gate",
        "type": "nominal",
        "title": None,
        "scale": {"domain": [gettext("open"), gettext("closed")], "range": [BLUE, ORANGE]},
    }
    layers: list[Spec] = [
        {
            "mark": {"type": "rule", "size": 2},
            "encoding": {"x": x, "y": {**y, "field": "error"}, "y2": {"field": "upper"}, "color": gate},
        },
        {
            "mark": {"type": "point", "filled": True, "opacity": 1, "size": 60},
            "encoding": {"x": x, "y": {**y, "field": "error"}, "color": gate},
        },
        {
            "mark": {"type": "point", "shape": "stroke", "size": 500, "strokeWidth": 3, "opacity": 1, "color": GREY},
            "encoding": {"x": x, "y": {**y, "field": "budget"}},
        },
    ]
    return Chart(
        "certificates",
        gettext("Selective error by test"),
        gettext(
            "Share of wrong ones among the blind labels that each test of the gate looked at (dot), the upper bound "
            "that follows from them at the delta that it spent (end of the line), and the budget of its time (grey). A "
            "test that stayed closed tells of the threshold at which it failed."
        ),
        (
            gettext("tested"),
            gettext("gate"),
            gettext("wrong of labels"),
            gettext("share wrong"),
            gettext("at most"),
            gettext("budget"),
            gettext("delta spent"),
        ),
        tuple(
            (
                moment(row.created_at),
                _gate(row),
                gettext("{errors:,} of {n:,}", errors=row.errors, n=row.n),
                f"{row.errors / row.n:.2%}",
                f"{row.selective_upper:.2%}",
                f"{row.epsilon:.2%}",
                f"{row.delta:.2%}",
            )
            for row in reversed(tested)
        ),
        {**_frame(values), "layer": layers},
    )


def coverage_risk(
    points: Sequence[Point], *, epsilon: float, chosen: float | None, waiting: bool, supposed: bool = False
) -> Chart:
    """Selective error by coverage.

    Args:
        points: one a threshold.
        epsilon: the budget, a line.
        chosen: threshold that the gate accepts from; None: it is closed.
        waiting: coverage is a share of the waiting items; else of the blind sample.
        supposed: the budget, and what is chosen, are only looked at.
    """
    values = [
        {"coverage": p.coverage, "risk": p.risk, "upper": p.upper, "threshold": p.threshold, "n": p.n} for p in points
    ]
    x = {"field": "coverage", "type": "quantitative", "title": gettext("coverage"), "axis": {"format": "%"}}
    y = {"type": "quantitative", "title": gettext("share wrong"), "axis": {"format": "%"}}
    layers: list[Spec] = [
        {
            "mark": {"type": "area", "opacity": 0.2, "color": BLUE},
            "encoding": {"x": x, "y": {**y, "field": "risk"}, "y2": {"field": "upper"}},
        },
        {"mark": {"type": "line", "color": BLUE}, "encoding": {"x": x, "y": {**y, "field": "risk"}}},
        {
            "data": {"values": [{"epsilon": epsilon}]},
            "mark": {"type": "rule", "color": ORANGE, "strokeDash": [6, 4], "size": 2},
            "encoding": {"y": {**y, "field": "epsilon"}},
        },
    ]
    at = _at(points, chosen)
    if at is not None:
        marked = {"values": [{"coverage": at.coverage, "risk": at.risk}]}
        place = {"x": x, "y": {**y, "field": "risk"}}
        layers.append(
            {
                "data": marked,
                "mark": {"type": "point", "filled": True, "opacity": 1, "size": 110, "color": BLUE},
                "encoding": place,
            }
        )
    dot, none = ACCEPTS[supposed]
    return Chart(
        "what-if" if supposed else "coverage-risk",
        gettext("Coverage and risk"),
        joined((gettext(CURVE[waiting], epsilon=epsilon), gettext(none if at is None else dot))),
        (
            gettext("from confidence"),
            gettext("coverage"),
            gettext("blind labels"),
            gettext("wrong"),
            gettext("share wrong"),
            gettext("at most (95 %)"),
        ),
        tuple(
            (f"{p.threshold:.4f}", f"{p.coverage:.1%}", f"{p.n:,}", f"{p.errors:,}", f"{p.risk:.2%}", f"{p.upper:.2%}")
            for place, p in enumerate(points, 1)
            if place % TABLED == 0 or p in (at, points[-1])
        ),
        {**_frame(values), "layer": layers},
    )


def reliability(bins: Sequence[Bin]) -> Chart:
    """How often predictions of a confidence are right; on the diagonal confidence is what it says."""
    values = [
        {"confidence": b.confidence, "right": b.right, "lower": b.right_lower, "upper": b.right_upper, "n": b.n}
        for b in bins
    ]
    unit = {"domain": [0, 1]}
    axis = {"format": "%"}
    x = {
        "field": "confidence",
        "type": "quantitative",
        "title": gettext("mean confidence"),
        "scale": unit,
        "axis": axis,
    }
    y = {"type": "quantitative", "title": gettext("share right"), "scale": unit, "axis": axis}
    layers: list[Spec] = [
        {
            "data": {"values": [{"confidence": 0, "right": 0}, {"confidence": 1, "right": 1}]},
            "mark": {"type": "line", "color": GREY, "strokeDash": [4, 4]},
            "encoding": {"x": x, "y": {**y, "field": "right"}},
        },
        {
            "mark": {"type": "rule", "color": BLUE},
            "encoding": {"x": x, "y": {**y, "field": "lower"}, "y2": {"field": "upper"}},
        },
        {
            "mark": {"type": "point", "filled": True, "opacity": 1, "size": 60, "color": BLUE},
            "encoding": {"x": x, "y": {**y, "field": "right"}},
        },
        {
            "mark": {"type": "text", "dy": -10, "dx": 4, "align": "left", "fontSize": 11},
            "encoding": {"x": x, "y": {**y, "field": "right"}, "text": {"field": "n", "type": "quantitative"}},
        },
    ]
    return Chart(
        "reliability",
        gettext("Reliability"),
        gettext(
            "Blind items by confidence, in ten ranges of equal width: share that was right, with its interval (95 %), "
            "and the number of items. On the dashed line a confidence is what it says; the gate does not rely on that."
        ),
        (
            gettext("confidence"),
            gettext("items"),
            gettext("mean confidence"),
            gettext("share right"),
            gettext("95 % interval"),
        ),
        tuple(
            (
                gettext("{lower:.1f} to {upper:.1f}", lower=b.lower, upper=b.upper),
                f"{b.n:,}",
                f"{b.confidence:.1%}",
                f"{b.right:.1%}",
                gettext("{lower:.1%} to {upper:.1%}", lower=b.right_lower, upper=b.right_upper),
            )
            for b in bins
        ),
        {**_frame(values), "layer": layers},
    )


def confusion(control: str, counts: Mapping[tuple[str, str], int]) -> Chart:
    """(The person's class, the model's) -> items, as a matrix."""
    classes = sorted({name for pair in counts for name in pair})
    totals = {truth: sum(n for (person, _), n in counts.items() if person == truth) for truth in classes}
    cells = [(truth, said, counts[truth, said]) for truth in classes for said in classes if counts.get((truth, said))]
    values = [{"person": truth, "model": said, "items": n, "share": n / totals[truth]} for truth, said, n in cells]
    x = {"field": "model", "type": "nominal", "title": gettext("the model says"), "scale": {"domain": classes}}
    y = {"field": "person", "type": "nominal", "title": gettext("the person says"), "scale": {"domain": classes}}
    shade = {
        "field": "share",
        "type": "quantitative",
        "title": gettext("of the row"),
        "scale": {"domain": [0, 1], "range": ONE_HUE},
        "legend": {"format": "%"},
    }
    ink = {"condition": {"test": "datum.share > 0.5", "value": "#ffffff"}, "value": "#10151d"}
    layers: list[Spec] = [
        {"mark": {"type": "rect"}, "encoding": {"x": x, "y": y, "color": shade}},
        {
            "mark": {"type": "text", "fontSize": 11},
            "encoding": {"x": x, "y": y, "text": {"field": "items", "type": "quantitative"}, "color": ink},
        },
    ]
    return Chart(
        "confusion-" + re.sub(r"\W+", "-", control),
        gettext("Confusion: {control}", control=control),
        gettext(
            "Blind items by what the first person said and what the model said, {n:,} in all; skips are left out. The "
            "shade is the share of the person's class.",
            n=sum(counts.values()),
        ),
        (gettext("the person says"), gettext("the model says"), gettext("items"), gettext("of the person's class")),
        tuple((truth, said, f"{n:,}", f"{n / totals[truth]:.1%}") for truth, said, n in cells),
        {**_frame(values), "height": max(HEIGHT // 2, 26 * len(classes)), "layer": layers},
    )


def _gate(row: CertificateRow) -> str:
    return gettext("open") if row.open else gettext("closed")


def _at(points: Sequence[Point], chosen: float | None) -> Point | None:
    """The point of the lowest threshold that is not below the chosen one."""
    if chosen is None:
        return None
    return min((p for p in points if p.threshold >= chosen), key=lambda p: p.threshold, default=None)


def _spec(values: Sequence[Mapping[str, Any]], layer: Spec) -> Spec:
    return {**_frame(values), **layer}


def _frame(values: Sequence[Mapping[str, Any]]) -> Spec:
    return {"$schema": SCHEMA, "width": "container", "height": HEIGHT, "data": {"values": list(values)}}
