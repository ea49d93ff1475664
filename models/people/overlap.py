"""How many people an item needs: ask one more, stop, or hand it to an expert; and whether it is an expert's at once.

What is likely right comes from ``models.people.voices``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from models.gate.arrays import check_open_interval, unit_vector
from models.people.voices import Voices

TARGET = 0.95
"""Probability of the leading class from which on an item is done."""
DEARER = 2.0
"""An answer of somebody above the others has to tell so many times as much as one of theirs to be asked for at once."""


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
    voices: Voices,
    accuracies: Sequence[float],
    *,
    asked: int,
    most: int,
    fewest: int = 1,
    target: float = TARGET,
) -> Overlap:
    """What to do with an item after ``asked`` people.

    Args:
        voices: what they said, and the model.
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
    posterior = voices.posterior
    certainty = float(posterior.max())
    numbers = {"certainty": certainty, "target": target, "asked": float(asked), "most": float(most)}
    if certainty >= target and asked >= fewest:
        return Overlap(Step.STOP, "certain", numbers)
    if asked >= most:
        return Overlap(Step.ESCALATE, "too_many", numbers)
    if not len(accuracies):
        return Overlap(Step.ESCALATE, "nobody_left", numbers)
    able = np.sort(unit_vector("accuracies", accuracies))[::-1]
    agreeing = voices
    for accuracy in able[: most - asked]:
        agreeing = agreeing.hear(int(posterior.argmax()), float(accuracy))
    outcomes = voices.outcomes(float(able[0]))
    numbers |= {
        "reach": float(agreeing.posterior.max()),
        "expected": sum(one.chance * float(one.posterior.max()) for one in outcomes),
        "chance": sum(one.chance for one in outcomes if one.posterior.max() >= target),
    }
    if asked < fewest:
        return Overlap(Step.ASK, "too_few", numbers)
    if numbers["reach"] < target:
        return Overlap(Step.ESCALATE, "out_of_reach", numbers)
    return Overlap(Step.ASK, "unsure", numbers)


def worth_more(voices: Voices, above: Sequence[float], others: Sequence[float], *, dearer: float = DEARER) -> bool:
    """Whether those above the others should be asked at once: their answer tells ``dearer`` times as much, or more.

    Args:
        voices: what was said, the model's word included.
        above: accuracies in [0, 1] of those above, at least one.
        others: the same of the others; without any the answer is no, since nobody has to be passed over.
        dearer: above 0.

    What an answer tells is the entropy that it is expected to take away (``Voices.information``), at the mean accuracy.
    """
    if not others:
        return False
    most, usual = (float(unit_vector("accuracies", one).mean()) for one in (above, others))
    return voices.information(most) >= dearer * voices.information(usual)
