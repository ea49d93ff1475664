from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings

from connectors.label_studio.label_config import interface, parse
from connectors.label_studio.results import decode, encode, validate
from connectors.label_studio.results.fields import KINDS
from models import values
from models.errors import ConfigurationError
from models.types import PictureSize, Region
from tests.support.label_types import CONFIG, CONTROLS, EXAMPLES, SIZE, XML, item_regions


def one(control: str, value: values.Value, **more: Any) -> dict[str, Any]:
    [entry] = encode([Region(control=control, value=value, **more)], CONFIG)
    return entry


CHOICES = parse(
    """<View><Text name="t" value="$x"/>
<Choices name="one" toName="t"><Choice value="a"/><Choice value="b"/></Choices>
<Choices name="many" toName="t" choice="multiple"><Choice value="p"/><Choice value="q"/><Choice value="r"/></Choices>
</View>"""
)


def chosen(control: str, *labels: str, score: float | None = None) -> Region:
    return Region(control=control, value=values.Choices(labels=labels), score=score)


def test_the_envelope() -> None:
    [made] = encode([chosen("one", "a", score=0.25)], CHOICES)
    assert made == {
        "id": made["id"],
        "from_name": "one",
        "to_name": "t",
        "type": "choices",
        "value": {"choices": ["a"]},
        "score": 0.25,
    }
    assert (
        encode([chosen("one", "b")], CHOICES)[0]["id"] == made["id"] != encode([chosen("many", "p")], CHOICES)[0]["id"]
    )
    assert "score" not in encode([chosen("one", "a")], CHOICES)[0]


def test_order_is_that_of_the_label_config() -> None:
    made = encode([chosen("many", "r", "p"), chosen("one", "b")], CHOICES)
    assert [item["from_name"] for item in made] == ["one", "many"]
    assert made[1]["value"]["choices"] == ["p", "r"]


def test_no_label_is_no_entry() -> None:
    assert encode([chosen("many"), chosen("one", "a")], CHOICES) == encode([chosen("one", "a")], CHOICES)


@pytest.mark.parametrize(("control", "value", "expected"), EXAMPLES)
def test_the_value_of_every_tag(control: str, value: values.Value, expected: dict[str, Any]) -> None:
    entry = one(control, value)
    spec = CONTROLS[control]
    assert entry["value"] == expected
    assert (entry["from_name"], entry["to_name"], entry["type"]) == (control, spec.input.name, spec.kind)


def test_every_kind_of_control_is_there() -> None:
    assert {control.kind for control in CONFIG.controls} == KINDS.keys()


def test_picture_regions_carry_the_size_of_the_picture() -> None:
    box = values.Rectangle(x=0, y=0, width=1, height=1, labels=("cat",))
    size = {"original_width": 30, "original_height": 20, "image_rotation": 0}
    assert one("boxes", box, size=PictureSize(width=30, height=20)).items() >= size.items()
    assert "original_width" not in one("boxes", box)
    assert "original_width" not in one("several", values.Choices(labels=("p",)), size=SIZE)
    mask = values.Mask(width=4, height=2, runs=(1, 7), labels=("cat",))
    assert one("paints", mask)["original_width"] == 4
    assert one("paints", mask)["value"]["format"] == "rle"


def test_one_line_of_a_page_is_one_region() -> None:
    """Box, label and text share the id and the place, as the page writes them."""
    box = values.Rectangle(x=1, y=2, width=3, height=4)
    regions = [
        Region(control="line", value=values.Text(texts=("hello",)), group="l", size=SIZE),
        Region(control="shapes", value=values.Choices(labels=("s",)), group="l", size=SIZE),
        Region(control="box", value=box, group="l", size=SIZE, score=0.5),
        Region(control="box", value=box, group="m", size=SIZE),
    ]
    result = encode(regions, CONFIG)
    place = {"x": 1, "y": 2, "width": 3, "height": 4, "rotation": 0}
    first, other, label, text = result
    assert first["id"] == label["id"] == text["id"] != other["id"]
    assert (label["value"], text["value"]) == (place | {"labels": ["s"]}, place | {"text": ["hello"]})
    assert {entry["original_width"] for entry in result} == {SIZE.width}
    assert (label["type"], text["type"], first["score"]) == ("labels", "textarea", 0.5)


def test_labels_of_a_track_stand_in_the_track() -> None:
    step = values.KeyFrame(frame=1, time=0, x=1, y=2, width=3, height=4)
    track = values.Track(frames=1, duration=0, sequence=(step,))
    regions = [
        Region(control="tracks", value=track, group="t"),
        Region(control="tracked", value=values.Choices(labels=("car",)), group="t"),
    ]
    [entry] = encode(regions, CONFIG)
    assert (entry["type"], entry["value"]["labels"]) == ("videorectangle", ["car"])
    assert "labels" not in one("tracks", track)["value"]


def test_ids_depend_on_names_and_order_only() -> None:
    boxes = [values.Rectangle(x=i, y=0, width=1, height=1, labels=("cat",)) for i in range(3)]
    ids = [item["id"] for item in encode([Region(control="boxes", value=box) for box in boxes], CONFIG)]
    assert len(set(ids)) == 3
    again = encode([Region(control="boxes", value=box) for box in boxes[::-1]], CONFIG)
    assert [item["id"] for item in again] == ids
    assert one("stars", values.Rating(stars=1))["id"] == one("stars", values.Rating(stars=2))["id"]
    assert one("boxes", boxes[0], group="stars")["id"] != one("stars", values.Rating(stars=1))["id"]


@pytest.mark.parametrize(
    "region",
    [
        Region(control="choices", value=values.Choices(labels=())),
        Region(control="taxonomy", value=values.Taxonomy(paths=())),
        Region(control="note", value=values.Text(texts=())),
        Region(control="pair", value=values.Pair(selected="none")),
        Region(control="order", value=values.Ranking(buckets={})),
    ],
)
def test_nothing_said_is_no_entry(region: Region) -> None:
    assert encode([region], CONFIG) == []


@pytest.mark.parametrize(
    ("control", "value", "says"),
    [
        ("gone", values.Rating(stars=1), "no control 'gone'"),
        ("choices", values.Rating(stars=1), "'choices' is a choices on text, it holds no rating"),
        ("sounds", values.TextSpan(start=0, end=1), "'sounds' is a labels on audio, it holds no span"),
        ("shapes", values.Segment(start=0, end=1), "'shapes' is a labels on image, it holds no segment"),
        ("box", values.Rectangle(x=0, y=0, width=1, height=1, labels=("s",)), "has no labels"),
    ],
)
def test_what_a_control_cannot_hold(control: str, value: values.Value, says: str) -> None:
    with pytest.raises(ConfigurationError, match=says):
        one(control, value)


def in_order(regions: list[Region]) -> list[Region]:
    """As the label config names the controls."""
    names = [control.name for control in CONFIG.controls]
    return sorted(regions, key=lambda region: names.index(region.control))


def renamed(regions: list[Region]) -> list[Region]:
    """Groups by their first member instead of their name."""
    first: dict[str, str] = {}
    return [
        region.model_copy(update={"group": region.group and first.setdefault(region.group, str(index))})
        for index, region in enumerate(regions)
    ]


@settings(deadline=None)
@given(item_regions())
def test_round_trip_of_everything(regions: list[Region]) -> None:
    result = json.loads(json.dumps(encode(regions, CONFIG)))
    prediction = {"result": result, "score": 0.5, "model_version": "v"}
    assert interface(XML).validate_prediction(prediction, return_errors=True) == []
    assert validate(prediction, interface(XML)) == []
    back = list(decode(result, CONFIG))
    assert renamed(back) == renamed(in_order(regions))
    assert encode(back, CONFIG) == result


def test_buckets() -> None:
    xml = """<View><List name="l" value="$l"/><Ranker name="r" toName="l"><Bucket name="good"/><Bucket name="bad"/>
    </Ranker></View>"""
    value = values.Ranking(buckets={"good": ("1",), "bad": ()})
    result = encode([Region(control="r", value=value)], parse(xml))
    assert result[0]["value"] == {"ranker": {"good": ["1"], "bad": []}}
    assert decode(result, parse(xml))[0].value == value
    assert validate({"result": result, "score": 0.5, "model_version": "v"}, interface(xml)) == []
