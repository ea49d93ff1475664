"""A line of the bench: two things measured in turns, and the ratio of their medians. Pure, but for the callables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any, TypeVar

T = TypeVar("T")
Say = Callable[[str], None]
"""Told what happens, a line at a time."""


@dataclass(frozen=True)
class Series:
    """Measurements of one thing, in the order in which they were taken."""

    what: str
    values: tuple[float, ...]

    @property
    def median(self) -> float:
        return median(self.values)


@dataclass(frozen=True)
class Line:
    """One result."""

    name: str
    ours: Series
    base: Series
    unit: str
    n: int
    """Items (or processes) behind every single measurement."""
    goal: float | None = None
    """The ratio must not be below this; None where there is nothing to reach."""
    others: tuple[Series, ...] = ()
    """Measured in the same turns, for the reader."""
    notes: tuple[str, ...] = ()
    parts: Mapping[str, float] = field(default_factory=dict)
    """What ``ours`` is made of, in ``unit``."""
    load: float = 0.0
    """Load average of the last minute before the measurement began."""

    @property
    def ratio(self) -> float:
        """Median of ours over median of the base."""
        return self.ours.median / self.base.median

    @property
    def spread(self) -> tuple[float, float]:
        """Smallest and largest ratio of a pair that was measured side by side."""
        ratios = [a / b for a, b in zip(self.ours.values, self.base.values, strict=True)]
        return min(ratios), max(ratios)

    @property
    def met(self) -> bool | None:
        """Whether the goal is reached; None without a goal."""
        return None if self.goal is None else self.ratio >= self.goal

    def plain(self) -> dict[str, Any]:
        """All of it, for JSON."""
        low, high = self.spread
        found = {"ratio": self.ratio, "ratio_low": low, "ratio_high": high, "met": self.met}
        medians = {"ours_median": self.ours.median, "base_median": self.base.median}
        return {**asdict(self), "rounds": len(self.ours.values), **medians, **found}


def turns(count: int, *measures: Callable[[], float]) -> list[tuple[float, ...]]:
    """Every measure ``count`` times, interleaved: forth in even rounds and back in odd ones (A B, B A, A B ...).

    What grows or tires during the run then weighs on all of them alike.

    Returns:
        The values of each measure, in the order of the rounds.
    """
    values: list[list[float]] = [[] for _ in measures]
    for number in range(count):
        order = range(len(measures)) if number % 2 == 0 else reversed(range(len(measures)))
        for index in order:
            values[index].append(measures[index]())
    return [tuple(found) for found in values]


def slower(*series: Series) -> Series:
    """The one with the smallest median: the neighbour that bounds a pipeline."""
    return min(series, key=lambda one: one.median)


def chunks(values: Sequence[T], size: int) -> list[Sequence[T]]:
    return [values[start : start + size] for start in range(0, len(values), size)]


def render(line: Line) -> list[str]:
    """The line as people read it."""
    low, high = line.spread
    verdict = {None: "", True: f"  goal {line.goal}: met", False: f"  goal {line.goal}: MISSED"}[line.met]
    head = f"{line.name:<10} ratio {line.ratio:.2f} ({low:.2f} to {high:.2f}, {len(line.ours.values)} rounds){verdict}"
    rows = [f"{_number(one.median):>9} {line.unit:<8} {one.what}" for one in (line.ours, line.base, *line.others)]
    parts = [f"{_number(value):>9} {line.unit:<8}   {name}" for name, value in line.parts.items()]
    return [head, *rows[:1], *parts, *rows[1:], f"{'':>9} n = {line.n}", *(f"{'':>9} {note}" for note in line.notes)]


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"
