"""How much two marks overlap: values in, a number in [0, 1] for each pair out; 1 for equals, 0 for different kinds.

Intersection over union throughout: of area on pictures, of characters in texts, of time in audio and video. Of points
it is the object keypoint similarity.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import cast

import numpy as np
from numpy.typing import NDArray

from models.tasks import geometry, timeline
from models.types import PictureSize
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

FALLOFF = 0.025
"""Of points: the distance, as a share of the picture's side, at which the similarity is exp(-1/2) = 0.61."""


def overlaps(
    ours: Sequence[Value], theirs: Sequence[Value], size: PictureSize | None, alike: NDArray[np.bool_] | None = None
) -> NDArray[np.float64]:
    """Overlaps, shape ``(N, M)``, each in [0, 1].

    Args:
        ours: N marks.
        theirs: M marks.
        size: of the picture that they lie on; None: it is taken as square, which matters to turned and round shapes.
        alike: ``(N, M)``: pairs to look at, the others get 0; None: all.
    """
    if all(isinstance(value, Rectangle) and value.rotation == 0.0 for value in (*ours, *theirs)):
        found = geometry.boxes(cast(Sequence[Rectangle], ours), cast(Sequence[Rectangle], theirs))
        return found if alike is None else np.where(alike, found, 0.0)
    if all(isinstance(value, geometry.Outline) for value in (*ours, *theirs)):
        return geometry.outlines(
            cast(Sequence[geometry.Outline], ours), cast(Sequence[geometry.Outline], theirs), size, alike
        )
    if all(isinstance(value, Mask) for value in (*ours, *theirs)):
        return geometry.masks(cast(Sequence[Mask], ours), cast(Sequence[Mask], theirs), alike)
    found = np.zeros((len(ours), len(theirs)))
    for i, a in enumerate(ours):
        for j, b in enumerate(theirs):
            if alike is None or alike[i, j]:
                found[i, j] = _overlap(a, b, size)
    return found


def _overlap(a: Value, b: Value, size: PictureSize | None) -> float:
    match a, b:
        case ((Rectangle() | Ellipse() | Polygon()), (Rectangle() | Ellipse() | Polygon())):
            return float(geometry.outlines([a], [b], size)[0, 0])
        case Mask(), Mask():
            return float(geometry.masks([a], [b])[0, 0])
        case KeyPoint(), KeyPoint():
            return similarity(a, b, size)
        case TextSpan(), TextSpan():
            return interval((a.start, a.end), (b.start, b.end))
        case HyperTextSpan(), HyperTextSpan():
            return _hypertext(a, b)
        case DialogueSpan(), DialogueSpan():
            return _dialogue(a, b)
        case Segment(), Segment():
            apart = a.channel is not None and b.channel is not None and a.channel != b.channel
            return 0.0 if apart else interval((a.start, a.end), (b.start, b.end))
        case FrameRanges(), FrameRanges():
            return timeline.ranges(a, b)
        case Track(), Track():
            return timeline.tracks(a, b, size)
        case _:
            return 0.0


def interval(a: tuple[float, float], b: tuple[float, float]) -> float:
    """IoU of two stretches ``(start, end)``; of two without any length 1 where they are the same, else 0."""
    inside = min(a[1], b[1]) - max(a[0], b[0])
    union = max(a[1], b[1]) - min(a[0], b[0])
    if a == b:
        return 1.0
    return max(0.0, inside) / union if union > 0 else 0.0


def similarity(a: KeyPoint, b: KeyPoint, size: PictureSize | None) -> float:
    """Object keypoint similarity ``exp(-d^2 / (2 s^2 k^2))`` (COCO), in [0, 1].

    ``d`` is the distance in pixels and ``s`` the square root of the picture's area, for a lone point has no object
    around it; ``k`` is ``FALLOFF``. So 1/2 is reached at 2.9 % of the picture's side.
    """
    width, height = (size.width, size.height) if size is not None else (100, 100)
    dx, dy = (a.x - b.x) * width / 100.0, (a.y - b.y) * height / 100.0
    return math.exp(-(dx * dx + dy * dy) / (2.0 * width * height * FALLOFF**2))


def _hypertext(a: HyperTextSpan, b: HyperTextSpan) -> float:
    if None not in (a.global_start, a.global_end, b.global_start, b.global_end):
        return interval((a.global_start or 0, a.global_end or 0), (b.global_start or 0, b.global_end or 0))
    if a.start == a.end == b.start == b.end:
        return interval((a.start_offset, a.end_offset), (b.start_offset, b.end_offset))
    same = (a.start, a.start_offset, a.end, a.end_offset) == (b.start, b.start_offset, b.end, b.end_offset)
    return float(same)


def _dialogue(a: DialogueSpan, b: DialogueSpan) -> float:
    if a.start == a.end == b.start == b.end:
        return interval((a.start_offset, a.end_offset), (b.start_offset, b.end_offset))
    same = (a.start, a.start_offset, a.end, a.end_offset) == (b.start, b.start_offset, b.end, b.end_offset)
    return float(same)
