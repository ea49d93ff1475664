"""Shares and rates of what people do, with exact intervals: how sure a figure of a few pieces of work can be."""

from __future__ import annotations

from dataclasses import dataclass

from scipy.special import betaincinv, gammaincinv

from models.gate.arrays import check_open_interval

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number, how sure it is, and from how much it was taken."""

    value: float | None
    """None: there is nothing to take it from."""
    lower: float | None
    """Lower end of the interval, at 95 % unless said otherwise; None: none can be given."""
    upper: float | None
    n: int
    """Of what was counted; the definition says of what."""


def share(k: int, n: int, *, confidence: float = CONFIDENCE) -> Estimate:
    """``k`` of ``n``, in [0, 1], with the interval of Clopper & Pearson (1934); ``n`` in the answer is ``n``.

    It holds the true share at least as often as it says, for independent pieces of work.

    Raises:
        ValueError: not ``0 <= k <= n``.
    """
    check_open_interval("confidence", confidence)
    if not 0 <= k <= n:
        raise ValueError(f"a share is 0 <= k <= n, not {k} of {n}")
    if n == 0:
        return Estimate(None, None, None, 0)
    tail = (1.0 - confidence) / 2.0
    lower = float(betaincinv(k, n - k + 1, tail)) if k else 0.0
    upper = float(betaincinv(k + 1, n - k, 1.0 - tail)) if k < n else 1.0
    return Estimate(k / n, lower, upper, n)


def per_hour(n: int, hours: float, *, confidence: float = CONFIDENCE) -> Estimate:
    """``n`` events in so many hours, as a rate an hour, with the interval of a Poisson count (Garwood 1936).

    Events of people who differ in speed scatter more than it says, so that it is then too short.

    Raises:
        ValueError: ``n`` or ``hours`` below 0.
    """
    check_open_interval("confidence", confidence)
    if n < 0 or not hours >= 0.0:
        raise ValueError(f"events and hours must not be negative: {n} in {hours}")
    if hours == 0.0:
        return Estimate(None, None, None, n)
    tail = (1.0 - confidence) / 2.0
    lower = float(gammaincinv(n, tail)) if n else 0.0
    return Estimate(n / hours, lower / hours, float(gammaincinv(n + 1, 1.0 - tail)) / hours, n)
