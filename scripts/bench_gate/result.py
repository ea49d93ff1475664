"""What a benchmark of the gate says: rows of rules, and goals. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from models.gate.simulate import Outcome


@dataclass(frozen=True)
class Row:
    """One rule over all splits of one setting; shares in [0, 1]."""

    rule: str
    automation: float
    """Accepted / all items of the batch; validation labels count as people's work."""
    error: float | None
    """Mean selective error where something was accepted; None: nothing ever was."""
    violations: float
    """Share of splits whose selective error was above epsilon."""
    never: float
    """Share of splits in which nothing was accepted."""


@dataclass(frozen=True)
class Goal:
    """A number that was promised."""

    text: str
    value: float
    bound: float
    at_least: bool = True

    @property
    def met(self) -> bool:
        return self.value >= self.bound if self.at_least else self.value <= self.bound


@dataclass(frozen=True)
class Comparison:
    """Rules side by side on the same splits."""

    title: str
    epsilon: float
    delta: float
    labels: int
    items: int
    splits: int
    models: int
    rows: tuple[Row, ...]
    goals: tuple[Goal, ...] = ()

    def row(self, rule: str) -> Row:
        return next(row for row in self.rows if row.rule == rule)


@dataclass(frozen=True)
class Delay:
    """One detector on one kind of stream."""

    rule: str
    clean: float
    """Error of the audits before the change."""
    median: float
    """Audits after the change until it closed; infinity where fewer than half of the streams did."""
    false_closes: float
    """Per 10,000 audits before the change."""


@dataclass(frozen=True)
class Monitoring:
    """Detectors side by side on the same streams."""

    title: str
    epsilon: float
    shifted: float
    before: int
    streams: int
    rows: tuple[Delay, ...]
    goals: tuple[Goal, ...] = ()


Section = Comparison | Monitoring


def combined(pieces: Sequence[Sequence[Outcome]]) -> list[Row]:
    """One row a rule from pieces with equally many splits, in the order of the first piece.

    Rules may lack in some pieces: a class that a model never predicts changes nothing for the others.
    """
    by_rule: dict[str, list[Outcome]] = {}
    for piece in pieces:
        for outcome in piece:
            by_rule.setdefault(outcome.rule, []).append(outcome)
    return [_row(rule, outcomes) for rule, outcomes in by_rule.items()]


def plain(section: Section) -> dict[str, Any]:
    """All of it, for JSON."""
    return asdict(section) | {"goals": [asdict(goal) | {"met": goal.met} for goal in section.goals]}


def _row(rule: str, outcomes: Sequence[Outcome]) -> Row:
    opened = [(1.0 - o.never_opens, o.selective_error) for o in outcomes if o.selective_error is not None]
    weight = sum(share for share, _ in opened)
    return Row(
        rule,
        float(np.mean([o.automation_rate for o in outcomes])),
        sum(share * error for share, error in opened) / weight if weight else None,
        float(np.mean([o.violations for o in outcomes])),
        float(np.mean([o.never_opens for o in outcomes])),
    )
