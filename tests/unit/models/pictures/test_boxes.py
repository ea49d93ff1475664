from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.pictures.boxes import Boxes, Floats, iou, suppress

SIDE = st.integers(0, 12)
ROW = st.tuples(SIDE, SIDE, SIDE, SIDE, st.floats(0, 1), st.integers(0, 2))


def made(rows: list[tuple[int, int, int, int, float, int]]) -> Boxes:
    values = np.array([row[:5] for row in rows], dtype=np.float64).reshape(-1, 5)
    corners = np.concatenate([values[:, :2], values[:, :2] + values[:, 2:4]], axis=1)
    return Boxes(corners, values[:, 4], np.array([row[5] for row in rows], dtype=np.int64))


def cells(box: Floats) -> set[tuple[int, int]]:
    left, top, right, bottom = (int(side) for side in box)
    return {(x, y) for x in range(left, right) for y in range(top, bottom)}


def counted(one: Floats, other: Floats) -> float:
    """Intersection over union of whole-numbered boxes, by counting their unit squares."""
    both = cells(one) | cells(other)
    return len(cells(one) & cells(other)) / len(both) if both else 0.0


@given(st.lists(ROW, min_size=1, max_size=6))
def test_overlap_is_that_of_counted_squares(rows: list[tuple[int, int, int, int, float, int]]) -> None:
    corners = made(rows).corners
    assert iou(corners[0], corners) == pytest.approx([counted(corners[0], other) for other in corners])


@given(st.lists(ROW, max_size=12), st.sampled_from([0.2, 0.45, 0.7]))
def test_suppression_is_that_of_the_definition(
    rows: list[tuple[int, int, int, int, float, int]], threshold: float
) -> None:
    boxes = made(rows)
    kept: list[int] = []
    for n in sorted(range(len(rows)), key=lambda n: (-boxes.scores[n], n)):
        rivals = [k for k in kept if boxes.classes[k] == boxes.classes[n]]
        if all(counted(boxes.corners[k], boxes.corners[n]) <= threshold for k in rivals):
            kept.append(n)
    found = suppress(boxes, threshold)
    assert found.corners.tolist() == boxes.corners[kept].tolist()
    assert found.scores.tolist() == boxes.scores[kept].tolist()
    assert found.classes.tolist() == boxes.classes[kept].tolist()
