"""From learning curves to labels saved: pure functions on arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Curves = NDArray[np.float64]
"""``(R, S)``: R repetitions, S sizes; what a model reaches with so many labels, higher is better."""

DRAWS = 1000
"""Bootstrap draws of the repetitions."""


@dataclass(frozen=True)
class Saving:
    """Labels that random order needs for what ours reaches, over the labels that ours took."""

    labels: int
    """That ours took."""
    ours: float
    """What it reached, mean of the repetitions."""
    random: float | None
    """What random order reached with as many; None where it was not looked at."""
    ratio: float
    """Above 1: our order saves labels. Infinite: random order did not get there with all that it was given."""
    low: float
    high: float
    """5th and 95th percentile over bootstrapped repetitions."""
    longest: float
    """The largest ratio that could have been seen: all that random order was given, over ``labels``."""


def labels_needed(sizes: Sequence[int], values: NDArray[np.float64], target: float) -> float:
    """Labels at which a learning curve first reaches ``target``: between two sizes, along the logarithm of labels.

    Args:
        sizes: rising, shape ``(S,)``.
        values: what was reached with them, ``(S,)``; taken as never falling (its running maximum).
        target: to be reached.

    Returns:
        At least ``sizes[0]``, also where less would have done; infinity where the curve ends below the target.
    """
    reached = np.maximum.accumulate(values)
    if target > reached[-1]:
        return float("inf")
    last = int(np.argmax(reached >= target))
    if last == 0:
        return float(sizes[0])
    below, above = reached[last - 1], reached[last]
    share = (target - below) / (above - below)
    low, high = np.log(sizes[last - 1]), np.log(sizes[last])
    return float(np.exp(low + share * (high - low)))


def saving(
    labels: int, ours: NDArray[np.float64], sizes: Sequence[int], random: Curves, generator: np.random.Generator
) -> Saving:
    """Of one size, from the same repetitions of both orders.

    Args:
        labels: how many ours took.
        ours: what it reached, ``(R,)``.
        sizes: what random order was given, rising, ``(S,)``.
        random: what it reached, ``(R, S)``; row r is of the same split of the data as ``ours[r]``.
        generator: draws the bootstrap.
    """

    def ratio(rows: NDArray[np.int64]) -> float:
        return labels_needed(sizes, random[rows].mean(axis=0), float(ours[rows].mean())) / labels

    every = np.arange(len(ours), dtype=np.int64)
    drawn = [ratio(generator.choice(every, len(every))) for _ in range(DRAWS)]
    low, high = np.quantile(drawn, (0.05, 0.95), method="nearest")
    same = float(random[:, list(sizes).index(labels)].mean()) if labels in sizes else None
    return Saving(labels, float(ours.mean()), same, ratio(every), float(low), float(high), sizes[-1] / labels)
