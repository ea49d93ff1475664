"""What the validation labels say above each threshold; thresholds come from the pool."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from models.gate.arrays import Counts, Flags, Floats, is_strict

STEPS = 100
"""Thresholds tried, at equal steps of the pool's coverage. More win nothing: each is one more chance to stop."""
ALIKE = 1e-9
"""Inclusion probabilities that differ by this share are the same."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Validation labels of one stratum, ``(n,)`` each, in the order in which they came."""

    scores: Floats
    losses: Floats
    inclusion: Floats

    @property
    def strict(self) -> bool:
        """Whether every loss is 0 or 1."""
        return is_strict(self.losses)

    def part(self, chosen: Flags) -> Sample:
        return Sample(self.scores[chosen], self.losses[chosen], self.inclusion[chosen])


@dataclass(frozen=True, slots=True)
class Pool:
    """Items that may be accepted, ``(m,)`` each, from the least to the most confident."""

    scores: Floats
    floors: Floats | None
    """Smallest inclusion probability of an item at or above each; None: unknown."""

    @classmethod
    def of(cls, scores: Floats, inclusion: Floats | None) -> Pool:
        if inclusion is None:
            return cls(np.sort(scores), None)
        order = np.argsort(scores, kind="stable")
        return cls(scores[order], _lowest_from(inclusion[order]))

    def at_or_above(self, thresholds: Floats) -> Counts:
        return self.scores.size - np.searchsorted(self.scores, thresholds, side="left")

    def grid(self, lowest: float) -> Floats:
        """At most ``STEPS`` confidences of the pool at equal steps of coverage, surest first, none below ``lowest``."""
        usable = self.scores[np.searchsorted(self.scores, lowest, side="left") :]
        ranks = np.ceil(np.arange(1, STEPS + 1) / STEPS * usable.size).astype(np.int64)
        return np.unique(usable[usable.size - ranks])[::-1] if usable.size else usable


@dataclass(frozen=True, slots=True)
class Curve:
    """``(t,)`` each: one row a threshold, from the most to the least confident."""

    thresholds: Floats
    coverages: Floats
    """Share of the whole pool that would be accepted."""
    counts: Counts
    """Validation labels at or above."""
    errors: Floats
    """Sum of their losses."""
    floors: Floats
    """``pi_min``: no item at or above had a smaller inclusion probability."""
    exact: Flags
    """Losses of 0 and 1, all drawn alike: a binomial number of errors."""
    weighted: Floats
    """Sum of the weights ``pi_min / pi``: what the labels are worth, at most ``counts``."""
    lost: Floats
    """Sum of weight times loss; ``lost / weighted`` estimates the selective error."""


def draw(sample: Sample, pool: Pool, lowest: float, coverage: Callable[[Floats], Floats]) -> Curve:
    """The curve of one stratum.

    Args:
        sample: its labels.
        pool: where the thresholds come from.
        lowest: no threshold below it.
        coverage: ``(t,)`` thresholds -> ``(t,)`` shares of the whole pool.
    """
    thresholds = pool.grid(lowest)
    order = np.argsort(sample.scores)
    inclusion, losses = sample.inclusion[order], sample.losses[order]
    first = np.searchsorted(sample.scores[order], thresholds, side="left")
    counts, errors = sample.scores.size - first, _sum_from(losses)[first]
    if pool.floors is None:
        floors = np.full(thresholds.size, inclusion.min())
    else:
        designed = pool.floors[np.searchsorted(pool.scores, thresholds, side="left")]
        floors = np.minimum(designed, np.append(_lowest_from(inclusion), np.inf)[first])
    highest = np.append(-_lowest_from(-inclusion), 0.0)[first]
    alike = highest <= floors * (1.0 + ALIKE)
    return Curve(
        thresholds,
        coverage(thresholds),
        counts,
        errors,
        floors,
        alike & sample.strict,
        np.where(alike, counts, floors * _sum_from(1.0 / inclusion)[first]),
        np.where(alike, errors, floors * _sum_from(losses / inclusion)[first]),
    )


def _sum_from(values: Floats) -> Floats:
    """``(n + 1,)``: sum of each value and all after it."""
    return np.append(np.cumsum(values[::-1])[::-1], 0.0)


def _lowest_from(values: Floats) -> Floats:
    """``(n,)``: smallest of each value and all after it."""
    return np.minimum.accumulate(values[::-1])[::-1]
