"""The two plots of the gate's benchmarks. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence

from scripts.bench_gate.result import Comparison, Row
from scripts.bench_gate.splits import CHOSEN, NAMES, OURS
from scripts.bench_gate.svg import Curve, Panel, figure

SHOWN = (CHOSEN, OURS, *(name for key, name in NAMES.items() if key not in ("certify", "certify, by class", "TBAL")))
"""Gates by class and TBAL with one threshold stand in the tables only."""
TICKS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


def trade(sections: Sequence[Comparison]) -> str:
    """Automation against violation frequency: one panel a setting, one point a rule; delta is the dashed line."""
    return figure([_trade(section) for section in sections], SHOWN, columns=2)


def coverage(points: Sequence[tuple[float, Sequence[Row]]], *, items: int, labels: int, delta: float) -> str:
    """Accepted share of the unlabelled items against epsilon; hollow where the budget was missed more often than delta.

    Args:
        points: epsilon, and the rows of all rules there.
        items: of a batch, validation labels included.
        labels: validation labels.
        delta: how often the budget may be missed.
    """
    waiting = 1.0 - labels / items
    curves = []
    for name in SHOWN:
        there = [(epsilon, row) for epsilon, rows in points for row in rows if row.rule == name]
        places = tuple((epsilon, row.automation / waiting) for epsilon, row in there)
        curves.append(Curve(name, places, tuple(row.violations > delta for _, row in there)))
    highest = max(epsilon for epsilon, _ in points)
    ticks = tuple(step / 50 for step in range(math.ceil(highest * 50) + 1))
    title = "Hollow: missed the budget more often than delta"
    panel = Panel(title, "epsilon", "coverage", (0.0, ticks[-1]), (0.0, 1.0), ticks, TICKS, tuple(curves))
    return figure([panel], SHOWN, columns=1, width=760, height=420)


def _trade(section: Comparison) -> Panel:
    curves = [Curve(row.rule, ((row.violations, row.automation),)) for row in section.rows if row.rule in SHOWN]
    title = section.title.replace(" validation labels", " labels")
    ours_last = tuple(reversed(curves))
    axes = ("splits that miss the budget", "automation")
    return Panel(title, *axes, (0.0, 1.0), (0.0, 1.0), TICKS, TICKS, ours_last, verticals=(section.delta,))
