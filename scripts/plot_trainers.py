"""Plot what ``prelabel simulate trainers --json`` printed: ``python -m scripts.plot_trainers RESULT.json PLOT.svg``."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scripts.bench_gate.svg import Curve, Panel, figure

POLICIES = ("fair", "grab_first", "round_robin")
GINI_TICKS = (0.0, 0.1, 0.2, 0.3)
ACCURACIES = {"consensus_accuracy": ("all items", 0.7), "hard_accuracy": ("hard items", 0.4)}
"""Name of a score -> what it is of, and where its axis begins."""


def plot(result: Mapping[str, Any]) -> str:
    """Consensus accuracy against the Gini coefficient among equals, one point a world and policy."""
    return figure([_panel(result, name, *more) for name, more in ACCURACIES.items()], POLICIES, columns=2)


def _panel(result: Mapping[str, Any], name: str, title: str, low: float) -> Panel:
    curves = tuple(
        Curve(policy, ((world["gini_equals"], world[name]),))
        for policy in POLICIES
        for world in result[policy]["worlds"]
    )
    ticks = tuple(round(low + (1.0 - low) * step / 3, 2) for step in range(4))
    axes = ("Gini coefficient among equals", "consensus accuracy")
    return Panel(title, *axes, (0.0, GINI_TICKS[-1]), (low, 1.0), GINI_TICKS, ticks, curves)


if __name__ == "__main__":
    source, target = map(Path, sys.argv[1:3])
    target.write_text(plot(json.loads(source.read_text(encoding="utf-8"))), encoding="utf-8")
