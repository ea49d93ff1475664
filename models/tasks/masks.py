"""Pixels of a picture as runs and as polygons. A mask is ``(height, width)``, true where a pixel belongs to it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Bits = NDArray[np.bool_]
Points = NDArray[np.float64]
"""``(N, 2)``: x and y of corners, in pixels from the upper left, closed from the last to the first."""

MIN_PIXELS = 16
"""Smaller patches get no polygon: nobody can take hold of them."""


def runs(mask: Bits) -> tuple[int, ...]:
    """Lengths of off, on, off ... in rows from the upper left, the first off (see ``models.values.Mask``)."""
    flat = mask.reshape(-1)
    changes = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    lengths = np.diff(np.concatenate([[0], changes, [flat.size]])).tolist()
    return tuple([0, *lengths] if flat.size and flat[0] else lengths)


def polygons(mask: Bits, *, tolerance: float = 1.0) -> Iterator[Points]:
    """The outline of each patch of at least ``MIN_PIXELS`` pixels that hang together by their sides; holes are filled.

    Args:
        mask: what to outline.
        tolerance: how far, in pixels, a corner may lie off the simplified line; 0 keeps every corner.
    """
    patches, count = ndimage.label(mask)
    for number, window in enumerate(ndimage.find_objects(patches, count), 1):
        patch = patches[window] == number
        if patch.sum() >= MIN_PIXELS:
            corner = np.array([window[1].start, window[0].start], np.float64)
            yield simplified(outline(patch) + corner, tolerance)


def outline(patch: Bits) -> Points:
    """The outer border of one patch, along the sides of its pixels, clockwise; corners only."""
    follow = _sides(ndimage.binary_fill_holes(patch))
    start = here = min(follow)
    came, corners = (0, -1), []
    while True:
        ways = follow[here]
        # Where two patches of pixels meet in a point, the right turn stays on this one.
        step = ways[0] if len(ways) == 1 else next(way for way in ways if way == (-came[1], came[0]))
        if step != came:
            corners.append((here[1], here[0]))
        here, came = (here[0] + step[1], here[1] + step[0]), step
        if here == start:
            return np.array(corners, np.float64)


def _sides(patch: Bits) -> dict[tuple[int, int], list[tuple[int, int]]]:
    """Corner ``(y, x)`` -> steps ``(dx, dy)`` along sides with the patch on the right hand."""
    wide = np.pad(patch, 1).astype(np.int8)
    across, down = np.diff(wide, axis=0)[:, 1:-1], np.diff(wide, axis=1)[1:-1]
    follow: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for found, offset, step in (
        (across == 1, (0, 0), (1, 0)),  # above a pixel, to the right
        (across == -1, (0, 1), (-1, 0)),
        (down == -1, (0, 0), (0, 1)),  # right of a pixel, downwards
        (down == 1, (1, 0), (0, -1)),
    ):
        for y, x in np.argwhere(found).tolist():
            follow.setdefault((y + offset[0], x + offset[1]), []).append(step)
    return follow


def simplified(points: Points, tolerance: float) -> Points:
    """Douglas and Peucker (1973) on a closed line, begun at the first corner and the one farthest from it."""
    if tolerance <= 0 or len(points) < 5:
        return points
    far = int(np.square(points - points[0]).sum(axis=1).argmax())
    closed = np.concatenate([points, points[:1]])
    kept = np.zeros(len(closed), bool)
    kept[[0, far, -1]] = True
    stack = [(0, far), (far, len(points))]
    while stack:
        first, last = stack.pop()
        if last - first < 2:
            continue
        distances = _distances(closed[first + 1 : last], closed[first], closed[last])
        if distances.max() > tolerance:
            middle = first + 1 + int(distances.argmax())
            kept[middle] = True
            stack += [(first, middle), (middle, last)]
    found: Points = closed[:-1][kept[:-1]]
    return found if len(found) >= 3 else points


def _distances(points: Points, start: Points, end: Points) -> NDArray[np.float64]:
    """From the stretch between two points."""
    along = end - start
    share = np.clip((points - start) @ along / max(float(along @ along), 1e-12), 0.0, 1.0)
    off: NDArray[np.float64] = np.hypot(*(points - start - share[:, None] * along).T)
    return off
