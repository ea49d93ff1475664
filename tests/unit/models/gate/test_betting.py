from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import binom, binomtest

from models.gate import binomial_upper, minimum_n, wsr_pvalue, wsr_upper
from models.gate.betting import minimum_betting

Array = NDArray[np.float64]
Draw = Callable[[np.random.Generator, int], Array]
DELTA = 0.05
unit = st.floats(0.0, 1.0)
samples = st.lists(unit, min_size=1, max_size=120)
levels = st.floats(0.01, 0.5)
quick = settings(max_examples=60, deadline=None)


def bernoulli(rate: float) -> Draw:
    return lambda rng, n: (rng.random(n) < rate).astype(np.float64)


def beta(a: float, b: float) -> Draw:
    return lambda rng, n: rng.beta(a, b, n)


def mostly_right(share: float, a: float, b: float) -> Draw:
    """Like a character error rate: most items have no error, the others a part."""
    return lambda rng, n: np.where(rng.random(n) < share, rng.beta(a, b, n), 0.0)


@pytest.mark.parametrize(
    ("draw", "published"),
    [(bernoulli(0.02), 0.042), (bernoulli(0.005), 0.021), (mostly_right(0.29, 1, 8), 0.047), (beta(2, 18), 0.113)],
    ids=["bernoulli .02", "bernoulli .005", "like CER, mean .032", "like 1 - IoU, mean .10"],
)
def test_mean_bounds_at_300_items_are_those_of_other_implementations(draw: Draw, published: float) -> None:
    rng = np.random.default_rng(2)
    assert np.mean([wsr_upper(draw(rng, 300), DELTA) for _ in range(400)]) == pytest.approx(published, abs=0.002)


def test_the_exact_bound_is_tighter_where_it_applies() -> None:
    rng, errors = np.random.default_rng(3), np.arange(40)
    exact = np.dot(binom.pmf(errors, 300, 0.02), [binomial_upper(int(k), 300, DELTA) for k in errors])
    assert exact == pytest.approx(0.0385, abs=0.0005)
    assert exact < np.mean([wsr_upper(bernoulli(0.02)(rng, 300), DELTA) for _ in range(200)]) - 0.002


def test_a_true_error_above_the_budget_is_never_taken_for_one_below() -> None:
    """Bets that may go both ways reject "the mean is .05" when it is .10, and would certify every time."""
    rng = np.random.default_rng(4)
    pvalues = np.array([wsr_pvalue(bernoulli(0.1)(rng, 1000), 0.05, delta=0.1) for _ in range(200)])
    assert (pvalues > 0.1).all()
    assert np.median(pvalues) > 0.5
    assert max(wsr_pvalue(np.ones(500), 0.05), wsr_pvalue(np.full(500, 0.06), 0.05)) == 1.0


@pytest.mark.parametrize(
    "draw",
    [bernoulli(0.05), beta(0.5, 9.5), beta(5, 95), mostly_right(0.1, 1, 1), mostly_right(0.5, 1, 9)],
    ids=["bernoulli", "skewed", "dense", "few and bad", "many and small"],
)
@pytest.mark.parametrize("n", [60, 400])
def test_the_bound_misses_the_true_mean_at_most_delta_of_the_time(draw: Draw, n: int) -> None:
    rng, runs, delta = np.random.default_rng(5), 1000, 0.1
    assert draw(rng, 200_000).mean() == pytest.approx(0.05, abs=0.002)
    rejected = sum(wsr_pvalue(draw(rng, n), 0.05, delta=delta) <= delta for _ in range(runs))
    assert rejected <= binom.ppf(0.999, runs, delta)


@pytest.mark.parametrize("least", [0.05, 0.3])
def test_weights_undo_unequal_inclusion(least: float) -> None:
    """Hard items are drawn seldom. Of the stream .05 are wrong; of the sample far fewer seem to be."""
    rng, runs, delta, n = np.random.default_rng(6), 1000, 0.1, 400
    share, hard_rate, easy_rate = 0.25, 0.17, 0.01
    drawn_hard = share * least / (share * least + 1 - share)
    rejected = naive = 0
    for _ in range(runs):
        hard = rng.random(n) < drawn_hard
        losses = (rng.random(n) < np.where(hard, hard_rate, easy_rate)).astype(float)
        rejected += wsr_pvalue(losses, 0.05, weights=np.where(hard, 1.0, least), delta=delta) <= delta
        naive += wsr_pvalue(losses, 0.05, delta=delta) <= delta
    assert rejected <= binom.ppf(0.999, runs, delta)
    assert naive > 0.6 * runs


def test_the_weighted_test_has_power() -> None:
    rng, n = np.random.default_rng(7), 1500
    hard = rng.random(n) < 0.2
    losses = (rng.random(n) < np.where(hard, 0.04, 0.01)).astype(float)
    assert wsr_pvalue(losses, 0.05, weights=np.where(hard, 1.0, 0.4), delta=0.1) < 0.01
    assert 0.01 < wsr_upper(losses, 0.1, weights=np.where(hard, 1.0, 0.4)) < 0.05


@quick
@given(losses=samples, epsilon=levels, delta=levels)
def test_pvalue_and_bound_say_the_same(losses: list[float], epsilon: float, delta: float) -> None:
    pvalue, upper = wsr_pvalue(losses, epsilon, delta=delta), wsr_upper(losses, delta)
    if abs(upper - epsilon) > 1e-9:
        assert (pvalue <= delta) == (upper <= epsilon)


@quick
@given(losses=samples, delta=levels)
def test_the_bound_lies_above_the_smallest_loss_and_in_range(losses: list[float], delta: float) -> None:
    """Not always above their mean: what the items up to some point have shown, later ones do not take back."""
    assert min(losses) - 1e-12 <= wsr_upper(losses, delta) <= 1.0


def test_what_a_clean_beginning_has_shown_later_losses_do_not_take_back() -> None:
    assert 0.0 < wsr_upper([0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0], 0.5) < 1 / 8


@quick
@given(losses=samples, first=levels, second=levels, delta=levels, seed=st.integers(0, 9))
def test_a_larger_budget_is_easier(losses: list[float], first: float, second: float, delta: float, seed: int) -> None:
    weights = np.random.default_rng(seed).uniform(0.1, 1.0, len(losses))
    low, high = sorted((first, second))
    assert wsr_pvalue(losses, high, weights=weights, delta=delta) <= wsr_pvalue(
        losses, low, weights=weights, delta=delta
    ) * (1 + 1e-9)


@quick
@given(losses=samples, delta=levels)
def test_weights_of_one_are_no_weights(losses: list[float], delta: float) -> None:
    assert wsr_upper(losses, delta, weights=np.ones(len(losses))) == wsr_upper(losses, delta)


@quick
@given(n=st.integers(1, 400), delta=levels)
def test_without_errors_no_bound_lies_below_the_exact_one(n: int, delta: float) -> None:
    exact = binomtest(0, n, alternative="less").proportion_ci(1.0 - delta, method="exact").high
    assert exact - 1e-9 <= wsr_upper(np.zeros(n), delta) <= max(1.6 * exact, 0.2)


@given(epsilon=st.floats(0.01, 0.3), delta=st.floats(0.01, 0.3), tolerated=st.integers(0, 4))
@quick
def test_minimum_is_enough_and_more_than_the_exact_test_takes(epsilon: float, delta: float, tolerated: int) -> None:
    least = minimum_n(epsilon, delta, tolerated)
    assert least <= minimum_betting(epsilon, delta, tolerated) <= 3 * least + 10
    assert wsr_pvalue(np.zeros(minimum_betting(epsilon, delta)), epsilon, delta=delta) <= delta


def test_the_order_does_not_come_from_the_losses() -> None:
    """Sorted losses are put into an order of their own; without that the large ones would all come last."""
    rng = np.random.default_rng(8)
    losses = bernoulli(0.06)(rng, 1000)
    ascending = wsr_pvalue(np.sort(losses), 0.05, delta=0.1)
    descending = wsr_pvalue(np.sort(losses)[::-1], 0.05, delta=0.1)
    assert min(ascending, descending) > 0.1


@pytest.mark.parametrize(
    ("losses", "weights", "message"),
    [
        ([], None, "losses must be a vector with at least one value"),
        ([[0.1]], None, "not of shape"),
        ([float("nan")], None, "hold no NaN"),
        ([1.1], None, "losses must lie in"),
        ([0.1, 0.2], [1.0], "losses and weights differ in length: 2 and 1"),
        ([0.1], [0.0], "weights must be above 0"),
        ([0.1], [2.0], "weights must lie in"),
    ],
)
def test_wrong_arrays_are_refused(losses: list[float], weights: list[float] | None, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        wsr_upper(losses, 0.1, weights=weights)
    with pytest.raises(ValueError, match=message):
        wsr_pvalue(losses, 0.1, weights=weights)


def test_impossible_levels_are_refused() -> None:
    with pytest.raises(ValueError, match="delta must lie between 0 and 1"):
        wsr_upper([0.1], 1.0)
    with pytest.raises(ValueError, match="epsilon must lie between 0 and 1"):
        wsr_pvalue([0.1], 0.0)
