"""The promise for samples that are not plain: graded, weighted, in strata, targeted. Budgets missed over many streams.

A stream is missed if any open gate accepts at a threshold whose true selective error is above the budget.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from models.gate import certify

EPSILON, DELTA, STREAMS = 0.05, 0.1, 500
LIMIT = DELTA + 3 * np.sqrt(DELTA * (1 - DELTA) / STREAMS)
Array = NDArray[np.float64]
GRID: Array = np.linspace(0.0, 1.0, 2001, dtype=np.float64)[:-1] + 0.00025
Error = Callable[[Array], Array]
"""Confidence -> expected loss of an item there; confidences are uniform on [0, 1]."""


def rising(low: float, high: float) -> Error:
    return lambda s: low + (high - low) * (1 - s) ** 2


def level(rate: float) -> Error:
    return lambda s: np.full(s.shape, rate)


def true_error(error: Error, threshold: float) -> float:
    return float(error(GRID[threshold <= GRID]).mean())


def missed(threshold: float | None, error: Error) -> bool:
    return threshold is not None and true_error(error, min(threshold, 0.999)) > EPSILON


def strict(rng: np.random.Generator, means: Array) -> Array:
    return (rng.random(means.size) < means).astype(float)


def dense(rng: np.random.Generator, means: Array) -> Array:
    return rng.beta(0.5, 0.5 / means - 0.5)


def partly(rng: np.random.Generator, means: Array) -> Array:
    return np.where(rng.random(means.size) < 2 * means, rng.random(means.size), 0.0)


def runs(seed: int) -> Iterator[np.random.Generator]:
    return iter(np.random.default_rng(seed).spawn(STREAMS))


@pytest.mark.parametrize(
    ("losses", "error"),
    [(dense, level(0.0501)), (partly, level(0.0501)), (dense, rising(0.02, 0.25)), (partly, rising(0.045, 0.1))],
    ids=["dense at the budget", "partly right at the budget", "dense, rising far", "partly right, rising slowly"],
)
def test_graded_losses(losses: Callable[..., Array], error: Error) -> None:
    count = 0
    for rng in runs(1):
        scores = rng.random(300)
        said = certify(scores, losses(rng, error(scores)), rng.random(500), epsilon=EPSILON, delta=DELTA)
        count += missed(said.threshold, error)
    assert count / STREAMS <= LIMIT


def drawn(rng: np.random.Generator, n: int, inclusion: Callable[[Array, Array], Array]) -> tuple[Array, Array, Array]:
    """``n`` items of the stream, each taken with its inclusion probability: confidences, hardness, probabilities."""
    arrived = 8 * n
    scores, hard = rng.random(arrived), (rng.random(arrived) < 0.25).astype(float)
    probability = inclusion(scores, hard)
    taken = np.flatnonzero(rng.random(arrived) < probability)[:n]
    assert taken.size == n
    return scores[taken], hard[taken], probability[taken]


def by_hardness(scores: Array, hard: Array) -> Array:
    return np.where(hard == 1, 0.2, 1.0)


def by_confidence(scores: Array, hard: Array) -> Array:
    return np.where(scores > 0.5, 0.25, 1.0)


def by_both(scores: Array, hard: Array) -> Array:
    return np.where(scores < 0.7, np.where(hard == 1, 0.7, 1.0), np.where(hard == 1, 0.3, 0.6))


@pytest.mark.parametrize(
    ("inclusion", "known"), [(by_hardness, False), (by_both, False), (by_both, True), (by_confidence, True)]
)
def test_unequal_inclusion(inclusion: Callable[[Array, Array], Array], known: bool) -> None:
    """Hard items, a quarter of the stream, are wrong five times as often; in all it is just above the budget."""
    base = level(0.0505)
    count = naive = 0
    for rng in runs(2):
        scores, hard, probability = drawn(rng, 300, inclusion)
        losses = strict(rng, base(scores) * np.where(hard == 1, 2.5, 0.5))
        pool, pool_hard = rng.random(500), (rng.random(500) < 0.25).astype(float)
        more: dict[str, Any] = {"pool_inclusion": inclusion(pool, pool_hard)} if known else {}
        said = certify(scores, losses, pool, epsilon=EPSILON, delta=DELTA, inclusion=probability, **more)
        count += missed(said.threshold, base)
        naive += missed(certify(scores, losses, pool, epsilon=EPSILON, delta=DELTA).threshold, base)
    assert count / STREAMS <= LIMIT
    if inclusion is by_hardness:
        assert naive / STREAMS > 2 * LIMIT


def test_unequal_inclusion_where_most_is_good_enough() -> None:
    """The gate does open, on the part of the stream that keeps the budget."""
    error: Error = lambda s: np.where(s > 0.4, 0.008, 0.2)  # noqa: E731
    count = opened = 0
    for rng in runs(3):
        scores, _, probability = drawn(rng, 900, by_both)
        pool = rng.random(500)
        said = certify(scores, strict(rng, error(scores)), pool, epsilon=EPSILON, delta=DELTA, inclusion=probability)
        count += missed(said.threshold, error)
        opened += said.open
    assert count / STREAMS <= LIMIT
    assert opened / STREAMS > 0.5


@pytest.mark.parametrize("shared", [False, True], ids=["pool in strata", "one pool"])
def test_strata(shared: bool) -> None:
    """Three classes at the edge of the budget: one delta for all of them."""
    errors = [level(0.0501), rising(0.03, 0.12), rising(0.02, 0.3)]
    count = 0
    for rng in runs(4):
        kinds, pool_kinds = rng.integers(0, 3, 500), rng.integers(0, 3, 600)
        scores, pool = rng.random(500), rng.random(600)
        losses = strict(rng, np.choose(kinds, [error(scores) for error in errors]))
        more: dict[str, Any] = {} if shared else {"pool_strata": pool_kinds}
        said = certify(scores, losses, pool, epsilon=EPSILON, delta=DELTA, strata=kinds, **more)
        count += any(missed(gate.threshold, errors[int(name)]) for name, gate in said.gates.items())
    assert count / STREAMS <= LIMIT


@pytest.mark.parametrize(
    ("cut", "error"), [(None, rising(0.02, 0.6)), (None, level(0.0501)), (0.6, level(0.0501)), (0.6, rising(0.04, 1.0))]
)
def test_targeted_samples(cut: float | None, error: Error) -> None:
    """Labels come from confidences above 0.6 only; below it nearly everything may be wrong."""
    count = opened = 0
    for rng in runs(5):
        scores, pool = rng.uniform(0.6, 1.0, 300), rng.random(700)
        said = certify(scores, strict(rng, error(scores)), pool, epsilon=EPSILON, delta=DELTA, targeted_from=cut)
        assert said.threshold is None or said.threshold >= 0.6
        count += missed(said.threshold, error)
        opened += said.open
    assert count / STREAMS <= LIMIT
    assert opened > 0


def test_ties() -> None:
    """Five confidences in all; what is certified holds for whole groups of equal ones."""
    levels = np.array([0.02, 0.05, 0.0505, 0.06, 0.1])
    error: Error = lambda s: levels[4 - np.minimum((5 * s).astype(int), 4)]  # noqa: E731
    count = 0
    for rng in runs(6):
        scores, pool = rng.integers(1, 6, 400) / 5, rng.integers(1, 6, 500) / 5
        said = certify(scores, strict(rng, levels[5 - np.rint(5 * scores).astype(int)]), pool, epsilon=0.05, delta=0.1)
        count += said.threshold is not None and true_error(error, said.threshold - 0.2) > EPSILON
    assert count / STREAMS <= LIMIT
