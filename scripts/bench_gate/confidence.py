"""The confidences that the product would choose for a model, from its train fold alone."""

from __future__ import annotations

import numpy as np
from scipy.special import logit

from models.gate.confidence import choose
from scripts.bench_gate.data import Floats, Predictions

LEAST = 1e-4
"""Probabilities nearer to 0 or 1 count as this near: a hundred trees cannot say more."""


def chosen(said: Predictions, *, epsilon: float, delta: float, labels: int, second: bool) -> Floats:
    """``(n,)`` in [0, 1]: confidences of the items that the model was not trained on.

    Args:
        said: what the model says; of it only the train fold chooses and fits.
        epsilon: error budget that the gate will have to show.
        delta: probability with which it may be missed.
        labels: validation labels to come.
        second: whether the confidence may also look at what a second model thinks of the answer.
    """
    model = choose(
        said.train_probabilities,
        said.train_correct,
        epsilon=epsilon,
        delta=delta,
        labels=labels,
        extra=opinion(said.train_probabilities, said.train_second) if second else None,
        folds=said.folds,
    )
    return model.confidence(said.probabilities, opinion(said.probabilities, said.second) if second else None)


def opinion(first: Floats, second: Floats) -> Floats:
    """``(n, 2)``: logits of what a second model gives to the first one's answer, and to the best of all others.

    Args:
        first: ``(n, k)``, whose surest class is the answer.
        second: ``(n, k)``, of the same items.
    """
    rows = np.arange(first.shape[0])
    answers = first.argmax(axis=1)
    others = second.copy()
    others[rows, answers] = 0.0
    found = np.column_stack([second[rows, answers], others.max(axis=1)])
    return np.asarray(logit(np.clip(found, LEAST, 1.0 - LEAST)))
