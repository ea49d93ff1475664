"""Random splits of labelled batches: the rules of the product and its rivals on what one model says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from models.gate.simulate import Outcome, simulate
from scripts.bench_gate.confidence import chosen
from scripts.bench_gate.data import Floats, Integers, Predictions
from scripts.bench_gate.parallel import spread
from scripts.bench_gate.result import Comparison, Goal, combined

DELTA = 0.1
A_BATCH = 20
"""Splits of one drawn batch; then another is drawn."""
OURS = "certify, softmax confidence"
BY_CLASS = "certify by class, softmax confidence"
CHOSEN = "certify, chosen confidence"
SECOND = "certify, chosen confidence that asks a second model"
ALL_OURS = (SECOND, CHOSEN, OURS, BY_CLASS)
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
    """What one model says of items that it has not seen, with each confidence of ours; ``(n,)`` each."""

    softmax: Floats
    chosen: Floats
    second: Floats
    losses: Floats
    predicted: Integers

    def part(self, rows: Integers) -> Scored:
        return Scored(self.softmax[rows], self.chosen[rows], self.second[rows], self.losses[rows], self.predicted[rows])


@dataclass(frozen=True)
class Piece:
    """Some splits of one batch."""

    batch: Scored
    labels: int
    epsilon: float
    splits: int
    seed: int


def compare(
    title: str, models: Sequence[Scored], *, items: int, labels: int, epsilon: float, splits: int, goal: float | None
) -> Comparison:
    """All rules on the same splits, ours first.

    Args:
        title: of the section.
        models: what each says.
        items: of a batch; drawn anew every ``A_BATCH`` splits from what a model has not seen.
        labels: validation labels of a split; they are part of the batch and count as people's work.
        epsilon: error budget.
        splits: of all models together; rounded up to whole batches of every model.
        goal: automation that ours should reach; None: no goals.
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
    ordered = [rows[name] for name in ALL_OURS if name in rows]
    ordered += [row for name, row in rows.items() if name not in ALL_OURS]
    done = size * count * len(models)
    found = Comparison(title, epsilon, DELTA, labels, items, done, len(models), tuple(ordered))
    return found if goal is None else replace(found, goals=_goals(found, goal))


def outcomes(piece: Piece) -> list[Outcome]:
    """Every rule on the softmax confidence, and ours once more on the chosen ones."""
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
    found = [replace(one, rule=NAMES[one.rule]) for one in draw(batch.softmax, classes=batch.predicted)]
    for rule, confidences in ((CHOSEN, batch.chosen), (SECOND, batch.second)):
        found.append(replace(draw(confidences)[0], rule=rule))
    return found


def _goals(found: Comparison, automation: float) -> tuple[Goal, ...]:
    reached = [Goal(f"automation of: {rule}", found.row(rule).automation, automation) for rule in (CHOSEN, SECOND)]
    violations = max(row.violations for row in found.rows if row.rule in ALL_OURS)
    return (*reached, Goal("violations of ours, the most", violations, found.delta, at_least=False))


def scored(said: Predictions, *, epsilon: float, labels: int) -> Scored:
    """With the confidences that are chosen for this budget and so many validation labels."""
    alone, asking = (
        chosen(said, epsilon=epsilon, delta=DELTA, labels=labels, second=second) for second in (False, True)
    )
    return Scored(said.probabilities.max(axis=1), alone, asking, said.losses, said.predicted)
