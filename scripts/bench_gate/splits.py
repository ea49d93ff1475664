"""Random splits of labelled batches: the rules of the product and its rivals on what one model says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from models.gate.simulate import Outcome, simulate
from scripts.bench_gate.data import Floats, Integers, Predictions
from scripts.bench_gate.parallel import spread
from scripts.bench_gate.result import Comparison, Goal, Row, combined

DELTA = 0.1
A_BATCH = 20
"""Splits of one drawn batch; then another is drawn."""
OURS = "certify, softmax confidence"
BY_CLASS = "certify by class, softmax confidence"
CHOSEN = "certify, chosen confidence"
NAMES = {
    "certify": OURS,
    "certify, by class": BY_CLASS,
    "plug-in": "plug-in",
    "TBAL": "TBAL (C1 = 0.25), one threshold",
    "TBAL, by class": "TBAL (C1 = 0.25)",
    "SGR": "SGR",
    "PAC labels": "PAC labels",
    "fixed 0.9": "fixed 0.9",
}
"""The names of ``models.gate.simulate``, and ours in tables."""


@dataclass(frozen=True)
class Scored:
    """What one model says of items that it has not seen, with both confidences of ours; ``(n,)`` each."""

    softmax: Floats
    chosen: Floats
    losses: Floats
    predicted: Integers

    def part(self, rows: Integers) -> Scored:
        return Scored(self.softmax[rows], self.chosen[rows], self.losses[rows], self.predicted[rows])


@dataclass(frozen=True)
class Piece:
    """Some splits of one batch."""

    batch: Scored
    labels: int
    epsilon: float
    splits: int
    seed: int


def compare(models: Sequence[Scored], *, items: int, labels: int, epsilon: float, splits: int) -> list[Row]:
    """All rules on the same splits, ours first.

    Args:
        models: what each says.
        items: of a batch; drawn anew every ``A_BATCH`` splits from what a model has not seen.
        labels: validation labels of a split; they are part of the batch and count as people's work.
        epsilon: error budget.
        splits: of all models together; rounded up to whole batches of every model.
    """
    size = min(A_BATCH, -(-splits // len(models)))
    count = -(-splits // (len(models) * size))
    pieces = []
    for number, model in enumerate(models):
        rng = np.random.default_rng([number, labels, items])
        for index in range(count):
            drawn = rng.permutation(model.losses.size)[:items]
            pieces.append(Piece(model.part(drawn), labels, epsilon, size, seed=1000 * number + index))
    rows = {row.rule: row for row in combined(spread(outcomes, pieces))}
    order = [CHOSEN, OURS, BY_CLASS]
    return [rows.pop(name) for name in order if name in rows] + list(rows.values())


def outcomes(piece: Piece) -> list[Outcome]:
    """Every rule on the softmax confidence, and ours once more on the chosen one."""
    batch = piece.batch
    draw = partial(
        simulate,
        losses=batch.losses,
        epsilon=piece.epsilon,
        delta=DELTA,
        labels=piece.labels,
        splits=piece.splits,
        seed=piece.seed,
    )
    found, again = draw(batch.softmax, classes=batch.predicted), draw(batch.chosen)
    return [replace(one, rule=NAMES[one.rule]) for one in found] + [replace(again[0], rule=CHOSEN)]


def with_goals(found: Comparison, automation: float) -> Comparison:
    """The better of our two confidences must automate so much, and neither may miss the budget too often."""
    ours = [found.row(OURS), found.row(CHOSEN)]
    goals = (
        Goal("automation with the chosen confidence", found.row(CHOSEN).automation, automation),
        Goal("violations of ours", max(row.violations for row in ours), found.delta, at_least=False),
    )
    return replace(found, goals=goals)


def scored(predictions: Predictions, chosen: Floats) -> Scored:
    return Scored(predictions.probabilities.max(axis=1), chosen, predictions.losses, predictions.predicted)
