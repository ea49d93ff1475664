"""Which of our regions is which of a person's: overlaps in, pairs out; and what marked thing a region is about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from models.tasks.overlap import overlaps
from models.types import ControlSpec, PictureSize, Region
from models.values import (
    DialogueSpan,
    Ellipse,
    FrameRanges,
    HyperTextSpan,
    KeyPoint,
    Mask,
    Polygon,
    Rectangle,
    Segment,
    TextSpan,
    Track,
    Value,
)

MARKS = (
    TextSpan,
    HyperTextSpan,
    DialogueSpan,
    Rectangle,
    Ellipse,
    Polygon,
    Mask,
    KeyPoint,
    Segment,
    Track,
    FrameRanges,
)
"""Values that mark a part of an item."""

LEAST = 0.5
"""Overlap from which on two marks are of the same thing (Kirillov et al. 2019, Panoptic Segmentation, 4.1)."""

ROUNDING = 1e-10
"""By which an overlap may fall short: of exactly ``LEAST`` it is above or below by which of two marks comes first."""

Overlaps = NDArray[np.float64]
"""``(N, M)``, each in [0, 1]: N of ours, M of a person's."""


def enough(overlap: Overlaps, least: float = LEAST) -> NDArray[np.bool_]:
    """Which pairs may be of the same thing, in the form of ``overlap``."""
    return overlap >= least - ROUNDING


def assign(overlap: Overlaps, least: float = LEAST) -> list[tuple[int, int]]:
    """Pairs ``(ours, theirs)``, each in one pair at most and each overlapping by ``least``, with the greatest sum.

    Hungarian matching; ``least`` must be above 0.
    """
    if not overlap.size:
        return []
    counted = np.where(enough(overlap, least), overlap, 0.0)
    rows, columns = linear_sum_assignment(counted, maximize=True)
    return [(int(i), int(j)) for i, j in zip(rows, columns, strict=True) if counted[i, j] > 0.0]


def quality(overlap: Overlaps) -> float:
    """``1 - PQ`` in [0, 1]: ``1 - 2 * sum of the pairs' overlaps / (N + M)``; 0 where both are empty."""
    total = overlap.shape[0] + overlap.shape[1]
    return _unit(1.0 - 2.0 * sum(float(overlap[pair]) for pair in assign(overlap)) / total) if total else 0.0


def f1(overlap: Overlaps) -> float:
    """``1 - F1`` in [0, 1]: ``1 - 2 * pairs / (N + M)`` with as many pairs as can be; 0 where both are empty."""
    total = overlap.shape[0] + overlap.shape[1]
    hits = enough(overlap).astype(np.float64)
    return _unit(1.0 - 2.0 * len(assign(hits)) / total) if total else 0.0


@dataclass(frozen=True)
class Mark:
    """One marked thing, as one control speaks of it."""

    value: Value
    labels: frozenset[str]
    size: PictureSize | None


def marks(regions: Sequence[Region], control: ControlSpec, *, labelled: bool = True) -> list[Mark]:
    """What a control marks; a region that carries labels only is about the mark of its group.

    A region without any mark is left out. Without ``labelled`` labels do not count.
    """
    found = []
    for region in regions:
        if region.control == control.name and (place := marked(region, regions)) is not None:
            labels = frozenset(region.labels) if labelled else frozenset()
            found.append(Mark(place.value, labels, place.size))
    return found


def marked(region: Region, regions: Sequence[Region]) -> Region | None:
    """The region that marks what this one is about: itself, or the first mark of its group; None: there is none."""
    if isinstance(region.value, MARKS):
        return region
    if region.group is None:
        return None
    return next((one for one in regions if one.group == region.group and isinstance(one.value, MARKS)), None)


def overlap_of(ours: Sequence[Mark], theirs: Sequence[Mark]) -> Overlaps:
    """Overlaps ``(N, M)`` of marks; those with other labels have none."""
    alike = np.array([[a.labels == b.labels for b in theirs] for a in ours], dtype=bool).reshape(len(ours), len(theirs))
    size = next((mark.size for mark in (*ours, *theirs) if mark.size is not None), None)
    return overlaps([mark.value for mark in ours], [mark.value for mark in theirs], size, alike)


def _unit(value: float) -> float:
    return min(1.0, max(0.0, value))
