"""Logistic regression: one softmax over classes, or one independent decision a label."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, log_softmax
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from models.encoders.base import Features

Truth = NDArray[np.int64]
"""Single: ``(N,)`` class index. Multiple: ``(N, K)`` of 0 and 1."""
Coefficients = NDArray[np.float32]
Linear = tuple[Coefficients, Coefficients]
"""Coefficients ``(K, D)`` and intercepts ``(K,)``."""
Probabilities = NDArray[np.float64]
"""``(N, K)``, each in [0, 1]; rows sum to 1 for a softmax."""


def path(
    features: Features, truth: Truth, classes: int, strengths: Sequence[float], *, multiple: bool
) -> Iterator[Linear]:
    """One solution a strength (inverse regularization, C). Rising strengths are quickest: each starts from the last."""
    return (_one_versus_rest if multiple else _softmax)(features, truth, classes, strengths)


def activate(features: Features, linear: Linear, *, multiple: bool) -> Probabilities:
    """What a solution says of each row."""
    coefficients, intercepts = linear
    scores = np.asarray(features @ coefficients.T, dtype=np.float64) + intercepts
    return np.asarray(expit(scores) if multiple else np.exp(log_softmax(scores, axis=1)))


def _softmax(features: Features, truth: Truth, classes: int, strengths: Sequence[float]) -> Iterator[Linear]:
    """A class without examples gets minus infinity's stand-in, so that its probability is 0."""
    for model in _solve(features, truth, strengths):
        coefficients = np.zeros((classes, features.shape[1]), np.float32)
        intercepts = np.full(classes, -1e4, np.float32)
        present: Sequence[int] = model.classes_
        if len(present) == 2:  # sklearn keeps one row for two classes: sigmoid(z) is softmax over (0, z)
            coefficients[present[1]] = model.coef_[0]
            intercepts[list(present)] = (0.0, model.intercept_[0])
        else:
            coefficients[present] = model.coef_
            intercepts[present] = model.intercept_
        yield coefficients, intercepts


def _one_versus_rest(features: Features, truth: Truth, classes: int, strengths: Sequence[float]) -> Iterator[Linear]:
    """A label that is always or never chosen gets its smoothed frequency."""
    n = truth.shape[0]
    positives = truth.sum(axis=0)
    solvers = {k: _solve(features, truth[:, k], strengths) for k in range(classes) if 0 < positives[k] < n}
    for _ in strengths:
        coefficients = np.zeros((classes, features.shape[1]), np.float32)
        intercepts = np.log((positives + 0.5) / (n - positives + 0.5)).astype(np.float32)
        for k, solver in solvers.items():
            model = next(solver)
            coefficients[k], intercepts[k] = model.coef_[0], model.intercept_[0]
        yield coefficients, intercepts


def _solve(features: Features, truth: Truth, strengths: Sequence[float]) -> Iterator[LogisticRegression]:
    """The same object each time: read it before the next."""
    model = LogisticRegression(max_iter=500, tol=1e-4, warm_start=True)
    for strength in strengths:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # at C=100 the last digits may still move
            model.set_params(C=strength).fit(features, truth)
        yield model
