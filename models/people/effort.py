"""What a suggestion costs or saves in time, and how long a lease should be.

A suggestion is shown where the model is sure and hidden where it is not, or on items drawn by lot. Items of low
confidence take longer with and without it, so times are only compared at the same confidence, and only with items that
were hidden by lot. Times are compared as logarithms: they are skewed, and a suggestion makes work longer by a share.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from models.gate.arrays import Floats, check_open_interval, same_length, unit_vector

BINS = 5
"""Ranges of confidence, each with as many hidden items."""
FEWEST = 20
"""Items of each kind in a range; with fewer it says nothing."""
DOUBT = 0.05
"""Probability of naming a confidence below which the suggestion is no slower at all."""
DRAWS = 2_000
"""Bootstrap samples."""

LEASE_TIMES = 3.0
"""A lease lasts so many times the time that 95 % of the items stay below."""
LEASE_SHARE = 0.95
LEASE_FEWEST = 20


@dataclass(frozen=True, slots=True)
class Effort:
    """What suggestions do to the time an item takes."""

    threshold: float | None
    """Below this confidence a suggestion costs more time than it saves; None: the times do not show it."""
    factors: tuple[tuple[float, float, float], ...]
    """A range of confidence each, from below: its upper end, the time with a suggestion over that without (geometric
    means), and the bootstrap's lower bound of that factor. A range with too few items ends the list."""
    shown: int
    hidden: int


def suggestion_effort(
    shown_confidences: ArrayLike,
    shown_seconds: ArrayLike,
    hidden_confidences: ArrayLike,
    hidden_seconds: ArrayLike,
    *,
    bins: int = BINS,
    fewest: int = FEWEST,
    doubt: float = DOUBT,
    draws: int = DRAWS,
    seed: int = 0,
) -> Effort:
    """Below which confidence showing a suggestion is slower.

    Ranges of confidence are tested from the lowest: "not slower here" is rejected where the ``doubt`` quantile of the
    bootstrapped difference of mean log times is above 0, and the first that is not rejected ends it. So with
    probability about ``1 - doubt`` no range is named that is not slower, however many there are (fixed-sequence
    testing, as in ``models.gate.sequence``; percentile bootstrap: Efron & Tibshirani, 1993, chapter 13).

    Args:
        shown_confidences: ``(n,)`` in [0, 1], of items whose suggestion was shown.
        shown_seconds: ``(n,)`` lead times; those that are not finite and above 0 are left out.
        hidden_confidences: ``(h,)`` of items whose suggestion was hidden by lot: blind items, random control items.
        hidden_seconds: ``(h,)``.
        bins: ranges, >= 1; a confidence of many items may leave fewer.
        fewest: items of each kind in a range, >= 2.
        doubt: in (0, 1).
        draws: bootstrap samples.
        seed: of the bootstrap.

    Raises:
        ValueError: shapes or ranges that do not fit.
    """
    check_open_interval("doubt", doubt)
    if bins < 1 or fewest < 2:
        raise ValueError(f"bins must be >= 1 and fewest >= 2, not {bins} and {fewest}")
    shown, with_it = _times("shown", shown_confidences, shown_seconds)
    hidden, without = _times("hidden", hidden_confidences, hidden_seconds)
    rng = np.random.default_rng(seed)
    factors: list[tuple[float, float, float]] = []
    threshold, slower, start = None, True, -1.0
    for end in _ends(hidden, bins):
        ours = with_it[(shown > start) & (shown <= end)]
        theirs = without[(hidden > start) & (hidden <= end)]
        if min(ours.size, theirs.size) < fewest:
            break
        apart = _means(ours, draws, rng) - _means(theirs, draws, rng)
        lower = float(np.quantile(apart, doubt))
        factors.append((end, math.exp(ours.mean() - theirs.mean()), math.exp(lower)))
        slower = slower and lower > 0.0
        threshold, start = end if slower else threshold, end
    return Effort(threshold, tuple(factors), shown.size, hidden.size)


def lease_seconds(lead_times: ArrayLike, *, floor: float, ceiling: float, default: float) -> float:
    """How long a lease lasts: three times the 95 % quantile of the lead times.

    Args:
        lead_times: ``(n,)`` seconds; those that are not finite and above 0 are left out.
        floor: shortest lease, seconds: nobody is hurried by a project of quick items.
        ceiling: longest, seconds: an item whose person has gone home waits no longer.
        default: the lease while fewer than 20 times are known, seconds.
    """
    seconds: Floats = np.asarray(lead_times, dtype=np.float64).ravel()
    seconds = seconds[np.isfinite(seconds) & (seconds > 0.0)]
    if seconds.size < LEASE_FEWEST:
        return default
    return float(np.clip(LEASE_TIMES * np.quantile(seconds, LEASE_SHARE), floor, ceiling))


def _times(name: str, confidences: ArrayLike, seconds: ArrayLike) -> tuple[Floats, Floats]:
    """Confidences, and natural logarithms of the seconds, of the items with a usable time."""
    times: Floats = np.asarray(seconds, dtype=np.float64)
    if times.ndim != 1:
        raise ValueError(f"{name}_seconds must be a vector, not of shape {times.shape}")
    given = np.asarray(confidences)
    sure = unit_vector(f"{name}_confidences", given) if given.size else np.zeros(0)
    same_length(f"{name}_seconds", times, f"{name}_confidences", sure.size)
    usable = np.isfinite(times) & (times > 0.0)
    return sure[usable], np.log(times[usable])


def _ends(hidden: Floats, bins: int) -> list[float]:
    """Upper ends of the ranges; the last one is 1."""
    if not hidden.size:
        return []
    inner = np.unique(np.quantile(hidden, np.arange(1, bins) / bins))
    return [*(float(end) for end in inner if end < 1.0), 1.0]


def _means(values: Floats, draws: int, rng: np.random.Generator) -> Floats:
    """``(draws,)`` means of bootstrap samples."""
    return np.asarray(values[rng.integers(values.size, size=(draws, values.size))].mean(axis=1), dtype=np.float64)
