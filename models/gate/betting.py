"""Upper bounds of a mean loss in [0, 1] by betting, for graded losses and unequal inclusion probabilities.

Somebody who doubts that the mean loss is ``m`` or more bets on small losses, item by item:
``K_i = K_{i-1} * (1 - lambda_i * w_i * (L_i - m))``. If the mean is ``m`` or more, no way of betting is expected to win
(``K`` is a nonnegative supermartingale), so ``K`` ever reaches ``1 / delta`` with probability at most ``delta``
(Ville's inequality). The bets ``lambda_i >= 0`` may use what was seen before item i, and nothing of item i itself.
They never turn negative: bets that may go both ways test whether the mean *is* ``m``, and reject a true mean far
above it just as well.

Weights. An item drawn with probability ``pi_i`` stands in the sample more often than in the stream by that factor.
``w_i = pi_min / pi_i`` undoes it: the mean of ``w (L - m)`` over what is drawn has the sign of the mean of ``L - m``
over the stream. ``pi_min`` must not be above the smallest probability that any item of the stream could have had. If
it were the smallest *seen*, a rare kind of item that is never drawn, and always wrong, would go unnoticed.

Assumes independent draws in an order that has nothing to do with the losses. Items often come sorted, so they are put
into an order of their own first: a permutation that depends on their number only. It breaks like ``bounds``: drift,
items picked because of their labels, near-duplicates.

Source: Waudby-Smith & Ramdas, Estimating means of bounded random variables by betting (2024), section 4, one side;
for the use, Angelopoulos et al., Learn then Test (2021), and Xu et al., Active, anytime-valid risk controlling
prediction sets (2024), for the weights.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

from models.gate.arrays import Counts, Floats, check_open_interval, probabilities, same_length, unit_vector
from models.gate.bounds import minimum_n

CAP = 0.75
"""Largest share of the stake that one item of loss 1 may cost, in (0, 1)."""
HALVINGS = 40
SEED = 20240217


def wsr_pvalue(losses: ArrayLike, epsilon: float, *, weights: ArrayLike | None = None, delta: float = 0.1) -> float:
    """Evidence against "the mean loss is epsilon or more"; small speaks for a smaller mean.

    Under that hypothesis ``P(p-value <= u) <= u`` for every u. One-sided: losses above epsilon give a p-value near 1.

    Args:
        losses: ``(n,)``, in [0, 1].
        epsilon: the mean in question, in (0, 1).
        weights: ``(n,)``, in (0, 1]: ``pi_min / pi_i``, see above; None: all items were drawn alike.
        delta: level with which the p-value will be compared; the bets are sized for it. It does not change what the
            p-value means.

    Returns:
        ``1 / max K`` in (0, 1].

    Raises:
        ValueError: wrong shape, range or length, NaN.
    """
    check_open_interval("epsilon", epsilon)
    check_open_interval("delta", delta)
    lost, weight = _shuffled(losses, weights)
    return math.exp(-_log_wealth(lost, weight, _bets(weight * lost, delta), epsilon))


def wsr_upper(losses: ArrayLike, delta: float, *, weights: ArrayLike | None = None) -> float:
    """One-sided upper confidence bound of the mean loss: at least the true mean with probability >= ``1 - delta``.

    The largest mean that ``wsr_pvalue`` at ``delta`` does not reject, by bisection: the wealth grows with the mean in
    question, since each factor does. ``wsr_upper(L, delta) <= epsilon`` iff ``wsr_pvalue(L, epsilon, delta=delta) <=
    delta``, to the precision of the bisection (1e-12).

    Args:
        losses: ``(n,)``, in [0, 1].
        delta: probability with which the bound may be too low, in (0, 1).
        weights: as in ``wsr_pvalue``.

    Returns:
        The bound in (0, 1].

    Raises:
        ValueError: wrong shape, range or length, NaN.
    """
    check_open_interval("delta", delta)
    lost, weight = _shuffled(losses, weights)
    bets, needed = _bets(weight * lost, delta), -math.log(delta)
    low, high = 0.0, 1.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if _log_wealth(lost, weight, bets, middle) >= needed:
            high = middle
        else:
            low = middle
    return high


@lru_cache(maxsize=256)
def minimum_betting(epsilon: float, delta: float, tolerated: int = 0) -> int:
    """Fewest items with which betting shows a mean below ``epsilon`` if ``tolerated`` of them, evenly spread, are lost.

    The counterpart of ``bounds.minimum_n``; a little more, since no test of 0/1 losses beats the exact one.
    """

    def shows(n: int) -> bool:
        losses = np.zeros(n)
        losses[((np.arange(tolerated) + 0.5) * n / max(tolerated, 1)).astype(np.int64)] = 1.0
        return _log_wealth(losses, np.ones(n), _bets(losses, delta), epsilon) >= -math.log(delta)

    low = high = minimum_n(epsilon, delta, tolerated)
    while not shows(high):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if shows(middle) else (middle, high)
    return high


def _bets(values: Floats, delta: float) -> Floats:
    """``(n,)`` stakes before the cap: the predictable plug-in, from the variance of the items before each.

    Of the weighted losses, not of ``w (L - m)``: that the stakes are the same for every mean in question keeps the
    wealth monotone in it.
    """
    counts = np.arange(1, values.size + 1)
    means = (0.5 + np.cumsum(values)) / (counts + 1)
    variances = (0.25 + np.cumsum((values - means) ** 2)) / (counts + 1)
    before = np.concatenate([[0.25], variances[:-1]])
    return np.asarray(np.sqrt(2.0 * math.log(1.0 / delta) / (values.size * before)))


def _log_wealth(losses: Floats, weights: Floats, bets: Floats, mean: float) -> float:
    """Logarithm of the largest wealth on the way, >= 0."""
    stakes = np.minimum(bets, CAP / (1.0 - mean))
    return max(0.0, float(np.cumsum(np.log1p(-stakes * weights * (losses - mean))).max()))


def _shuffled(losses: ArrayLike, weights: ArrayLike | None) -> tuple[Floats, Floats]:
    lost = unit_vector("losses", losses)
    order = _order(lost.size)
    if weights is None:
        return lost[order], np.ones(lost.size)
    weight = probabilities("weights", weights)
    same_length("weights", weight, "losses", lost.size)
    return lost[order], weight[order]


@lru_cache(maxsize=256)
def _order(n: int) -> Counts:
    """The order in which n items are bet on: the same for every sample of that size, and blind to its losses."""
    return np.random.default_rng((SEED, n)).permutation(n)
