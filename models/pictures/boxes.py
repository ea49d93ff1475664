"""Boxes as arrays, and which of several on the same thing stays.

Boxes are ``(left, top, right, bottom)`` in any one unit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Boxes:
    """What a detector found on one picture."""

    corners: Floats
    """``(N, 4)``."""
    scores: Floats
    """``(N,)``, in [0, 1]."""
    classes: NDArray[np.int64]
    """``(N,)``, indices into the detector's classes."""

    def __len__(self) -> int:
        """N."""
        return len(self.scores)

    def take(self, index: NDArray[np.int64] | NDArray[np.bool_]) -> Boxes:
        """Those of an index or a mask, in its order."""
        return Boxes(self.corners[index], self.scores[index], self.classes[index])


def iou(box: Floats, others: Floats) -> Floats:
    """Intersection over union in [0, 1] of one box ``(4,)`` with others ``(N, 4)``; 0 where both are empty."""
    sides = np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2])
    inner = sides.clip(0).prod(axis=1)
    union = _area(box[None]) + _area(others) - inner
    shares: Floats = np.divide(inner, union, out=np.zeros_like(inner), where=union > 0)
    return shares


def suppress(boxes: Boxes, threshold: float) -> Boxes:
    """Greedy non-maximum suppression: highest score first, without what overlaps it in the same class.

    Args:
        boxes: in any order.
        threshold: intersection over union above which two boxes are taken for the same thing.
    """
    left = np.argsort(-boxes.scores, kind="stable")
    kept: list[int] = []
    while len(left):
        best, left = int(left[0]), left[1:]
        kept.append(best)
        same = boxes.classes[left] == boxes.classes[best]
        left = left[~(same & (iou(boxes.corners[best], boxes.corners[left]) > threshold))]
    return boxes.take(np.array(kept, dtype=np.int64))


def _area(boxes: Floats) -> Floats:
    areas: Floats = (boxes[:, 2:] - boxes[:, :2]).clip(0).prod(axis=1)
    return areas
