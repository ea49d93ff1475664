"""How long items would have taken by hand, from those that had no suggestion by lot.

What was accepted took nobody's time, and what was labelled with a suggestion took less, or more, than without one. What
it would have taken is told by items whose suggestion was hidden by lot: the mean of their times, within ranges of
confidence, since items of low confidence take longer. Totals are sums of seconds, so that means are of seconds, not of
their logarithms; breaks are left out before (``usual``).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from models.gate.arrays import Floats, check_open_interval, same_length, unit_vector
from models.people.effort import BINS, DRAWS, FEWEST, HELD

DOUBT = 0.1
"""Probability with which the interval misses what it is of."""
FAR = 3.5
"""Standard deviations beyond which a time is no work."""
MAD = 1.4826
"""Standard deviation of normal values over their median absolute deviation."""
LEAST = 3.0
"""Times up to so many times the median are always work."""


@dataclass(frozen=True, slots=True)
class Stratum:
    """Items of a range of confidence, and the control of the same range."""

    items: int
    """Accepted, or labelled with a suggestion."""
    seconds: Floats
    """``(n,)`` times of items that had no suggestion by lot."""

    @property
    def wanted(self) -> int:
        """How many more times it takes before anything is said."""
        return max(0, FEWEST - self.seconds.size) if self.items else 0


@dataclass(frozen=True, slots=True)
class ByHand:
    """What all these items together would have taken without a suggestion, seconds."""

    seconds: float
    lower: float
    upper: float


def usual(seconds: ArrayLike) -> float:
    """The longest time that counts as work, in seconds; what is longer had a break, and is left out.

    3.5 standard deviations of the logarithms above their median, with the deviation by the median absolute deviation
    (Rousseeuw & Croux, 1993): breaks do not move it. Of lognormal times 2 in 10,000 are longer.

    Args:
        seconds: ``(n,)``; those that are not finite and above 0 are left out. Infinite where fewer than 20 are left.
    """
    times: Floats = np.asarray(seconds, dtype=np.float64).ravel()
    logs = np.log(times[np.isfinite(times) & (times > 0.0)])
    if logs.size < FEWEST:
        return math.inf
    middle = float(np.median(logs))
    return math.exp(middle + max(math.log(LEAST), FAR * MAD * float(np.median(np.abs(logs - middle)))))


def strata(
    confidences: ArrayLike,
    control_confidences: ArrayLike,
    control_seconds: ArrayLike,
    *,
    items: int | None = None,
    accepted: int = 0,
    threshold: float | None = None,
) -> list[Stratum]:
    """Ranges of confidence: one from the threshold on, and below it up to 5 with as many items of the control each.

    Args:
        confidences: ``(n,)`` in [0, 1], of items that were labelled with a suggestion.
        control_confidences: ``(h,)`` of items that had none by lot.
        control_seconds: ``(h,)``, > 0.
        items: how many items these confidences stand for; None: for themselves.
        accepted: items that were accepted without a person.
        threshold: from which items are accepted; what was accepted is of the range above it. None: there is none, and
            what was accepted is taken to be as sure as the surest.

    Raises:
        ValueError: shapes or ranges that do not fit.
    """
    sure, control = _unit("confidences", confidences), _unit("control_confidences", control_confidences)
    every = sure.size if items is None else items
    times: Floats = np.asarray(control_seconds, dtype=np.float64)
    same_length("control_seconds", times, "control_confidences", control.size)
    top = threshold if threshold is not None and accepted else math.inf
    below = control[control < top]
    bins = max(1, min(BINS, below.size // FEWEST))
    cuts = np.unique(np.quantile(below, np.arange(1, bins) / bins)) if below.size else np.zeros(0)
    edges = np.append(cuts, top) if math.isfinite(top) else cuts
    places, theirs = np.searchsorted(edges, sure, side="right"), np.searchsorted(edges, control, side="right")
    last = edges.size

    def share(place: int) -> int:
        return round(every * float((places == place).mean())) if sure.size else every if place == last else 0

    found = [
        Stratum(share(place) + (accepted if place == last else 0), times[theirs == place]) for place in range(last + 1)
    ]
    return [one for one in found if one.items or one.seconds.size]


def by_hand(parts: Sequence[Stratum], *, doubt: float = DOUBT, draws: int = DRAWS, seed: int = 0) -> ByHand | None:
    """What the items would have taken: the sum over the strata of their number times the control's mean.

    The interval is a bootstrap-t (Efron & Tibshirani, 1993, chapter 12.5; Hall, 1988, for its use with skewed times),
    resampled within the strata. It is of what these very items would have taken, not of their expectation: each draw
    also has the spread of so many single times.

    Assumes that times of different items are independent. It is too short where few people, who differ much, gave
    most of the control.

    Args:
        parts: strata.
        doubt: in (0, 1); half of it lies on either side.
        draws: bootstrap samples.
        seed: of the bootstrap.

    Returns:
        None where a stratum with items has fewer than 20 times.
    """
    check_open_interval("doubt", doubt)
    if any(one.wanted for one in parts):
        return None
    mine = [one for one in parts if one.items]
    rng = np.random.default_rng(seed)
    total = sum(one.items * float(one.seconds.mean()) for one in mine)
    spread = math.sqrt(sum(_variance(one) for one in mine))
    if not spread:
        return ByHand(total, total, total)
    drawn, squares = np.zeros(draws), np.zeros(draws)
    for one in mine:
        means, variances = _resampled(one.seconds, draws, rng)
        alone = math.sqrt(one.items * float(one.seconds.var(ddof=1))) * rng.standard_normal(draws)
        drawn += one.items * (means - one.seconds.mean()) + alone
        squares += one.items * (one.items / one.seconds.size + 1.0) * variances
    low, high = np.quantile(drawn / np.sqrt(np.maximum(squares, np.finfo(float).tiny)), (doubt / 2, 1 - doubt / 2))
    return ByHand(total, max(0.0, total - float(high) * spread), total - float(low) * spread)


def _unit(name: str, values: ArrayLike) -> Floats:
    given = np.asarray(values)
    return unit_vector(name, given) if given.size else np.zeros(0)


def _variance(one: Stratum) -> float:
    """Of N times the mean, and of N single times."""
    return one.items * (one.items / one.seconds.size + 1.0) * float(one.seconds.var(ddof=1))


def _resampled(values: Floats, draws: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """``(draws,)`` means and variances of bootstrap samples; not all samples are held at once."""
    block = max(1, HELD // values.size)
    means, variances = np.empty(draws), np.empty(draws)
    for start in range(0, draws, block):
        end = min(draws, start + block)
        sample: NDArray[np.float64] = values[rng.integers(values.size, size=(end - start, values.size))]
        means[start:end], variances[start:end] = sample.mean(axis=1), sample.var(axis=1, ddof=1)
    return means, variances
