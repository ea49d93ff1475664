"""Loss of single figures: stars, numbers, dates."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

from models.types import ControlSpec, Region
from models.values import DateTime, Number, Rating

T = TypeVar("T", float, str)

NEAR = 1e-9
"""Numbers whose relative difference is not above this are the same."""


def rating(predicted: Sequence[Region], human: Sequence[Region], control: ControlSpec) -> float:
    """``|difference| / (maximum - minimum)`` of stars, in [0, 1]; the minimum is 1 where none is said."""
    lowest = 1.0 if control.minimum is None else control.minimum
    span = 0.0 if control.maximum is None else control.maximum - lowest

    def apart(a: float, b: float) -> float:
        if a == b:
            return 0.0
        return min(1.0, abs(a - b) / span) if span > 0.0 else 1.0

    said, meant = (
        [float(r.value.stars) for r in side if r.control == control.name and isinstance(r.value, Rating)]
        for side in (predicted, human)
    )
    return _mean(said, meant, apart)


def number(predicted: Sequence[Region], human: Sequence[Region], control: ControlSpec) -> float:
    """``|difference| / (maximum - minimum)``, or relative to the larger one where no range is said; in [0, 1]."""
    span = None
    if control.minimum is not None and control.maximum is not None and control.maximum > control.minimum:
        span = control.maximum - control.minimum

    def apart(a: float, b: float) -> float:
        if math.isclose(a, b, rel_tol=NEAR):
            return 0.0
        return min(1.0, abs(a - b) / (max(abs(a), abs(b)) if span is None else span))

    said, meant = (
        [r.value.number for r in side if r.control == control.name and isinstance(r.value, Number)]
        for side in (predicted, human)
    )
    return _mean(said, meant, apart)


def moment(predicted: Sequence[Region], human: Sequence[Region], control: ControlSpec) -> float:
    """0 where both are the same date and time, else 1; ``2024-01-01`` is its midnight. Other texts: as they are."""
    said, meant = (
        [r.value.text.strip() for r in side if r.control == control.name and isinstance(r.value, DateTime)]
        for side in (predicted, human)
    )
    return _mean([_moment(text) for text in said], [_moment(text) for text in meant], lambda a, b: float(a != b))


def _moment(text: str) -> str:
    """One way of writing each moment, as far as it is written in the ISO way."""
    try:
        return datetime.fromisoformat(text).isoformat()
    except ValueError:
        return text


def _mean(said: list[T], meant: list[T], apart: Callable[[T, T], float]) -> float:
    """Mean over pairs in ascending order, where one without a partner counts 1; both empty: 0."""
    total = max(len(said), len(meant))
    if not total:
        return 0.0
    paired = zip(sorted(said), sorted(meant), strict=False)
    return (sum(apart(a, b) for a, b in paired) + abs(len(said) - len(meant))) / total
