"""What a way of fitting is worth: held-out folds of the train fold, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.encoders.base import Features
from models.heads import scaling
from models.heads.logistic import Linear, Probabilities, Truth, activate, path

FOLDS = 5
LIMIT = 3000
"""Examples looked at; more would cost time and hardly move the choice."""

POWERS = tuple(2.0 ** (step / 4) for step in range(-8, 9))
"""To which probabilities are raised: below 1 makes them less sure (temperature scaling; Guo et al., 2017)."""

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Score:
    """Of answers on held-out folds."""

    log_loss: float
    """Nats an example."""
    accuracy: float
    """In [0, 1], of exact answers."""
    tempered_loss: float
    """The log loss at the best of ``POWERS``: blind to how sure the answers are in general, as the gate is."""
    answers: Probabilities
    """``(N, K)``: what was said of each row by a fit on the other folds."""


def scores(
    features: Features, truth: Truth, classes: int, strengths: Sequence[float], *, multiple: bool
) -> dict[float, Score]:
    """The score of each strength. Scales are learnt in each fold again: they have seen labels."""
    held_out = {strength: np.zeros((truth.shape[0], classes)) for strength in strengths}
    parts = folds(truth)
    for fold in np.unique(parts):
        inside = parts != fold
        scales, solutions = solve(features[inside], truth[inside], classes, strengths, multiple=multiple)
        outside = scaling.apply(features[~inside], scales)
        for strength, linear in zip(strengths, solutions, strict=True):
            held_out[strength][~inside] = activate(outside, linear, multiple=multiple)
    return {strength: _score(answers, truth, multiple=multiple) for strength, answers in held_out.items()}


def solve(
    features: Features, truth: Truth, classes: int, strengths: Sequence[float], *, multiple: bool
) -> tuple[scaling.Scales, Iterator[Linear]]:
    """Scales, and a solution over the scaled features for each strength."""
    scales = scaling.learn(features, truth if multiple else (truth[:, None] == np.arange(classes)).astype(np.int64))
    return scales, path(scaling.apply(features, scales), truth, classes, strengths, multiple=multiple)


def sample(truth: Truth) -> Rows:
    """At most ``LIMIT`` rows in order: two of each answer as far as they go, the rest in proportion."""
    ranks, counts = _ranks(truth)
    shares = np.where(ranks < 2, 0.0, ranks / counts)
    return np.sort(np.argsort(shares, kind="stable")[:LIMIT])


def folds(truth: Truth) -> Rows:
    """Fold of each row, dealt round within each answer, so that one of every pair is always trained on."""
    return _ranks(truth)[0] % FOLDS


def correct(answers: Probabilities, truth: Truth, *, multiple: bool) -> NDArray[np.int64]:
    """``(N,)``: 1 where all of the answer is right."""
    right = ((answers >= 0.5) == (truth == 1)).all(axis=1) if multiple else answers.argmax(axis=1) == truth
    return np.asarray(right, dtype=np.int64)


def _ranks(truth: Truth) -> tuple[Rows, Rows]:
    """For each row: how many before it have the same answer, and how many there are in all."""
    _, answers = np.unique(truth, axis=0, return_inverse=True)
    counts = np.bincount(answers)
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    ranks = np.empty(answers.size, np.int64)
    ranks[np.argsort(answers, kind="stable")] = np.arange(answers.size) - np.repeat(starts, counts)
    return ranks, counts[answers]


def _score(answers: Probabilities, truth: Truth, *, multiple: bool) -> Score:
    losses = {power: _log_loss(answers, truth, power, multiple=multiple) for power in POWERS}
    accuracy = float(correct(answers, truth, multiple=multiple).mean())
    return Score(losses[1.0], accuracy, min(losses.values()), answers)


def _log_loss(answers: Probabilities, truth: Truth, power: float, *, multiple: bool) -> float:
    clipped = np.clip(answers, 1e-7, 1 - 1e-7)
    yes, no = clipped**power, (1 - clipped) ** power
    if multiple:
        given = np.where(truth == 1, yes, no) / (yes + no)
        return float(-np.log(given).sum(axis=1).mean())
    given = yes[np.arange(truth.size), truth]
    return float(-np.log(given if power == 1 else given / yes.sum(axis=1)).mean())
