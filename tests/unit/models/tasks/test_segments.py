from __future__ import annotations

import pytest

from models.tasks import segments
from models.types import Medium
from models.values import FrameRanges, Segment
from tests.unit.models.tasks.marks import control, region

AUDIO = control("labels", Medium.AUDIO)


def test_by_hand() -> None:
    """One agrees by 0.8, one by 0.4 only, one is missed."""
    ours = (region(Segment(start=0, end=10, labels=("a",))), region(Segment(start=20, end=24, labels=("a",))))
    theirs = (
        region(Segment(start=0, end=8, labels=("a",))),
        region(Segment(start=20, end=30, labels=("a",))),
        region(Segment(start=40, end=41, labels=("a",))),
    )
    assert segments.loss(ours, theirs, AUDIO) == pytest.approx(1 - 2 / 5)


def test_as_many_pairs_as_can_be_are_made() -> None:
    """The greatest overlap, 1, would leave the others without a partner."""
    ours = (region(Segment(start=0, end=10)), region(Segment(start=0, end=19)))
    theirs = (region(Segment(start=0, end=10)), region(Segment(start=0, end=6)))
    assert segments.loss(ours, theirs, AUDIO) == 0.0


def test_an_instant_is_itself() -> None:
    instant, later = region(Segment(start=3, end=3)), region(Segment(start=4, end=4))
    assert segments.loss((instant,), (instant,), control("timeserieslabels")) == 0.0
    assert segments.loss((instant,), (later,), control("timeserieslabels")) == 1.0


def test_ranges_of_one_region_count_each_for_itself() -> None:
    together = (region(FrameRanges(ranges=((1, 5), (11, 15)), labels=("a",))),)
    apart = tuple(region(FrameRanges(ranges=(part,), labels=("a",))) for part in ((11, 15), (1, 5)))
    assert segments.loss(together, apart, control("timelinelabels")) == 0.0
    assert segments.loss(together, apart[:1], control("timelinelabels")) == pytest.approx(1 / 3)
