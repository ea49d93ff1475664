from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.label_studio.results import decode, encode
from models import values
from models.types import PictureSize, Region
from tests.support.label_types import CONFIG, CONTROLS, item_regions


def entry(control: str, value: Any, **more: Any) -> dict[str, Any]:
    spec = CONTROLS[control]
    return {"from_name": control, "to_name": spec.input.name, "type": spec.kind, "value": value, **more}


def only(control: str, value: Any, **more: Any) -> Region:
    [region] = decode([entry(control, value, **more)], CONFIG)
    return region


BOX = {"x": 1, "y": 2, "width": 3, "height": 4}
STEP = {"frame": 5, **BOX}


@pytest.mark.parametrize(
    ("control", "value", "expected"),
    [
        ("note", {"text": "one string"}, values.Text(texts=("one string",))),
        ("note", {"text": ["a", None, "b"]}, values.Text(texts=("a", "b"))),
        ("boxes", BOX | {"labels": ["cat"]}, values.Rectangle(**BOX, labels=("cat",))),
        ("boxes", BOX | {"rectanglelabels": "cat"}, values.Rectangle(**BOX, labels=("cat",))),
        ("boxes", BOX | {"rotation": None}, values.Rectangle(**BOX)),
        ("boxes", {key: str(side) for key, side in BOX.items()}, values.Rectangle(**BOX)),
        ("spans", {"start": "0", "end": 2.0, "labels": ["PER"]}, values.TextSpan(start=0, end=2, labels=("PER",))),
        (
            "utterances",
            {"start": 1, "end": 1, "startOffset": 0, "endOffset": 4, "paragraphlabels": ["D"]},
            values.DialogueSpan(start=1, end=1, start_offset=0, end_offset=4, labels=("D",)),
        ),
        (
            "hyper",
            {"start": "/a", "end": "/b", "startOffset": 0, "endOffset": 4, "globalOffsets": None},
            values.HyperTextSpan(start="/a", end="/b", start_offset=0, end_offset=4),
        ),
        ("points", {"x": 1, "y": 2}, values.KeyPoint(x=1, y=2)),
        ("areas", {"points": [[0, 0], [1, 0], [1, 1]]}, values.Polygon(points=((0, 0), (1, 0), (1, 1)))),
        ("stars", {"rating": 4.0}, values.Rating(stars=4)),
        ("count", {"number": "-2.5"}, values.Number(number=-2.5)),
        ("order", {"ranker": {"order": [2, "1"], "_": ["3"]}}, values.Ranking(buckets={"order": ("2", "1")})),
        ("taxonomy", {"taxonomy": [["w"], ["w"], "w", [1]]}, values.Taxonomy(paths=(("w",),))),
        (
            "tracks",
            {"sequence": [STEP | {"enabled": False}]},
            values.Track(frames=5, duration=0, sequence=(values.KeyFrame(frame=5, time=0, enabled=False, **BOX),)),
        ),
        (
            "tracks",
            {"framesCount": 50, "duration": 2, "sequence": [STEP], "labels": ["car"]},
            values.Track(frames=50, duration=2, sequence=(values.KeyFrame(frame=5, time=0.2, **BOX),), labels=("car",)),
        ),
    ],
)
def test_what_others_write(control: str, value: dict[str, Any], expected: values.Value) -> None:
    assert only(control, value).value == expected


@pytest.mark.parametrize(
    ("control", "value"),
    [
        ("note", {}),
        ("note", {"text": 3}),
        ("note", {"text": []}),
        ("boxes", {"x": 1, "y": 2, "width": 3}),
        ("boxes", BOX | {"x": float("nan")}),
        ("boxes", BOX | {"x": True}),
        ("boxes", BOX | {"width": -1}),
        ("spans", {"start": "/text()[1]", "end": 3}),
        ("spans", {"start": 0.5, "end": 3}),
        ("spans", {"start": -1, "end": 3}),
        ("sounds", {"start": None, "end": 3}),
        ("areas", {"points": [[0, 0], [1, 0]]}),
        ("areas", {"points": [0, 1, 2]}),
        ("paints", {"format": "rle", "rle": [1, 2, 3]}),
        ("paints", {"format": "rle", "rle": [-1]}),
        ("stars", {"rating": 4.5}),
        ("stars", {"rating": 10**400}),
        ("count", {"number": float("inf")}),
        ("pair", {"selected": "up"}),
        ("order", {"ranker": ["a"]}),
        ("order", {"ranker": {"order": "a"}}),
        ("tracks", {"sequence": []}),
        ("tracks", {"sequence": [STEP | {"frame": 0}]}),
        ("scenes", {"ranges": []}),
        ("day", {"datetime": 3}),
    ],
)
def test_broken_entries_harm_no_others(control: str, value: dict[str, Any]) -> None:
    size = {"original_width": 3, "original_height": 3}
    found = decode([entry(control, value, **size), entry("choices", {"choices": ["a"]})], CONFIG)
    assert [region.control for region in found] == ["choices"]


def test_a_mask_needs_the_size_of_its_picture() -> None:
    result = encode([Region(control="paint", value=values.Mask(width=3, height=2, runs=(1, 5)))], CONFIG)
    [region] = decode(result, CONFIG)
    assert (region.value, region.size) == (values.Mask(width=3, height=2, runs=(1, 5)), PictureSize(width=3, height=2))
    assert decode([{key: item for key, item in result[0].items() if key != "original_width"}], CONFIG) == ()
    assert decode([result[0] | {"original_width": 4}], CONFIG) == ()


def test_groups_are_what_is_about_one_marked_place() -> None:
    result = [
        entry("box", BOX, id="r"),
        entry("shapes", BOX | {"labels": ["s"]}, id="r"),
        entry("boxes", BOX | {"rectanglelabels": ["cat"]}, id="alone"),
        entry("line", BOX | {"text": ["far"]}, id="elsewhere"),
        entry("choices", {"choices": ["a"]}, id="x"),
        entry("stars", {"rating": 1}, id="x"),
    ]
    found = {region.control: region.group for region in decode(result, CONFIG)}
    assert found == {"box": "r", "shapes": "r", "boxes": None, "line": "elsewhere", "choices": None, "stars": None}


def test_labels_beside_a_track_are_the_track_s() -> None:
    video = {"framesCount": 9, "duration": 1, "sequence": [STEP]}
    result = [entry("tracks", video, id="t"), entry("tracked", video | {"labels": ["car"]}, id="t")]
    [region] = decode(result, CONFIG)
    assert (region.control, region.labels, region.group) == ("tracks", ("car",), None)


def test_what_is_found_in_the_wild() -> None:
    result: list[dict[str, Any]] = [
        {"from_name": "sentiment", "to_name": "text", "type": "choices", "value": {"choices": ["a"]}},
        {"type": "relation", "from_id": "x", "to_id": "y", "direction": "right"},
        entry("several", {"choices": ["q"]}, score=7),
        entry("several", {"choices": ["p", "q"]}),
        entry("choices", {"choices": ["no longer there"]}, score=0.5, origin="manual"),
        {"from_name": "choices"},
        {"from_name": "several", "value": {"choices": None}},
        {"from_name": "several", "value": None},
    ]
    assert decode(result, CONFIG) == (
        Region(control="choices", value=values.Choices(labels=("no longer there",)), score=0.5),
        Region(control="several", value=values.Choices(labels=("p", "q"))),
    )
    assert decode([], CONFIG) == ()


def test_two_entries_for_one_thing() -> None:
    result = [
        entry("stars", {"rating": 1}),
        entry("stars", {"rating": 2}),
        entry("note", {"text": ["a"]}),
        entry("note", {"text": "b"}, score=0.25),
        entry("taxonomy", {"taxonomy": [["w"]]}),
        entry("taxonomy", {"taxonomy": [["x"]]}),
    ]
    assert decode(result, CONFIG) == (
        Region(control="taxonomy", value=values.Taxonomy(paths=(("x",), ("w",)))),
        Region(control="note", value=values.Text(texts=("a", "b")), score=0.25),
        Region(control="stars", value=values.Rating(stars=1)),
    )


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None)
@given(item_regions(), st.data())
def test_no_json_is_too_strange(regions: list[Region], data: st.DataObject) -> None:
    """Any field of any entry, at any depth, replaced by anything; entries that were left alone are read as before."""
    result: list[Any] = encode(regions, CONFIG)
    anything: Any = data.draw(JSON)
    assert decode(anything, CONFIG) == ()
    if not result:
        return
    index = data.draw(st.integers(0, len(result) - 1))
    here, key = result, index
    while isinstance(here[key], list | dict) and here[key] and data.draw(st.booleans()):
        here = here[key]
        key = data.draw(st.sampled_from(sorted(here) if isinstance(here, dict) else range(len(here))))
    here[key] = data.draw(JSON)
    name = [control.name for control in CONFIG.controls]
    untouched = [item["from_name"] for place, item in enumerate(result) if place != index]
    read = [region.control for region in decode(result, CONFIG)]
    assert sorted(set(untouched) - {"tracked"}, key=name.index) == [
        each for each in dict.fromkeys(read) if each in untouched
    ]
