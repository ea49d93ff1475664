"""Logistic regression: one softmax over classes, or one independent decision a label."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, log_softmax
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from models.encoders.base import Features
from models.heads import scaling

STRENGTHS = (0.1, 1.0, 10.0, 100.0)
"""Inverse regularization strengths (C) to choose from."""
FOLDS = 5

Truth = NDArray[np.int64]
"""Single: ``(N,)`` class index. Multiple: ``(N, K)`` of 0 and 1."""
Coefficients = NDArray[np.float32]
Linear = tuple[Coefficients, Coefficients]
"""Coefficients ``(K, D)`` and intercepts ``(K,)``."""
Held = NDArray[np.float64]


@dataclass(frozen=True)
class Weights:
    """The linear part of a head over K labels and D features."""

    coefficients: NDArray[np.float32]
    """``(K, D)``."""
    intercepts: NDArray[np.float32]
    """``(K,)``."""
    scales: scaling.Scales
    multiple: bool

    def probabilities(self, features: Features) -> NDArray[np.float64]:
        """``(N, K)``, each in [0, 1]; rows sum to 1 unless ``multiple``."""
        return _activate(scaling.apply(features, self.scales), self.coefficients, self.intercepts, self.multiple)


@dataclass(frozen=True)
class Fit:
    """Weights, and what cross-validation said of the way they were made."""

    weights: Weights
    strength: float
    accuracy: float
    """In [0, 1]; of exact answers on held-out folds, at the chosen strength."""
    log_loss: float
    """Nats an example, held out, at the chosen strength."""


def fit(features: Features, truth: Truth, classes: int, *, multiple: bool) -> Fit:
    """Choose the strength with the lowest held-out log loss, then fit on everything.

    The result depends on the order of rows in its last bits: sort them for a reproducible digest.
    Needs two classes with two examples each (multiple: one label with two on either side).
    """
    scales = scaling.learn(features)
    seen = np.unique(features.nonzero()[1])
    reduced = scaling.apply(features, scales)[:, seen]
    with threadpool_limits(limits=1):
        scores = {c: _cross_validate(reduced, truth, classes, c, multiple=multiple) for c in STRENGTHS}
        strength = min(STRENGTHS, key=lambda c: (round(scores[c][0], 9), c))
        narrow, intercepts = _fit_once(reduced, truth, classes, strength, multiple=multiple)
    coefficients = np.zeros((classes, features.shape[1]), np.float32)
    coefficients[:, seen] = narrow
    log_loss, accuracy = scores[strength]
    return Fit(Weights(coefficients, intercepts, scales, multiple), strength, accuracy, log_loss)


def _activate(features: Features, coefficients: Coefficients, intercepts: Coefficients, multiple: bool) -> Held:
    scores = np.asarray(features @ coefficients.T, dtype=np.float64) + intercepts
    return np.asarray(expit(scores) if multiple else np.exp(log_softmax(scores, axis=1)))


def _cross_validate(
    features: Features, truth: Truth, classes: int, strength: float, *, multiple: bool
) -> tuple[float, float]:
    held_out = np.zeros((truth.shape[0], classes))
    folds = _folds(truth)
    for fold in np.unique(folds):
        inside = folds != fold
        linear = _fit_once(features[inside], truth[inside], classes, strength, multiple=multiple)
        held_out[~inside] = _activate(features[~inside], *linear, multiple)
    clipped = np.clip(held_out, 1e-7, 1 - 1e-7)
    if multiple:
        per_item = -np.where(truth == 1, np.log(clipped), np.log1p(-clipped)).sum(axis=1)
        right = ((held_out >= 0.5) == (truth == 1)).all(axis=1)
    else:
        per_item = -np.log(clipped[np.arange(truth.size), truth])
        right = held_out.argmax(axis=1) == truth
    return float(per_item.mean()), float(right.mean())


def _folds(truth: Truth) -> NDArray[np.int64]:
    """Fold of each row, dealt round within each answer, so that one of every pair is always trained on."""
    folds = np.zeros(truth.shape[0], np.int64)
    _, answers = np.unique(truth, axis=0, return_inverse=True)
    for answer in np.unique(answers):
        rows = np.flatnonzero(answers == answer)
        folds[rows] = np.arange(rows.size) % FOLDS
    return folds


def _fit_once(features: Features, truth: Truth, classes: int, strength: float, *, multiple: bool) -> Linear:
    one: Callable[..., Linear] = _one_versus_rest if multiple else _softmax
    return one(features, truth, classes, strength)


def _softmax(features: Features, truth: Truth, classes: int, strength: float) -> Linear:
    """A class without examples gets minus infinity's stand-in, so that its probability is 0."""
    model = _solve(features, truth, strength)
    coefficients = np.zeros((classes, features.shape[1]), np.float32)
    intercepts = np.full(classes, -1e4, np.float32)
    present: Sequence[int] = model.classes_
    if len(present) == 2:  # sklearn keeps one row for two classes: sigmoid(z) is softmax over (0, z)
        coefficients[present[1]] = model.coef_[0]
        intercepts[list(present)] = (0.0, model.intercept_[0])
    else:
        coefficients[present] = model.coef_
        intercepts[present] = model.intercept_
    return coefficients, intercepts


def _one_versus_rest(features: Features, truth: Truth, classes: int, strength: float) -> Linear:
    """A label that is always or never chosen gets its smoothed frequency."""
    coefficients = np.zeros((classes, features.shape[1]), np.float32)
    intercepts = np.zeros(classes, np.float32)
    n = truth.shape[0]
    for k in range(classes):
        positives = int(truth[:, k].sum())
        if 0 < positives < n:
            model = _solve(features, truth[:, k], strength)
            coefficients[k], intercepts[k] = model.coef_[0], model.intercept_[0]
        else:
            intercepts[k] = np.log((positives + 0.5) / (n - positives + 0.5))
    return coefficients, intercepts


def _solve(features: Features, truth: Truth, strength: float) -> LogisticRegression:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # at C=100 the last digits may still move
        return LogisticRegression(C=strength, max_iter=500, tol=1e-4).fit(features, truth)
