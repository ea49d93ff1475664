"""Controls and regions of every kind, made up for the tests of losses."""

from __future__ import annotations

from typing import Any, get_args

from hypothesis import settings
from hypothesis import strategies as st

from models.types import ControlKind, ControlSpec, InputSpec, Medium, PictureSize, Region
from models.values import (
    Choices,
    DateTime,
    DialogueSpan,
    Ellipse,
    FrameRanges,
    HyperTextSpan,
    KeyFrame,
    KeyPoint,
    Mask,
    Number,
    Pair,
    Polygon,
    Ranking,
    Rating,
    Rectangle,
    Segment,
    Taxonomy,
    Text,
    TextSpan,
    Track,
    Value,
)

KINDS: tuple[ControlKind, ...] = get_args(ControlKind)
NAME = "control"
quick = settings(max_examples=50, deadline=None)
"""No deadline: a busy machine is no counter-example."""
PICTURE = PictureSize(width=640, height=480)

MEDIA: dict[str, Medium] = {
    "hypertextlabels": Medium.HYPERTEXT,
    "paragraphlabels": Medium.DIALOGUE,
    "timeserieslabels": Medium.TIMESERIES,
    "videorectangle": Medium.VIDEO,
    "timelinelabels": Medium.VIDEO,
    "ranker": Medium.LIST,
}
ON_TEXT = ("choices", "taxonomy", "labels", "textarea", "rating", "number", "datetime", "pairwise")


def control(kind: ControlKind, medium: Medium | None = None, **fields: Any) -> ControlSpec:
    if medium is None:
        medium = MEDIA.get(kind, Medium.TEXT if kind in ON_TEXT else Medium.IMAGE)
    source = InputSpec(name="object", field="body", medium=medium)
    if kind == "rating":
        fields = {"maximum": 5.0} | fields
    return ControlSpec(name=NAME, kind=kind, **{"labels": ("a", "b"), "multiple": True, "input": source} | fields)


def region(value: Value, group: str | None = None, control: str = NAME) -> Region:
    return Region(control=control, value=value, group=group)


def box(x: float, y: float, width: float, height: float, *labels: str, rotation: float = 0.0) -> Rectangle:
    return Rectangle(x=x, y=y, width=width, height=height, rotation=rotation, labels=labels)


def track(
    *keys: tuple[int, float], frames: int = 10, labels: tuple[str, ...] = ("a",), off: int | None = None
) -> Track:
    """A box of 10 x 10 at (x, 0) in these frames, which goes away in frame ``off``."""
    sequence = [KeyFrame(frame=frame, time=frame / 25, x=x, y=0, width=10, height=10) for frame, x in keys]
    if off is not None:
        sequence.append(sequence[-1].model_copy(update={"frame": off, "enabled": False}))
    return Track(frames=frames, duration=frames / 25, sequence=tuple(sequence), labels=labels)


LABELS = st.sampled_from([("a",), ("b",), ("a", "b")])
PERCENT = st.integers(0, 90).map(float)
SIDE = st.integers(0, 30).map(float)
TURN = st.sampled_from([0.0, 0.0, 30.0, 90.0])
PLACE = st.integers(0, 20)
LENGTH = st.integers(0, 10)


def _stretch(kind: Any, **fields: Any) -> st.SearchStrategy[Any]:
    made = st.builds(
        lambda start, length, rest: kind(start=start, end=start + length, **rest), PLACE, LENGTH, _rest(fields)
    )
    return made


def _rest(fields: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"labels": LABELS, **fields})


TEXT_SPANS = _stretch(TextSpan)
HYPERTEXT_SPANS = st.builds(
    lambda start, length, labels: HyperTextSpan(
        start="/p[1]/text()[1]", end="/p[1]/text()[1]", start_offset=start, end_offset=start + length, labels=labels
    ),
    PLACE,
    LENGTH,
    LABELS,
)
DIALOGUE_SPANS = st.builds(
    lambda turn, turns, start, end, labels: DialogueSpan(
        start=turn, end=turn + turns, start_offset=start, end_offset=start + end, labels=labels
    ),
    st.integers(0, 3),
    st.integers(0, 1),
    PLACE,
    LENGTH,
    LABELS,
)
SEGMENTS = _stretch(Segment, channel=st.sampled_from([None, None, 0, 1]))
RECTANGLES = st.builds(Rectangle, x=PERCENT, y=PERCENT, width=SIDE, height=SIDE, rotation=TURN, labels=LABELS)
ELLIPSES = st.builds(Ellipse, x=PERCENT, y=PERCENT, radius_x=SIDE, radius_y=SIDE, rotation=TURN, labels=LABELS)
POLYGONS = st.builds(
    lambda points, labels: Polygon(points=tuple(points), labels=labels),
    st.lists(st.tuples(PERCENT, PERCENT), min_size=3, max_size=6),
    LABELS,
)
KEY_POINTS = st.builds(KeyPoint, x=PERCENT, y=PERCENT, labels=LABELS)


@st.composite
def masks(draw: st.DrawFn, width: int = 6, height: int = 5) -> Mask:
    left, runs = width * height, []
    while left:
        runs.append(draw(st.integers(0, left)))
        left -= runs[-1]
        if len(runs) > 12:
            runs[-1] += left
            left = 0
    return Mask(width=width, height=height, runs=tuple(runs), labels=draw(LABELS))


TRACKS = st.builds(
    lambda first, more, x, y, off, labels: track((first, x), (first + more, y), labels=labels, off=off),
    st.integers(1, 5),
    st.integers(1, 4),
    PERCENT,
    PERCENT,
    st.sampled_from([None, 10]),
    LABELS,
)
RANGES = st.builds(
    lambda ranges, labels: FrameRanges(ranges=tuple((start, start + n) for start, n in ranges), labels=labels),
    st.lists(st.tuples(st.integers(1, 20), st.integers(0, 10)), min_size=1, max_size=3),
    LABELS,
)
PATHS = st.sampled_from([("a",), ("b",), ("a", "c"), ("a", "d"), ("a", "c", "e")])
WORDS = st.text("aAbé é字 ", max_size=8)
ITEMS = st.lists(st.sampled_from("uvwxyz"), unique=True, max_size=6).map(tuple)

VALUES: dict[str, st.SearchStrategy[Any]] = {
    "choices": st.builds(Choices, labels=LABELS),
    "taxonomy": st.lists(PATHS, max_size=3).map(lambda paths: Taxonomy(paths=tuple(paths))),
    "labels": TEXT_SPANS,
    "hypertextlabels": HYPERTEXT_SPANS,
    "paragraphlabels": DIALOGUE_SPANS,
    "rectangle": RECTANGLES,
    "rectanglelabels": RECTANGLES,
    "ellipse": ELLIPSES,
    "ellipselabels": ELLIPSES,
    "polygon": POLYGONS,
    "polygonlabels": POLYGONS,
    "brush": masks(),
    "brushlabels": masks(),
    "keypoint": KEY_POINTS,
    "keypointlabels": KEY_POINTS,
    "timeserieslabels": SEGMENTS,
    "videorectangle": TRACKS,
    "timelinelabels": RANGES,
    "textarea": st.lists(WORDS, max_size=3).map(lambda texts: Text(texts=tuple(texts))),
    "rating": st.builds(Rating, stars=st.integers(0, 5)),
    "number": st.builds(Number, number=st.floats(-1e6, 1e6)),
    "datetime": st.sampled_from(["2024-01-01", "2024-01-01T00:00:00", "2024-02-01", "soon"]).map(
        lambda text: DateTime(text=text)
    ),
    "pairwise": st.builds(Pair, selected=st.sampled_from(["left", "right", "none"])),
    "ranker": ITEMS.map(lambda items: Ranking(buckets={NAME: items})),
}

ONE = ("pairwise", "ranker")
"""Kinds that are answered once an item."""


def regions(kind: str) -> st.SearchStrategy[tuple[Region, ...]]:
    return st.lists(VALUES[kind].map(region), max_size=1 if kind in ONE else 4).map(tuple)
