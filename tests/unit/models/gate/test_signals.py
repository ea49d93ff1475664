from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from models.gate import signals

THREE = np.array([[0.7, 0.2, 0.1], [0.1, 0.3, 0.6]])
SEVERAL = np.array([[0.9, 0.2], [0.6, 0.5], [0.1, 0.0]])


def test_the_logit_is_of_the_answer() -> None:
    found = signals.plain_logit(THREE, multiple=False)
    np.testing.assert_allclose(found, [math.log(0.7 / 0.3), math.log(0.6 / 0.4)])


def test_of_several_labels_every_decision_has_to_be_right() -> None:
    found = signals.plain_logit(SEVERAL, multiple=True)
    np.testing.assert_allclose(1 / (1 + np.exp(-found)), [0.9 * 0.8, 0.6 * 0.5, 0.9])


def test_answers_that_are_nearly_certain_still_differ() -> None:
    """As floats, both probabilities are 1."""
    rows = np.array([[1.0, 1e-18], [1.0, 1e-20]])
    found = signals.plain_logit(rows, multiple=False)
    assert (found == signals.LARGEST_LOGIT).all(), "beyond the limit they are alike"
    rows[:, 1] *= 1e8
    first, second = signals.plain_logit(rows, multiple=False)
    assert first < second < signals.LARGEST_LOGIT


@pytest.mark.parametrize("multiple", [False, True])
def test_power_one_changes_nothing_and_a_high_one_makes_sure(multiple: bool) -> None:
    rows = SEVERAL if multiple else THREE
    np.testing.assert_allclose(signals.tempered(rows, 1.0, multiple), rows, atol=1e-12)
    high = signals.tempered(rows, 50.0, multiple)
    np.testing.assert_array_equal(high > 0.5, rows > 0.5)
    np.testing.assert_allclose(high[0].max(), 1.0)


def test_the_shape_of_one_answer() -> None:
    first = signals.shape(THREE, np.array([[5.0], [6.0]]), multiple=False)[0]
    entropy = -sum(p * math.log(p) for p in THREE[0])
    np.testing.assert_allclose(first, [0.7, 0.2, 0.1, *np.log([0.7, 0.2, 0.1]), 0.5, entropy, 1, 5])


def test_the_shape_of_several_is_of_the_least_sure_decisions() -> None:
    found = signals.shape(SEVERAL, None, multiple=True)
    np.testing.assert_allclose(found[:, :2], [[0.8, 0.9], [0.5, 0.6], [0.9, 1.0]])
    np.testing.assert_allclose(found[:, -1], [1, 2, 0])
    assert signals.said(SEVERAL, multiple=True).tolist() == [[1, 0], [1, 1], [0, 0]]


def test_two_labels_have_no_third() -> None:
    assert signals.shape(np.array([[0.6, 0.4]]), None, multiple=False)[0, 2] == 0
    assert signals.said(THREE, multiple=False).tolist() == [[1, 0, 0], [0, 0, 1]]


@pytest.mark.parametrize("extra", [np.zeros(2), np.zeros((3, 1)), np.array([[1.0], [np.nan]])])
def test_what_does_not_fit_is_refused(extra: NDArray[Any]) -> None:
    with pytest.raises(ValueError, match="one row an item"):
        signals.shape(THREE, extra, multiple=False)
