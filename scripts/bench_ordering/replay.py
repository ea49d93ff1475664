"""A project's life on gold labels: seeds, a head, a list, labels, the next head; in our order and in random order.

Both orders train the same heads, by the product's own code, with as many labels and at the same moments. What they
reach is measured on items that neither may ask for: accuracy, and the coverage that the gate certifies.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from models import encoders
from models.encoders.base import Features
from models.gate.certify import certify
from models.heads.fitting import Weights, fit
from models.heads.spread import SPREAD
from models.ordering import CANDIDATES, by_uncertainty, control_from, farthest_first, with_control
from models.specs import EncoderName, HeadSpec
from scripts.datasets import Example, digits, reviews

Ids = NDArray[np.int64]
DELTA = 0.08
"""What a project with delta 10 % spends on its first test."""
VALIDATION = 300
"""Blind labels of one certification."""
CERTIFICATIONS = 25
"""Random blind samples over which the certified coverage is averaged."""


@dataclass(frozen=True)
class Plan:
    """What is replayed on one data set."""

    name: str
    encoder: EncoderName
    ours: tuple[int, ...]
    """Labels at which a head is trained in our order; each step is what the service waits for (times 1.5)."""
    random: tuple[int, ...]
    """The same in random order: from fewer to more, so that ours can be found on the curve."""
    held_out: int
    """Items that nobody is asked for, on which heads are measured."""
    pool: int
    """Items of the train fold."""
    epsilons: tuple[float, ...]


PLANS = {
    "digits": Plan(
        "digits", "pixels", (60, 90, 135, 200), (30, 45, 60, 90, 135, 200, 300, 450, 675, 1000), 700, 1097, (0.02, 0.05)
    ),
    "reviews": Plan(
        "reviews",
        "ngram",
        (200, 300, 450, 675, 1012),
        (100, 200, 300, 450, 675, 1012, 1518, 2277),
        3000,
        3000,
        (0.1, 0.15),
    ),
}


@dataclass(frozen=True)
class Data:
    """Features and gold labels of a whole data set."""

    features: Features
    truth: Ids
    classes: int


@dataclass(frozen=True)
class Head:
    """A trained head; it knows the classes that it has seen."""

    weights: Weights
    known: Ids

    def answers(self, features: Features) -> tuple[Ids, NDArray[np.float64]]:
        """Class and confidence of each row."""
        probabilities = self.weights.probabilities(features)
        return self.known[probabilities.argmax(axis=1)], probabilities.max(axis=1)


def load(plan: Plan) -> Data:
    """The data set, encoded as the service would."""
    examples: list[Example] = digits() if plan.name == "digits" else reviews(None)
    encoder = encoders.get(HeadSpec(encoder=plan.encoder))
    content: list[Any] = [example.content for example in examples]
    labels, truth = np.unique([example.label for example in examples], return_inverse=True)
    features = encoder.encode([encoder.prepare(value) for value in content])
    return Data(features, truth.astype(np.int64), len(labels))


def repetition(plan: Plan, data: Data, seed: int) -> dict[str, dict[int, dict[str, float]]]:
    """Both orders on one random split: order -> labels -> what was reached.

    Beside ``accuracy`` and ``coverage at EPSILON`` there is, from the second head on, ``errors``: the share of the
    items asked for that the head before was wrong on.
    """
    generator = np.random.default_rng(seed)
    order = generator.permutation(data.truth.size)
    held_out, pool = order[: plan.held_out], order[plan.held_out : plan.held_out + plan.pool]
    draws = generator.random(pool.size)
    with threadpool_limits(limits=1):
        return {
            "random": _in_random_order(plan, data, pool[np.argsort(draws)], held_out, seed),
            "ours": _in_our_order(plan, data, pool, draws, held_out, seed),
        }


def _in_random_order(plan: Plan, data: Data, pool: Ids, held_out: Ids, seed: int) -> dict[int, dict[str, float]]:
    reached = {}
    before: Head | None = None
    had = 0
    for size in plan.random:
        asked, head = pool[had:size], train(data, pool[:size])
        reached[size] = measure(plan, data, head, held_out, seed) | _errors(data, before, asked)
        before, had = head, size
    return reached


def _in_our_order(
    plan: Plan, data: Data, pool: Ids, draws: NDArray[np.float64], held_out: Ids, seed: int
) -> dict[int, dict[str, float]]:
    """As ``serving.pipeline.asking`` does it, the random control included."""
    generator = np.random.default_rng((seed, 1))
    spread = plan.encoder in SPREAD
    by_draw = pool[np.argsort(draws)]
    control = pool[draws >= control_from(0.0)]
    control = control[np.argsort(draws[draws >= control_from(0.0)])]
    free = by_draw[: by_draw.size - control.size]
    size = plan.ours[0]
    asked = _spread(data, free[: CANDIDATES * size], size) if spread else free[:size]
    labelled, before, reached = asked, None, {}
    for step, size in enumerate(plan.ours):
        head = train(data, labelled)
        reached[size] = measure(plan, data, head, held_out, seed) | _errors(data, before, asked)
        if step + 1 < len(plan.ours):
            more = plan.ours[step + 1] - size
            left = np.setdiff1d(free, labelled)
            _, confidences = head.answers(data.features[left])
            candidates = left[by_uncertainty(confidences, generator.random(left.size))]
            chosen = _spread(data, candidates[: CANDIDATES * more], more) if spread else candidates[:more]
            asked = np.array(with_control(list(chosen), list(control))[:more], dtype=np.int64)
            control = control[~np.isin(control, asked)]
            labelled, before = np.concatenate([labelled, asked]), head
    return reached


def train(data: Data, ids: Ids) -> Head:
    """A head on these items, in an order that does not depend on how they were chosen."""
    rows = np.sort(ids)
    known, truth = np.unique(data.truth[rows], return_inverse=True)
    fitted = fit(data.features[rows], truth.astype(np.int64), known.size, multiple=False)
    return Head(fitted.weights, known)


def measure(plan: Plan, data: Data, head: Head, held_out: Ids, seed: int) -> dict[str, float]:
    """Accuracy, and the certified coverage, mean of blind samples; a gate that stays closed covers nothing."""
    said, confidences = head.answers(data.features[held_out])
    losses = (said != data.truth[held_out]).astype(np.float64)
    reached = {"accuracy": 1.0 - float(losses.mean())}
    for epsilon in plan.epsilons:
        generator = np.random.default_rng((seed, 2))
        covered = []
        for _ in range(CERTIFICATIONS):
            order = generator.permutation(held_out.size)
            blind, waiting = order[:VALIDATION], order[VALIDATION:]
            made = certify(confidences[blind], losses[blind], confidences[waiting], epsilon=epsilon, delta=DELTA)
            covered.append(made.coverage if made.open else 0.0)
        reached[f"coverage at {epsilon:.0%}"] = float(np.mean(covered))
    return reached


def _errors(data: Data, head: Head | None, asked: Ids) -> dict[str, float]:
    if head is None:
        return {}
    said, _ = head.answers(data.features[asked])
    return {"errors": float((said != data.truth[asked]).mean())}


def _spread(data: Data, candidates: Ids, size: int) -> Ids:
    return candidates[farthest_first(data.features[candidates], size)]
