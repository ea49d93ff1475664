"""Frames of a video: where a tracked box stands in each, and how many frames two tracks or ranges share."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.tasks import geometry
from models.types import PictureSize
from models.values import FrameRanges, Track

SAME = 0.5
"""IoU from which on two boxes of a frame are of the same object (Ristani et al. 2016, IDF1)."""

Numbers = NDArray[np.float64]


def positions(track: Track) -> tuple[NDArray[np.bool_], Numbers]:
    """In which frames the box is seen, ``(F,)``, and where, ``(F, 5)``: x, y, width, height in percent, degrees.

    Frame 1 stands first. Between key frames the box moves evenly, after the last one it stays. It is seen from an
    enabled key frame to the next one; a disabled key frame is the first frame where it is not seen.
    """
    frames = np.arange(1, max(track.frames, track.sequence[-1].frame) + 1)
    keys = sorted(track.sequence, key=lambda key: key.frame)
    at = np.array([key.frame for key in keys])
    values = np.array([(key.x, key.y, key.width, key.height, key.rotation) for key in keys], dtype=np.float64)
    places = np.stack([np.interp(frames, at, values[:, column]) for column in range(5)], axis=-1)
    last = np.searchsorted(at, frames, side="right") - 1
    seen = np.where(last >= 0, np.array([key.enabled for key in keys])[np.clip(last, 0, None)], False)
    return seen, places


def shared(a: Track, b: Track, size: PictureSize | None) -> int:
    """In how many frames both are seen with an IoU of at least ``SAME``."""
    seen_a, at_a = positions(a)
    seen_b, at_b = positions(b)
    length = min(len(seen_a), len(seen_b))
    both = np.flatnonzero(seen_a[:length] & seen_b[:length])
    return int((_iou(at_a[both], at_b[both], size) >= SAME).sum()) if both.size else 0


def length(track: Track) -> int:
    """In how many frames it is seen."""
    return int(positions(track)[0].sum())


def tracks(a: Track, b: Track, size: PictureSize | None) -> float:
    """Share in [0, 1] of the frames where either is seen that are shared; 1 where neither ever is."""
    both = shared(a, b, size)
    either = length(a) + length(b) - both
    return both / either if either else 1.0


def ranges(a: FrameRanges, b: FrameRanges) -> float:
    """IoU in [0, 1] of frames; the last frame of a range belongs to it."""
    one, other = _frames(a), _frames(b)
    return len(one & other) / len(one | other) if one | other else 1.0


def _frames(value: FrameRanges) -> set[int]:
    return {frame for start, end in value.ranges for frame in range(start, end + 1)}


def _iou(a: Numbers, b: Numbers, size: PictureSize | None) -> Numbers:
    if a[:, 4].any() or b[:, 4].any():
        return geometry.quads(geometry.turned(a, size), geometry.turned(b, size))
    return geometry.box_iou(_edges(a), _edges(b))


def _edges(boxes: Numbers) -> Numbers:
    return np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:4]], axis=1)
