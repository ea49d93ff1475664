"""The two plots of the gate's benchmarks. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence

from scripts.bench_gate.result import Comparison
from scripts.bench_gate.splits import CHOSEN, NAMES, OURS, SECOND
from scripts.bench_gate.svg import Curve, Panel, figure

SHOWN = (
    SECOND,
    CHOSEN,
    OURS,
    *(name for key, name in NAMES.items() if key not in ("certify", "certify, by class", "TBAL")),
)
"""Gates by class stand in the tables only."""
WITH_BOTH_TBAL = (*SHOWN, NAMES["TBAL"])
"""With few labels for each class TBAL does better with one threshold."""
TICKS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


def trade(sections: Sequence[Comparison]) -> str:
    """Automation against violation frequency: one panel a setting, one point a rule; delta is the dashed line."""
    return figure([_trade(section) for section in sections], WITH_BOTH_TBAL, columns=2)


def coverage(points: Sequence[Comparison]) -> str:
    """Accepted share of the unlabelled items against epsilon; hollow where the budget was missed more often than delta.

    Args:
        points: the same setting at rising epsilons.
    """
    curves = []
    for name in SHOWN:
        there = [(at, row) for at in points for row in at.rows if row.rule == name]
        places = tuple((at.epsilon, row.automation / (1.0 - at.labels / at.items)) for at, row in there)
        curves.append(Curve(name, places, tuple(row.violations > at.delta for at, row in there)))
    highest = max(at.epsilon for at in points)
    ticks = tuple(step / 50 for step in range(math.ceil(highest * 50) + 1))
    title = "Hollow: missed the budget more often than delta"
    panel = Panel(title, "epsilon", "coverage", (0.0, ticks[-1]), (0.0, 1.0), ticks, TICKS, tuple(reversed(curves)))
    return figure([panel], SHOWN, columns=1, width=760, height=420)


def _trade(section: Comparison) -> Panel:
    curves = [
        Curve(row.rule, ((row.violations, row.automation),)) for row in section.rows if row.rule in WITH_BOTH_TBAL
    ]
    title = section.title.replace(" validation labels", " labels")
    ours_last = tuple(reversed(curves))
    axes = ("splits that miss the budget", "automation")
    return Panel(title, *axes, (0.0, 1.0), (0.0, 1.0), TICKS, TICKS, ours_last, verticals=(section.delta,))
