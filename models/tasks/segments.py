"""Loss of stretches of time: in audio, in a time series, of a video's frames."""

from __future__ import annotations

from collections.abc import Sequence

from models.tasks.matching import Mark, f1, marks, overlap_of
from models.types import ControlSpec, Region
from models.values import FrameRanges


def loss(predicted: Sequence[Region], human: Sequence[Region], control: ControlSpec) -> float:
    """``1 - F1`` in [0, 1] of stretches; both empty: 0.

    Two stretches are the same when their labels are, their channels are (or one is of all channels), and their
    temporal IoU is at least 1/2 (the measure of action localization, e.g. ActivityNet). As many pairs as can be are
    made. Each range of a region of frames counts for itself, and its last frame belongs to it.
    """
    return f1(overlap_of(_single(marks(predicted, control)), _single(marks(human, control))))


def _single(found: Sequence[Mark]) -> list[Mark]:
    """The same, with one range of frames each."""
    return [one for mark in found for one in _split(mark)]


def _split(mark: Mark) -> list[Mark]:
    if not isinstance(mark.value, FrameRanges):
        return [mark]
    return [Mark(FrameRanges(ranges=(part,)), mark.labels, mark.size) for part in mark.value.ranges]
