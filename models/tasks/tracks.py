"""Loss of boxes that are followed through a video."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import linear_sum_assignment

from models.tasks import timeline
from models.tasks.matching import Mark, marks
from models.types import ControlSpec, Region
from models.values import Track


def loss(predicted: Sequence[Region], human: Sequence[Region], control: ControlSpec) -> float:
    """``1 - IDF1`` in [0, 1] over all frames: ``1 - 2 * IDTP / (our boxes + theirs)``; both empty: 0.

    Tracks of the same labels are paired one to one so that most frames agree (IoU of at least 1/2); ``IDTP`` counts
    these frames (Ristani et al. 2016, eq. 11). Boxes between key frames are interpolated. An object that is followed
    under two names counts with the longer one only.
    """
    ours, theirs = marks(predicted, control), marks(human, control)
    boxes = sum(timeline.length(mark.value) for mark in (*ours, *theirs) if isinstance(mark.value, Track))
    if not boxes:
        return 0.0
    agreeing = np.array([[_agreeing(a, b) for b in theirs] for a in ours]).reshape(len(ours), len(theirs))
    pairs = linear_sum_assignment(agreeing, maximize=True)
    return 1.0 - 2.0 * float(agreeing[pairs].sum()) / boxes


def _agreeing(a: Mark, b: Mark) -> int:
    if a.labels != b.labels or not isinstance(a.value, Track) or not isinstance(b.value, Track):
        return 0
    return timeline.shared(a.value, b.value, a.size or b.size)
