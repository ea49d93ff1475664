"""How evenly work is offered."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from models.gate.arrays import Floats


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
    items, hours = _amounts("offered", offered), _amounts("active_hours", active_hours)
    if items.size != hours.size:
        raise ValueError(f"offered and active_hours differ in length: {items.size} and {hours.size}")
    there = hours > 0.0
    return gini(items[there] / hours[there])


def _amounts(name: str, values: ArrayLike) -> Floats:
    array: Floats = np.asarray(values, dtype=np.float64)
    if array.ndim != 1 or not (np.isfinite(array) & (array >= 0.0)).all():
        raise ValueError(f"{name} must be a vector of finite numbers, none below 0")
    return array
