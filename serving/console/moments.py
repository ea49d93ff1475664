"""Times and numbers of the store as pages write them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from serving.language import N_, gettext

UNITS: Final = (
    (86_400.0, N_("{n:.1f} days")),
    (3600.0, N_("{n:.1f} h")),
    (60.0, N_("{n:.0f} min")),
    (1.0, N_("{n:.0f} s")),
)
"""Seconds of a unit, and how a number of it is written; each from two of it on."""


def moment(seconds: float) -> str:
    """Epoch seconds, to the second."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def whole(n: float) -> str:
    """A count, its thousands apart."""
    return f"{n:,.0f}"


def percent(share: float, digits: int = 1) -> str:
    """A share in [0, 1], in percent."""
    return f"{100 * share:.{digits}f} %"


def duration(seconds: float) -> str:
    """Seconds in the unit of which there are two or more."""
    unit, said = next((pair for pair in UNITS if seconds >= 2 * pair[0]), UNITS[-1])
    return gettext(said, n=seconds / unit)


def spelled(numbers: Mapping[str, Any]) -> str:
    """Names with their values, real numbers to four digits; what is nested stands in brackets."""
    return ", ".join(f"{name} {_value(value)}" for name, value in numbers.items())


def _value(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, Mapping):
        return f"({spelled(value)})"
    return f"{value:.4g}" if isinstance(value, float) and not value.is_integer() else f"{value}"
