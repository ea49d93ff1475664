from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from scipy import ndimage

from models.tasks import masks
from models.values import Mask

MASKS = st.tuples(st.integers(1, 14), st.integers(1, 14)).flatmap(lambda shape: arrays(np.bool_, shape))


def area(points: masks.Points) -> float:
    x, y = points.T
    return float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y)) / 2


def filled(points: masks.Points, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Even-odd rule at the centres of pixels."""
    y, x = np.mgrid[: shape[0], : shape[1]] + 0.5
    inside = np.zeros(shape, bool)
    for (x1, y1), (x2, y2) in zip(points, np.roll(points, -1, axis=0), strict=True):
        crosses = (y1 > y) != (y2 > y)
        inside ^= crosses & (x < (x2 - x1) * (y - y1) / (y2 - y1 if y2 != y1 else 1) + x1)
    return inside


@given(MASKS)
def test_runs_tell_every_pixel(mask: NDArray[np.bool_]) -> None:
    runs = masks.runs(mask)
    Mask(width=mask.shape[1], height=mask.shape[0], runs=runs)
    assert all(length > 0 for length in runs[1:])
    again = np.repeat(np.arange(len(runs)) % 2 == 1, runs).reshape(mask.shape)
    np.testing.assert_array_equal(again, mask)


@given(MASKS)
def test_an_outline_holds_its_patch_and_nothing_else(mask: NDArray[np.bool_]) -> None:
    patches, count = ndimage.label(mask)
    for number in range(1, count + 1):
        patch = patches == number
        points = masks.outline(patch)
        whole = ndimage.binary_fill_holes(patch)
        assert area(points) == whole.sum(), "clockwise, as y grows downwards"
        np.testing.assert_array_equal(filled(points, mask.shape), whole)


def test_small_patches_are_left_out_and_large_ones_stand_where_they_are() -> None:
    mask = np.zeros((40, 60), bool)
    mask[3:13, 5:25] = mask[20:35, 40:55] = mask[1, 58] = True
    first, second = masks.polygons(mask)
    assert sorted(map(tuple, first.tolist())) == [(5, 3), (5, 13), (25, 3), (25, 13)]
    assert sorted(map(tuple, second.tolist())) == [(40, 20), (40, 35), (55, 20), (55, 35)]


@pytest.mark.parametrize("tolerance", [0.0, 1.0, 2.0])
def test_a_disc_keeps_its_shape_with_few_corners(tolerance: float) -> None:
    y, x = np.mgrid[:200, :200]
    disc = (x - 100) ** 2 + (y - 90) ** 2 < 70**2
    (points,) = masks.polygons(disc, tolerance=tolerance)
    drawn = filled(points, disc.shape)
    assert (drawn & disc).sum() / (drawn | disc).sum() > 1 - 0.02 * tolerance - 1e-9
    assert tolerance == 0 or len(points) < 80


@given(MASKS, st.floats(0.1, 3.0))
def test_simplified_corners_are_corners_of_the_outline(mask: NDArray[np.bool_], tolerance: float) -> None:
    mask = mask | (np.indices(mask.shape).sum(axis=0) == 0)
    points = masks.outline(ndimage.label(mask)[0] == 1)
    kept = masks.simplified(points, tolerance)
    assert len(kept) >= 3
    assert set(map(tuple, kept.tolist())) <= set(map(tuple, points.tolist()))
