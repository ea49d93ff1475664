"""Whether what is accepted is still within the budget: a Shiryaev-Roberts e-detector over audited losses.

While it is, ``E[L_t | the audits before] <= epsilon`` for every audit t, and for each level A the expected number of
audits until the statistic first reaches A is at least A (the average run length, ARL): no simulation, no normal
approximation, and it may be looked at after every audit. When the error rises above epsilon, the statistic grows
without bound, however long the stream was clean before.

It assumes that

* an item is audited with a probability that does not depend on its content or its confidence, and is labelled blind;
* losses come in the order in which the audits were drawn, and none is left out because of what it says. Easy items are
  answered first, so taking answers as they come would look better than the stream is.

The probability may change from audit to audit, as it does when watching raises it. No weights are needed for that:
whatever it was at that time, the item that was drawn is a uniform draw of what was accepted at that time, so its
expected loss is the selective error of that time. Weights belong where the probability depends on the item.

It breaks when people's blind labels are wrong (a mistake that they share with the model is never seen), and it says
nothing of errors that no audit can meet, such as those of a class so rare that none of it was drawn.

Sources: Shin, Ramdas & Rinaldo, E-detectors (2023), for losses that are only bounded; Roberts (1966) and Shiryaev
(1963) for the recursion; Page (1954) for the change point.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

BETS = (0.025, 0.05, 0.1, 0.2, 0.4, 0.6)
"""What each component stakes, as shares of the most that may be staked (1 / epsilon): small ones see a small rise of
the error, large ones see a large rise soon. At epsilon 5 % these are lambda = 0.5, 1, 2, 4, 8, 12."""
ODDS = 10.0
"""How much worse than the likeliest place of the change another may be and still count as possible."""
_LARGEST = 690.0
"""Logarithm of the largest number that is told apart from infinity."""

Floats = NDArray[np.float64]


def statistic(losses: ArrayLike, *, epsilon: ArrayLike) -> Floats:
    """The detector's statistic after each audit: how strongly the audits so far speak for an error above epsilon.

    ``M_t = mean_j M_t^j`` with ``M_t^j = (M_{t-1}^j + 1) (1 + b_j (L_t / epsilon_t - 1))``, bets ``b_j`` and
    ``M_0^j = 0``. While the error is within epsilon, ``M_t - t`` is a supermartingale, so the first t with ``M_t >= A``
    is at least A on the average. The budget may change from audit to audit, as long as each is fixed before its answer.

    Args:
        losses: ``(n,)``, in [0, 1], of the audits in the order in which they were drawn; ``n`` may be 0.
        epsilon: error budget on accepted items, in (0, 1); one number, or ``(n,)``.

    Returns:
        ``(n,)``, >= 0, higher is worse; cut off at about 1e299.

    Raises:
        ValueError: wrong shape or range, or NaN.
    """
    gains = _gains(losses, epsilon)
    wealth = np.cumsum(gains, axis=0)
    logs = wealth + np.logaddexp.accumulate(gains - wealth, axis=0)
    return np.asarray(np.exp(np.minimum(logs, _LARGEST)).mean(axis=1))


def first_reached(path: Floats, level: float) -> int | None:
    """Index of the first audit after which the statistic was at or above ``level``; None: it never was."""
    reached = np.flatnonzero(path >= level)
    return int(reached[0]) if reached.size else None


def change_point(losses: ArrayLike, *, epsilon: ArrayLike) -> int:
    """Index of the first audit after the estimated change: where a bet on "above epsilon" would have had to begin.

    With ``S_k^j`` the log-wealth of bet j after k audits, the estimate is the k that maximizes ``S_n^j - S_k^j`` over j
    and k, that is, the arg-min of the CUSUM's random walk under the bet that gained most. Of several, the first.

    It always points at an audit that was wrong: clean audits between the true change and the first error look like the
    time before. So it comes late, by 1 / (error rate after the change) audits on average and more for a small rise;
    whatever was accepted since the audit before it may come from after the change.

    Args:
        losses: ``(n,)``, in [0, 1], in the order in which the audits were drawn, up to the alarm; n > 0.
        epsilon: error budget on accepted items, in (0, 1); one number, or ``(n,)``.

    Raises:
        ValueError: wrong shape or range, NaN, or no audit at all.
    """
    since = _wealth_since(losses, epsilon)
    best = int(np.argmax(since.max(axis=0)))
    return int(np.argmax(since[:, best]))


def earliest_change(losses: ArrayLike, *, epsilon: ArrayLike) -> int:
    """Index of the first audit that may come from after the change: the earliest that the audits do not rule out.

    A change is ruled out where no bet that begins there has won at least 1 / ``ODDS`` of the most that any bet has won,
    wherever it began; as in a likelihood-ratio interval, at these odds. ``change_point`` is the most likely place and
    lies at an audit that was wrong: a fifth of what came after a large change lies before it, nearly half after a small
    one; before this index it is a few percent, a sixth after a small change (all counted in the tests). The price: some
    that came before the change are taken back, too.

    Args:
        losses: ``(n,)``, in [0, 1], in the order in which the audits were drawn, up to the alarm; n > 0.
        epsilon: error budget on accepted items, in (0, 1); one number, or ``(n,)``.

    Returns:
        At most ``change_point(losses, epsilon=epsilon)``.

    Raises:
        ValueError: wrong shape or range, NaN, or no audit at all.
    """
    since = _wealth_since(losses, epsilon).max(axis=1)
    return int(np.flatnonzero(since >= since.max() - np.log(ODDS))[0])


def _wealth_since(losses: ArrayLike, epsilon: ArrayLike) -> Floats:
    """``(n, bets)``: the logarithm of what each bet has won by the last audit if it began before each audit."""
    gains = _gains(losses, epsilon)
    if not gains.size:
        raise ValueError("without an audit nothing can have changed")
    return np.asarray(np.cumsum(gains[::-1], axis=0)[::-1])


def _gains(losses: ArrayLike, epsilon: ArrayLike) -> Floats:
    """``(n, bets)``: the logarithm of what each bet is multiplied by at each audit."""
    array: Floats = np.asarray(losses, dtype=np.float64)
    if array.ndim != 1:
        raise ValueError(f"losses must be a vector, not of shape {array.shape}")
    if not ((array >= 0.0) & (array <= 1.0)).all():
        raise ValueError("losses must lie in [0, 1] and hold no NaN")
    budget: Floats = np.asarray(epsilon, dtype=np.float64)
    if budget.shape not in ((), array.shape):
        raise ValueError(f"epsilon must be one number or of shape {array.shape}, not of shape {budget.shape}")
    if not ((budget > 0.0) & (budget < 1.0)).all():
        raise ValueError(f"epsilon must lie between 0 and 1, not {budget}")
    return np.asarray(np.log1p(np.outer(array / budget - 1.0, BETS)))
