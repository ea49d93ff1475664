from __future__ import annotations

import pytest

from models.tasks import keypoints
from models.values import KeyPoint
from tests.unit.models.tasks.marks import control, region

POINTS = control("keypointlabels")


@pytest.mark.parametrize(("away", "expected"), [(0.0, 0.0), (2.9, 0.0), (3.0, 1.0)])
def test_a_point_is_the_same_up_to_three_percent_of_the_side(away: float, expected: float) -> None:
    there, here = KeyPoint(x=50 + away, y=50, labels=("a",)), KeyPoint(x=50, y=50, labels=("a",))
    assert keypoints.loss((region(there),), (region(here),), POINTS) == expected


def test_labels_count_unless_the_control_has_none() -> None:
    ours, theirs = (region(KeyPoint(x=50, y=50, labels=(label,))) for label in "ab")
    assert keypoints.loss((ours,), (theirs,), POINTS) == 1.0
    assert keypoints.loss((ours,), (theirs,), control("keypoint")) == 0.0


def test_one_of_three_is_missed() -> None:
    points = [region(KeyPoint(x=x, y=50, labels=("a",))) for x in (10, 30, 50)]
    assert keypoints.loss(points[:2], points, POINTS) == pytest.approx(1 - 4 / 5)
