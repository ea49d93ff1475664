from __future__ import annotations

import math

import numpy as np
from scipy.sparse import csr_matrix

from models.heads import scaling

TEXTS = csr_matrix(np.array([[1, 1, 0, 0], [0.5, 0, 1, 0], [2, 0, 1, 0]], np.float32))
"""Column 0 is in every row, column 1 in the first, column 2 in the others, column 3 in none."""
TWO = np.array([[1, 0], [0, 1], [0, 1]])


def test_what_stands_in_one_class_counts_more_and_what_was_never_seen_counts_nothing() -> None:
    scales = scaling.learn(TEXTS, TWO)
    p, q = np.array([2, 2, 1]) / 5, np.array([3, 1, 3]) / 7  # texts with the column, plus 1, in and outside class 0
    np.testing.assert_allclose(scales, [*np.abs(np.log(p / q)), 0], rtol=1e-6)
    assert scales[1] > scales[0]


def test_how_often_it_stands_in_a_text_does_not_matter() -> None:
    once = csr_matrix((np.ones_like(TEXTS.data), TEXTS.indices, TEXTS.indptr), TEXTS.shape)
    np.testing.assert_array_equal(scaling.learn(TEXTS, TWO), scaling.learn(once, TWO))


def test_of_several_classes_the_one_that_stands_out_decides() -> None:
    three = np.eye(3, dtype=np.int64)
    each = [scaling.learn(TEXTS, three[:, [k]]) for k in range(3)]
    np.testing.assert_array_equal(scaling.learn(TEXTS, three), np.max(each, axis=0))


def test_a_class_of_all_or_none_says_nothing() -> None:
    with_both = np.column_stack([TWO, np.ones(3, np.int64), np.zeros(3, np.int64)])
    np.testing.assert_array_equal(scaling.learn(TEXTS, with_both), scaling.learn(TEXTS, TWO))


def test_rows_come_back_to_length_one_and_unknown_rows_are_empty() -> None:
    scales = scaling.learn(TEXTS, TWO)
    new = csr_matrix(np.array([[2, 2, 0, 9], [0, 0, 0, 1]], np.float32))
    first, second = scaling.apply(new, scales).toarray()
    assert math.isclose(np.linalg.norm(first), 1, rel_tol=1e-6)
    assert math.isclose(first[1] / first[0], scales[1] / scales[0], rel_tol=1e-6)
    assert not second.any()
    assert new.toarray()[0].tolist() == [2, 2, 0, 9]


def test_dense_features_are_left_as_they_are() -> None:
    dense = np.array([[0.1, 0.9]], np.float32)
    assert scaling.apply(dense, scaling.learn(dense, np.array([[1]]))) is dense
