"""Regions of every kind on one label config of every tag: drawn by hypothesis, in the form that decoding leaves."""

from __future__ import annotations

from collections.abc import Callable
from itertools import accumulate, pairwise
from typing import Any

from hypothesis import strategies as st

from connectors.label_studio.label_config import parse
from models import values
from models.types import ControlSpec, PictureSize, Region

XML = """<View>
<Text name="text" value="$text"/><HyperText name="page" value="$html"/><Image name="image" value="$image"/>
<Audio name="audio" value="$audio"/><Video name="video" value="$video"/><Paragraphs name="talk" value="$talk"/>
<TimeSeries name="series" value="$series" timeColumn="time"><Channel column="v"/></TimeSeries>
<List name="list" value="$list"/>
<Choices name="choices" toName="text"><Choice value="a"/><Choice value="b" alias="bee"/></Choices>
<Choices name="several" toName="image" choice="multiple"><Choice value="p"/><Choice value="q"/><Choice value="r"/>
</Choices>
<Taxonomy name="taxonomy" toName="text"><Choice value="x"><Choice value="y"/><Choice value="z" alias="zed"/></Choice>
<Choice value="w"/></Taxonomy>
<Labels name="spans" toName="text" choice="multiple"><Label value="PER"/><Label value="ORG"/></Labels>
<HyperTextLabels name="hyper" toName="page"><Label value="H"/></HyperTextLabels>
<ParagraphLabels name="utterances" toName="talk"><Label value="D"/></ParagraphLabels>
<Labels name="sounds" toName="audio"><Label value="speech"/><Label value="noise"/></Labels>
<TimeSeriesLabels name="events" toName="series"><Label value="up"/></TimeSeriesLabels>
<Rectangle name="box" toName="image"/><Ellipse name="oval" toName="image"/><Polygon name="area" toName="image"/>
<Brush name="paint" toName="image"/><KeyPoint name="point" toName="image"/>
<Labels name="shapes" toName="image"><Label value="s"/><Label value="t"/></Labels>
<RectangleLabels name="boxes" toName="image"><Label value="cat"/><Label value="dog"/></RectangleLabels>
<EllipseLabels name="ovals" toName="image"><Label value="cat"/></EllipseLabels>
<PolygonLabels name="areas" toName="image"><Label value="cat"/></PolygonLabels>
<BrushLabels name="paints" toName="image"><Label value="cat"/></BrushLabels>
<KeyPointLabels name="points" toName="image"><Label value="cat"/></KeyPointLabels>
<VideoRectangle name="tracks" toName="video"/><Labels name="tracked" toName="video"><Label value="car"/></Labels>
<TimelineLabels name="scenes" toName="video"><Label value="goal"/></TimelineLabels>
<TextArea name="note" toName="audio"/><TextArea name="line" toName="image" perRegion="true"/>
<Choices name="state" toName="image" perRegion="true"><Choice value="old"/><Choice value="new"/></Choices>
<Rating name="stars" toName="text" maxRating="7"/><Number name="count" toName="image" min="-5" max="5"/>
<DateTime name="day" toName="text"/><Pairwise name="pair" toName="text,page"/>
<Ranker name="order" toName="list"/>
</View>"""
"""Bare shapes are grouped with ``shapes``, and any shape with ``line`` and ``state``."""
CONFIG = parse(XML)
CONTROLS = {control.name: control for control in CONFIG.controls}
SIZE = PictureSize(width=9, height=7)

EXAMPLES: list[tuple[str, values.Value, dict[str, Any]]] = [
    ("choices", values.Choices(labels=("bee",)), {"choices": ["bee"]}),
    ("several", values.Choices(labels=("q", "p")), {"choices": ["p", "q"]}),
    ("taxonomy", values.Taxonomy(paths=(("w",), ("x", "zed"))), {"taxonomy": [["x", "zed"], ["w"]]}),
    (
        "spans",
        values.TextSpan(start=1, end=3, text="bc", labels=("ORG", "PER")),
        {"start": 1, "end": 3, "text": "bc", "labels": ["PER", "ORG"]},
    ),
    (
        "hyper",
        values.HyperTextSpan(
            start="/p[1]/text()[1]",
            end="/p[2]/text()[1]",
            start_offset=2,
            end_offset=4,
            global_start=2,
            global_end=9,
            text="x",
            labels=("H",),
        ),
        {
            "start": "/p[1]/text()[1]",
            "end": "/p[2]/text()[1]",
            "startOffset": 2,
            "endOffset": 4,
            "globalOffsets": {"start": 2, "end": 9},
            "text": "x",
            "hypertextlabels": ["H"],
        },
    ),
    (
        "utterances",
        values.DialogueSpan(start=0, end=2, start_offset=3, end_offset=1, text="y", labels=("D",)),
        {"start": "0", "end": "2", "startOffset": 3, "endOffset": 1, "text": "y", "paragraphlabels": ["D"]},
    ),
    (
        "sounds",
        values.Segment(start=0.5, end=1.25, channel=1, labels=("noise",)),
        {"start": 0.5, "end": 1.25, "channel": 1, "labels": ["noise"]},
    ),
    (
        "events",
        values.Segment(start=3, end=3, labels=("up",)),
        {"start": 3, "end": 3, "instant": True, "timeserieslabels": ["up"]},
    ),
    (
        "events",
        values.Segment(start=3, end=4, labels=("up",)),
        {"start": 3, "end": 4, "instant": False, "timeserieslabels": ["up"]},
    ),
    (
        "boxes",
        values.Rectangle(x=1, y=2, width=3, height=4, labels=("dog",)),
        {"x": 1, "y": 2, "width": 3, "height": 4, "rotation": 0, "rectanglelabels": ["dog"]},
    ),
    (
        "oval",
        values.Ellipse(x=1, y=2, radius_x=3, radius_y=4, rotation=5),
        {"x": 1, "y": 2, "radiusX": 3, "radiusY": 4, "rotation": 5},
    ),
    (
        "areas",
        values.Polygon(points=((1, 1), (2, 2), (3, 1)), labels=("cat",)),
        {"points": [[1, 1], [2, 2], [3, 1]], "closed": True, "polygonlabels": ["cat"]},
    ),
    ("points", values.KeyPoint(x=1, y=2, labels=("cat",)), {"x": 1, "y": 2, "width": 0.5, "keypointlabels": ["cat"]}),
    (
        "tracks",
        values.Track(
            frames=10,
            duration=1.0,
            sequence=(values.KeyFrame(frame=1, time=0.1, x=1, y=2, width=3, height=4),),
            labels=("car",),
        ),
        {
            "framesCount": 10,
            "duration": 1.0,
            "sequence": [
                {"frame": 1, "time": 0.1, "x": 1, "y": 2, "width": 3, "height": 4, "rotation": 0, "enabled": True}
            ],
            "labels": ["car"],
        },
    ),
    (
        "scenes",
        values.FrameRanges(ranges=((1, 5), (7, 7)), labels=("goal",)),
        {"ranges": [{"start": 1, "end": 5}, {"start": 7, "end": 7}], "timelinelabels": ["goal"]},
    ),
    ("note", values.Text(texts=("hello",)), {"text": ["hello"]}),
    ("stars", values.Rating(stars=4), {"rating": 4}),
    ("count", values.Number(number=4.5), {"number": 4.5}),
    ("day", values.DateTime(text="2024-01-31"), {"datetime": "2024-01-31"}),
    ("pair", values.Pair(selected="right"), {"selected": "right"}),
    ("order", values.Ranking(buckets={"order": ("b", "a")}), {"ranker": {"order": ["b", "a"]}}),
]
"""Control, value, and what the annotator's page writes for it as the ``value`` of an entry."""

PERCENT = st.floats(0, 100)
WORDS = st.text(max_size=8)
SCORES = st.none() | st.floats(0, 1)


@st.composite
def _rectangles(draw: st.DrawFn) -> dict[str, float]:
    x, y = draw(st.floats(0, 90)), draw(st.floats(0, 90))
    width, height = draw(st.floats(0.1, 100 - x)), draw(st.floats(0.1, 100 - y))
    return {"x": x, "y": y, "width": width, "height": height, "rotation": draw(st.sampled_from([0.0, 30.0, 359.0]))}


@st.composite
def _masks(draw: st.DrawFn) -> values.Mask:
    pixels = SIZE.width * SIZE.height
    cuts = sorted(draw(st.sets(st.integers(1, pixels - 1), min_size=1)))
    runs = [after - before for before, after in pairwise([0, *cuts, pixels])]
    return values.Mask(width=SIZE.width, height=SIZE.height, runs=tuple([0] * draw(st.booleans()) + runs))


@st.composite
def _tracks(draw: st.DrawFn) -> values.Track:
    frames = sorted(draw(st.sets(st.integers(1, 40), min_size=1, max_size=4)))
    steps = [
        values.KeyFrame(frame=frame, time=draw(st.floats(0, 9)), enabled=draw(st.booleans()), **draw(_rectangles()))
        for frame in frames
    ]
    return values.Track(frames=40, duration=draw(st.floats(0, 9)), sequence=tuple(steps))


def _stretch(least: int = 1) -> st.SearchStrategy[list[int]]:
    return st.tuples(st.integers(0, 99), st.integers(least, 99)).map(lambda pair: list(accumulate(pair)))


def _seconds(start: float, length: float) -> values.Segment:
    return values.Segment(start=start, end=start + length)


PLACES: dict[str, st.SearchStrategy[values.Value]] = {
    "span": st.builds(
        lambda ends, text: values.TextSpan(start=ends[0], end=ends[1], text=text), ends=_stretch(), text=WORDS
    ),
    "hypertext": st.builds(
        lambda ends, known, text: values.HyperTextSpan(
            start="/p[1]/text()[1]",
            end="/p[1]/text()[1]",
            start_offset=ends[0],
            end_offset=ends[1],
            global_start=7 if known else None,
            global_end=9 if known else None,
            text=text,
        ),
        ends=_stretch(),
        known=st.booleans(),
        text=WORDS,
    ),
    "dialogue": st.builds(
        lambda ends, offsets, text: values.DialogueSpan(
            start=ends[0], end=ends[1], start_offset=offsets[0], end_offset=offsets[1], text=text
        ),
        ends=_stretch(0),
        offsets=_stretch(),
        text=WORDS,
    ),
    "audio": st.builds(
        lambda segment, channel: segment.model_copy(update={"channel": channel}),
        st.builds(_seconds, st.floats(0, 60), st.floats(0.1, 60)),
        st.none() | st.integers(0, 1),
    ),
    "series": st.builds(_seconds, st.floats(-60, 60), st.floats(0, 60)),
    "rectangle": _rectangles().map(lambda sides: values.Rectangle(**sides)),
    "ellipse": st.builds(
        values.Ellipse,
        x=PERCENT,
        y=PERCENT,
        radius_x=st.floats(0.1, 50),
        radius_y=st.floats(0.1, 50),
        rotation=st.floats(0, 360),
        labels=st.just(()),
    ),
    "polygon": st.lists(st.tuples(PERCENT, PERCENT), min_size=3, max_size=5).map(
        lambda points: values.Polygon(points=tuple(points))
    ),
    "mask": _masks(),
    "keypoint": st.builds(values.KeyPoint, x=PERCENT, y=PERCENT, size=st.floats(0, 5), labels=st.just(())),
    "track": _tracks(),
    "frames": st.lists(_stretch(0), min_size=1, max_size=3).map(
        lambda ranges: values.FrameRanges(ranges=tuple((start + 1, end + 1) for start, end in ranges))
    ),
}
"""Values that mark a place, without labels."""


def _labels(control: ControlSpec, *, least: int = 1) -> st.SearchStrategy[tuple[str, ...]]:
    most = len(control.labels) if control.multiple else 1
    chosen = st.sets(st.sampled_from(control.labels), min_size=least, max_size=most)
    return chosen.map(lambda labels: tuple(label for label in control.labels if label in labels))


def _texts(most: int) -> st.SearchStrategy[values.Value]:
    return st.lists(WORDS, min_size=1, max_size=most).map(lambda texts: values.Text(texts=tuple(texts)))


SAID: dict[str, st.SearchStrategy[values.Value]] = {
    "choices": _labels(CONTROLS["choices"]).map(lambda labels: values.Choices(labels=labels)),
    "several": _labels(CONTROLS["several"]).map(lambda labels: values.Choices(labels=labels)),
    "taxonomy": st.sets(st.sampled_from(CONTROLS["taxonomy"].paths), min_size=1).map(
        lambda paths: values.Taxonomy(paths=tuple(path for path in CONTROLS["taxonomy"].paths if path in paths))
    ),
    "note": _texts(3),
    "stars": st.integers(1, 7).map(lambda stars: values.Rating(stars=stars)),
    "count": st.floats(-5, 5).map(lambda number: values.Number(number=number)),
    "day": st.dates().map(lambda day: values.DateTime(text=day.isoformat())),
    "pair": st.sampled_from([values.Pair(selected="left"), values.Pair(selected="right")]),
    "order": st.permutations(["1", "2", "3"]).map(lambda ids: values.Ranking(buckets={"order": tuple(ids)})),
}
"""What is said of a whole item, by control."""

LABELLED = {
    "spans": "span",
    "hyper": "hypertext",
    "utterances": "dialogue",
    "sounds": "audio",
    "events": "series",
    "boxes": "rectangle",
    "ovals": "ellipse",
    "areas": "polygon",
    "paints": "mask",
    "points": "keypoint",
    "scenes": "frames",
}
BARE = {"box": "rectangle", "oval": "ellipse", "area": "polygon", "paint": "mask", "point": "keypoint"}


def _region(draw: st.DrawFn, name: str, value: values.Value, group: str | None = None) -> Region:
    control = CONTROLS[name]
    size = SIZE if name in BARE or LABELLED.get(name) in BARE.values() or group else None
    return Region(control=control.name, value=value, score=draw(SCORES), group=group, size=size)


@st.composite
def marked(draw: st.DrawFn, group: str) -> list[Region]:
    """One marked place, with what is said of it."""
    name = draw(st.sampled_from([*LABELLED, *BARE, "tracks"]))
    place: Any = draw(PLACES[{**LABELLED, **BARE, "tracks": "track"}[name]])
    if name == "tracks":
        labels = draw(_labels(CONTROLS["tracked"], least=0))
        return [_region(draw, name, place.model_copy(update={"labels": labels}))]
    if name in LABELLED:
        place = place.model_copy(update={"labels": draw(_labels(CONTROLS[name]))})
    if CONTROLS[name].input.name != "image":
        return [_region(draw, name, place)]
    more: dict[str, Callable[[], values.Value]] = {
        "shapes": lambda: values.Choices(labels=draw(_labels(CONTROLS["shapes"]))),
        "line": lambda: draw(_texts(2)),
        "state": lambda: values.Choices(labels=draw(_labels(CONTROLS["state"]))),
    }
    wanted = draw(st.sets(st.sampled_from(["line", "state"] if name in LABELLED else list(more))))
    told = [_region(draw, other, more[other](), group) for other in sorted(wanted)]
    return [_region(draw, name, place, group if told else None), *told]


@st.composite
def item_regions(draw: st.DrawFn) -> list[Region]:
    """Of one item: at most one region of each control that says one thing, and up to four marked places."""
    said = draw(st.sets(st.sampled_from(sorted(SAID)), max_size=4))
    regions = [_region(draw, name, draw(SAID[name])) for name in sorted(said)]
    for place in range(draw(st.integers(0, 4))):
        regions += draw(marked(f"place {place}"))
    return regions
