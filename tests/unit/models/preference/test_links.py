from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import approx_fprime
from scipy.special import expit

from models.preference.links import Link, Pairs, Rankings, Stars, better

NAN = float("nan")
UTILITIES = np.array([[0.3, -1.2, 2.0], [1.0, 0.9, NAN], [-4.0, 3.0, NAN], [0.0, 0.0, 0.0]])
numbers = st.floats(-8, 8)


@pytest.mark.parametrize(
    ("link", "utilities", "truth"),
    [
        (Pairs(ties=False), UTILITIES[:, :2], np.array([0, 1, 0, 1])),
        (Pairs(ties=True), UTILITIES[:, :2], np.array([0, 1, 2, 2])),
        (Rankings(), UTILITIES, np.zeros(4, np.int64)),
        (Stars(2), UTILITIES[:, :1], np.array([0, 1, 1, 0])),
        (Stars(4), UTILITIES[:, :1], np.array([0, 3, 2, 1])),
    ],
)
def test_gradients_are_those_of_the_loss(link: Link, utilities: NDArray[np.float64], truth: NDArray[np.int64]) -> None:
    own = link.start() + 0.1 * np.arange(link.size)
    seen = ~np.isnan(utilities)

    def loss(values: NDArray[np.float64]) -> float:
        changed = utilities.copy()
        changed[seen] = values[: seen.sum()]
        return link.loss(changed, values[seen.sum() :], truth)[0]

    _, by_utility, by_own = link.loss(utilities, own, truth)
    numeric = approx_fprime(np.concatenate([utilities[seen], own]), loss, 1e-6)
    assert np.concatenate([by_utility[seen], by_own]) == pytest.approx(numeric, abs=2e-5)
    assert not by_utility[~seen].any()


@given(numbers, numbers, st.none() | st.floats(-5, 5))
def test_swapping_a_pair_swaps_left_and_right(first: float, second: float, ties: float | None) -> None:
    link, own = Pairs(ties is not None), np.array([] if ties is None else [ties])
    there, back = (link.rows(np.array([pair]), own)[0] for pair in ((first, second), (second, first)))
    assert there.sum() == pytest.approx(1.0)
    assert there[0] == pytest.approx(back[1])
    assert there[2:] == pytest.approx(back[2:])


@given(st.lists(numbers, min_size=1, max_size=4))
def test_the_chances_of_all_orders_add_up(utilities: list[float]) -> None:
    rows = [Rankings().rows(np.array([order]), np.zeros(0))[0, 0] for order in permutations(utilities)]
    assert sum(rows) == pytest.approx(1.0)


@given(numbers, numbers)
def test_an_order_of_two_is_a_pair(first: float, second: float) -> None:
    chance = Rankings().rows(np.array([[first, second, NAN]]), np.zeros(0))[0, 0]
    assert chance == pytest.approx(expit(first - second))
    assert better(np.array([first, second]))[0] == pytest.approx(chance)


@given(numbers, st.lists(st.floats(-3, 3), min_size=1, max_size=6))
def test_stars_rise_with_the_utility(utility: float, own: list[float]) -> None:
    link = Stars(len(own) + 1)
    low, high = link.rows(np.array([[utility], [utility + 1.0]]), np.array(own))
    assert low.sum() == pytest.approx(1.0)
    assert (np.cumsum(low) >= np.cumsum(high) - 1e-12).all()
