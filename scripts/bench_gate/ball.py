"""C2: the unit ball of threshold-based auto-labelling: train by active learning, then certify once; beside TBAL.

Points are uniform in the unit ball of 30 dimensions, labelled by a hyperplane through its middle; the model is a linear
SVM; 500 labels may be asked for. TBAL accepts in every round, from a model that is still weak, and looks at one
validation sample again and again. Here the same 500 questions are asked first, and certified once.

Source: Vishwakarma et al., Promises and Pitfalls of Threshold-based Auto-labeling (2023), section 4 for the setting.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.svm import LinearSVC
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from models.gate import certify, rivals
from scripts.bench_gate.parallel import spread
from scripts.bench_gate.result import Comparison, Goal, Row

DIMENSIONS, POOL, QUERIES, SEEDS, BATCH = 30, 16_000, 500, 100, 20
EPSILON, DELTA = 0.01, 0.1
LABELS = (400, 2000)
SAMPLES = 10
"""Validation samples for which one trained model of ours is certified. TBAL learns from its sample, so it has one."""
PUBLISHED = {
    (400, 0.0): "1.97 / 94.0",
    (400, 0.25): "1.65 / 93.3",
    (2000, 0.0): "1.28 / 97.2",
    (2000, 0.25): ".54 / 97.2",
}
"""Error / coverage in percent, from the authors' notebooks: (validation labels, C1)."""
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class World:
    """A drawn hyperplane, the pool ``(n, d)``, the validation sample, and their labels."""

    normal: Floats
    points: Floats
    labels: Flags
    validation: Floats
    validation_labels: Flags

    @classmethod
    def drawn(cls, seed: int, validation: int) -> World:
        rng = np.random.default_rng(seed)
        normal = rng.standard_normal(DIMENSIONS)
        points = _in_ball(rng, POOL + validation)
        labels = points @ normal > 0
        return cls(normal, points[:POOL], labels[:POOL], points[POOL:], labels[POOL:])

    def with_sample(self, number: int) -> World:
        """The same but for another validation sample; 0 is the one that is there."""
        if number == 0:
            return self
        points = _in_ball(np.random.default_rng([number, *self.normal.view(np.uint64)]), self.validation_labels.size)
        return replace(self, validation=points, validation_labels=points @ self.normal > 0)


@dataclass(frozen=True)
class Done:
    """One world under one rule; shares of the pool and of the accepted items."""

    automation: float
    error: float


def comparisons(splits: int) -> list[Comparison]:
    """For each size of the validation sample, ours and TBAL's loop in the same worlds, ``SAMPLES`` splits a world."""
    return [_comparison(labels, -(-splits // SAMPLES)) for labels in LABELS]


def _comparison(labels: int, worlds: int) -> Comparison:
    done = spread(partial(_world, labels=labels), range(worlds))
    ours = "certify, trained first"
    named = {"TBAL, C1 = 0": 0.0, "TBAL, C1 = 0.25": 0.25}
    rows = [_row(ours, [split for ours, _ in done for split in ours])]
    for place, (name, margin) in enumerate(named.items()):
        rule = f"{name}, {worlds} splits (published: error / coverage {PUBLISHED[labels, margin]} %)"
        rows.append(_row(rule, [theirs[place] for _, theirs in done]))
    goals = (Goal("automation", rows[0].automation, 0.968), Goal("violations", rows[0].violations, DELTA, False))
    title = f"C2: unit ball, linear SVM, {labels:,} validation labels"
    return Comparison(title, EPSILON, DELTA, labels, POOL, worlds * SAMPLES, worlds, tuple(rows), goals)


def _row(rule: str, done: list[Done]) -> Row:
    accepted = [one.error for one in done if one.automation > 0]
    return Row(
        rule,
        float(np.mean([one.automation for one in done])),
        float(np.mean(accepted)) if accepted else None,
        float(np.mean([one.error > EPSILON for one in done])),
        float(np.mean([one.automation == 0 for one in done])),
    )


def _world(seed: int, *, labels: int) -> tuple[list[Done], list[Done]]:
    """Ours, on each of the samples; TBAL without and with its margin, on the first."""
    with threadpool_limits(limits=1):
        world = World.drawn(seed, labels)
        model, waiting = train(world)
        ours = [certified(world.with_sample(number), model, waiting) for number in range(SAMPLES)]
        return ours, [tbal(world, margin=0.0), tbal(world, margin=0.25)]


def train(world: World) -> tuple[LinearSVC, Integers]:
    """All questions at first, by margin: the model that they made, and the items that were not asked."""
    asked: Integers = np.arange(SEEDS)  # points are drawn at random, so the first ones are a random seed
    model = _fit(world, asked)
    while asked.size < QUERIES:
        waiting = np.setdiff1d(np.arange(POOL), asked)
        asked = np.append(asked, _closest(model, world, waiting, min(BATCH, QUERIES - asked.size)))
        model = _fit(world, asked)
    return model, np.setdiff1d(np.arange(POOL), asked)


def certified(world: World, model: LinearSVC, waiting: Integers) -> Done:
    """One certificate for the model, by the validation sample of the world."""
    said, confidences = _answers(model, world.points[waiting])
    validated, validation_confidences = _answers(model, world.validation)
    losses = (validated != world.validation_labels).astype(np.float64)
    certificate = certify(validation_confidences, losses, confidences, epsilon=EPSILON, delta=DELTA, targeted_from=0.0)
    if certificate.threshold is None:
        return Done(0.0, 0.0)
    accepted = confidences >= certificate.threshold
    wrong = said[accepted] != world.labels[waiting][accepted]
    return Done(float(accepted.sum() / POOL), float(wrong.mean()))


def tbal(world: World, *, margin: float) -> Done:
    """Rounds of: train, a threshold for each class, accept and forget what lies above, ask for the closest.

    What lies above the threshold leaves the validation sample too.
    """
    asked: Integers = np.arange(SEEDS)
    waiting: Integers = np.arange(SEEDS, POOL)
    judges: Integers = np.arange(world.validation_labels.size)
    accepted = wrong = 0
    while waiting.size:
        model = _fit(world, asked)
        taken, said = _above(model, world, waiting, judges, margin)
        accepted += int(taken[0].sum())
        wrong += int((said[taken[0]] != world.labels[waiting][taken[0]]).sum())
        waiting, judges = waiting[~taken[0]], judges[~taken[1]]
        batch = min(BATCH, QUERIES - asked.size)
        if not batch or not waiting.size:
            break
        new = _closest(model, world, waiting, batch)
        asked, waiting = np.append(asked, new), np.setdiff1d(waiting, new)
    return Done(accepted / POOL, wrong / max(accepted, 1))


def _above(
    model: LinearSVC, world: World, waiting: Integers, judges: Integers, margin: float
) -> tuple[tuple[Flags, Flags], Flags]:
    """What TBAL's thresholds take of the pool and of the validation sample, and the answers for the pool."""
    said, confidences = _answers(model, world.points[waiting])
    if not judges.size:
        return (np.zeros(waiting.size, bool), np.zeros(0, bool)), said
    judged, judge_confidences = _answers(model, world.validation[judges])
    losses = (judged != world.validation_labels[judges]).astype(np.float64)
    found = rivals.tbal(judge_confidences, losses, judged, epsilon=EPSILON, margin=margin)
    limits = {name: np.inf if threshold is None else threshold for name, threshold in found.items()}

    def taken(answers: Flags, sure: Floats) -> Flags:
        return sure >= np.where(answers, limits.get("True", np.inf), limits.get("False", np.inf))

    return (taken(said, confidences), taken(judged, judge_confidences)), said


def _fit(world: World, asked: Integers) -> LinearSVC:
    return LinearSVC(C=100.0, fit_intercept=False, dual=False, random_state=0).fit(
        world.points[asked], world.labels[asked]
    )


def _closest(model: LinearSVC, world: World, waiting: Integers, count: int) -> Integers:
    distances = np.abs(model.decision_function(world.points[waiting]))
    return np.asarray(waiting[np.argsort(distances)[:count]])


def _answers(model: LinearSVC, points: Floats) -> tuple[Flags, Floats]:
    """``(n,)`` answers, and confidences in [0.5, 1]: the surer class of a softmax over (0, decision)."""
    decisions = model.decision_function(points)
    return decisions > 0, np.asarray(expit(np.abs(decisions)))


def _in_ball(rng: np.random.Generator, n: int) -> Floats:
    directions = rng.standard_normal((n, DIMENSIONS))
    radii = rng.random(n) ** (1.0 / DIMENSIONS)
    return np.asarray(directions / np.linalg.norm(directions, axis=1, keepdims=True) * radii[:, None])
