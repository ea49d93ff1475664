"""C4: the digits of scikit-learn, logistic regression trained on 200 of them."""

from __future__ import annotations

from scripts.bench_gate import data
from scripts.bench_gate.confidence import chosen
from scripts.bench_gate.result import Comparison
from scripts.bench_gate.splits import DELTA, compare, scored, with_goals

EPSILON = 0.05
SETTINGS = ((200, 0.73), (400, 0.66))
"""Validation labels, and the automation that is the goal."""
MODELS_EACH = 4
"""Models here for one of C1: they cost nothing, and 200 labels make them differ much."""


def comparisons(models: int, splits: int) -> list[Comparison]:
    """Both sizes of the validation sample, on the same models; the batch is everything that was not trained on."""
    said = [data.digits(seed) for seed in range(models * MODELS_EACH)]
    ready = [scored(one, chosen(one, epsilon=EPSILON, delta=DELTA)) for one in said]
    items = said[0].truth.size
    found = []
    for labels, goal in SETTINGS:
        rows = tuple(compare(ready, items=items, labels=labels, epsilon=EPSILON, splits=splits))
        title = f"C4: digits, logistic regression, epsilon {100 * EPSILON:.0f} %, {labels} validation labels"
        found.append(with_goals(Comparison(title, EPSILON, DELTA, labels, items, splits, len(ready), rows), goal))
    return found
