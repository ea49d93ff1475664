"""Areas against counted pixels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from models.tasks import geometry
from models.types import PictureSize
from models.values import Ellipse, Mask, Polygon, Rectangle
from tests.unit.models.tasks.marks import POLYGONS, RECTANGLES, box, masks, quick

FINE = 400
SQUARE = PictureSize(width=FINE, height=FINE)
OBLONG = PictureSize(width=FINE, height=FINE // 2)


def _grid(size: PictureSize) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Pixel centres, in pixels; with room around the picture for what sticks out."""
    x, y = np.meshgrid(np.arange(-size.width, 2 * size.width) + 0.5, np.arange(-size.height, 2 * size.height) + 0.5)
    return x, y


def _in_rectangle(r: Rectangle, size: PictureSize) -> NDArray[np.bool_]:
    x, y = _grid(size)
    dx, dy = x - r.x * size.width / 100, y - r.y * size.height / 100
    angle = np.radians(r.rotation)
    along, across = dx * np.cos(angle) + dy * np.sin(angle), dy * np.cos(angle) - dx * np.sin(angle)
    inside: NDArray[np.bool_] = (
        (along >= 0) & (along < r.width * size.width / 100) & (across >= 0) & (across < r.height * size.height / 100)
    )
    return inside


def _in_ellipse(e: Ellipse, size: PictureSize) -> NDArray[np.bool_]:
    x, y = _grid(size)
    dx, dy = x - e.x * size.width / 100, y - e.y * size.height / 100
    angle = np.radians(e.rotation)
    along, across = dx * np.cos(angle) + dy * np.sin(angle), dy * np.cos(angle) - dx * np.sin(angle)
    far = (along / (e.radius_x * size.width / 100)) ** 2 + (across / (e.radius_y * size.height / 100)) ** 2
    return np.asarray(far <= 1.0)


def _in_polygon(polygon: Polygon) -> NDArray[np.bool_]:
    picture = Image.new("1", (1000, 1000))
    ImageDraw.Draw(picture).polygon([(10 * x, 10 * y) for x, y in polygon.points], fill=1)
    return np.array(picture)


def _share(a: NDArray[np.bool_], b: NDArray[np.bool_]) -> float:
    return float((a & b).sum() / (a | b).sum())


def test_boxes_by_hand() -> None:
    ours, theirs = [box(0, 0, 10, 10), box(50, 50, 10, 10)], [box(5, 0, 10, 10), box(0, 0, 10, 10), box(10, 0, 5, 5)]
    assert geometry.boxes(ours, theirs) == pytest.approx(np.array([[1 / 3, 1, 0], [0, 0, 0]]))


@pytest.mark.parametrize("size", [SQUARE, OBLONG])
@pytest.mark.parametrize("rotation", [0.0, 30.0, 90.0, -45.0])
def test_turned_boxes_against_pixels(size: PictureSize, rotation: float) -> None:
    a, b = box(40, 40, 30, 20, rotation=rotation), box(35, 45, 25, 30)
    expected = _share(_in_rectangle(a, size), _in_rectangle(b, size))
    assert geometry.outlines([a], [b], size)[0, 0] == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize("size", [SQUARE, OBLONG])
@pytest.mark.parametrize("rotation", [0.0, 30.0, 90.0])
def test_ellipses_against_pixels(size: PictureSize, rotation: float) -> None:
    a, b = (
        Ellipse(x=50, y=50, radius_x=20, radius_y=10, rotation=rotation),
        Ellipse(x=55, y=50, radius_x=15, radius_y=15),
    )
    expected = _share(_in_ellipse(a, size), _in_ellipse(b, size))
    assert geometry.outlines([a], [b], size)[0, 0] == pytest.approx(expected, abs=0.01)


def test_a_turn_depends_on_the_pictures_sides() -> None:
    a, b = box(40, 40, 20, 20, rotation=90), box(20, 40, 20, 20)
    assert geometry.outlines([a], [b], SQUARE)[0, 0] == pytest.approx(1.0)
    assert geometry.outlines([a], [b], OBLONG)[0, 0] < 0.5


@quick
@given(st.lists(RECTANGLES, max_size=3), st.lists(RECTANGLES, max_size=3))
def test_outlines_of_plain_boxes_are_as_by_arithmetic(ours: list[Rectangle], theirs: list[Rectangle]) -> None:
    ours, theirs = ([r.model_copy(update={"rotation": 0.0}) for r in side] for side in (ours, theirs))
    assert geometry.outlines(ours, theirs, None) == pytest.approx(geometry.boxes(ours, theirs), abs=1e-9)


@quick
@given(POLYGONS)
def test_any_polygon_is_itself_even_one_that_crosses_itself(polygon: Polygon) -> None:
    assert geometry.outlines([polygon], [polygon], None)[0, 0] == 1.0


def test_polygons_that_cross_themselves_overlap_by_their_areas() -> None:
    """Two that differ in two corners; without a grid one way round gives 0.74, the other way 0.37."""
    shared = ((34, 74), (90, 9), (0, 42), (8, 61))
    a, b = Polygon(points=((57, 0), *shared, (51, 0))), Polygon(points=((80, 45), *shared, (51, 3)))
    forth, back = geometry.outlines([a], [b], None)[0, 0], geometry.outlines([b], [a], None)[0, 0]
    assert forth == pytest.approx(back)
    assert forth == pytest.approx(_share(_in_polygon(a), _in_polygon(b)), abs=0.01)


def test_a_polygon_equals_the_box_with_its_corners() -> None:
    corners = Polygon(points=((10, 10), (30, 10), (30, 20), (10, 20)))
    assert geometry.outlines([corners], [box(10, 10, 20, 10)], None)[0, 0] == 1.0


@quick
@given(masks(), masks())
def test_masks_against_pixels(a: Mask, b: Mask) -> None:
    one, other = geometry.pixels(a), geometry.pixels(b)
    expected = (one & other).sum() / (one | other).sum() if (one | other).any() else 1.0
    assert geometry.masks([a], [b])[0, 0] == pytest.approx(expected)


@quick
@given(masks())
def test_runs_and_pixels_are_the_same(mask: Mask) -> None:
    on = geometry.pixels(mask)
    again = mask.model_copy(update={"runs": geometry.runs(on)})
    assert (geometry.pixels(again) == on).all()
    assert sum(again.runs) == mask.width * mask.height


def test_a_mask_at_another_scale_is_the_same_mask() -> None:
    on = np.zeros((4, 6), dtype=bool)
    on[1:3, 2:5] = True
    small = Mask(width=6, height=4, runs=geometry.runs(on))
    large = Mask(width=12, height=8, runs=geometry.runs(on.repeat(2, axis=0).repeat(2, axis=1)))
    assert geometry.masks([small], [large])[0, 0] == geometry.masks([large], [small])[0, 0] == 1.0
