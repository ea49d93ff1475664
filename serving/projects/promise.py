"""An error budget in plain numbers: what it promises of accepted labels, and how many blind labels that takes."""

from __future__ import annotations

from dataclasses import dataclass

from models.gate import needed_labels
from models.gate.bounds import minimum_n
from models.gate.spending import spend

OF = 1000
"""Accepted labels that the promise is spelled out for."""


@dataclass(frozen=True, slots=True)
class Promise:
    """Of ``OF`` accepted labels at most ``wrong`` are wrong, with a certainty of ``sure``."""

    wrong: float
    """Labels of ``OF``."""
    sure: float
    """Percent."""
    least: int
    """Blind labels above the threshold that the first test needs if none of them is wrong."""
    about: int
    """The same with two of them wrong (``models.gate.needed``)."""
    enough: bool
    """So many blind labels are collected before the first test as it takes with two wrong."""


def promise(*, epsilon: float, delta: float, validation_target: int) -> Promise:
    """The first test of a gate spends its share of delta (``models.gate.spending``).

    Args:
        epsilon: error budget on accepted items, in (0, 1).
        delta: probability of missing it, in (0, 1).
        validation_target: blind labels that are collected before the first test.
    """
    first = spend(delta, 1)
    about = needed_labels(epsilon, first)
    return Promise(
        wrong=round(OF * epsilon, 3),
        sure=round(100.0 * (1.0 - delta), 3),
        least=minimum_n(epsilon, first),
        about=about,
        enough=validation_target >= about,
    )
