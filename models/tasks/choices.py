"""Choices, and paths of a taxonomy: class probabilities -> regions and a confidence, and the loss against a choice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.types import Choices, ControlSpec, HumanLabel, Region
from models.values import Taxonomy, labels_of, path_text


@dataclass(frozen=True)
class Outcome:
    """What one item's probabilities come to."""

    regions: tuple[Region, ...]
    """Empty when no label of a multiple control reaches one half."""
    confidence: float
    numbers: dict[str, float]
    """``p1``, ``p2`` (two highest probabilities), ``margin`` and ``entropy`` (nats)."""


def decide(
    labels: Sequence[str], probabilities: NDArray[np.float64], control: ControlSpec, *, confidence: float | None = None
) -> Outcome:
    """Turn probabilities, shape ``(K,)`` with one entry a label and each in [0, 1], into an outcome.

    Single: the most probable label. Multiple: every label with p >= 0.5. The confidence is the one given; without it,
    the probability of the label, or, labels taken as independent, that each of the K decisions is right.
    """
    decided = _multiple if control.multiple else _single
    return decided(labels, probabilities, control, confidence)


def _single(
    labels: Sequence[str], probabilities: NDArray[np.float64], control: ControlSpec, confidence: float | None
) -> Outcome:
    best = int(np.argmax(probabilities))
    top = _unit(float(probabilities[best])) if confidence is None else confidence
    p1, p2 = _two_highest(probabilities)
    shares = probabilities / max(float(probabilities.sum()), 1e-12)
    numbers = {"p1": p1, "p2": p2, "margin": p1 - p2, "entropy": _plogp(shares)}
    region = Region(control=control.name, value=said((labels[best],), control), score=top)
    return Outcome((region,), top, numbers)


def _multiple(
    labels: Sequence[str], probabilities: NDArray[np.float64], control: ControlSpec, confidence: float | None
) -> Outcome:
    chosen = np.flatnonzero(probabilities >= 0.5)
    regions: tuple[Region, ...] = ()
    if chosen.size:
        value = said([labels[int(i)] for i in chosen], control)
        regions = (Region(control=control.name, value=value, score=_unit(float(probabilities[chosen].min()))),)
    p1, p2 = _two_highest(probabilities)
    margin = float(np.abs(2 * probabilities - 1).min())
    entropy = _plogp(probabilities) + _plogp(1 - probabilities)
    if confidence is None:
        confidence = _unit(float(np.maximum(probabilities, 1 - probabilities).prod()))
    return Outcome(regions, confidence, {"p1": p1, "p2": p2, "margin": margin, "entropy": entropy})


def loss(predicted: Sequence[Region], human: Sequence[Region], control: ControlSpec) -> float:
    """Loss in [0, 1] on one control; order and scores carry no meaning.

    Single: 1 unless both chose the same. Multiple: 1 - Jaccard. Both empty: 0.
    """
    ours, theirs = chosen_labels(predicted, control), chosen_labels(human, control)
    if not ours and not theirs:
        return 0.0
    if not control.multiple:
        return float(ours != theirs)
    return 1.0 - len(ours & theirs) / len(ours | theirs)


def chosen_labels(regions: Sequence[Region], control: ControlSpec) -> frozenset[str]:
    """All labels that the regions give to the control; of a taxonomy its paths, as in ``ControlSpec.options``."""
    mine = [region.value for region in regions if region.control == control.name]
    paths = [path_text(path) for value in mine if isinstance(value, Taxonomy) for path in value.paths]
    return frozenset([*paths, *(label for value in mine for label in labels_of(value))])


def said(options: Sequence[str], control: ControlSpec) -> Choices | Taxonomy:
    """These of the control's options, as its value."""
    if control.kind != "taxonomy":
        return Choices(labels=tuple(options))
    paths = dict(zip(control.options, control.paths, strict=True))
    return Taxonomy(paths=tuple(paths[option] for option in options))


def target(label: HumanLabel, control: ControlSpec) -> frozenset[str] | None:
    """What a head should have said, or None where the label does not teach this control.

    None for a label that the control does not list, for no choice where one is due, and for several
    choices on a single control. No choice on an optional multiple control is an answer: none holds.
    """
    chosen = chosen_labels(label.regions, control)
    if not chosen <= set(control.options):
        return None
    if not control.multiple:
        return chosen if len(chosen) == 1 else None
    return chosen if chosen or not control.required else None


def _two_highest(probabilities: NDArray[np.float64]) -> tuple[float, float]:
    ordered = np.sort(probabilities)[::-1]
    return float(ordered[0]), float(ordered[1]) if ordered.size > 1 else 0.0


def _plogp(p: NDArray[np.float64]) -> float:
    return float(-(p * np.log(np.clip(p, 1e-12, None))).sum())


def _unit(value: float) -> float:
    return min(1.0, max(0.0, value))
