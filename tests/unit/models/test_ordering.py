from __future__ import annotations

import numpy as np
import pytest

from models.ordering import (
    CONTROL_SHARE,
    POWER,
    by_uncertainty,
    control_from,
    farthest_first,
    with_control,
)


def test_the_control_is_a_tenth_of_the_train_fold_and_none_of_the_other() -> None:
    draws = np.random.default_rng(0).random(100_000)
    edge = control_from(0.25)
    assert edge == pytest.approx(0.925)
    train = draws[draws >= 0.25]
    assert (train >= edge).mean() == pytest.approx(CONTROL_SHARE, abs=0.005)
    with pytest.raises(ValueError, match="validation_fraction"):
        control_from(1.0)


def test_places_are_drawn_with_the_weights_that_are_promised() -> None:
    """First places by weight; second places by weight among the others."""
    confidences, generator = np.array([0.5, 0.8, 0.9, 1.0]), np.random.default_rng(1)
    orders = np.array([by_uncertainty(confidences, generator.random(4)) for _ in range(20_000)])
    weights = (1 - confidences) ** POWER
    first = np.bincount(orders[:, 0], minlength=4) / len(orders)
    np.testing.assert_allclose(first, weights / weights.sum(), atol=0.01)
    after = orders[orders[:, 0] == 0][:, 1]
    np.testing.assert_allclose(
        np.bincount(after, minlength=4)[1:] / after.size, weights[1:] / weights[1:].sum(), atol=0.015
    )
    assert (orders[:, 3] == 3).all(), "what is certain comes last"


def test_the_same_numbers_give_the_same_order() -> None:
    confidences, uniforms = np.linspace(0, 1, 50), np.random.default_rng(2).random(50)
    order = by_uncertainty(confidences, uniforms)
    np.testing.assert_array_equal(order, by_uncertainty(confidences, uniforms))
    assert sorted(order) == list(range(50))
    assert by_uncertainty([], []).size == 0
    assert list(by_uncertainty([1.0, 1.0, 0.0], [0.9, 0.0, 0.0])) == [2, 1, 0]


@pytest.mark.parametrize(
    ("confidences", "uniforms"),
    [([0.5], [1.0]), ([1.1], [0.5]), ([np.nan], [0.5]), ([0.5, 0.5], [0.5]), ([[0.5]], [[0.5]])],
)
def test_numbers_out_of_range_are_refused(confidences: list[float], uniforms: list[float]) -> None:
    with pytest.raises(ValueError, match="confidences"):
        by_uncertainty(confidences, uniforms)


def test_each_is_the_farthest_from_those_before_it() -> None:
    features = np.random.default_rng(3).random((40, 3)).astype(np.float32)
    order = farthest_first(features, 12)
    assert order[0] == 0
    for step in range(1, 12):
        gaps = np.linalg.norm(features[:, None] - features[order[:step]], axis=2).min(axis=1)
        assert gaps[order[step]] == pytest.approx(gaps.max(), abs=1e-6)


def test_equal_items_come_last_and_none_comes_twice() -> None:
    features = np.array([[0.0], [0.0], [1.0], [0.0], [1.0]], np.float32)
    assert list(farthest_first(features, 5)) == [0, 2, 1, 3, 4]
    assert list(farthest_first(features, 9)) == [0, 2, 1, 3, 4]
    assert farthest_first(features, 0).size == 0
    assert farthest_first(np.zeros((0, 4), np.float32), 3).size == 0


def test_every_beginning_holds_a_tenth_of_the_control() -> None:
    ours, control = [("ours", n) for n in range(90)], [("control", n) for n in range(20)]
    made = with_control(ours, control)
    assert [one for one in made if one[0] == "ours"] == ours
    taken = [one for one in made if one[0] == "control"]
    assert taken == control[: len(taken)]
    for size in range(1, len(made) + 1):
        share = sum(kind == "control" for kind, _ in made[:size])
        assert abs(share - CONTROL_SHARE * size) <= 1


def test_a_list_without_control_is_ours_alone() -> None:
    assert with_control([1, 2, 3], []) == [1, 2, 3]
    assert with_control([], [7]) == []
    assert with_control(list(range(30)), [-1]).count(-1) == 1
