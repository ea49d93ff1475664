from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.tasks.overlap import FALLOFF, interval, overlaps, similarity
from models.types import PictureSize
from models.values import HyperTextSpan, KeyPoint, Segment, TextSpan, Value
from tests.unit.models.tasks.marks import VALUES, box, quick

MARK = st.sampled_from([kind for kind in VALUES if "label" in kind]).flatmap(lambda kind: VALUES[kind])
PLACE = st.integers(0, 20)


@quick
@given(MARK, MARK)
def test_in_range_symmetric_and_one_on_itself(a: Value, b: Value) -> None:
    forth, back = overlaps([a], [b], None), overlaps([b], [a], None)
    assert forth == pytest.approx(back)
    assert 0.0 <= forth[0, 0] <= 1.0
    assert overlaps([a], [a], None)[0, 0] == 1.0


@quick
@given(PLACE, PLACE, PLACE, PLACE)
def test_stretches_against_counted_characters(start: int, length: int, other: int, size: int) -> None:
    one, two = set(range(start, start + length)), set(range(other, other + size))
    expected = len(one & two) / len(one | two) if one | two else float(start == other)
    assert interval((start, start + length), (other, other + size)) == pytest.approx(expected)


def test_points_are_alike_by_their_distance_in_pixels() -> None:
    size = PictureSize(width=400, height=100)
    across, down = KeyPoint(x=51, y=50), KeyPoint(x=50, y=54)
    assert similarity(KeyPoint(x=50, y=50), across, size) == pytest.approx(similarity(KeyPoint(x=50, y=50), down, size))
    at_scale = KeyPoint(x=50 + 100 * FALLOFF, y=50)
    assert similarity(KeyPoint(x=50, y=50), at_scale, None) == pytest.approx(math.exp(-0.5))


def test_channels_are_apart_unless_one_is_all() -> None:
    left, right, both = (Segment(start=0, end=1, channel=channel) for channel in (0, 1, None))
    assert overlaps([left, right, both], [left], None)[:, 0] == pytest.approx([1.0, 0.0, 1.0])


def test_html_is_compared_by_its_visible_text_where_that_is_known() -> None:
    def span(path: str, place: int | None) -> HyperTextSpan:
        end = None if place is None else place + 4
        return HyperTextSpan(start=path, end=path, start_offset=0, end_offset=4, global_start=place, global_end=end)

    assert overlaps([span("/p[1]", 10)], [span("/div[1]/p[1]", 10)], None)[0, 0] == 1.0
    assert overlaps([span("/p[1]", 10)], [span("/p[1]", 12)], None)[0, 0] == pytest.approx(1 / 3)
    assert overlaps([span("/p[1]", None)], [span("/div[1]/p[1]", 10)], None)[0, 0] == 0.0


def test_different_kinds_have_nothing_in_common() -> None:
    assert overlaps([TextSpan(start=0, end=4)], [box(0, 0, 4, 4)], None)[0, 0] == 0.0
