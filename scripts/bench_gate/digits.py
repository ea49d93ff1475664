"""C4: the digits of scikit-learn, logistic regression trained on 200 of them."""

from __future__ import annotations

from functools import partial

from scripts.bench_gate import data
from scripts.bench_gate.parallel import spread
from scripts.bench_gate.result import Comparison
from scripts.bench_gate.splits import compare, scored

EPSILON = 0.05
SETTINGS = ((200, 0.73), (400, 0.66))
"""Validation labels, and the automation that is the goal."""
MODELS_EACH = 20
"""Models here for one of C1: they cost little, and 200 labels make them differ much. With 20 models in all, the mean
automation was off by 2 points; with 100 it is by less than 1."""


def comparisons(models: int, splits: int) -> list[Comparison]:
    """Both sizes of the validation sample, on the same models; the batch is everything that was not trained on."""
    said = spread(data.digits, range(models * MODELS_EACH))
    items = said[0].truth.size
    found = []
    for labels, goal in SETTINGS:
        ready = spread(partial(scored, epsilon=EPSILON, labels=labels), said)
        title = f"C4: digits, logistic regression, epsilon {100 * EPSILON:.0f} %, {labels} validation labels"
        found.append(compare(title, ready, items=items, labels=labels, epsilon=EPSILON, splits=splits, goal=goal))
    return found
