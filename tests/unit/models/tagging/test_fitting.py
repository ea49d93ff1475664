from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix

from models.tagging import bio, crf, fitting, reading


def test_the_gradient_leads_to_where_nothing_gets_better() -> None:
    """At the solution, expected and seen counts differ by the prior's pull alone."""
    texts = [reading.prepare(text) for text in ("Anna met Bo", "Bo saw Anna", "we met", "who saw Bo")]
    lengths = [len(text.tokens) for text in texts]
    tags = np.array([1, 0, 1, 1, 0, 1, 0, 0, 0, 0, 1])
    rows = reading.encode(texts)
    weights = fitting.fit(rows, tags, lengths, 1)
    emissions = weights.emissions(rows)
    held = crf.beliefs(emissions, weights.moves, lengths)
    narrow = rows[:, weights.columns]
    pull = weights.coefficients / fitting.SPREAD**2
    np.testing.assert_allclose(narrow.T @ (np.eye(3)[tags] - held.marginals), pull, atol=0.05)
    assert crf.best(emissions, weights.moves, lengths).tolist() == tags.tolist()
    assert np.all(weights.moves[~bio.allowed(1)] == fitting.NEVER)


def test_known_is_the_share_of_features_that_count() -> None:
    weights = fitting.Weights(np.array([1, 3]), np.zeros((2, 3), np.float32), np.zeros((4, 3)))
    rows = csr_matrix(np.array([[1.0, 1.0, 0, 1.0], [1.0, 0, 0, 0], [0, 0, 0, 0]]))
    np.testing.assert_allclose(weights.known(rows), [2 / 3, 0.0, 0.0])
