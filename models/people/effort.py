"""What a suggestion costs or saves in time, and how long a lease should be.

A suggestion is shown where the model is sure and hidden where it is not, or on items drawn by lot. Items of low
confidence take longer with and without it, so times are only compared at the same confidence, and only with items that
were hidden by lot. Times are compared as logarithms: they are skewed, and a suggestion makes work longer by a share.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from models.gate.arrays import Floats, check_open_interval, same_length, unit_vector

BINS = 5
"""Ranges of confidence, each with as many items of the scarcer kind, which are mostly the hidden ones."""
FEWEST = 20
"""Items of each kind in a range; with fewer it says nothing."""
DOUBT = 0.05
"""Probability of naming a confidence below which the suggestion is no slower at all."""
DRAWS = 2_000
"""Bootstrap samples."""
HELD = 1_000_000
"""Drawn values that are held at once."""

LEASE_TIMES = 3.0
"""A lease lasts so many times the time that 95 % of the items stay below."""
LEASE_SHARE = 0.95
LEASE_FEWEST = 20


@dataclass(frozen=True, slots=True)
class Factor:
    """Time with a suggestion over that without (geometric means): below 1 a suggestion saves time."""

    factor: float
    lower: float
    """The bootstrap's quantile at the doubt."""
    upper: float
    """The same at 1 - doubt."""


@dataclass(frozen=True, slots=True)
class Range:
    """What a suggestion does to the time an item takes, at confidences of one range."""

    end: float
    """Upper end, included; the range before it ends where this one begins."""
    time: Factor
    shown: int
    hidden: int
    hidden_seconds: float
    """Geometric mean of the time without a suggestion."""

    @property
    def saved_seconds(self) -> float:
        """What a suggestion saves an item; below 0 it costs."""
        return self.hidden_seconds * (1.0 - self.time.factor)


@dataclass(frozen=True, slots=True)
class Effort:
    """What suggestions do to the time an item takes."""

    threshold: float | None
    """Below this confidence a suggestion costs more time than it saves; None: the times do not show it."""
    ranges: tuple[Range, ...]
    """From the lowest confidence on. A range with too few items ends the list."""
    overall: Factor | None
    """Of all these ranges, each with the weight of its shown items; None: there is none."""
    shown: int
    hidden: int

    def saved_seconds(self, below: float = 1.0) -> float | None:
        """Mean over the shown items of the ranges that end at ``below`` or earlier; None: there are none."""
        mine = [one for one in self.ranges if one.end <= below]
        if not mine:
            return None
        return sum(one.shown * one.saved_seconds for one in mine) / sum(one.shown for one in mine)


def suggestion_effort(
    shown_confidences: ArrayLike,
    shown_seconds: ArrayLike,
    hidden_confidences: ArrayLike,
    hidden_seconds: ArrayLike,
    *,
    shown_strata: ArrayLike | None = None,
    hidden_strata: ArrayLike | None = None,
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

    Where items were shown with different probabilities (all but a few above a bound, only a few below it) they are of
    different strata: times are compared within a stratum, and the differences averaged with the weights
    n_shown n_hidden / (n_shown + n_hidden), which have the least variance. Else a range across the bound would compare
    surer shown items with less sure hidden ones.

    Args:
        shown_confidences: ``(n,)`` in [0, 1], of items whose suggestion was shown.
        shown_seconds: ``(n,)`` lead times; those that are not finite and above 0 are left out.
        hidden_confidences: ``(h,)`` of items whose suggestion was hidden by lot: blind items, random control items.
        hidden_seconds: ``(h,)``.
        shown_strata: ``(n,)`` integers >= 0: items of one stratum were shown with the same probability. None: one.
        hidden_strata: ``(h,)``.
        bins: ranges, >= 1; a confidence of many items may leave fewer.
        fewest: items of each kind in a range, of strata that have both kinds, >= 2.
        doubt: in (0, 1).
        draws: bootstrap samples.
        seed: of the bootstrap.

    Raises:
        ValueError: shapes or ranges that do not fit.
    """
    check_open_interval("doubt", doubt)
    if bins < 1 or fewest < 2:
        raise ValueError(f"bins must be >= 1 and fewest >= 2, not {bins} and {fewest}")
    shown = _times("shown", shown_confidences, shown_seconds, shown_strata)
    hidden = _times("hidden", hidden_confidences, hidden_seconds, hidden_strata)
    rng = np.random.default_rng(seed)
    ranges: list[Range] = []
    drawn: list[Floats] = []
    threshold, slower, start = None, True, -1.0
    for end in _ends(shown, hidden, bins):
        pairs = list(_pairs(shown.between(start, end), hidden.between(start, end)))
        if sum(min(ours.size, theirs.size) for ours, theirs in pairs) < fewest:
            break
        apart, samples = _difference(pairs, draws, rng)
        drawn.append(samples)
        time = _factor(apart, samples, doubt)
        without = np.concatenate([theirs for _, theirs in pairs])
        with_it = sum(ours.size for ours, _ in pairs)
        ranges.append(Range(end, time, with_it, without.size, math.exp(without.mean())))
        slower = slower and time.lower > 1.0
        threshold, start = end if slower else threshold, end
    return Effort(threshold, tuple(ranges), _overall(ranges, drawn, doubt), shown.sure.size, hidden.sure.size)


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


@dataclass(frozen=True, slots=True)
class _Times:
    """Items with a usable time."""

    sure: Floats
    """``(n,)`` confidences."""
    logs: Floats
    """``(n,)`` natural logarithms of seconds."""
    strata: NDArray[np.int64]

    def between(self, start: float, end: float) -> _Times:
        """Those with a confidence in (start, end]."""
        mine = (self.sure > start) & (self.sure <= end)
        return _Times(self.sure[mine], self.logs[mine], self.strata[mine])


def _times(name: str, confidences: ArrayLike, seconds: ArrayLike, strata: ArrayLike | None) -> _Times:
    times: Floats = np.asarray(seconds, dtype=np.float64)
    if times.ndim != 1:
        raise ValueError(f"{name}_seconds must be a vector, not of shape {times.shape}")
    given = np.asarray(confidences)
    sure = unit_vector(f"{name}_confidences", given) if given.size else np.zeros(0)
    same_length(f"{name}_seconds", times, f"{name}_confidences", sure.size)
    kinds = np.zeros(sure.size, np.int64) if strata is None else np.asarray(strata, dtype=np.int64)
    same_length(f"{name}_strata", kinds, f"{name}_confidences", sure.size)
    usable = np.isfinite(times) & (times > 0.0)
    return _Times(sure[usable], np.log(times[usable]), kinds[usable])


def _ends(shown: _Times, hidden: _Times, bins: int) -> list[float]:
    """Upper ends of the ranges; the last one is 1."""
    scarce = [
        min((one.sure[one.strata == stratum] for one in (hidden, shown)), key=len)
        for stratum in np.intersect1d(shown.strata, hidden.strata)
    ]
    if not scarce:
        return []
    inner = np.unique(np.quantile(np.concatenate(scarce), np.arange(1, bins) / bins))
    return [*(float(end) for end in inner if end < 1.0), 1.0]


def _pairs(shown: _Times, hidden: _Times) -> Iterator[tuple[Floats, Floats]]:
    """Log times of each stratum that has both kinds."""
    for stratum in np.intersect1d(shown.strata, hidden.strata):
        yield shown.logs[shown.strata == stratum], hidden.logs[hidden.strata == stratum]


def _difference(pairs: list[tuple[Floats, Floats]], draws: int, rng: np.random.Generator) -> tuple[float, Floats]:
    """Mean log time of the shown less that of the hidden items, and ``(draws,)`` bootstrap samples of it."""
    weights = np.array([ours.size * theirs.size / (ours.size + theirs.size) for ours, theirs in pairs])
    weights /= weights.sum()
    apart = sum(w * (ours.mean() - theirs.mean()) for w, (ours, theirs) in zip(weights, pairs, strict=True))
    samples = np.zeros(draws)
    for w, (ours, theirs) in zip(weights, pairs, strict=True):
        samples += w * (_means(ours, draws, rng) - _means(theirs, draws, rng))
    return float(apart), samples


def _means(values: Floats, draws: int, rng: np.random.Generator) -> Floats:
    """``(draws,)`` means of bootstrap samples; not all samples are held at once."""
    block = max(1, HELD // values.size)
    sizes = [(min(block, draws - done), values.size) for done in range(0, draws, block)]
    means = [values[rng.integers(values.size, size=size)].mean(axis=1) for size in sizes]
    return np.asarray(np.concatenate(means), dtype=np.float64)


def _factor(apart: float, samples: Floats, doubt: float) -> Factor:
    lower, upper = np.quantile(samples, (doubt, 1.0 - doubt))
    return Factor(math.exp(apart), math.exp(lower), math.exp(upper))


def _overall(ranges: list[Range], drawn: list[Floats], doubt: float) -> Factor | None:
    if not ranges:
        return None
    weights = np.array([one.shown for one in ranges], dtype=np.float64)
    weights /= weights.sum()
    apart = float(weights @ np.log([one.time.factor for one in ranges]))
    return _factor(apart, np.asarray(weights @ np.stack(drawn), dtype=np.float64), doubt)
