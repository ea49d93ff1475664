from __future__ import annotations

import math

import numpy as np
from scipy.sparse import csr_matrix

from models.heads import scaling

TEXTS = csr_matrix(np.array([[1, 1, 0, 0], [1, 0, 1, 0], [1, 0, 0, 0]], np.float32))
"""Column 0 is in every row, columns 1 and 2 in one, column 3 in none."""


def test_what_is_rare_counts_more_and_what_was_never_seen_counts_nothing() -> None:
    scales = scaling.learn(TEXTS)
    np.testing.assert_allclose(scales, [1, math.log(4 / 2) + 1, math.log(4 / 2) + 1, 0], rtol=1e-6)


def test_rows_come_back_to_length_one_and_unknown_rows_are_empty() -> None:
    scales = scaling.learn(TEXTS)
    new = csr_matrix(np.array([[2, 2, 0, 9], [0, 0, 0, 1]], np.float32))
    first, second = scaling.apply(new, scales).toarray()
    assert math.isclose(np.linalg.norm(first), 1, rel_tol=1e-6)
    assert math.isclose(first[1] / first[0], scales[1], rel_tol=1e-6)
    assert not second.any()
    assert new.toarray()[0].tolist() == [2, 2, 0, 9]


def test_dense_features_are_left_as_they_are() -> None:
    dense = np.array([[0.1, 0.9]], np.float32)
    assert scaling.apply(dense, scaling.learn(dense)) is dense
