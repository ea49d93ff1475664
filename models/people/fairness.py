"""How evenly work is offered."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from models.gate.arrays import Floats, check_open_interval
from models.people.rates import CONFIDENCE, Estimate

DRAWS = 2_000
"""Bootstrap samples of people."""
FEWEST_PEOPLE = 10
"""With fewer no interval is given: a bootstrap of so few people says nothing of others."""


def gini(values: ArrayLike) -> float:
    """Gini coefficient of ``(n,)`` amounts >= 0: 0 where all are equal, ``(n - 1) / n`` where one has everything.

    Half the mean difference of two people over the mean: ``G = sum_ij |x_i - x_j| / (2 n^2 mean)``, by the sorted form
    ``2 sum_i i x_(i) / (n sum x) - (n + 1) / n``. Of nobody, of one person, and where nobody has anything it is 0.

    Raises:
        ValueError: not a vector, negative, NaN or infinite.

    Source: Gini, Variabilita e mutabilita (1912); the sorted form: Sen, On Economic Inequality (1973).
    """
    amounts = _amounts("values", values)
    total = float(amounts.sum())
    if amounts.size < 2 or total == 0.0:
        return 0.0
    n = amounts.size
    ranked = np.arange(1, n + 1) @ (np.sort(amounts) / total)
    return max(0.0, float(2.0 * ranked / n - (n + 1) / n))


def work_gini(offered: ArrayLike, active_hours: ArrayLike) -> float:
    """Gini coefficient of the items offered per active hour.

    Args:
        offered: ``(n,)`` items offered to each person in a period, >= 0. Nothing offered counts.
        active_hours: ``(n,)`` hours in which that person asked for work or did it, >= 0. Who was never there is left
            out: nothing could be offered to them.

    Raises:
        ValueError: as ``gini``, or vectors of different length.
    """
    return gini(_an_hour(offered, active_hours))


def work_gini_estimate(
    offered: ArrayLike, active_hours: ArrayLike, *, confidence: float = CONFIDENCE, draws: int = DRAWS, seed: int = 0
) -> Estimate:
    """``work_gini`` with a percentile bootstrap over people, from 10 of them on; ``n`` is how many there were.

    Args:
        offered: as in ``work_gini``.
        active_hours: as in ``work_gini``.
        confidence: in (0, 1).
        draws: bootstrap samples.
        seed: of the bootstrap.

    Source: Efron & Tibshirani, An Introduction to the Bootstrap (1993), chapter 13.
    """
    check_open_interval("confidence", confidence)
    rates = _an_hour(offered, active_hours)
    if not rates.size:
        return Estimate(None, None, None, 0)
    if rates.size < FEWEST_PEOPLE:
        return Estimate(gini(rates), None, None, rates.size)
    rng = np.random.default_rng(seed)
    found = [gini(rates[rng.integers(rates.size, size=rates.size)]) for _ in range(draws)]
    tail = (1.0 - confidence) / 2.0
    lower, upper = (float(end) for end in np.quantile(found, [tail, 1.0 - tail]))
    return Estimate(gini(rates), lower, upper, rates.size)


def _an_hour(offered: ArrayLike, active_hours: ArrayLike) -> Floats:
    items, hours = _amounts("offered", offered), _amounts("active_hours", active_hours)
    if items.size != hours.size:
        raise ValueError(f"offered and active_hours differ in length: {items.size} and {hours.size}")
    there = hours > 0.0
    return np.asarray(items[there] / hours[there], dtype=np.float64)


def _amounts(name: str, values: ArrayLike) -> Floats:
    array: Floats = np.asarray(values, dtype=np.float64)
    if array.ndim != 1 or not (np.isfinite(array) & (array >= 0.0)).all():
        raise ValueError(f"{name} must be a vector of finite numbers, none below 0")
    return array
