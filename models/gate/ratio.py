"""How two error rates compare, with bounds that hold for any number of items."""

from __future__ import annotations

from dataclasses import dataclass

from models.gate.bounds import binomial_upper


@dataclass(frozen=True)
class RateRatio:
    """An error rate over another one."""

    ratio: float | None
    """Of the rates that were seen; None where the second sample has no error."""
    lower: float
    upper: float | None
    """None: no upper bound can be given, as where the second rate may be 0."""


def rate_ratio(errors: int, n: int, base_errors: int, base_n: int, *, delta: float) -> RateRatio:
    """``errors / n`` over ``base_errors / base_n``, with a two-sided interval for the ratio of the true rates.

    The interval misses the true ratio with probability at most ``delta``: each side takes ``delta / 2``, shared by an
    exact bound of either rate (Clopper & Pearson, 1934; Bonferroni). It is wider than an approximate one would be.

    Args:
        errors: wrong items of the first sample, in [0, n].
        n: its size, at least 1.
        base_errors: wrong items of the second sample, in [0, base_n].
        base_n: its size, at least 1.
        delta: in (0, 1).

    Raises:
        ValueError: a sample is empty, or a number lies outside its range.

    Assumes that both are independent samples of items, each chosen without looking at its label. Breaks where the rates
    move while the samples are taken at different times: take both in the same proportion all along.
    """
    if n < 1 or base_n < 1:
        raise ValueError(f"both samples need an item, not {n} and {base_n}")
    side = delta / 4
    low, high = _lower(errors, n, side), binomial_upper(errors, n, side)
    base_low, base_high = _lower(base_errors, base_n, side), binomial_upper(base_errors, base_n, side)
    ratio = (errors / n) / (base_errors / base_n) if base_errors else None
    return RateRatio(ratio, low / base_high, high / base_low if base_low > 0.0 else None)


def _lower(errors: int, n: int, delta: float) -> float:
    return 1.0 - binomial_upper(n - errors, n, delta)
