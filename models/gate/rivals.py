"""Other rules for a threshold, to compare with: what they do with the same labels. Only ``pac_labels`` keeps a promise.

All of them look at the labels of the validation sample alone and take their thresholds from its confidences. Strict
losses only: 1 wrong, 0 right. Items with a confidence at or above the threshold are accepted; None accepts nothing.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from models.gate.arrays import Flags, Floats, is_strict, names, same_length, unit_vector
from models.gate.bounds import binomial_upper

FIXED = 0.9
TBAL_MARGIN = 0.25
TBAL_MINIMUM = 25


def fixed() -> float:
    """The threshold 0.9, whatever the labels say."""
    return FIXED


def plug_in(confidences: ArrayLike, losses: ArrayLike, *, epsilon: float) -> float | None:
    """The lowest threshold whose validation error is at most ``epsilon``: the usual rule.

    Its error exceeds epsilon about half of the time, since the luckiest of many thresholds is chosen.

    Source: the literal reading of "the threshold that meets the target" in Amazon SageMaker Ground Truth, automated
    data labeling; no formula is published.

    Args:
        confidences: ``(n,)``, in [0, 1], higher is surer.
        losses: ``(n,)``, 0 or 1.
        epsilon: error budget on accepted items, in (0, 1).
    """
    thresholds, counts, errors = _tail(confidences, losses)
    return _lowest(thresholds, errors / counts <= epsilon)


def tbal(
    confidences: ArrayLike,
    losses: ArrayLike,
    predicted: ArrayLike,
    *,
    epsilon: float,
    margin: float = TBAL_MARGIN,
    minimum: int = TBAL_MINIMUM,
) -> dict[str, float | None]:
    """Threshold-based auto-labeling: for each class the lowest t with ``e + margin * sqrt(e (1 - e)) <= epsilon``.

    ``e`` is the validation error above t, among more than ``minimum`` items of the class. The margin does not shrink
    with the number of labels, and is nothing where no error was seen.

    Source: Vishwakarma et al., Promises and Pitfalls of Threshold-based Auto-labeling (2023), the rule as implemented.

    Args:
        confidences: ``(n,)``, in [0, 1], higher is surer.
        losses: ``(n,)``, 0 or 1.
        predicted: ``(n,)``, the class that the model said.
        epsilon: error budget on accepted items, in (0, 1).
        margin: C1 of the paper.
        minimum: the class needs more items than this above its threshold.

    Returns:
        The threshold of each class in ``predicted``.
    """
    classes = names("predicted", predicted)
    scores, lost = unit_vector("confidences", confidences), unit_vector("losses", losses)
    same_length("predicted", classes, "confidences", scores.size)
    found: dict[str, float | None] = {}
    for name in np.unique(classes):
        thresholds, counts, errors = _tail(scores[classes == name], lost[classes == name])
        rates = errors / counts
        good = (rates + margin * np.sqrt(rates * (1.0 - rates)) <= epsilon) & (counts > minimum)
        found[str(name)] = _lowest(thresholds, good)
    return found


def sgr(confidences: ArrayLike, losses: ArrayLike, *, epsilon: float, delta: float) -> float | None:
    """Selection with guaranteed risk: binary search for the lowest threshold whose bound is at most ``epsilon``.

    Every step spends ``delta / ceil(log2 n)``. The path of the search depends on the labels, so the union over its
    steps is not airtight. Returned is the last threshold that passed, not the last that was looked at.

    Source: Geifman & El-Yaniv, Selective Classification for Deep Neural Networks (2017), algorithm 1.

    Args:
        confidences: ``(n,)``, in [0, 1], higher is surer.
        losses: ``(n,)``, 0 or 1.
        epsilon: error budget on accepted items, in (0, 1).
        delta: probability with which the budget may be missed, in (0, 1).
    """
    thresholds, counts, errors = _tail(confidences, losses)
    steps = max(1, math.ceil(math.log2(int(counts[-1]))))
    low, high, passed = 0, int(counts[-1]) - 1, None
    for _ in range(steps):
        if low > high:
            break
        middle = (low + high) // 2
        at = int(np.searchsorted(counts, middle + 1))
        if binomial_upper(int(errors[at]), int(counts[at]), delta / steps) <= epsilon:
            passed, low = float(thresholds[at]), int(counts[at])
        else:
            high = middle - 1
    return passed


def pac_labels(confidences: ArrayLike, losses: ArrayLike, *, epsilon: float, delta: float) -> float | None:
    """The lowest threshold at which machine errors are at most ``epsilon`` of *all* items, with probability 1 - delta.

    That overall error grows as the threshold falls, so one delta pays for all thresholds. It says nothing of the
    accepted items alone: where few are accepted, many of them may be wrong. The exact binomial bound stands in for
    betting, at the same promise.

    Source: Candes, Ilyas & Zrnic, Probably approximately correct labels (2025).

    Args:
        confidences: ``(n,)``, in [0, 1], higher is surer.
        losses: ``(n,)``, 0 or 1.
        epsilon: error budget on all items, in (0, 1).
        delta: probability with which the budget may be missed, in (0, 1).
    """
    thresholds, counts, errors = _tail(confidences, losses)
    n = int(counts[-1])
    allowed = -1
    while allowed < n and binomial_upper(allowed + 1, n, delta) <= epsilon:
        allowed += 1
    return _lowest(thresholds, errors <= allowed)


def _tail(confidences: ArrayLike, losses: ArrayLike) -> tuple[Floats, Floats, Floats]:
    """Distinct confidences, surest first, ``(t,)``; items and errors at or above each. Ties stand or fall together."""
    scores, lost = unit_vector("confidences", confidences), unit_vector("losses", losses)
    same_length("losses", lost, "confidences", scores.size)
    if not is_strict(lost):
        raise ValueError("this rule is for strict losses: 0 or 1")
    order = np.argsort(-scores, kind="stable")
    ordered = scores[order]
    last = np.append(np.flatnonzero(np.diff(ordered)), scores.size - 1)
    return ordered[last], last + 1.0, np.cumsum(lost[order])[last]


def _lowest(thresholds: Floats, good: Flags) -> float | None:
    passed = np.flatnonzero(good)
    return float(thresholds[passed[-1]]) if passed.size else None
