"""How many people an item needs: ask one more, stop, or hand it to an expert.

The posterior comes from ``models.people.consensus``. A further person is thought to be right with their accuracy ``a``,
and wrong evenly over the other classes (one-coin model, Dawid & Skene 1979 with one parameter a person).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike

from models.gate.arrays import Floats, check_open_interval, unit_vector

TARGET = 0.95
"""Probability of the leading class from which on an item is done."""
SUREST = 0.999
"""No answer is taken to be surer than this."""


class Step(StrEnum):
    """What to do with an item next."""

    STOP = "stop"
    ASK = "ask"
    ESCALATE = "escalate"


@dataclass(frozen=True, slots=True)
class Overlap:
    """A step, why, and the numbers behind it."""

    step: Step
    reason: str
    """Of ``stop``: ``certain``. Of ``ask``: ``too_few`` or ``unsure``. Of ``escalate``: ``too_many`` were asked,
    ``nobody_left``, or ``out_of_reach``: not even if all that may still be asked agreed."""
    numbers: dict[str, float]
    """``certainty`` of the leading class, ``target``, ``asked``, ``most``; where somebody may be asked also ``reach``,
    the certainty if all agree with the leading class, ``expected``, that after the best person's answer, and
    ``chance``, the probability that this answer alone reaches the target."""


def next_step(
    posterior: ArrayLike,
    accuracies: Sequence[float],
    *,
    asked: int,
    most: int,
    fewest: int = 1,
    target: float = TARGET,
) -> Overlap:
    """What to do with an item after ``asked`` people.

    Args:
        posterior: ``(K,)`` probabilities that add up to 1, K >= 2.
        accuracies: in [0, 1], of everyone who could still be asked; below chance counts as chance.
        asked: people who answered.
        most: people who may answer, experts apart.
        fewest: people who answer in any case.
        target: in (0, 1).

    Raises:
        ValueError: a value out of its range, or ``fewest > most``.
    """
    check_open_interval("target", target)
    if asked < 0 or not 1 <= fewest <= most:
        raise ValueError(f"must be asked >= 0 and 1 <= fewest <= most, not {asked}, {fewest}, {most}")
    belief = unit_vector("posterior", posterior)
    if belief.size < 2 or not np.isclose(belief.sum(), 1.0, atol=1e-6):
        raise ValueError(f"posterior must be at least two probabilities that add up to 1, not {belief.tolist()}")
    certainty = float(belief.max())
    numbers = {"certainty": certainty, "target": target, "asked": float(asked), "most": float(most)}
    if certainty >= target and asked >= fewest:
        return Overlap(Step.STOP, "certain", numbers)
    if asked >= most:
        return Overlap(Step.ESCALATE, "too_many", numbers)
    if not len(accuracies):
        return Overlap(Step.ESCALATE, "nobody_left", numbers)
    able = np.sort(np.clip(unit_vector("accuracies", accuracies), 1.0 / belief.size, SUREST))[::-1]
    reach = belief
    for accuracy in able[: most - asked]:
        reach = _after(reach, float(accuracy))[int(belief.argmax())]
    answers = _after(belief, float(able[0]))
    likely = _said(belief, float(able[0]))
    numbers |= {
        "reach": float(reach.max()),
        "expected": float(likely @ answers.max(axis=1)),
        "chance": float(likely @ (answers.max(axis=1) >= target)),
    }
    if asked < fewest:
        return Overlap(Step.ASK, "too_few", numbers)
    if numbers["reach"] < target:
        return Overlap(Step.ESCALATE, "out_of_reach", numbers)
    return Overlap(Step.ASK, "unsure", numbers)


def one_coin(prior: ArrayLike, said: Sequence[int], accuracies: Sequence[float]) -> Floats:
    """``(K,)`` posterior over classes after people's answers.

    Args:
        prior: ``(K,)``, adds up to 1, K >= 2: the model's, or uniform.
        said: ``(n,)`` places of the classes that people said.
        accuracies: ``(n,)`` of these people, in [0, 1]; below chance counts as chance.

    Source: Dawid & Skene (1979), with one parameter a person.
    """
    belief: Floats = unit_vector("prior", prior)
    for k, accuracy in zip(said, np.clip(accuracies, 1.0 / belief.size, SUREST), strict=True):
        belief = belief * _likelihood(belief.size, float(accuracy))[k]
        belief = belief / belief.sum()
    return belief


def _likelihood(k: int, accuracy: float) -> Floats:
    """``(K, K)``, ``[said, true]``."""
    return np.where(np.eye(k) > 0.0, accuracy, (1.0 - accuracy) / (k - 1))


def _said(belief: Floats, accuracy: float) -> Floats:
    """``(K,)``: how likely the person is to say each class."""
    return np.asarray(_likelihood(belief.size, accuracy) @ belief, dtype=np.float64)


def _after(belief: Floats, accuracy: float) -> Floats:
    """``(K, K)``, ``[said, true]``: the posterior after each answer."""
    joint = _likelihood(belief.size, accuracy) * belief
    return np.asarray(joint / joint.sum(axis=1, keepdims=True), dtype=np.float64)
