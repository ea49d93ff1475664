"""Exact statements about an error rate from a number of errors among a number of items.

All of them assume that the items are independent draws from the population that the statement is about, each wrong
with the same unknown probability, and that the set of items was chosen without looking at their labels. They break
when items were picked because of their labels or their difficulty, when labels were given after seeing a
suggestion, when near-duplicates count as separate items, and when the number of items is chosen by peeking at the
errors so far.
"""

from __future__ import annotations

import math
from functools import lru_cache

from scipy.special import bdtr, betaincinv

from models.gate.arrays import check_open_interval

TOLERATED = 2
"""Errors that the first tested threshold tolerates. With 0 one unlucky label keeps the gate shut (48 % of splits of
the digits at 200 labels), with 1 it is 7 %, with 2 2-4 %; more start too late for small samples."""


def binomial_upper(errors: int, n: int, delta: float) -> float:
    """One-sided upper confidence bound of an error rate.

    The bound is at least the true rate with probability >= ``1 - delta``, for every rate and every ``n``.

    Args:
        errors: wrong items, in [0, n].
        n: items looked at; with none the bound is 1.
        delta: probability with which the bound may be too low, in (0, 1).

    Returns:
        The bound in [0, 1]; it falls as ``n`` grows.

    Source: Clopper & Pearson (1934), one side, as a beta quantile (Brown, Cai & DasGupta, 2001).
    """
    _check_counts(errors, n)
    check_open_interval("delta", delta)
    if errors == n:
        return 1.0
    return float(betaincinv(errors + 1, n - errors, 1.0 - delta))


def binomial_pvalue(errors: int, n: int, epsilon: float) -> float:
    """Probability of at most ``errors`` wrong items of ``n`` if the true error rate were ``epsilon``.

    A small value speaks against "the error rate is epsilon or more": under that hypothesis
    ``P(p-value <= u) <= u`` for every ``u``. Falls exactly when ``binomial_upper`` falls:
    ``binomial_pvalue(k, n, epsilon) <= delta`` iff ``binomial_upper(k, n, delta) <= epsilon``.

    Source: Angelopoulos et al., Learn then Test (2021), the binomial case.
    """
    _check_counts(errors, n)
    check_open_interval("epsilon", epsilon)
    return float(bdtr(errors, n, epsilon))


@lru_cache(maxsize=256)
def minimum_n(epsilon: float, delta: float, tolerated: int = 0) -> int:
    """Fewest items that can show an error rate below ``epsilon`` with ``tolerated`` errors among them.

    The smallest ``n`` with ``binomial_pvalue(tolerated, n, epsilon) <= delta``; without errors it is
    ``ceil(ln(delta) / ln(1 - epsilon))``.
    """
    check_open_interval("epsilon", epsilon)
    check_open_interval("delta", delta)
    if tolerated < 0:
        raise ValueError(f"tolerated must be >= 0, not {tolerated}")
    low = tolerated
    high = max(1, math.ceil((tolerated + 1 - math.log(delta)) / epsilon))
    while bdtr(tolerated, high, epsilon) > delta:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        if bdtr(tolerated, middle, epsilon) > delta:
            low = middle
        else:
            high = middle
    return high


def _check_counts(errors: int, n: int) -> None:
    if not 0 <= errors <= n:
        raise ValueError(f"errors must be between 0 and n, not {errors} of {n}")
