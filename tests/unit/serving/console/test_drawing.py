"""Items with what was said of them: text cut where spans begin, shapes in the picture's own pixels."""

from __future__ import annotations

import re

import pytest

from connectors.label_studio.label_config import parse
from models.types import PictureSize, Region
from models.values import (
    Choices,
    Ellipse,
    KeyPoint,
    Mask,
    Polygon,
    Ranking,
    Rectangle,
    Segment,
    Taxonomy,
    Text,
    TextSpan,
    Value,
)
from serving.console.drawing import HUES, draw, hues_of, spans
from serving.console.pages import templates

IMAGE = parse(
    '<View><Image name="i" value="$image"/><RectangleLabels name="box" toName="i"><Label value="car"/>'
    '<Label value="bus"/></RectangleLabels></View>'
)
TEXT = parse(
    '<View><Text name="t" value="$text"/><Labels name="name" toName="t"><Label value="person"/><Label value="place"/>'
    '</Labels><Choices name="mood" toName="t"><Choice value="good"/></Choices></View>'
)
AUDIO = parse(
    '<View><Audio name="a" value="$audio"/><Labels name="who" toName="a"><Label value="Speech"/></Labels></View>'
)
SIZE = PictureSize(width=200, height=100)


def html(drawing: object) -> str:
    macro = templates.env.get_template("console/drawing.html").module.drawn  # type: ignore[attr-defined]
    return str(macro(drawing, "task 1"))


def shapes(value: Value, size: PictureSize | None = SIZE) -> object:
    region = Region(control="box", value=value, size=size)
    return draw({"image": "s3://b/x.png"}, [region], IMAGE, lambda field: f"/media/{field}")


def test_spans_cut_the_text_and_overlap() -> None:
    marked = [
        Region(control="name", value=TextSpan(start=0, end=3, labels=("person",))),
        Region(control="name", value=TextSpan(start=2, end=99, labels=("place",))),
    ]
    found = spans("Ada P", marked, hues_of(TEXT))
    assert [(one.text, one.labels) for one in found] == [
        ("Ad", ("person",)),
        ("a", ("person", "place")),
        (" P", ("place",)),
    ]
    assert "".join(one.text for one in found) == "Ada P"
    assert found[0].hue != found[2].hue


def test_text_is_escaped_and_choices_are_chips() -> None:
    said = [
        Region(control="name", value=TextSpan(start=0, end=3, labels=("person",))),
        Region(control="mood", value=Choices(labels=("good",)), score=0.5),
        Region(control="mood", value=Taxonomy(paths=(("a", "b"),))),
        Region(control="mood", value=Text(texts=("<i>", "x"))),
        Region(control="mood", value=Ranking(buckets={"r": ("1", "2")})),
    ]
    page = html(draw({"text": "<b>Ada</b>"}, said, TEXT, lambda _: None))
    assert "<b>" not in page
    assert "<i>" not in page
    assert '<mark class="hue0">&lt;b&gt;<sub> person</sub></mark>' in page
    assert "mood: <strong>good</strong> <small>0.50</small>" in page
    assert "a &gt; b" in page
    assert "mood: &lt;i&gt; / x" in page
    assert "mood: 1 &gt; 2" in page


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Rectangle(x=10, y=20, width=50, height=40), '<rect x="20.00" y="20.00" width="100.00" height="40.00"/>'),
        (Ellipse(x=50, y=50, radius_x=10, radius_y=20), 'cx="100.00" cy="50.00" rx="20.00" ry="20.00"'),
        (KeyPoint(x=50, y=50, size=2), 'class="point" cx="100.00" cy="50.00" rx="4.00" ry="4.00"'),
        (Polygon(points=((0, 0), (50, 0), (50, 50))), 'points="0.00,0.00 100.00,0.00 100.00,50.00"'),
        (Rectangle(x=10, y=20, width=5, height=4, rotation=30), 'transform="rotate(30.00 20.00 20.00)"'),
    ],
)
def test_shapes_stand_in_the_pictures_pixels(value: Value, expected: str) -> None:
    page = html(shapes(value))
    assert expected in page
    assert 'viewBox="0 0 200 100"' in page
    assert '<img src="/media/image"' in page
    assert "style=" not in page


def test_a_picture_of_unknown_size_is_drawn_in_percent() -> None:
    page = html(shapes(Rectangle(x=10, y=20, width=50, height=40), None))
    assert 'viewBox="0 0 100 100" preserveAspectRatio="none"' in page
    assert '<rect x="10.00" y="20.00" width="50.00" height="40.00"/>' in page


def test_a_mask_covers_its_pixels_row_by_row() -> None:
    mask = Mask(width=4, height=2, runs=(2, 4, 2), labels=("car",))  # on: row 0 columns 2-3, row 1 columns 0-1
    page = html(shapes(mask))
    [path] = re.findall(r' d="([^"]+)"', page)
    assert path == "M100.00 0.00h100.00v50.00h-100.00zM0.00 50.00h100.00v50.00h-100.00z"
    nothing = html(shapes(Mask(width=4, height=2, runs=(8,))))
    assert ' d=""' in nothing


def test_stretches_of_audio_lie_on_one_scale() -> None:
    said = [
        Region(control="who", value=Segment(start=0, end=5, labels=("Speech",))),
        Region(control="who", value=Segment(start=5, end=20, labels=("Speech",))),
    ]
    drawing = draw({"audio": "http://x/a.wav"}, said, AUDIO, lambda field: f"/media/{field}")
    assert [(bar.start, bar.width) for bar in drawing.parts[0].bars] == [(0.0, 25.0), (25.0, 75.0)]
    assert '<audio controls preload="none" src="/media/audio"' in html(drawing)


def test_nothing_said_is_not_nothing_asked() -> None:
    assert "nothing" in html(draw({"text": "x"}, [], TEXT, lambda _: None))
    assert "nothing" not in html(draw({"text": "x"}, None, TEXT, lambda _: None))


def test_colours_repeat_after_the_last() -> None:
    labels = "".join(f'<Label value="l{n}"/>' for n in range(HUES + 1))
    config = parse(f'<View><Text name="t" value="$t"/><Labels name="n" toName="t">{labels}</Labels></View>')
    hues = hues_of(config)
    assert hues["l0"] == hues[f"l{HUES}"] == 0
    assert hues["l7"] == 7
