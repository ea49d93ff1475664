"""Loss of marks on pictures: boxes, ellipses, polygons and masks."""

from __future__ import annotations

from collections.abc import Sequence

from models.tasks.matching import marks, overlap_of, quality
from models.types import ControlKind, ControlSpec, Region

BARE: tuple[ControlKind, ...] = ("rectangle", "ellipse", "polygon", "brush", "keypoint")
"""Controls that mark without labels: labels beside them belong to another control, with a loss of its own."""


def loss(predicted: Sequence[Region], human: Sequence[Region], control: ControlSpec) -> float:
    """``1 - PQ`` in [0, 1]: ``1 - 2 * sum of IoU over the pairs / (ours + theirs)``; both empty: 0.

    Pairs are of the same labels, overlap with an IoU of at least 1/2, and are chosen for the greatest sum (panoptic
    quality, Kirillov et al. 2019, eq. 1, over all classes together). So a missed mark, one too many and a wrong label
    count in full, and a mark beside its place counts by how far.
    """
    labelled = control.kind not in BARE
    return quality(overlap_of(marks(predicted, control, labelled=labelled), marks(human, control, labelled=labelled)))
