"""Which confidence threshold may be trusted, and why: fixed-sequence testing with exact binomial p-values.

What is certified is the *selective* error: wrong items among those at or above the threshold. Accepting at the
threshold of an open certificate, ``P(selective error > epsilon) <= delta``, over the draw of the validation sample, if

* validation items are a random draw from the stream that the certificate is used for, labelled without a suggestion;
* they did not train the model, and neither model nor confidence changed because of their labels;
* thresholds come from the pool, whose labels nobody has used: they are fixed before a validation label is seen;
* every further test of the project spends its own delta (``spend``), at a number of labels that was not chosen by
  looking at the errors so far;
* the selective error crosses epsilon once as the threshold falls. Only the start rule needs this: it looks at how
  many validation items lie above a threshold, never at their labels.

It breaks when the stream drifts, when items come in near-duplicates, or when the people's labels are themselves wrong:
disagreement is counted as the model's error, and agreement on a wrong label is never seen.

Source: Angelopoulos et al., Learn then Test (2021), for the use; Bauer (1991) for testing in a fixed sequence.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import bdtr

from models.gate.bounds import binomial_upper, minimum_n
from models.gate.needed import needed_labels

STEPS = 100
"""Thresholds tried, at equal steps of the pool's coverage. More win nothing: each is one more chance to stop."""
TOLERATED = 2
"""Errors that the first tested threshold tolerates. With 0 one unlucky label keeps the gate shut (48 % of splits of
the digits at 200 labels), with 1 it is 7 %, with 2 2-4 %; more start too late for small samples."""
FIRST_TEST_SHARE = 0.8

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Certificate:
    """What one test said. The figures of a closed gate describe the threshold at which it failed."""

    open: bool
    threshold: float | None
    """Accept items whose confidence is at or above it; None when closed."""
    n: int
    """Validation labels at or above the threshold."""
    errors: int
    """Wrong ones among the ``n``."""
    selective_upper: float | None
    """Clopper-Pearson bound of errors / accepted at this threshold alone, in [0, 1]; at most epsilon when open.
    None when nothing could be tested."""
    overall_upper: float | None
    """The same of machine errors / all items: what the finished data set gets from the machine."""
    coverage: float
    """Share of the pool at or above the threshold, in [0, 1]; 0 when closed."""
    needed_labels: int
    """Estimated further validation labels until the gate opens; 0 when it is open, and when more labels alone would
    not open it (``reason`` says which)."""
    reason: str
    """One sentence for an operator: why it is open or closed, and what it would take."""
    epsilon: float
    delta: float
    """The delta that this test spent."""


@dataclass(frozen=True, slots=True)
class _Curve:
    """One row a threshold, from the most to the least confident."""

    thresholds: Floats
    coverages: Floats
    """Share of the pool at or above."""
    counts: Counts
    """Validation labels at or above."""
    errors: Counts


def certify(
    confidences: ArrayLike,
    losses: ArrayLike,
    pool_confidences: ArrayLike,
    *,
    epsilon: float,
    delta: float,
    next_delta: float | None = None,
) -> Certificate:
    """Find the lowest threshold whose selective error is shown to be at most ``epsilon``.

    Thresholds run from the most to the least confident; the first that fails ends the run, so that one delta pays for
    all of them. Items with the same confidence are accepted, and tested, all together.

    Args:
        confidences: ``(n,)``, of the blind validation items, in [0, 1], higher is surer.
        losses: ``(n,)``, of the same items: 1 wrong, 0 right.
        pool_confidences: ``(m,)``, of the unlabelled items that may be accepted; no validation item among them.
        epsilon: error budget on accepted items, in (0, 1).
        delta: probability with which the budget may be missed, in (0, 1); what this test spends.
        next_delta: what the next test may spend, for ``needed_labels``; None: the same.

    Raises:
        ValueError: an array is empty, has NaN, the wrong shape or range, or losses are not 0 or 1.
    """
    for name, value in (("epsilon", epsilon), ("delta", delta), ("next_delta", next_delta or delta)):
        if not 0.0 < value < 1.0:
            raise ValueError(f"{name} must lie between 0 and 1, not {value}")
    scores, wrong, pool = _checked(confidences, losses, pool_confidences)
    curve = _curve(scores, wrong, pool)
    start = _start(curve, scores.size, epsilon, delta)
    if start is None:
        return _too_few(curve, scores.size, epsilon, delta, next_delta or delta)
    passed = np.asarray(bdtr(curve.errors[start:], curve.counts[start:], epsilon) <= delta)
    length = passed.size if passed.all() else int(np.argmin(passed))
    if length:
        return _opened(curve, start + length - 1, scores.size, epsilon, delta)
    return _failed(curve, start, scores.size, pool.size, epsilon, delta, next_delta or delta)


def spend(delta: float, test: int) -> float:
    """The delta of a project's ``test``-th test (from 1), so that all tests together spend at most ``delta``.

    The first gets 0.8; test j + 1 gets ``0.2 * 6 / (pi * j) ** 2``, which sums to 0.2 over all j. The first test
    matters most, and no number of later ones is refused.
    """
    if not 0.0 < delta < 1.0:
        raise ValueError(f"delta must lie between 0 and 1, not {delta}")
    if test < 1:
        raise ValueError(f"tests are counted from 1, not {test}")
    if test == 1:
        return FIRST_TEST_SHARE * delta
    return (1.0 - FIRST_TEST_SHARE) * delta * 6.0 / (math.pi * (test - 1)) ** 2


def _curve(scores: Floats, wrong: Counts, pool: Floats) -> _Curve:
    ascending = np.sort(pool)
    ranks = np.ceil(np.arange(1, STEPS + 1) / STEPS * pool.size).astype(np.int64)
    thresholds = np.unique(ascending[pool.size - ranks])[::-1]
    order = np.argsort(scores)
    wrong_from = np.concatenate([np.cumsum(wrong[order][::-1])[::-1], [0]])
    first = np.searchsorted(scores[order], thresholds, side="left")
    coverages = 1.0 - np.searchsorted(ascending, thresholds, side="left") / pool.size
    return _Curve(thresholds, coverages, scores.size - first, wrong_from[first])


def _start(curve: _Curve, n: int, epsilon: float, delta: float) -> int | None:
    """The first threshold with enough labels above it to tolerate ``TOLERATED`` errors, or fewer where n is small."""
    for tolerated in range(TOLERATED, -1, -1):
        enough = minimum_n(epsilon, delta, tolerated)
        if n >= enough and curve.counts[-1] >= enough:
            return int(np.argmax(curve.counts >= enough))
    return None


def _opened(curve: _Curve, at: int, n: int, epsilon: float, delta: float) -> Certificate:
    count, errors, threshold = int(curve.counts[at]), int(curve.errors[at]), float(curve.thresholds[at])
    coverage = float(curve.coverages[at])
    upper = binomial_upper(errors, count, delta)
    reason = (
        f"Open: {_errors(errors)} among {count} blind labels at confidence {threshold:.3f} or above, so at most "
        f"{_percent(epsilon)} of what is accepted is wrong, with probability {_percent(1 - delta)}; "
        f"{_percent(coverage)} of the waiting items lie there."
    )
    overall = binomial_upper(errors, n, delta)
    return Certificate(True, threshold, count, errors, upper, overall, coverage, 0, reason, epsilon, delta)


def _failed(curve: _Curve, at: int, n: int, pool: int, epsilon: float, delta: float, next_delta: float) -> Certificate:
    count, errors = int(curve.counts[at]), int(curve.errors[at])
    needed, outlook = _outlook(curve, at, pool, epsilon, next_delta)
    reason = (
        f"Closed: {_errors(errors)} among the {count} most confident of {n} blind labels cannot show that at most "
        f"{_percent(epsilon)} are wrong; {outlook}."
    )
    upper, overall = binomial_upper(errors, count, delta), binomial_upper(errors, n, delta)
    return Certificate(False, None, count, errors, upper, overall, 0.0, needed, reason, epsilon, delta)


def _outlook(curve: _Curve, failed: int, pool: int, epsilon: float, delta: float) -> tuple[int, str]:
    """Further labels, and the words for them. Thresholds below the failed one are only reached through it."""
    upto = slice(failed + 1)
    further = needed_labels(epsilon, delta, curve.errors[upto], curve.counts[upto], curve.coverages[upto])
    best = int(np.argmin(further))
    if math.isinf(further[best]):
        seen = curve.counts >= min(minimum_n(epsilon, delta), int(curve.counts[-1]))
        rates = np.where(seen, curve.errors / np.maximum(curve.counts, 1), np.inf)
        lowest = int(np.argmin(rates))
        return 0, (
            f"not reachable at any threshold seen, where the best error rate is {_percent(rates[lowest])} at "
            f"{_percent(curve.coverages[lowest])} of the items: it takes a better model or a larger budget"
        )
    labels = int(further[best])
    words = f"at the error rates seen it takes about {labels:,} more blind labels"
    return labels, words if labels <= pool else f"{words}, and only {pool:,} items are waiting"


def _too_few(curve: _Curve, n: int, epsilon: float, delta: float, next_delta: float) -> Certificate:
    count, enough = int(curve.counts[-1]), minimum_n(epsilon, next_delta, TOLERATED)
    needed = max(1, math.ceil((enough - count) * n / count)) if count else 0
    seen = f"{count} blind labels" if count == n else f"{count} of {n} blind labels in the range of the pool"
    outlook = f"{needed:,} more would allow {TOLERATED} errors" if needed else "the pool is not like the sample"
    reason = (
        f"Closed: {seen} are too few to show that at most {_percent(epsilon)} are wrong, even without an error; "
        f"{outlook}."
    )
    return Certificate(False, None, count, 0, None, None, 0.0, needed, reason, epsilon, delta)


def _checked(confidences: ArrayLike, losses: ArrayLike, pool_confidences: ArrayLike) -> tuple[Floats, Counts, Floats]:
    scores = _unit_vector("confidences", confidences)
    lost = _unit_vector("losses", losses)
    pool = _unit_vector("pool_confidences", pool_confidences)
    if scores.size != lost.size:
        raise ValueError(f"confidences and losses differ in length: {scores.size} and {lost.size}")
    if not np.isin(lost, (0.0, 1.0)).all():
        raise ValueError("only strict losses (0 or 1) can be certified yet: compare each loss with a tolerance first")
    return scores, lost.astype(np.int64), pool


def _unit_vector(name: str, values: ArrayLike) -> Floats:
    array: NDArray[Any] = np.asarray(values)
    if array.ndim != 1 or array.size == 0:
        raise ValueError(f"{name} must be a vector with at least one value, not of shape {array.shape}")
    floats = array.astype(np.float64)
    if not ((floats >= 0.0) & (floats <= 1.0)).all():
        raise ValueError(f"{name} must lie in [0, 1] and hold no NaN")
    return floats


def _errors(count: int) -> str:
    return "1 error" if count == 1 else f"{count} errors"


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"
