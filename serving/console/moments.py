"""Times and numbers of the store as pages write them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any


def moment(seconds: float) -> str:
    """Epoch seconds, to the second."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def whole(n: float) -> str:
    """A count, its thousands apart."""
    return f"{n:,.0f}"


def percent(share: float, digits: int = 1) -> str:
    """A share in [0, 1], in percent."""
    return f"{100 * share:.{digits}f} %"


def spelled(numbers: Mapping[str, Any]) -> str:
    """Names with their values, real numbers to four digits; what is nested stands in brackets."""
    return ", ".join(f"{name} {_value(value)}" for name, value in numbers.items())


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"({spelled(value)})"
    return f"{value:.4g}" if isinstance(value, float) and not value.is_integer() else f"{value}"
