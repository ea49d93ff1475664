"""``prelabel simulate``: what the queue of people does, in a simulated world, against simpler ways to hand out work."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import typer
from rich.console import Group
from rich.table import Table

from serving.terminal import Json, err, show
from serving.workforce.simulation.report import STARVED_S, Comparison, Goal, Size, compare

simulate_app = typer.Typer(no_args_is_help=True, help="Simulated trainers on the real queue.")
SHOWN = (
    "labels",
    "work_hours",
    "consensus_accuracy",
    "hard_accuracy",
    "gini_equals",
    "makespan_hours",
    "starved",
    "longest_wait_s",
)


@simulate_app.callback()
def simulate() -> None:
    """Simulated trainers on the real queue."""


@simulate_app.command("trainers")
def trainers(
    items: Annotated[int, typer.Option(min=20, help="Items of a world.")] = Size().items,
    worlds: Annotated[int, typer.Option(min=1, help="Worlds, each with its own people, items and answers.")] = 5,
    seed: Annotated[int, typer.Option(help="Of the first world.")] = 0,
    overlap_people: Annotated[int, typer.Option(min=1, max=5, help="People an item, experts apart.")] = 3,
    experts_below: Annotated[
        float | None, typer.Option(min=0.01, max=1.0, help="Less sure: to experts at once; default: no such rule.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Compare the fair queue, whoever grabs first, and round robin at equal cost."""
    size = Size(items=items, overlap_people=overlap_people, experts_below=experts_below)
    done: list[int] = []
    with err.status(f"simulating {worlds} worlds, about 15 seconds of a processor each") as status:

        def told(one: int) -> None:
            done.append(one)
            status.update(f"simulating: {len(done)} of {worlds} worlds are done")

        found = compare(size, range(seed, seed + worlds), told)
    goals = "\n".join(_said(goal) for goal in found.goals())
    show(found.as_json(), as_json, Group(_table(found), goals))


def _table(found: Comparison) -> Table:
    caption = f"mean ± standard deviation over {len(found.seeds)} worlds; starved: no label within {STARVED_S:.0f} s"
    table = Table("", *found.scores, caption=caption)
    for name in SHOWN:
        cells = [found.values(policy, name) for policy in found.scores]
        table.add_row(name, *(f"{np.mean(cell):.3f} ± {np.std(cell):.3f}" for cell in cells))
    return table


def _said(goal: Goal) -> str:
    return f"{'met' if goal.met else 'missed'}: {goal.name}: {goal.found:.3f}, wanted {goal.wanted:.3f}"
