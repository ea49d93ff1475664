from __future__ import annotations

import math

import numpy as np
import pytest

from models.heads import kernel
from models.heads.kernel import Kernel


def test_similarity_falls_with_the_squared_distance() -> None:
    landmarks = np.array([[0, 0], [1, 2]], np.float32)
    found = Kernel(landmarks, 0.5).similarities(np.array([[0, 0], [1, 0]], np.float32))
    np.testing.assert_allclose(found, [[1, math.exp(-2.5)], [math.exp(-0.5), math.exp(-2)]], rtol=1e-12)


def test_close_rows_far_from_zero_stay_apart() -> None:
    """In single precision, 1000.0 squared has steps of 0.06."""
    found = Kernel(np.array([[1000.0]], np.float32), 1.0).similarities(np.array([[1000.125]], np.float32))
    assert found[0, 0] == pytest.approx(math.exp(-(0.125**2)), rel=1e-9)


def test_a_row_far_from_all_landmarks_is_like_none() -> None:
    found = Kernel(np.zeros((3, 2), np.float32), 1.0).similarities(np.full((1, 2), 1e10, np.float32))
    assert found.tolist() == [[0, 0, 0]]


def test_products_of_mapped_rows_are_their_similarities() -> None:
    features = np.random.default_rng(0).normal(size=(40, 5)).astype(np.float32)
    found = kernel.learn(features)
    assert found is not None
    mapped = found.apply(features)
    np.testing.assert_allclose(mapped @ mapped.T, found.kernel.similarities(features), atol=1e-5)


def test_gamma_comes_from_the_median_distance() -> None:
    found = kernel.learn(np.array([[0], [1], [3]], np.float32))  # squared distances 1, 4, 9
    assert found is not None
    assert found.kernel.gamma == pytest.approx(2 / 4)


def test_equal_rows_are_one_landmark() -> None:
    found = kernel.learn(np.array([[2], [0], [2], [0], [1]], np.float32))
    assert found is not None
    assert found.kernel.landmarks.tolist() == [[2], [0], [1]]


def test_equal_rows_alone_have_no_kernel() -> None:
    assert kernel.learn(np.ones((5, 3), np.float32)) is None


def test_many_rows_leave_a_fixed_number_of_landmarks_from_all_along() -> None:
    features = np.random.default_rng(0).normal(size=(2500, 2)).astype(np.float32)
    first, second = kernel.learn(features), kernel.learn(features)
    assert first is not None
    assert second is not None
    np.testing.assert_array_equal(first.kernel.landmarks, second.kernel.landmarks)
    assert first.kernel.landmarks.shape == (kernel.MAX_LANDMARKS, 2)
    assert first.apply(features[:7]).shape == (7, first.whitening.shape[1])
    np.testing.assert_array_equal(first.kernel.landmarks[[0, -1]], features[[0, 2497]])
