from __future__ import annotations

import time

import numpy as np
import pytest

from models.tasks import shapes
from models.types import PictureSize, Region
from models.values import Choices, Ellipse, Mask, Polygon
from tests.unit.models.tasks.marks import box, control, region

BOXES = control("rectanglelabels")


def test_by_hand() -> None:
    """One pair of IoU 1/3 of 2 is none; one of IoU 0.8 counts; one is missed."""
    ours = (region(box(0, 0, 10, 10, "a")), region(box(50, 50, 8, 10, "b")))
    theirs = (region(box(5, 0, 10, 10, "a")), region(box(50, 50, 10, 10, "b")), region(box(0, 50, 9, 9, "a")))
    assert shapes.loss(ours, theirs, BOXES) == pytest.approx(1 - 2 * 0.8 / 5)


def test_another_label_at_the_same_place_is_wrong_twice() -> None:
    same, other = region(box(0, 0, 10, 10, "a")), region(box(50, 0, 10, 10, "a"))
    assert shapes.loss((same, region(box(50, 0, 10, 10, "b"))), (same, other), BOXES) == pytest.approx(0.5)


def test_the_greatest_sum_not_the_first_pair_counts() -> None:
    """The first of ours overlaps both of theirs; greedily it would take the second's only partner."""
    ours = (region(box(0, 0, 10, 10, "a")), region(box(0, 0, 14, 10, "a")))
    theirs = (region(box(0, 0, 10, 10, "a")), region(box(0, 0, 7, 10, "a")))
    assert shapes.loss(ours, theirs, BOXES) == pytest.approx(1 - 2 * max(0.7 + 10 / 14, 1.0 + 0.5) / 4)


def test_a_bare_control_is_judged_by_place_alone() -> None:
    ours, theirs = (region(box(0, 0, 10, 10, "a")),), (region(box(0, 0, 10, 10, "b")),)
    assert shapes.loss(ours, theirs, control("rectangle")) == 0.0
    assert shapes.loss(ours, theirs, BOXES) == 1.0


def test_labels_beside_a_bare_box_are_judged_with_its_place() -> None:
    def answer(x: float, label: str) -> tuple[Region, ...]:
        return (
            region(box(x, 0, 10, 10), group=str(x), control="place"),
            region(Choices(labels=(label,)), group=str(x)),
        )

    assert shapes.loss(answer(0, "a"), answer(1, "a"), control("labels")) == pytest.approx(1 - 9 / 11)
    assert shapes.loss(answer(0, "a"), answer(0, "b"), control("labels")) == 1.0


def test_kinds_of_shapes_are_compared_by_their_areas() -> None:
    square = Polygon(points=((0, 0), (10, 0), (10, 10), (0, 10)), labels=("a",))
    round_ = Ellipse(x=5, y=5, radius_x=5, radius_y=5, labels=("a",))
    loss = shapes.loss((region(square),), (region(round_),), control("polygonlabels"))
    assert loss == pytest.approx(1 - np.pi / 4, abs=2e-3)  # the circle has 64 corners
    mask = Mask(width=1, height=1, runs=(0, 1), labels=("a",))
    assert shapes.loss((region(square),), (region(mask),), control("polygonlabels")) == 1.0


def test_the_pictures_size_decides_where_a_turned_box_lies() -> None:
    turned, upright = box(40, 40, 20, 20, "a", rotation=90), box(20, 40, 20, 20, "a")
    oblong = PictureSize(width=400, height=200)
    on = [(Region(control="control", value=value, size=oblong),) for value in (turned, upright)]
    assert shapes.loss((region(turned),), (region(upright),), BOXES) == pytest.approx(0.0, abs=1e-9)
    assert shapes.loss(on[0], on[1], BOXES) == 1.0


@pytest.mark.parametrize("rotation", [0.0, 5.0])
def test_a_hundred_boxes_take_a_moment(rotation: float) -> None:
    """Less than 50 ms where it was measured; the limit is ten times that, in processor time."""
    places = np.random.default_rng(0).uniform(0, 80, size=(2, 100, 2))
    ours, theirs = ([region(box(x, y, 15, 15, "a", rotation=rotation)) for x, y in side] for side in places)
    shapes.loss(ours, theirs, BOXES)
    taken = []
    for _ in range(3):
        start = time.thread_time()
        shapes.loss(ours, theirs, BOXES)
        taken.append(time.thread_time() - start)
    assert min(taken) < 0.5
