"""The confidence that the product would choose for a model, from its train fold alone."""

from __future__ import annotations

from scripts.bench_gate.data import Floats, Predictions


def chosen(predictions: Predictions, *, epsilon: float, delta: float) -> Floats:
    """STAND-IN until models.gate.confidence lands."""
    return predictions.probabilities.max(axis=1)
