import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest

from models.gate.bounds import binomial_pvalue, binomial_upper, minimum_n

PUBLISHED_ZERO_ERRORS = {
    (0.05, 0.10): 45, (0.05, 0.05): 59, (0.05, 0.01): 90,
    (0.02, 0.10): 114, (0.02, 0.05): 149, (0.02, 0.01): 228,
    (0.01, 0.10): 230, (0.01, 0.05): 299, (0.01, 0.01): 459,
}  # fmt: skip
PUBLISHED_TOLERANT = {0.05: (93, 124, 153), 0.02: (236, 313, 386), 0.01: (473, 628, 773)}
"""For 1, 2 and 3 errors at delta = .05: the attribute sampling tables of acceptance sampling."""


@pytest.mark.parametrize(("epsilon", "delta"), PUBLISHED_ZERO_ERRORS)
def test_minimum_n_without_errors_is_the_published_table(epsilon: float, delta: float) -> None:
    assert minimum_n(epsilon, delta) == PUBLISHED_ZERO_ERRORS[epsilon, delta]


@pytest.mark.parametrize("epsilon", PUBLISHED_TOLERANT)
def test_minimum_n_with_errors_is_the_published_table(epsilon: float) -> None:
    assert tuple(minimum_n(epsilon, 0.05, tolerated) for tolerated in (1, 2, 3)) == PUBLISHED_TOLERANT[epsilon]


def test_upper_bound_equals_published_two_sided_intervals() -> None:
    """One side at 2.5 % is the upper end of the two-sided 95 % Clopper-Pearson interval."""
    assert binomial_upper(0, 10, 0.025) == pytest.approx(0.3085, abs=5e-5)
    assert binomial_upper(1, 10, 0.025) == pytest.approx(0.4450, abs=5e-5)
    assert binomial_upper(5, 10, 0.025) == pytest.approx(0.8129, abs=5e-5)


def test_upper_bound_without_errors_is_the_closed_form() -> None:
    assert binomial_upper(0, 300, 0.05) == pytest.approx(1 - 0.05 ** (1 / 300), rel=1e-12)


def test_upper_bound_is_one_where_nothing_is_known() -> None:
    assert binomial_upper(0, 0, 0.1) == 1.0
    assert binomial_upper(7, 7, 0.1) == 1.0


@given(
    errors=st.integers(0, 60),
    spare=st.integers(0, 600),
    epsilon=st.floats(0.005, 0.5),
    delta=st.floats(0.005, 0.4),
)
def test_pvalue_and_bound_say_the_same(errors: int, spare: int, epsilon: float, delta: float) -> None:
    n = errors + spare
    pvalue, upper = binomial_pvalue(errors, n, epsilon), binomial_upper(errors, n, delta)
    if abs(pvalue - delta) > 1e-9:
        assert (pvalue <= delta) == (upper <= epsilon)


@given(n=st.integers(1, 2000), share=st.floats(0.0, 1.0), level=st.floats(0.005, 0.5))
def test_bound_and_pvalue_are_those_of_scipy(n: int, share: float, level: float) -> None:
    errors = int(share * n)
    interval = binomtest(errors, n, alternative="less").proportion_ci(1.0 - level, method="exact")
    assert binomial_upper(errors, n, level) == pytest.approx(interval.high, rel=1e-6)
    assert binomial_pvalue(errors, n, level) == pytest.approx(binom.cdf(errors, n, level), rel=1e-9, abs=1e-300)


@given(epsilon=st.floats(0.002, 0.5), delta=st.floats(0.001, 0.5), tolerated=st.integers(0, 30))
def test_minimum_n_passes_and_one_less_does_not(epsilon: float, delta: float, tolerated: int) -> None:
    n = minimum_n(epsilon, delta, tolerated)
    assert binomial_pvalue(tolerated, n, epsilon) <= delta
    assert n == tolerated or binomial_pvalue(tolerated, n - 1, epsilon) > delta


@pytest.mark.parametrize("rate", [0.005, 0.02, 0.05, 0.3])
@pytest.mark.parametrize("n", [60, 300])
def test_bound_misses_the_true_rate_at_most_delta_of_the_time(rate: float, n: int) -> None:
    draws, delta = 20_000, 0.1
    errors = np.random.default_rng(1).binomial(n, rate, size=draws)
    bounds = {int(k): binomial_upper(int(k), n, delta) for k in np.unique(errors)}
    missed = np.mean([bounds[int(k)] < rate for k in errors])
    assert missed <= delta + 4 * np.sqrt(delta * (1 - delta) / draws)


def test_impossible_counts_and_levels_are_refused() -> None:
    with pytest.raises(ValueError, match="errors must be between 0 and n"):
        binomial_upper(3, 2, 0.1)
    with pytest.raises(ValueError, match="errors must be between 0 and n"):
        binomial_pvalue(-1, 2, 0.1)
    with pytest.raises(ValueError, match="delta must lie between 0 and 1"):
        binomial_upper(0, 2, 0.0)
    with pytest.raises(ValueError, match="epsilon must lie between 0 and 1"):
        minimum_n(1.0, 0.1)
    with pytest.raises(ValueError, match="tolerated must be >= 0"):
        minimum_n(0.1, 0.1, -1)
