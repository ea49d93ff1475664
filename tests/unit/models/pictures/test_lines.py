from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.pictures.lines import Line, joined, rectangle
from models.types import PictureSize

SIZE = PictureSize(width=400, height=200)


def line(text: str, left: float, top: float, width: float = 20, height: float = 5) -> Line:
    right, bottom = left + width, top + height
    return Line(np.array([[left, top], [right, top], [right, bottom], [left, bottom]]), text, 0.9)


def test_lines_are_joined_in_reading_order() -> None:
    given_lines = [
        line("total", 10, 40),
        line("b", 50, 10.8),
        line("a", 10, 10),
        line("9.50", 60, 39),
        line("c", 90, 9),
    ]
    assert joined(given_lines) == "a b c\ntotal 9.50"
    assert joined([]) == ""


@given(
    st.floats(5, 85), st.floats(20, 100), st.floats(10, 40), st.floats(-80, 80).filter(lambda turn: abs(turn) >= 1.01)
)
def test_a_turned_box_has_the_corners_of_its_line(left: float, width: float, height: float, turn: float) -> None:
    """Label Studio turns a box around its upper left corner, clockwise, in pixels."""
    angle = math.radians(turn)
    along, down = np.array([math.cos(angle), math.sin(angle)]), np.array([-math.sin(angle), math.cos(angle)])
    start = np.array([left * 4, 100.0])
    pixels = np.array([start, start + width * along, start + width * along + height * down, start + height * down])
    box = rectangle(pixels * (100 / SIZE.width, 100 / SIZE.height), SIZE)
    turned = math.radians(box.rotation)
    end = np.array([box.x * 4, box.y * 2]) + box.width * 4 * np.array([math.cos(turned), math.sin(turned)])
    assert end == pytest.approx(pixels[1], abs=1e-6)
    assert box.height * 2 == pytest.approx(height)


def test_a_line_that_hardly_leans_gets_an_upright_box() -> None:
    leaning = Line(np.array([[10.0, 10], [50, 10.2], [50, 15.2], [10, 15]]), "x", 0.9)
    box = rectangle(leaning.corners, SIZE)
    assert (box.rotation, box.x, box.y) == (0.0, 10.0, 10.0)
    assert (box.width, box.height) == pytest.approx((40.0, 5.2))
