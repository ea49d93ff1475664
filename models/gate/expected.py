"""What a gate can be expected to accept with an order of items, from labels that are no validation sample.

For choosing between ways of ordering on train labels alone; part of no guarantee.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr

from models.gate.bounds import TOLERATED, minimum_n
from models.gate.curve import STEPS
from models.gate.sequence import tolerated_at_start

Floats = NDArray[np.float64]
RESAMPLES = 200
SMALLEST = 1e-4
"""A smaller gain in coverage is none."""


@dataclass(frozen=True)
class Test:
    """The test to come, at ``STEPS`` equal steps of coverage."""

    __test__ = False  # for pytest: this is no test case

    epsilon: float
    counts: NDArray[np.int64]
    """``(STEPS,)``: validation labels above each threshold."""
    tolerated: NDArray[np.int64]
    """``(STEPS,)``: errors among them with which the threshold passes; -1: none does, or it comes before the first."""

    @classmethod
    def of(cls, epsilon: float, delta: float, labels: int | None = None) -> Test:
        """The test that ``certify`` would make with ``labels`` validation labels.

        Too few labels to open any gate, or None, are taken as three times what the first threshold needs.
        """
        need = partial(minimum_n, epsilon, delta)
        n = labels if labels is not None and labels >= need(0) else 3 * need(TOLERATED)
        wanted = tolerated_at_start(n, need)
        start = max(enough for enough in map(need, range(wanted + 1)) if enough <= n)
        counts = np.round(np.arange(1, STEPS + 1) / STEPS * n).astype(np.int64)
        errors = np.arange(int(counts[-1]) + 1)
        passing = [int((bdtr(errors[: m + 1], m, epsilon) <= delta).sum()) - 1 for m in counts]
        return cls(epsilon, counts, np.where(counts >= start, passing, -1))


def expected_coverages(ranks: Floats, wrong: Floats, test: Test, weights: Floats | None = None) -> Floats:
    """Coverage that the test certifies on average, ``(B,)`` in [0, 1], if error rates are those that were seen.

    At each threshold the errors in a sample are binomial, so the chance to pass is known; a run reaches a threshold
    with, at most, the smallest chance on the way there. It breaks, on the optimistic side and for all orders alike,
    where passing at one threshold says little of the next.

    Args:
        ranks: ``(n,)``, higher is accepted first.
        wrong: ``(n,)`` of 0 and 1.
        test: what is to be passed.
        weights: ``(B, n)``, how often each item counts in each of B resamples; None: each once, and B is 1.
    """
    order = np.argsort(-ranks, kind="stable")
    counted = np.ones((1, wrong.size)) if weights is None else weights[:, order]
    seen, errors = np.cumsum(counted, axis=1), np.cumsum(counted * wrong[order], axis=1)
    wanted = np.arange(1, STEPS + 1) / STEPS
    rates = np.empty((counted.shape[0], STEPS))
    for row in range(counted.shape[0]):
        at = np.minimum(np.searchsorted(seen[row], wanted * seen[row, -1] - 1e-9), wrong.size - 1)
        rates[row] = errors[row, at] / np.maximum(seen[row, at], 1.0)
    begun = test.tolerated >= 0
    first = int(np.argmax(begun)) if begun.any() else STEPS
    chances = bdtr(test.tolerated[first:].astype(np.float64), test.counts[first:], rates[:, first:])
    reached = np.minimum.accumulate(chances, axis=1)
    steps = np.full(STEPS - first, 1.0 / STEPS)
    if steps.size:
        steps[0] = wanted[first]
    return np.asarray(reached @ steps)


def gain(before: Floats, after: Floats, wrong: Floats, test: Test, *, seed: int) -> tuple[float, float]:
    """What the second order wins over the first in expected coverage, and the standard error of that.

    The error is the spread of the gain over resamples of the items (Efron, 1979), the same for both orders.
    """
    n = wrong.size
    weights = np.random.default_rng(seed).multinomial(n, np.full(n, 1.0 / n), size=RESAMPLES).astype(np.float64)
    won = expected_coverages(after, wrong, test)[0] - expected_coverages(before, wrong, test)[0]
    spread = expected_coverages(after, wrong, test, weights) - expected_coverages(before, wrong, test, weights)
    return float(won), max(float(spread.std()), SMALLEST)
