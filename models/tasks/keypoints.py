"""Loss of points on pictures."""

from __future__ import annotations

from collections.abc import Sequence

from models.tasks.matching import f1, marks, overlap_of
from models.tasks.shapes import BARE
from models.types import ControlSpec, Region


def loss(predicted: Sequence[Region], human: Sequence[Region], control: ControlSpec) -> float:
    """``1 - F1`` in [0, 1] of points; both empty: 0.

    Two points are the same when their labels are and their object keypoint similarity is at least 1/2: not further
    apart than 2.9 % of the picture's side (``models.tasks.overlap.similarity``). As many pairs as can be are made.
    """
    labelled = control.kind not in BARE
    return f1(overlap_of(marks(predicted, control, labelled=labelled), marks(human, control, labelled=labelled)))
