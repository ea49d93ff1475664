from __future__ import annotations

import pytest

from connectors.label_studio.results.bounds import problems
from models import values
from tests.support.label_types import CONTROLS

STEP = values.KeyFrame(frame=3, time=0, x=1, y=2, width=3, height=4)


def track(*steps: values.KeyFrame) -> values.Track:
    return values.Track(frames=5, duration=1, sequence=steps)


def box(x: float = 0, y: float = 0, width: float = 1, height: float = 1, rotation: float = 0) -> values.Rectangle:
    return values.Rectangle(x=x, y=y, width=width, height=height, rotation=rotation)


BAD: list[tuple[str, values.Value, str]] = [
    ("box", box(x=-0.5), "x must be from 0 to 100 percent"),
    ("box", box(y=100.5), "y must be from 0 to 100 percent"),
    ("box", box(x=60, width=40.1), "reaches over the right edge, to 100.1"),
    ("box", box(y=60, height=50), "reaches over the lower edge, to 110"),
    ("box", box(y=60, height=50, rotation=360), "reaches over the lower edge"),
    ("box", box(width=0), "the box is empty"),
    ("oval", values.Ellipse(x=5, y=5, radius_x=0, radius_y=5), "radii"),
    ("oval", values.Ellipse(x=5, y=5, radius_x=5, radius_y=51), "radii"),
    ("oval", values.Ellipse(x=101, y=5, radius_x=5, radius_y=5), "x must be"),
    ("area", values.Polygon(points=((0, 0), (1, 0), (1, -1))), "y must be"),
    ("point", values.KeyPoint(x=-1, y=0), "x must be"),
    ("paint", values.Mask(width=2, height=2, runs=(4,)), "no pixel"),
    ("spans", values.TextSpan(start=3, end=3), "empty"),
    ("spans", values.TextSpan(start=3, end=2), "before the start"),
    ("hyper", values.HyperTextSpan(start="/a", end="/a", start_offset=3, end_offset=2), "before the start"),
    (
        "hyper",
        values.HyperTextSpan(start="/a", end="/b", start_offset=3, end_offset=2, global_start=4, global_end=4),
        "empty",
    ),
    ("utterances", values.DialogueSpan(start=3, end=2, start_offset=0, end_offset=9), "before the start"),
    ("utterances", values.DialogueSpan(start=3, end=3, start_offset=5, end_offset=5), "empty"),
    ("sounds", values.Segment(start=2, end=1.5), "before the start"),
    ("sounds", values.Segment(start=2, end=2), "empty"),
    ("sounds", values.Segment(start=-1, end=2), "0 s or later"),
    ("events", values.Segment(start=2, end=1), "before the start"),
    ("scenes", values.FrameRanges(ranges=((1, 2), (4, 3))), "4 to 3"),
    ("scenes", values.FrameRanges(ranges=((0, 3),)), "0 to 3"),
    ("tracks", track(STEP.model_copy(update={"x": 99.0})), "right edge"),
    ("tracks", track(STEP, STEP), "two key frames"),
    ("tracks", track(STEP.model_copy(update={"frame": 6})), "beyond the video's 5 frames"),
    ("stars", values.Rating(stars=8), "7 is the most"),
    ("count", values.Number(number=5.5), "5 or less"),
    ("count", values.Number(number=-5.5), "-5 or more"),
    ("day", values.DateTime(text=""), "empty"),
    ("order", values.Ranking(buckets={"other": ("1",)}), "no bucket 'other'"),
    ("order", values.Ranking(buckets={"order": ("1", "1")}), "twice"),
]


@pytest.mark.parametrize(("control", "value", "says"), BAD)
def test_what_cannot_be(control: str, value: values.Value, says: str) -> None:
    found = list(problems(value, CONTROLS[control]))
    assert any(says in problem for problem in found), found


@pytest.mark.parametrize(
    ("control", "value"),
    [
        ("box", box(x=60, width=40)),
        ("box", box(x=0.1 + 0.2, width=99.7)),
        ("box", box(x=90, width=40, rotation=90)),
        ("hyper", values.HyperTextSpan(start="/b", end="/a", start_offset=3, end_offset=2)),
        ("utterances", values.DialogueSpan(start=2, end=3, start_offset=9, end_offset=0)),
        ("events", values.Segment(start=-2, end=-2)),
        ("scenes", values.FrameRanges(ranges=((1, 1),))),
        ("tracks", track(STEP, STEP.model_copy(update={"frame": 4, "enabled": False}))),
        ("choices", values.Choices(labels=())),
    ],
)
def test_what_can_be(control: str, value: values.Value) -> None:
    assert list(problems(value, CONTROLS[control])) == []
