from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix

from models.heads import validation
from models.heads.fitting import fit


def test_a_curved_border_takes_the_kernel() -> None:
    points = np.random.default_rng(0).normal(size=(300, 2)).astype(np.float32)
    inside = (np.linalg.norm(points, axis=1) < 1.2).astype(np.int64)
    found = fit(points[:200], inside[:200], 2, multiple=False)
    assert found.kind == "kernel"
    assert found.score.accuracy > 0.9
    assert (found.weights.probabilities(points[200:]).argmax(axis=1) == inside[200:]).mean() > 0.9


def test_a_straight_border_in_many_dimensions_stays_linear() -> None:
    rng = np.random.default_rng(0)
    points = rng.normal(size=(300, 60)).astype(np.float32)
    side = (points @ rng.normal(size=60) > 0).astype(np.int64)
    found = fit(points[:200], side[:200], 2, multiple=False)
    assert found.kind == "linear"
    assert found.weights.kernel is None
    assert (found.weights.probabilities(points[200:]).argmax(axis=1) == side[200:]).mean() > 0.75


def test_several_labels_share_one_kernel() -> None:
    points = np.random.default_rng(0).normal(size=(300, 2)).astype(np.float32)
    truth = np.column_stack([np.linalg.norm(points, axis=1) < 1.2, points[:, 0] > 0, np.zeros(300)]).astype(np.int64)
    found = fit(points[:200], truth[:200], 3, multiple=True)
    said = found.weights.probabilities(points[200:])
    assert found.kind == "kernel"
    assert ((said >= 0.5) == truth[200:]).all(axis=1).mean() > 0.85
    assert (said[:, 2] < 0.01).all()


def test_labels_without_a_rule_are_not_scored_as_if_they_had_one() -> None:
    """Scales learnt from all labels, held-out ones too, would lift this to 0.9."""
    rng = np.random.default_rng(0)
    words = csr_matrix((rng.random((300, 3000)) < 0.01).astype(np.float32))
    found = fit(words, rng.integers(0, 2, 300), 2, multiple=False)
    assert 0.4 < found.score.accuracy < 0.6
    assert found.rows.size == 300


def test_texts_without_any_feature_give_the_frequencies() -> None:
    nothing = csr_matrix(np.zeros((8, 100), np.float32))
    found = fit(nothing, np.array([0, 1] * 4), 2, multiple=False)
    np.testing.assert_allclose(found.weights.probabilities(nothing), 0.5, atol=1e-3)


def test_many_examples_are_scored_on_a_sample_and_fitted_on_all() -> None:
    rng = np.random.default_rng(0)
    words = np.zeros((4000, 50), np.float32)
    truth = rng.integers(0, 2, 4000)
    words[np.arange(4000), 2 * rng.integers(0, 20, 4000) + truth] = 1
    words[3999, 49] = 1
    found = fit(csr_matrix(words), truth, 2, multiple=False)
    assert found.rows.size == validation.LIMIT
    assert found.score.accuracy == 1
    assert found.weights.scales[49] > 0
