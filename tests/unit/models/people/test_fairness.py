import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.people.fairness import gini, work_gini, work_gini_estimate

AMOUNTS = st.lists(st.floats(0, 1e6), min_size=2, max_size=40)


@given(amounts=AMOUNTS)
def test_it_is_half_the_mean_difference_over_the_mean(amounts: list[float]) -> None:
    x = np.array(amounts)
    if x.mean() > 1e-300:
        pairwise = np.abs((x / x.sum())[:, None] - (x / x.sum())[None, :]).sum() / (2 * x.size)
        assert gini(amounts) == pytest.approx(pairwise, abs=1e-9)
    assert 0 <= gini(amounts) <= 1 - 1 / x.size + 1e-9


@given(amounts=st.lists(st.floats(0.01, 1e6), min_size=2, max_size=40), factor=st.floats(0.01, 1e3))
def test_neither_the_unit_nor_a_copy_of_everybody_matters(amounts: list[float], factor: float) -> None:
    assert gini(np.array(amounts) * factor) == pytest.approx(gini(amounts), abs=1e-9)
    assert gini(amounts * 3) == pytest.approx(gini(amounts), abs=1e-9)


def test_known_values() -> None:
    assert gini([4, 4, 4]) == pytest.approx(0.0)
    assert gini([0, 0, 0, 8]) == pytest.approx(0.75)
    assert gini([1, 2, 3, 4]) == pytest.approx(0.25)
    assert gini([]) == gini([7]) == gini([0, 0]) == 0.0


def test_work_is_counted_an_hour() -> None:
    assert work_gini([10, 20, 40], [1, 2, 4]) == pytest.approx(0.0)
    assert work_gini([0, 10], [1, 1]) == pytest.approx(0.5), "who was there and was offered nothing counts"
    assert work_gini([0, 10], [0, 1]) == 0.0, "who was not there does not"


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="below 0"):
        gini([1, -1])
    with pytest.raises(ValueError, match="finite"):
        gini([float("nan"), 1])
    with pytest.raises(ValueError, match="length"):
        work_gini([1], [1, 2])


def test_how_sure_the_coefficient_is() -> None:
    """Hours of 200 people are drawn around one speed; samples of 40 of them hold the coefficient of all."""
    rng = np.random.default_rng(3)
    everybody = rng.lognormal(0.0, 0.4, 200)
    truth, held = gini(everybody), 0
    for seed in range(60):
        sample = rng.choice(everybody, 40)
        found = work_gini_estimate(sample, np.ones(40), draws=300, seed=seed)
        assert found.lower is not None
        assert found.upper is not None
        held += found.lower <= truth <= found.upper
    print("coverage of 95 %:", held / 60)
    assert held >= 48


def test_few_people_get_no_interval() -> None:
    few = work_gini_estimate([1, 2, 3], [1, 1, 0])
    assert few.value == pytest.approx(1 / 6)
    assert (few.lower, few.upper, few.n) == (None, None, 2)
    assert work_gini_estimate([], []).value is None
