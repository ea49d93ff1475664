"""From a model's probabilities to an item's confidence: the estimated probability that its loss is within tolerance.

Three ways, from the simplest on:

* ``max``: the probability of what was said (for several labels at once: that every decision is right), brought to
  the rate at which such answers were right. The order of items stays what it was.
* ``temperature``: every probability to a power, chosen so that the confidence fits; Guo et al., On Calibration of
  Modern Neural Networks (2017), fitted to "right or wrong" instead of to the class.
* ``correctness``: a logistic regression of "right or wrong" on what the probabilities look like, on the labels that
  were said, and on what the caller knows of the item besides (``extra``). Its weights are pulled towards zero, which
  is ``max``: few labels change little.

All are fitted on predictions that were held out (cross-validation of the train fold), so that a model's certainty of
its own training examples teaches nothing. ``choose`` takes the way that would let a gate accept most, judged on items
that it was not fitted on, and takes a less simple one only where the gain is more than chance.

A confidence is no part of any guarantee: a bad one costs acceptance, never the budget. The guarantee needs only that
neither model nor confidence saw the validation labels (``models.gate.certify``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize, minimize_scalar
from scipy.special import expit, log_expit

from models.gate import signals
from models.gate.expected import Test, expected_coverages, gain

Kind = Literal["max", "temperature", "correctness"]
KINDS: tuple[Kind, ...] = ("max", "temperature", "correctness")

SPREAD = 0.2
"""By how many logits one standard deviation of a feature is expected to shift the confidence: the width of the prior
of its weight. From 0.1 to 0.3 digits, garments and reviews are accepted alike; boosted trees in its place lost 3
points on 400 reviews."""
CLASS_SPREAD = 0.5
"""The same of "this label was said"."""
SLOPE_SPREAD = 1.0
"""The same of the logarithm of the factor that stretches the logits of ``max``."""
REACH = 4.0
"""Standard deviations beyond which a feature counts as no larger: nothing is known of items unlike all others."""
DOUBT = 0.5
"""Standard errors of its gain that a less simple kind must win. Weights are pulled towards ``max``, so a wrong choice
costs next to nothing (0.04 points on 200 digits), where a right one brings 3 on reviews; a whole one missed two of
nine of those."""
FOLDS = 5

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ConfidenceModel:
    """How sure to be of an answer. Pure data: plain numbers and arrays."""

    kind: Kind
    multiple: bool
    """Whether each label is decided on its own; probabilities then need not sum to 1."""
    parameters: Mapping[str, Floats] = field(default_factory=dict)
    """``max``: ``slope`` and ``offset``, or nothing: probabilities as they are. ``temperature``: ``power``.
    ``correctness``: besides ``slope`` and ``offset``, ``means``, ``scales`` and ``weights``, each ``(9 + E,)``, and
    ``labels``, ``(K,)``."""
    expected: Mapping[str, float] = field(default_factory=dict)
    """For each kind that was tried, the coverage in [0, 1] that a gate would certify; empty where none was."""

    def confidence(self, probabilities: ArrayLike, extra: ArrayLike | None = None) -> Floats:
        """``(N,)`` in [0, 1], higher is surer; each row is blind to its neighbours.

        Args:
            probabilities: ``(N, K)``, each in [0, 1].
            extra: ``(N, E)``, the columns that the model was fitted with; ignored where it uses none.

        Raises:
            ValueError: shapes differ from those that the model was fitted on.
        """
        rows = _checked(probabilities, self.multiple)
        if not self.parameters:
            sure = np.maximum(rows, 1.0 - rows).prod(axis=1) if self.multiple else rows.max(axis=1)
            return np.asarray(sure)
        if self.kind == "temperature":
            rows = signals.tempered(rows, float(self.parameters["power"]), self.multiple)
            return np.asarray(expit(signals.plain_logit(rows, self.multiple)))
        base = signals.plain_logit(rows, self.multiple)
        logits = float(self.parameters["slope"]) * base + float(self.parameters["offset"])
        if self.kind == "correctness":
            logits = logits + self._shift(rows, extra)
        return np.asarray(expit(logits))

    def _shift(self, rows: Floats, extra: ArrayLike | None) -> Floats:
        seen, labels = signals.shape(rows, extra, self.multiple), self.parameters["labels"]
        if seen.shape[1] != self.parameters["weights"].size or rows.shape[1] != labels.size:
            raise ValueError(
                f"the confidence was fitted on {labels.size} labels and {self.parameters['weights'].size} features, "
                f"not on {rows.shape[1]} and {seen.shape[1]}"
            )
        standard = _standard(seen, self.parameters["means"], self.parameters["scales"])
        return np.asarray(standard @ self.parameters["weights"] + signals.said(rows, self.multiple) @ labels)


def plain(*, multiple: bool = False) -> ConfidenceModel:
    """The probability of the answer, as the model gives it."""
    return ConfidenceModel("max", multiple)


def fit_max(probabilities: ArrayLike, correct: ArrayLike, *, multiple: bool = False) -> ConfidenceModel:
    """Stretch and shift the logits of the plain confidence to where answers were right that often; order is kept.

    Source: Platt, Probabilistic Outputs for Support Vector Machines (1999), with his targets, so that answers that
    were all right do not become certain; here around "as it is", and with a slope above 0.

    Args:
        probabilities: ``(n, K)``, of held-out items.
        correct: ``(n,)`` of 0 and 1: whether the answer was right.
        multiple: see ``ConfidenceModel``.
    """
    rows, right = _checked(probabilities, multiple), _answers(correct)
    slope, offset, _ = logistic(signals.plain_logit(rows, multiple), np.zeros((right.size, 0)), right, np.zeros(0))
    return ConfidenceModel("max", multiple, {"slope": np.array(slope), "offset": np.array(offset)})


def fit_temperature(probabilities: ArrayLike, correct: ArrayLike, *, multiple: bool = False) -> ConfidenceModel:
    """One power for all probabilities, with the lowest log loss of the confidence; arguments as for ``fit_max``."""
    rows, right = _checked(probabilities, multiple), _answers(correct)
    targets = _targets(right)

    def loss(log_power: float) -> float:
        logits = signals.plain_logit(signals.tempered(rows, float(np.exp(log_power)), multiple), multiple)
        return _log_loss(logits, targets) + 0.5 * (log_power / SLOPE_SPREAD) ** 2

    found = minimize_scalar(loss, bounds=(-4.0, 4.0), method="bounded")
    return ConfidenceModel("temperature", multiple, {"power": np.array(float(np.exp(found.x)))})


def fit_correctness(
    probabilities: ArrayLike, correct: ArrayLike, *, extra: ArrayLike | None = None, multiple: bool = False
) -> ConfidenceModel:
    """A logistic regression of "right or wrong" on the shape of the probabilities, the labels said, and ``extra``.

    The shape is that of ``signals.shape``. Weights have a normal prior around zero (``SPREAD``, ``CLASS_SPREAD``), so
    with few labels it is nearly ``fit_max``.

    Args:
        probabilities: ``(n, K)``, of held-out items.
        correct: ``(n,)`` of 0 and 1.
        extra: ``(n, E)``, what else is known of the items, such as the length of a text.
        multiple: see ``ConfidenceModel``.
    """
    rows, right = _checked(probabilities, multiple), _answers(correct)
    seen = signals.shape(rows, extra, multiple)
    means, scales = seen.mean(axis=0), seen.std(axis=0)
    scales[scales < 1e-9] = 1.0
    columns = np.hstack([_standard(seen, means, scales), signals.said(rows, multiple)])
    spreads = np.repeat([SPREAD, CLASS_SPREAD], [seen.shape[1], rows.shape[1]])
    slope, offset, weights = logistic(signals.plain_logit(rows, multiple), columns, right, spreads)
    parameters = {
        "slope": np.array(slope),
        "offset": np.array(offset),
        "means": means,
        "scales": scales,
        "weights": weights[: seen.shape[1]],
        "labels": weights[seen.shape[1] :],
    }
    return ConfidenceModel("correctness", multiple, parameters)


def fit(
    kind: Kind, probabilities: ArrayLike, correct: ArrayLike, *, extra: ArrayLike | None = None, multiple: bool = False
) -> ConfidenceModel:
    """One kind, by name."""
    if kind == "correctness":
        return fit_correctness(probabilities, correct, extra=extra, multiple=multiple)
    return (fit_max if kind == "max" else fit_temperature)(probabilities, correct, multiple=multiple)


def choose(
    probabilities: ArrayLike,
    correct: ArrayLike,
    *,
    epsilon: float,
    delta: float,
    labels: int | None = None,
    extra: ArrayLike | None = None,
    folds: ArrayLike | None = None,
    multiple: bool = False,
    seed: int = 0,
) -> ConfidenceModel:
    """The kind that would let a gate accept most, fitted on all items; on train labels alone.

    Each kind is fitted without a fold and asked for that fold, one fold after the other. What a fitted model says of
    its fold is brought to its rank among what it says of all items: models of different folds have different scales,
    and ranks are all that a gate looks at. From them comes the coverage that a certificate with ``labels``
    validation labels can be expected to reach (``expected_coverages``). A less simple kind must win more than
    ``DOUBT`` standard errors of what it wins, by resampling of the items; ties go to the simpler.

    Args:
        probabilities: ``(n, K)``, of items that the model was not trained on.
        correct: ``(n,)`` of 0 and 1.
        epsilon: error budget on accepted items.
        delta: probability with which it may be missed.
        labels: size of the validation sample to come; None: three times what the first test needs.
        extra: ``(n, E)``, see ``fit_correctness``.
        folds: ``(n,)``, which of several models gave the probabilities; None: dealt at random. With it, no model of
            confidence is judged on predictions of a model that it was fitted on.
        multiple: see ``ConfidenceModel``.
        seed: of the deal and of the resampling. The result depends on the order of rows: sort them.

    Raises:
        ValueError: arrays of the wrong shape or range.
    """
    rows, right = _checked(probabilities, multiple), _answers(correct)
    more = None if extra is None else np.asarray(extra, dtype=np.float64)
    parts = _deal(right, seed) if folds is None else np.asarray(folds)
    wrong, test = 1.0 - right, Test.of(epsilon, delta, labels)
    ranks = {kind: _held_out_ranks(kind, rows, right, more, parts, multiple) for kind in KINDS}
    best: Kind = "max"
    for kind in KINDS[1:]:
        won, error = gain(ranks[best], ranks[kind], wrong, test, seed=seed)
        if won > DOUBT * error:
            best = kind
    expected: dict[str, float] = {
        kind: float(expected_coverages(found, wrong, test)[0]) for kind, found in ranks.items()
    }
    fitted = fit(best, rows, right, extra=more, multiple=multiple)
    return ConfidenceModel(best, multiple, fitted.parameters, expected)


def _held_out_ranks(
    kind: Kind, rows: Floats, right: Floats, extra: Floats | None, parts: NDArray[Any], multiple: bool
) -> Floats:
    """``(n,)`` in (0, 1]: of each item, the share of all items that are no surer in the eyes of a model without it."""
    if kind == "max":  # any order-keeping map of it has the same ranks, whatever it was fitted on
        return _ranks(signals.plain_logit(rows, multiple), np.arange(right.size))
    found = np.zeros(right.size)
    for part in np.unique(parts):
        outside, inside = np.flatnonzero(parts != part), np.flatnonzero(parts == part)
        if not outside.size:
            return _held_out_ranks("max", rows, right, extra, parts, multiple)
        known = None if extra is None else extra[outside]
        model = fit(kind, rows[outside], right[outside], extra=known, multiple=multiple)
        found[inside] = _ranks(model.confidence(rows, extra), inside)
    return found


def _ranks(confidences: Floats, of: NDArray[np.intp]) -> Floats:
    ascending = np.sort(confidences)
    return np.asarray(np.searchsorted(ascending, confidences[of], side="right") / confidences.size)


def _deal(right: Floats, seed: int) -> NDArray[np.int64]:
    """Folds with equally many wrong answers each, as far as that goes."""
    mixed = np.random.default_rng(seed).permutation(right.size)
    order = mixed[np.argsort(right[mixed], kind="stable")]
    parts = np.empty(right.size, np.int64)
    parts[order] = np.arange(right.size) % FOLDS
    return parts


def _standard(seen: Floats, means: Floats, scales: Floats) -> Floats:
    return np.asarray(np.clip((seen - means) / scales, -REACH, REACH))


def logistic(base: Floats, columns: Floats, right: Floats, spreads: Floats) -> tuple[float, float, Floats]:
    """Slope, offset and weights of the largest posterior; convex but for the slope, which starts at "as it is".

    Args:
        base: ``(n,)``, logits that are stretched and shifted.
        columns: ``(n, F)``, what shifts them besides.
        right: ``(n,)`` of 0 and 1.
        spreads: ``(F,)``, standard deviation of the normal prior of each weight.
    """
    targets, n = _targets(right), base.size

    def objective(values: Floats) -> tuple[float, Floats]:
        slope, weights = np.exp(values[0]), values[2:]
        logits = slope * base + values[1] + columns @ weights
        off = expit(logits) - targets
        loss = _log_loss(logits, targets) + _prior(values[:1], SLOPE_SPREAD) + _prior(weights, spreads)
        gradient = np.empty(values.size)
        gradient[0] = slope * (off @ base) + values[0] / SLOPE_SPREAD**2
        gradient[1] = off.sum()
        gradient[2:] = columns.T @ off + weights / spreads**2
        return loss / n, gradient / n

    start = np.zeros(2 + columns.shape[1])
    found = minimize(objective, start, jac=True, method="L-BFGS-B", options={"maxiter": 500, "ftol": 1e-12})
    return float(np.exp(found.x[0])), float(found.x[1]), np.asarray(found.x[2:])


def _targets(right: Floats) -> Floats:
    good = right.sum()
    return np.where(right == 1.0, (good + 1.0) / (good + 2.0), 1.0 / (right.size - good + 2.0))


def _log_loss(logits: Floats, targets: Floats) -> float:
    return float(-(targets * log_expit(logits) + (1.0 - targets) * log_expit(-logits)).sum())


def _prior(values: Floats, spreads: float | Floats) -> float:
    return float(0.5 * ((values / spreads) ** 2).sum())


def _checked(probabilities: ArrayLike, multiple: bool) -> Floats:
    rows = np.asarray(probabilities, dtype=np.float64)
    if rows.ndim != 2 or rows.shape[1] == 0:
        raise ValueError(f"probabilities must be one row an item, not of shape {rows.shape}")
    if not ((rows >= 0.0) & (rows <= 1.0 + 1e-6)).all():
        raise ValueError("probabilities must lie in [0, 1] and hold no NaN")
    return np.minimum(rows, 1.0)


def _answers(correct: ArrayLike) -> Floats:
    right = np.asarray(correct, dtype=np.float64)
    if right.ndim != 1 or right.size == 0 or not np.isin(right, (0.0, 1.0)).all():
        raise ValueError("correct must be a vector of 0 and 1 with at least one value")
    return right
