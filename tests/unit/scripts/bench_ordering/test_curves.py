from __future__ import annotations

import math

import numpy as np
import pytest

from scripts.bench_ordering.curves import labels_needed, saving

SIZES = (50, 100, 200, 400)


@pytest.mark.parametrize(
    ("target", "labels"),
    [(0.5, 50), (0.6, 100), (0.65, math.sqrt(100 * 200)), (0.8, 400), (0.3, 50), (0.81, math.inf)],
)
def test_labels_between_two_sizes_are_read_off_the_curve(target: float, labels: float) -> None:
    assert labels_needed(SIZES, np.array([0.5, 0.6, 0.7, 0.8]), target) == pytest.approx(labels)


def test_a_dip_does_not_count() -> None:
    assert labels_needed(SIZES, np.array([0.5, 0.7, 0.6, 0.8]), 0.7) == pytest.approx(100)


def test_an_order_that_is_twice_as_good_needs_half_the_labels() -> None:
    generator = np.random.default_rng(0)
    noise = generator.normal(0, 0.01, (20, 1))
    random = 0.1 * np.log2(SIZES) + noise
    found = saving(100, 0.1 * np.log2(200) + noise[:, 0], SIZES, random, generator)
    assert found.ratio == pytest.approx(2.0)
    assert found.low == pytest.approx(2.0)
    assert found.high == pytest.approx(2.0)
    assert found.random == pytest.approx(float(random[:, 1].mean()))
    assert found.longest == 4.0


def test_the_spread_is_that_of_the_repetitions() -> None:
    generator = np.random.default_rng(1)
    random = 0.1 * np.log2(SIZES) + generator.normal(0, 0.05, (20, 4))
    ours = 0.1 * np.log2(100) + generator.normal(0, 0.05, 20)
    found = saving(150, ours, SIZES, random, generator)
    assert found.low < found.ratio < found.high
    assert found.random is None


def test_what_random_order_never_reached_is_infinite() -> None:
    found = saving(100, np.ones(5), SIZES, np.zeros((5, 4)), np.random.default_rng(2))
    assert found.ratio == found.low == found.high == math.inf
