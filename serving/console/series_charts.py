"""Charts of what goes on over time: throughput, queue, the monitor, drift, label noise. Rows in, specifications out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from models.gate.drift import NOTABLE
from serving.console.charts import BLUE, GREY, HEIGHT, ORANGE, SCHEMA, Chart, Spec
from serving.console.moments import moment
from serving.language import N_, gettext
from serving.monitoring.series import Spot
from serving.monitoring.watching import Step, Watched
from serving.store.records import CertificateRow
from serving.store.series import Part, Window

STAGES: Final = {
    Part.SCORE: N_("score"),
    Part.DECIDE: N_("decide"),
    Part.PUBLISH: N_("publish"),
    Part.PEOPLE: N_("people"),
}
MACHINE: Final = (Part.SCORE, Part.DECIDE, Part.PUBLISH)
PALETTE: Final = (BLUE, ORANGE, "#b3589a", "#1a8f6f", GREY, "#c0504d", "#7a68c9")
"""Told apart by people with any colour vision, with 3 : 1 against both grounds; with another dash each."""
DASHES: Final = ([1, 0], [6, 3], [2, 2], [10, 3, 2, 3], [4, 4], [8, 2], [1, 3])
NONE: Final = "–"
TABLED: Final = 24
"""Rows of a table, at most: the newest."""
LOWEST: Final = 0.01
"""Of the scale of the monitor's statistic, which is logarithmic."""


def throughput(spots: Sequence[Spot], *, people: bool) -> Chart:
    """What was done a minute, by stage; of people alone, or of the stages."""
    title, says = (
        (
            gettext("Labels of people over time"),
            gettext(
                "Labels that came in, a minute. Skips and second opinions are among them; one that is changed counts "
                "once."
            ),
        )
        if people
        else (
            gettext("Throughput of the stages"),
            gettext(
                "Items scored and decided, and writes sent to Label Studio, a minute, whether there was work or not. "
                "An accepted item takes two writes, a blind one may take none."
            ),
        )
    )
    name = "throughput-people" if people else "throughput"
    made = Measure(lambda spot: spot.per_minute, "{:,.1f}", gettext("a minute"), "linear")
    return _over_time(name, title, says, _of(spots, people), made)


def queue(spots: Sequence[Spot], *, people: bool) -> Chart:
    """What waited, by stage; for people, or for the stages."""
    title, says = (
        (
            gettext("Queue of people over time"),
            gettext("Items that wait for a person: blind ones, suggestions, and train items before there is a model."),
        )
        if people
        else (
            gettext("Queue of the stages"),
            gettext("What waits for a stage: items to be scored and to be decided, and writes to be sent."),
        )
    )
    name = "queue-people" if people else "queue"
    made = Measure(lambda spot: spot.waiting, "{:,}", gettext("waiting"), "step-after")
    return _over_time(name, title, says, _of(spots, people), made)


@dataclass(frozen=True, slots=True)
class Measure:
    """What of a spot is drawn."""

    of: Callable[[Spot], float | None]
    """None: nobody sampled."""
    form: str
    """How a table writes it, as ``str.format`` has it."""
    unit: str
    line: str
    """Vega-Lite's interpolation."""


def _over_time(name: str, title: str, says: str, spots: Sequence[Spot], measure: Measure) -> Chart:
    values = [
        {"at": _iso(spot.start), "stage": gettext(STAGES[spot.part]), "n": n}
        for spot in spots
        if (n := measure.of(spot)) is not None
    ]

    def cell(spot: Spot) -> str:
        n = measure.of(spot)
        return NONE if n is None else measure.form.format(n)

    head = (gettext("from"), *(gettext(STAGES[part]) for part in _parts(spots)))
    return Chart(name, title, says, head, _table(spots, cell), _lines(values, measure.unit, measure.line, spots))


def monitor(seen: Watched) -> Chart:
    """The statistic after each audit, with the levels at which the gate is watched and closed."""
    before = [0, *(step.errors for step in seen.steps)]
    values = [
        {"audits": step.audits, "statistic": max(LOWEST, step.statistic), "wrong": step.errors - errors}
        for step, errors in zip(seen.steps, before, strict=False)
    ]
    x = {"field": "audits", "type": "quantitative", "title": gettext("audits"), "axis": {"tickMinStep": 1}}
    y = {"type": "quantitative", "title": gettext("statistic"), "scale": {"type": "log"}, "axis": {"tickCount": 5}}
    levels = [
        {"level": seen.watch_level, "name": gettext("watch")},
        {"level": seen.close_level, "name": gettext("close")},
    ]
    at = {"data": {"values": levels}}
    layers: list[Spec] = [
        {
            **at,
            "mark": {"type": "rule", "color": ORANGE, "strokeDash": [6, 4], "size": 2},
            "encoding": {"y": {**y, "field": "level"}},
        },
        {
            **at,
            "mark": {"type": "text", "align": "left", "dy": -6, "dx": 4, "fontSize": 12},
            "encoding": {"x": {"value": 0}, "y": {**y, "field": "level"}, "text": {"field": "name"}},
        },
        {
            "mark": {"type": "line", "color": BLUE, "interpolate": "linear"},
            "encoding": {"x": x, "y": {**y, "field": "statistic"}},
        },
        {
            "transform": [{"filter": "datum.wrong"}],
            "mark": {"type": "point", "color": BLUE, "filled": True, "size": 60, "opacity": 1},
            "encoding": {"x": x, "y": {**y, "field": "statistic"}},
        },
    ]
    return Chart(
        "monitor",
        gettext("The monitor, audit by audit"),
        gettext(
            "How strongly the audits so far, in the order in which they were drawn, speak for an error above the "
            "budget. While the error is within it, the statistic reaches {watch:,.0f}, from which the gate is watched, "
            "once in so many audits at most, and {close:,.0f}, where it closes, once in so many. A point is a wrong "
            "audit; where the line falls, audits speak for the gate. The scale is logarithmic.",
            watch=seen.watch_level,
            close=seen.close_level,
        ),
        (gettext("audits"), gettext("drawn"), gettext("wrong"), gettext("statistic")),
        tuple(
            (f"{one.audits:,}", moment(one.drawn_at), f"{one.errors:,}", f"{one.statistic:,.2f}")
            for one in _spread(seen.steps)
        ),
        {**_frame(values), "layer": layers},
    )


def drift(windows: Sequence[Window]) -> Chart:
    """The population stability index of each figure, window by window."""
    named = {figure: gettext(figure.replace("_", " ")) for figure in sorted({one.figure for one in windows})}
    figures = list(named.values())
    values = [{"at": _iso(one.at), "figure": named[one.figure], "psi": one.psi, "alarm": one.alarm} for one in windows]
    colour = {
        "field": "figure",
        "type": "nominal",
        "title": None,
        "legend": {"columns": 2 if len(figures) > 3 else 0},
        "scale": {"domain": figures, "range": [PALETTE[n % len(PALETTE)] for n in range(len(figures))]},
    }
    dash = {**colour, "scale": {"domain": figures, "range": [DASHES[n % len(DASHES)] for n in range(len(figures))]}}
    x = _time([one.at for one in windows])
    y = {"type": "quantitative", "title": "PSI", "scale": {"type": "symlog", "constant": 0.05}}
    layers: list[Spec] = [
        {
            "data": {"values": [{"psi": NOTABLE}]},
            "mark": {"type": "rule", "color": GREY, "strokeDash": [6, 4], "size": 2},
            "encoding": {"y": {**y, "field": "psi"}},
        },
        {
            "mark": {"type": "line"},
            "encoding": {"x": x, "y": {**y, "field": "psi"}, "color": colour, "strokeDash": dash},
        },
        {
            "transform": [{"filter": "datum.alarm"}],
            "mark": {"type": "point", "filled": True, "size": 70, "opacity": 1},
            "encoding": {"x": x, "y": {**y, "field": "psi"}, "color": colour},
        },
    ]
    return Chart(
        "drift",
        gettext("Drift, window by window"),
        gettext(
            "The population stability index of the newest items against the blind sample of the certificate, by "
            "figure: 0 is no difference. A point is an alarm: the index is at least {notable:g} (dashed), and the "
            "difference larger than chance makes it once in a thousand windows. Drift proves no error; it raises the "
            "share of audits.",
            notable=NOTABLE,
        ),
        (
            gettext("compared"),
            gettext("figure"),
            gettext("items"),
            "PSI",
            gettext("distance"),
            gettext("p-value"),
            gettext("alarm"),
        ),
        tuple(
            (
                moment(one.at),
                named[one.figure],
                f"{one.window:,}",
                f"{one.psi:.3f}",
                f"{one.distance:.2f}",
                f"{one.p_value:.2g}",
                gettext("yes") if one.alarm else gettext("no"),
            )
            for one in list(reversed(windows))[: TABLED * max(1, len(figures)) // 2]
        ),
        {**_frame(values), "layer": layers},
    )


def noise(tests: Sequence[CertificateRow]) -> Chart:
    """How often one person is wrong, as each certificate measured it, with its interval."""
    rows = [(one, one.noise, one.noise.rate) for one in tests if one.noise is not None and one.noise.rate is not None]
    values = [
        {
            "at": moment(one.created_at),
            "rate": rate.estimate,
            "lower": rate.lower,
            "upper": rate.upper,
            "budget": one.epsilon,
        }
        for one, _, rate in rows
    ]
    x = {
        "field": "at",
        "type": "ordinal",
        "sort": None,
        "title": gettext("tested"),
        "axis": {"labelAngle": -45, "labelOverlap": True},
    }
    y = {"type": "quantitative", "title": gettext("share wrong"), "axis": {"format": "%"}}
    layers: list[Spec] = [
        {
            "mark": {"type": "rule", "size": 2, "color": BLUE},
            "encoding": {"x": x, "y": {**y, "field": "lower"}, "y2": {"field": "upper"}},
        },
        {
            "mark": {"type": "point", "filled": True, "opacity": 1, "size": 60, "color": BLUE},
            "encoding": {"x": x, "y": {**y, "field": "rate"}},
        },
        {
            "mark": {"type": "point", "shape": "stroke", "size": 500, "strokeWidth": 3, "opacity": 1, "color": GREY},
            "encoding": {"x": x, "y": {**y, "field": "budget"}},
        },
    ]
    return Chart(
        "noise",
        gettext("Label noise, test by test"),
        gettext(
            "On what share of the items one person is wrong, told by items that two people labelled (dot), with the "
            "bounds that each hold with 95% (line), and the budget of that time (grey). Where people alone are wrong "
            "more often than the budget allows, no model can be shown to be within it."
        ),
        (
            gettext("tested"),
            gettext("one person is wrong"),
            gettext("bounds"),
            gettext("labelled twice"),
            gettext("checked agreements that fell"),
            gettext("people asked at most"),
        ),
        tuple(
            (
                moment(one.created_at),
                f"{rate.estimate:.2%}",
                f"{rate.lower:.2%} – {rate.upper:.2%}",
                f"{said.pairs:,}",
                f"{said.overturned:,} / {said.checked:,}",
                f"{said.people}",
            )
            for one, said, rate in reversed(rows[-TABLED:])
        ),
        {**_frame(values), "layer": layers},
    )


def _of(spots: Sequence[Spot], people: bool) -> list[Spot]:
    return [spot for spot in spots if (spot.part is Part.PEOPLE) == people]


def _parts(spots: Sequence[Spot]) -> list[Part]:
    there = {spot.part for spot in spots}
    return [part for part in Part if part in there]


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def _time(seconds: Sequence[float]) -> Spec:
    """An axis in UTC, with days where it is longer than one."""
    long = bool(seconds) and max(seconds) - min(seconds) > 86_400.0
    return {
        "field": "at",
        "type": "temporal",
        "scale": {"type": "utc"},
        "title": gettext("time (UTC)"),
        "axis": {"format": "%m-%d" if long else "%H:%M", "labelOverlap": True, "labelAngle": 0},
    }


def _lines(values: Sequence[dict[str, Any]], title: str, how: str, spots: Sequence[Spot]) -> Spec:
    parts = _parts(spots)
    names = [gettext(STAGES[part]) for part in parts]
    places = [list(Part).index(part) for part in parts]
    alone = len(names) == 1
    by = {"field": "stage", "type": "nominal", "title": None, **({"legend": None} if alone else {})}
    return {
        **_frame(values),
        "mark": {"type": "line", "interpolate": how, "point": {"size": 12, "opacity": 1}},
        "encoding": {
            "x": _time([spot.start for spot in spots]),
            "y": {"field": "n", "type": "quantitative", "title": title},
            "color": {**by, "scale": {"domain": names, "range": [PALETTE[n] for n in places]}},
            "strokeDash": {**by, "scale": {"domain": names, "range": [DASHES[n] for n in places]}},
        },
    }


def _table(spots: Sequence[Spot], said: Callable[[Spot], str]) -> tuple[tuple[str, ...], ...]:
    """A row for each of the newest times, a column for each stage."""
    times = sorted({spot.start for spot in spots}, reverse=True)[:TABLED]
    cells = {(spot.start, spot.part): said(spot) for spot in spots}
    return tuple((moment(at), *(cells.get((at, part), NONE) for part in _parts(spots))) for at in times)


def _spread(steps: Sequence[Step]) -> list[Step]:
    """Newest first; of many, some at equal distances, the first and the last among them."""
    if len(steps) <= TABLED:
        return list(reversed(steps))
    places = {round(n * (len(steps) - 1) / (TABLED - 1)) for n in range(TABLED)}
    return [steps[n] for n in sorted(places, reverse=True)]


def _frame(values: Sequence[dict[str, Any]]) -> Spec:
    return {"$schema": SCHEMA, "width": "container", "height": HEIGHT, "data": {"values": list(values)}}
