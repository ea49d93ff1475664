from __future__ import annotations

import numpy as np
import pytest

from models.gate.bounds import binomial_upper
from models.gate.ratio import rate_ratio


def test_of_what_was_seen() -> None:
    found = rate_ratio(40, 100, 20, 100, delta=0.05)
    assert found.ratio == pytest.approx(2.0)
    low, high = 1 - binomial_upper(60, 100, 0.0125), binomial_upper(20, 100, 0.0125)
    assert found.lower == pytest.approx(low / high)
    assert found.upper is not None
    assert found.lower < 2.0 < found.upper


def test_without_an_error_in_the_base_nothing_bounds_it_from_above() -> None:
    found = rate_ratio(5, 100, 0, 50, delta=0.05)
    assert (found.ratio, found.upper) == (None, None)
    assert 0 < found.lower < 1


def test_without_an_error_in_the_first() -> None:
    found = rate_ratio(0, 100, 10, 100, delta=0.05)
    assert (found.ratio, found.lower) == (0.0, 0.0)
    assert found.upper is not None
    assert found.upper < 1.5


@pytest.mark.parametrize(("n", "base_n"), [(0, 5), (5, 0)])
def test_empty_samples_are_refused(n: int, base_n: int) -> None:
    with pytest.raises(ValueError, match="both samples"):
        rate_ratio(0, n, 0, base_n, delta=0.05)


@pytest.mark.parametrize(
    ("rate", "n", "base", "base_n"), [(0.4, 270, 0.2, 30), (0.05, 90, 0.05, 40), (0.02, 30, 0.5, 30)]
)
def test_the_interval_misses_the_true_ratio_no_more_often_than_it_says(
    rate: float, n: int, base: float, base_n: int
) -> None:
    generator, delta, rounds = np.random.default_rng(5), 0.1, 2000
    pairs = zip(generator.binomial(n, rate, rounds), generator.binomial(base_n, base, rounds), strict=True)
    found = [rate_ratio(int(k), n, int(b), base_n, delta=delta) for k, b in pairs]
    missed = sum(not one.lower <= rate / base <= (one.upper if one.upper is not None else np.inf) for one in found)
    assert missed <= delta * rounds
