"""Areas on pictures: boxes by arithmetic, turned, round and polygonal shapes by shapely, masks by their runs.

Coordinates enter in percent of the picture. An area's share does not depend on the picture's sides, but a turn does:
90 degrees in pixels are not 90 degrees in percent of an oblong picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.types import PictureSize
from models.values import Ellipse, Mask, Polygon, Rectangle

CORNERS = 64
"""An ellipse is taken as a polygon of so many corners: 0.16 % less area."""
EXACT = 1e-9
"""Two outlines whose IoU is that near to 1 are the same."""
GRID = 1e-6
"""Of a pixel. Free-form polygons are intersected on such a grid, which takes 3 times as long: in floating point GEOS
gives ``a & b`` and ``b & a`` other areas where corners are shared and lines nearly meet."""

Numbers = NDArray[np.float64]
Outline = Rectangle | Ellipse | Polygon


def boxes(ours: Sequence[Rectangle], theirs: Sequence[Rectangle]) -> Numbers:
    """IoU of boxes that are not turned, shape ``(N, M)``; of two without area 1 where they are the same, else 0."""
    a, b = _corners(ours)[:, None, :], _corners(theirs)[None, :, :]
    return box_iou(a, b)


def box_iou(a: Numbers, b: Numbers) -> Numbers:
    """IoU in [0, 1] of boxes ``(..., 4)`` as ``(x_min, y_min, x_max, y_max)``, broadcast against each other."""
    sides = np.clip(np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2]), 0.0, None)
    inside = sides.prod(axis=-1)
    union = (a[..., 2:] - a[..., :2]).prod(axis=-1) + (b[..., 2:] - b[..., :2]).prod(axis=-1) - inside
    shares = np.divide(inside, union, out=np.zeros_like(inside), where=union > 0.0)
    return np.where((a == b).all(axis=-1), 1.0, np.clip(shares, 0.0, 1.0))


def _corners(rectangles: Sequence[Rectangle]) -> Numbers:
    rows = [(r.x, r.y, r.x + r.width, r.y + r.height) for r in rectangles]
    return np.array(rows, dtype=np.float64).reshape(len(rows), 4)


def turned(boxes: Numbers, size: PictureSize | None) -> Numbers:
    """Corners ``(N, 4, 2)``, in pixels, of boxes ``(N, 5)``: x, y, width, height in percent, clockwise degrees.

    Each is turned around its upper left corner, as the annotator's page does it.
    """
    scale = _scale(size)
    start, sides = boxes[:, None, :2] * scale, boxes[:, None, 2:4] * scale
    corners = sides * np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    return start + _turn(corners, np.radians(boxes[:, 4])[:, None])


def outlines(
    ours: Sequence[Outline], theirs: Sequence[Outline], size: PictureSize | None, alike: NDArray[np.bool_] | None = None
) -> Numbers:
    """IoU in [0, 1] of turned boxes, ellipses and polygons on one picture, shape ``(N, M)``; 0 where not ``alike``.

    A polygon that crosses itself covers what it encloses. Of two without area: 1 where they are the same, else 0.
    """
    shapely = _shapely()
    found = np.zeros((len(ours), len(theirs)))
    if not found.size:
        return found
    a, b = _polygons(ours, size), _polygons(theirs, size)
    near = _near(shapely.bounds(a), shapely.bounds(b))
    i, j = np.nonzero(near if alike is None else near & alike)
    one, other = _valid(a)[i], _valid(b)[j]
    convex = not any(isinstance(shape, Polygon) for shape in (*ours, *theirs))
    inside = shapely.area(shapely.intersection(one, other, grid_size=None if convex else GRID))
    union = shapely.area(one) + shapely.area(other) - inside
    shares = np.divide(inside, union, out=np.zeros_like(inside), where=union > 0.0)
    same = shapely.equals_exact(a[i], b[j]) | (shares > 1.0 - EXACT)
    found[i, j] = np.where(same, 1.0, shares)
    return found


def _near(a: Numbers, b: Numbers) -> NDArray[np.bool_]:
    """Whether bounds ``(N, 4)`` and ``(M, 4)`` touch, shape ``(N, M)``."""
    one, other = a[:, None, :], b[None, :, :]
    touching = (one[..., :2] <= other[..., 2:]) & (other[..., :2] <= one[..., 2:])
    return np.asarray(touching.all(axis=-1))


def _polygons(shapes: Sequence[Outline], size: PictureSize | None) -> NDArray[np.object_]:
    """Shapely polygons ``(N,)``, as they were drawn."""
    shapely = _shapely()
    return np.array([shapely.Polygon(_corners_of(shape, size)) for shape in shapes], dtype=object)


def _valid(polygons: NDArray[np.object_]) -> NDArray[np.object_]:
    """What they cover."""
    shapely = _shapely()
    found = polygons.copy()
    broken = ~shapely.is_valid(found)
    found[broken] = shapely.make_valid(found[broken], method="structure", keep_collapsed=False)
    return found


def _corners_of(shape: Outline, size: PictureSize | None) -> Numbers:
    if isinstance(shape, Rectangle):
        (corners,) = turned(np.array([[shape.x, shape.y, shape.width, shape.height, shape.rotation]]), size)
        return np.asarray(corners)
    return _round(shape, _scale(size)) if isinstance(shape, Ellipse) else np.array(shape.points) * _scale(size)


def quads(a: Numbers, b: Numbers) -> Numbers:
    """IoU ``(N,)`` of two lists of convex quadrilaterals, each ``(N, 4, 2)``, pair by pair."""
    shapely = _shapely()
    one, other = shapely.polygons(a), shapely.polygons(b)
    inside = shapely.area(shapely.intersection(one, other))
    union = shapely.area(one) + shapely.area(other) - inside
    shares = np.divide(inside, union, out=np.zeros_like(inside), where=union > 0.0)
    same = (a == b).all(axis=(1, 2)) | (shares > 1.0 - EXACT)
    return np.where(same, 1.0, shares)


def masks(ours: Sequence[Mask], theirs: Sequence[Mask], alike: NDArray[np.bool_] | None = None) -> Numbers:
    """IoU in [0, 1] of pixels, from the runs alone, shape ``(N, M)``; 0 where not ``alike``.

    Of two without any pixel 1. Masks of other sizes are scaled to the first one's.
    """
    found = np.zeros((len(ours), len(theirs)))
    if not found.size:
        return found
    first = ours[0]
    a, b = ([_profile(_scaled(mask, first.width, first.height)) for mask in side] for side in (ours, theirs))
    for i, one in enumerate(a):
        for j, other in enumerate(b):
            if alike is None or alike[i, j]:
                found[i, j] = _mask_iou(one, other)
    return found


def _mask_iou(a: Profile, b: Profile) -> float:
    if a.last <= b.first or b.last <= a.first:  # most pairs: they share no row, or lie apart in it
        return float(a.on[-1] == b.on[-1] == 0.0)
    # How many pixels of a lie before each edge of b: what is in both is the rise over each run that is on in b.
    before = np.interp(b.edges, a.edges, a.on)
    inside = float((before[2::2] - before[1:-1:2]).sum())
    return inside / (float(a.on[-1] + b.on[-1]) - inside)


@dataclass(frozen=True)
class Profile:
    """A mask by its runs, the last of them on."""

    edges: Numbers
    """Where runs end, 0 first: off, on, off, on ..."""
    on: Numbers
    """How many pixels are on till then."""

    @cached_property
    def first(self) -> float:
        """Where the first pixel is that is on; where there is none, the end."""
        return float(self.edges[np.searchsorted(self.on, 0.0, side="right") - 1])

    @cached_property
    def last(self) -> float:
        """Behind the last pixel that is on; where there is none, 0."""
        return float(self.edges[np.searchsorted(self.on, self.on[-1])])


def _profile(mask: Mask) -> Profile:
    runs = np.array(mask.runs + (0,) * (len(mask.runs) % 2), dtype=np.float64)
    on = runs.copy()
    on[::2] = 0.0
    return Profile(np.concatenate([[0.0], np.cumsum(runs)]), np.concatenate([[0.0], np.cumsum(on)]))


def pixels(mask: Mask) -> NDArray[np.bool_]:
    """The pixels ``(height, width)`` that are on."""
    values = np.arange(len(mask.runs)) % 2 == 1
    return np.repeat(values, mask.runs).reshape(mask.height, mask.width)


def runs(on: NDArray[np.bool_]) -> tuple[int, ...]:
    """Runs of pixels ``(height, width)`` as ``models.values.Mask`` wants them."""
    flat = np.concatenate([[False], on.ravel()])
    changes = np.flatnonzero(flat[1:] != flat[:-1])
    return tuple(int(n) for n in np.diff(np.concatenate([[0], changes, [on.size]])))


def _scaled(mask: Mask, width: int, height: int) -> Mask:
    if (mask.width, mask.height) == (width, height):
        return mask
    rows = (np.arange(height) * mask.height) // height
    columns = (np.arange(width) * mask.width) // width
    return Mask(width=width, height=height, runs=runs(pixels(mask)[rows][:, columns]))


def _scale(size: PictureSize | None) -> Numbers:
    return np.array([size.width, size.height], dtype=np.float64) / 100.0 if size is not None else np.ones(2)


def _turn(points: Numbers, angle: Numbers | float) -> Numbers:
    """Turn points ``(..., 2)`` around the origin, clockwise on a picture, whose y points down; radians."""
    x, y = points[..., 0], points[..., 1]
    return np.stack([x * np.cos(angle) - y * np.sin(angle), x * np.sin(angle) + y * np.cos(angle)], axis=-1)


def _round(shape: Ellipse, scale: Numbers) -> Numbers:
    around = np.linspace(0.0, 2.0 * np.pi, CORNERS, endpoint=False)
    points = np.stack([np.cos(around), np.sin(around)], axis=-1) * np.array([shape.radius_x, shape.radius_y]) * scale
    return np.array([shape.x, shape.y]) * scale + _turn(points, float(np.radians(shape.rotation)))


def _shapely() -> Any:
    import shapely  # only where shapes are not plain boxes: it takes 0.1 s to import

    return shapely
