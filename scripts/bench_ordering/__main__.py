"""``python -m scripts.bench_ordering``: replays two projects in both orders, and prints what ours saves."""

from __future__ import annotations

import dataclasses
import json
import math
import time
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from scripts.bench_ordering.curves import Saving, saving
from scripts.bench_ordering.replay import PLANS, Plan, load, repetition

Reached = dict[str, dict[int, dict[str, float]]]

FIRST = 100
"""The rule itself was chosen on splits of smaller seeds."""

NOTHING = 0.01
"""Reached below this, nothing can be read off the curve."""

console = Console(highlight=False, soft_wrap=True)


def bench(
    only: Annotated[list[str] | None, typer.Option(help=f"One of {', '.join(PLANS)}; may be repeated.")] = None,
    repetitions: Annotated[int, typer.Option(min=2, help="Random splits of each data set.")] = 12,
    first: Annotated[int, typer.Option(min=0, help="Seed of the first split.")] = FIRST,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write every measurement to this file.")] = None,
) -> None:
    """Measure; takes a few minutes on one core."""
    if unknown := sorted(set(only or ()) - set(PLANS)):
        raise typer.BadParameter(f"there is no {unknown[0]!r}: {', '.join(PLANS)}")
    began = time.monotonic()
    made: dict[str, Any] = {}
    for plan in (PLANS[name] for name in only or PLANS):
        data = load(plan)
        with Progress(console=console, transient=True) as progress:
            row = progress.add_task(plan.name, total=repetitions)
            runs: list[Reached] = []
            for seed in range(first, first + repetitions):
                runs.append(repetition(plan, data, seed))
                progress.advance(row)
        found = savings(plan, runs)
        made[plan.name] = {
            "runs": runs,
            "savings": {metric: [dataclasses.asdict(one) for one in of] for metric, of in found.items()},
            "error ratio": error_ratio(plan, runs),
        }
        show(plan, found, made[plan.name]["error ratio"], repetitions)
    console.print(f"{time.monotonic() - began:.0f} s", markup=False)
    if json_file is not None:
        json_file.write_text(json.dumps(made, indent=1), encoding="utf-8")


def savings(plan: Plan, runs: list[Reached]) -> dict[str, list[Saving]]:
    """Metric -> what ours saves at each of its sizes."""
    found: dict[str, list[Saving]] = {}
    for metric in ("accuracy", *(f"coverage at {epsilon:.0%}" for epsilon in plan.epsilons)):
        random = np.array([[run["random"][size][metric] for size in plan.random] for run in runs])
        found[metric] = [
            saving(
                size,
                np.array([run["ours"][size][metric] for run in runs]),
                plan.random,
                random,
                np.random.default_rng(size),
            )
            for size in plan.ours
        ]
    return found


def error_ratio(plan: Plan, runs: list[Reached]) -> float:
    """Errors found in what ours asked for with a head, over those that random order found with as many labels."""
    sizes = [size for size in plan.ours[1:] if size in plan.random]
    ours = np.mean([run["ours"][size]["errors"] for run in runs for size in sizes])
    random = np.mean([run["random"][size]["errors"] for run in runs for size in sizes])
    return float(ours / random)


def show(plan: Plan, found: dict[str, list[Saving]], errors: float, repetitions: int) -> None:
    """One table a data set."""
    title = f"{plan.name} ({plan.encoder}): mean of {repetitions} splits; 5th to 95th percentile in brackets"
    table = Table("reached", "labels", "ours", "random, as many", "labels that random order needs / ours", title=title)
    for metric, rows in found.items():
        for one in rows:
            same = f"{one.random:.1%}" if one.random is not None else "-"
            needs = (
                f"{_ratio(one.ratio, one.longest)} ({_ratio(one.low, one.longest)} to {_ratio(one.high, one.longest)})"
            )
            table.add_row(metric, str(one.labels), f"{one.ours:.1%}", same, needs if one.ours >= NOTHING else "-")
    console.print(table)
    console.print(f"our order finds errors of the head {errors:.2f} times as often as random order", markup=False)


def _ratio(value: float, longest: float) -> str:
    return f"> {longest:.2f}" if math.isinf(value) else f"{value:.2f}"


if __name__ == "__main__":
    typer.run(bench)
