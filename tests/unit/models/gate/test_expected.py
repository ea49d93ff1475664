"""Expected coverage against what certificates really reach."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from models.gate.bounds import minimum_n
from models.gate.certify import certify
from models.gate.expected import Test, expected_coverages, gain

EPSILON, DELTA = 0.05, 0.1


def stream(n: int, seed: int = 0, scale: float = 0.3) -> tuple[NDArray[Any], NDArray[Any]]:
    """Ranks, and errors that become more frequent as the rank falls."""
    rng = np.random.default_rng(seed)
    ranks = rng.random(n)
    return ranks, (rng.random(n) < scale * (1 - ranks) ** 2).astype(np.float64)


def test_it_is_close_to_what_certificates_reach_on_average() -> None:
    ranks, wrong = stream(20_000)
    rng = np.random.default_rng(1)
    found = []
    for _ in range(300):
        sample = rng.integers(0, ranks.size, 400)
        found.append(certify(ranks[sample], wrong[sample], ranks, epsilon=EPSILON, delta=DELTA).coverage)
    expected = expected_coverages(ranks, wrong, Test.of(EPSILON, DELTA, 400))[0]
    assert 0.3 < np.mean(found) < 0.6
    assert expected == pytest.approx(np.mean(found), abs=0.04)


def test_no_errors_are_accepted_whole_and_nothing_but_errors_not_at_all() -> None:
    ranks, test = np.random.default_rng(0).random(200), Test.of(EPSILON, DELTA)
    assert expected_coverages(ranks, np.zeros(200), test)[0] == pytest.approx(1.0)
    assert expected_coverages(ranks, np.ones(200), test)[0] == pytest.approx(0.0)


def test_only_the_order_counts() -> None:
    ranks, wrong = stream(500)
    test = Test.of(EPSILON, DELTA)
    np.testing.assert_array_equal(
        expected_coverages(ranks, wrong, test), expected_coverages(np.exp(5 * ranks), wrong, test)
    )


def test_weights_of_one_are_no_weights() -> None:
    ranks, wrong = stream(300)
    test = Test.of(EPSILON, DELTA)
    found = expected_coverages(ranks, wrong, test, np.ones((2, 300)))
    np.testing.assert_allclose(found, np.repeat(expected_coverages(ranks, wrong, test), 2))


def test_too_few_labels_for_any_gate_are_taken_as_enough() -> None:
    few, default = Test.of(EPSILON, DELTA, 10), Test.of(EPSILON, DELTA)
    np.testing.assert_array_equal(few.counts, default.counts)
    assert default.counts[-1] == 3 * minimum_n(EPSILON, DELTA, 2)
    small = Test.of(EPSILON, DELTA, minimum_n(EPSILON, DELTA, 1))
    assert small.tolerated[-1] == 1


def test_a_better_order_wins_and_the_same_one_does_not() -> None:
    ranks, wrong = stream(2000)
    test = Test.of(EPSILON, DELTA)
    worse = ranks + np.random.default_rng(2).normal(scale=0.2, size=ranks.size)
    won, error = gain(worse, ranks, wrong, test, seed=0)
    assert won > 2 * error
    won, error = gain(ranks, 2 * ranks, wrong, test, seed=0)
    assert won == 0 < error
