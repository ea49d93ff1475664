from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from models.base import Budget
from models.heads import certainty, validation
from models.heads.fitting import fit
from models.specs import ConfidenceChoice

BUDGET = Budget(epsilon=0.1, delta=0.1)


def blurred(n: int, seed: int = 0) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Points on either side of a border, labels that are a coin's where ``blur`` is 1, and ``blur``."""
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(n, 4)).astype(np.float32)
    blur = rng.integers(0, 2, (n, 1)).astype(np.float64)
    coin = rng.integers(0, 2, n)
    truth = np.where(blur[:, 0] == 1, coin, points[:, 0] > 0).astype(np.int64)
    return points, truth, blur


@pytest.mark.parametrize("wish", ["max", "temperature", "correctness"])
def test_a_wish_is_kept(wish: ConfidenceChoice) -> None:
    points, truth, blur = blurred(100)
    sure = certainty.learn(fit(points, truth, 2, multiple=False), truth, blur, wish=wish, budget=BUDGET)
    assert sure.kind == wish
    assert sure.expected == {}


def test_auto_takes_what_tells_blurred_items_apart() -> None:
    points, truth, blur = blurred(600)
    found = fit(points, truth, 2, multiple=False)
    sure = certainty.learn(found, truth, blur, wish="auto", budget=BUDGET)
    assert sure.kind == "correctness"
    clear, unclear = (sure.confidence(found.score.answers, np.full_like(blur, value)).mean() for value in (0, 1))
    assert clear > unclear + 0.2


def test_it_is_learnt_from_held_out_answers_alone() -> None:
    """A head knows its own examples by heart: taken at its word, it would be sure of everything."""
    rng = np.random.default_rng(0)
    own, truth = np.eye(200, dtype=np.float32), rng.integers(0, 2, 200)
    found = fit(own, truth, 2, multiple=False)
    assert (found.weights.probabilities(own).argmax(axis=1) == truth).all()
    sure = certainty.learn(found, truth, np.zeros((200, 0)), wish="auto", budget=BUDGET)
    assert sure.confidence(found.weights.probabilities(own)).mean() < 0.7


def test_only_the_sample_that_was_scored_counts() -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, validation.LIMIT + 500)
    points = (truth[:, None] + rng.normal(scale=0.7, size=(truth.size, 2))).astype(np.float32)
    found = fit(points, truth, 2, multiple=False)
    sure = certainty.learn(found, truth, np.zeros((truth.size, 1)), wish="auto", budget=BUDGET)
    held_out = sure.confidence(found.score.answers, np.zeros((validation.LIMIT, 1)))
    assert held_out.mean() == pytest.approx(found.score.accuracy, abs=0.02)
