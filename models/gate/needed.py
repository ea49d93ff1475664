"""How many more labels a closed gate would take: an estimate for planning, not part of any guarantee."""

from __future__ import annotations

from statistics import NormalDist
from typing import overload

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import bdtr

from models.gate.arrays import Flags, Floats
from models.gate.bounds import TOLERATED, minimum_n

POWER = 0.8
LIMIT = 10_000_000
"""More labels than this above one threshold count as out of reach."""


@overload
def needed_labels(epsilon: float, delta: float) -> int: ...


@overload
def needed_labels(
    epsilon: float, delta: float, errors: ArrayLike, counts: ArrayLike, coverages: ArrayLike, *, power: float = POWER
) -> Floats: ...


def needed_labels(
    epsilon: float,
    delta: float,
    errors: ArrayLike | None = None,
    counts: ArrayLike | None = None,
    coverages: ArrayLike | None = None,
    *,
    power: float = POWER,
) -> int | Floats:
    """Further validation labels, drawn at random from all items, until each threshold passes at ``delta``.

    Before there is any label (only ``epsilon`` and ``delta`` are given) it is the number that shows the budget with
    two errors among them.

    Takes the error rate seen above a threshold as the true one, as ``(errors + 1/2) / (counts + 1)`` so that a lucky
    few do not promise too much, and lets the labels to come have as many errors as they exceed with probability
    ``1 - power``. It breaks, on the optimistic side, where the best of many thresholds looks better than it is, and
    where a threshold above the one in question would stop the run first.

    Args:
        epsilon: error budget on accepted items.
        delta: what the test to come may spend.
        errors: ``(t,)``, sum of their losses so far.
        counts: ``(t,)``, labels at or above each threshold so far; weighted ones count by their weight.
        coverages: ``(t,)``, share of all items at or above each threshold.
        power: chance that the labels suffice if the rate is what it seems.

    Returns:
        ``(t,)`` whole numbers >= 1; infinity where no number of labels would do. One number without arrays.

    Raises:
        ValueError: some of the three arrays are given and others are not.
    """
    if errors is None and counts is None and coverages is None:
        return minimum_n(epsilon, delta, TOLERATED)
    if errors is None or counts is None or coverages is None:
        raise ValueError("errors, counts and coverages belong together")
    wrong, seen, shares = (np.asarray(a, dtype=np.float64) for a in (errors, counts, coverages))
    rates = (wrong + 0.5) / (seen + 1.0)
    quantile = NormalDist().inv_cdf(power)

    def passes(further: Floats) -> Flags:
        expected = rates * further
        unlucky = np.round(expected + quantile * np.sqrt(expected * (1.0 - rates)))
        return np.asarray(bdtr(wrong + unlucky, (seen + further).astype(np.int64), epsilon) <= delta)

    low, high = np.zeros_like(rates), np.full_like(rates, float(LIMIT))
    reachable = (rates < epsilon) & (shares > 0) & passes(high)
    while (high - low > 1).any():
        middle = np.floor((low + high) / 2)
        enough = passes(middle)
        high, low = np.where(enough, middle, high), np.where(enough, low, middle)
    return np.where(reachable, np.maximum(1.0, np.ceil(high / np.maximum(shares, 1e-12))), np.inf)
