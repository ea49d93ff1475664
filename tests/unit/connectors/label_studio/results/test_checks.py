from __future__ import annotations

import math
import random
from typing import Any
from xml.sax.saxutils import quoteattr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.label_studio.label_config import interface, parse
from connectors.label_studio.results import decode, encode, validate
from models.types import Choices, LabelConfig, Region
from tests.support import label_types

XML = """<View><Text name="t" value="$x"/>
<Choices name="one" toName="t"><Choice value="a"/><Choice value="b"/></Choices>
<Choices name="many" toName="t" choice="multiple"><Choice value="p"/><Choice value="q"/><Choice value="r"/></Choices>
<Rating name="stars" toName="t"/></View>"""
CONFIG = parse(XML)


def region(control: str, *labels: str, score: float | None = None) -> Region:
    return Region(control=control, value=Choices(labels=labels), score=score)


def prediction(*entries: dict[str, Any], score: Any = 0.5, version: str = "v1") -> dict[str, Any]:
    return {"result": list(entries), "score": score, "model_version": version}


def entry(control: str, *labels: str, **extra: Any) -> dict[str, Any]:
    return {"from_name": control, "to_name": "t", "type": "choices", "value": {"choices": list(labels)}, **extra}


@pytest.mark.parametrize(
    ("made", "says"),
    [
        (prediction(entry("one", "a", "b")), "takes one"),
        (prediction(entry("one", "a"), entry("one", "b")), "2 entries for control 'one'"),
        (prediction(entry("one", "c")), "Invalid value for control 'one'"),
        (prediction(entry("gone", "a")), "'gone' not found"),
        (prediction(entry("many")), "no label"),
        (prediction(entry("many", "p", "p")), "repeated"),
        (prediction(entry("one", "a") | {"to_name": "elsewhere"}), "'elsewhere' not found"),
        (prediction(entry("one", "a") | {"type": "labels"}), "does not match"),
        (prediction(entry("one", "a", score=1.5)), "Region 0: score must be"),
        (prediction(entry("one", "a", score="high")), "Region 0: score must be"),
        (prediction(score=1.01), "Score must be between"),
        (prediction(score=-0.01), "Score must be between"),
        (prediction(score=math.nan), "core must be"),
        (prediction(score=None), "score must be a number"),
        (prediction(score=True), "score must be a number"),
        (prediction(version=""), "model_version is empty"),
        ({"score": 0.5, "model_version": "v1"}, "result"),
    ],
)
def test_what_validation_finds(made: dict[str, Any], says: str) -> None:
    errors = validate(made, interface(XML))
    assert any(says in error for error in errors), errors


def test_valid_predictions_pass() -> None:
    many = entry("many", "r", "p", score=0, id="x", meta={"text": ["why"]})
    stars = {"from_name": "stars", "to_name": "t", "type": "rating", "value": {"rating": 4}}
    assert validate(prediction(entry("one", "a", score=1.0), many, stars, score=1), interface(XML)) == []
    assert validate(prediction(), interface(XML)) == []


def bad(control: str, value: dict[str, Any], **more: Any) -> dict[str, Any]:
    spec = label_types.CONTROLS[control]
    return {"from_name": control, "to_name": spec.input.name, "type": spec.kind, "value": value, **more}


BOX = {"x": 1, "y": 2, "width": 3, "height": 4, "rotation": 0}
CAT = BOX | {"rectanglelabels": ["cat"]}
SIZE = {"original_width": 2, "original_height": 2}
STEP = {"frame": 1, "time": 0.0, "enabled": True, **BOX}
VIDEO = {"framesCount": 5, "duration": 1.0, "sequence": [STEP]}


@pytest.mark.parametrize(
    ("entries", "says"),
    [
        ([bad("boxes", CAT | {"x": -1})], "x must be from 0 to 100"),
        ([bad("boxes", CAT | {"x": 98})], "reaches over the right edge"),
        ([bad("boxes", BOX | {"rectanglelabels": []})], "no label for control 'boxes'"),
        ([bad("boxes", BOX | {"rectanglelabels": ["cat", "dog"]})], "2 labels for control 'boxes', which takes one"),
        ([bad("boxes", BOX | {"rectanglelabels": ["cow"]})], "does not list 'cow'"),
        ([bad("spans", {"start": 4, "end": 4, "labels": ["PER"]})], "empty"),
        ([bad("spans", {"start": 4, "end": 3, "labels": ["PER"]})], "before the start"),
        ([bad("spans", {"start": -1, "end": 3, "labels": ["PER"]})], "not that of a labels on text"),
        ([bad("sounds", {"start": 1, "end": 2, "labels": ["noise", "speech"]})], "takes one"),
        ([bad("paints", {"format": "rle", "rle": [0, 1, 2], "brushlabels": ["cat"]}, **SIZE)], "not that of a brush"),
        ([bad("areas", {"points": [[0, 0], [1, 1]], "polygonlabels": ["cat"]})], "not that of a polygonlabels"),
        ([bad("tracks", VIDEO | {"labels": ["bus"]})], "does not list 'bus' for control 'tracks'"),
        ([bad("tracks", VIDEO | {"sequence": [STEP, STEP]})], "two key frames"),
        ([bad("scenes", {"ranges": [{"start": 3, "end": 2}], "timelinelabels": ["goal"]})], "3 to 2"),
        ([bad("taxonomy", {"taxonomy": [["x", "w"]]})], "no path 'x / w'"),
        ([bad("taxonomy", {"taxonomy": [["x"], ["x"]]})], "a path is repeated"),
        ([bad("pair", {"selected": "none"}), bad("stars", {"rating": 8})], "8"),
        ([bad("count", {"number": 6})], "5 or less"),
        ([bad("order", {"ranker": {"rank": ["1"]}})], "no bucket 'rank'"),
        ([bad("line", {"text": ["a"]})], "speaks of a region"),
        ([bad("line", {"text": ["a"]}, id="1"), bad("boxes", CAT, id="2")], "none with the id '1'"),
        ([bad("line", {"text": ["a"]}, id="1"), bad("state", {"choices": ["old"]}, id="1")], "none with the id '1'"),
        ([bad("boxes", CAT, id="1"), bad("boxes", CAT, id="1")], "2 entries of control 'boxes' have the id '1'"),
        *(
            ([bad(name, value), bad(name, value)], f"2 entries for control {name!r}, at most one")
            for name, value in (
                ("taxonomy", {"taxonomy": [["x"]]}),
                ("stars", {"rating": 1}),
                ("count", {"number": 1}),
                ("day", {"datetime": "2024"}),
                ("pair", {"selected": "left"}),
                ("order", {"ranker": {"order": ["1"]}}),
                ("note", {"text": ["a"]}),
            )
        ),
    ],
)
def test_what_the_sdk_lets_pass(entries: list[dict[str, Any]], says: str) -> None:
    errors = validate(prediction(*entries), interface(label_types.XML))
    assert any(says in error for error in errors), errors


def test_several_regions_of_one_control_are_the_normal_case() -> None:
    line, state = bad("line", BOX | {"text": ["a"]}, id="1"), bad("state", {"choices": ["old"]}, id="1")
    again = bad("line", BOX | {"text": ["b"]}, id="2")
    made = prediction(bad("boxes", CAT, id="1"), bad("boxes", CAT, id="2"), line, again, state)
    assert validate(made, interface(label_types.XML)) == []


def test_one_path_or_text_where_one_is_taken() -> None:
    xml = """<View><Text name="t" value="$t"/><Taxonomy name="x" toName="t" maxUsages="1"><Choice value="a"/>
    <Choice value="b"/></Taxonomy><TextArea name="n" toName="t" maxSubmissions="1"/></View>"""
    paths = {"from_name": "x", "to_name": "t", "type": "taxonomy", "value": {"taxonomy": [["a"], ["b"]]}}
    texts = {"from_name": "n", "to_name": "t", "type": "textarea", "value": {"text": ["a", "b"]}}
    assert validate(prediction(paths, texts), interface(xml)) == [
        "Region 0: 2 paths for control 'x', which takes one",
        "Region 1: 2 texts for control 'n', which takes one",
    ]


def test_controls_that_we_do_not_know_are_left_to_the_sdk() -> None:
    xml = """<View><Image name="i" value="$i"/><Vector name="v" toName="i"/>
    <TextArea name="n" toName="i" perRegion="true"/></View>"""
    line = {"from_name": "v", "to_name": "i", "type": "vector", "value": {"vertices": []}, "id": "1"}
    text = {"from_name": "n", "to_name": "i", "type": "textarea", "value": {"text": ["a"]}, "id": "1"}
    assert validate(prediction(line, text), interface(xml)) == []


# Any printable label survives an XML attribute; white space in it is normalised by XML itself.
LABEL = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=12)
CONTROL = st.tuples(st.lists(LABEL, min_size=1, max_size=5, unique=True), st.booleans(), st.booleans())


@st.composite
def label_configs(draw: st.DrawFn) -> tuple[str, LabelConfig]:
    controls = draw(st.lists(CONTROL, min_size=1, max_size=4))
    parts = []
    for index, (labels, multiple, aliased) in enumerate(controls):
        choices = "".join(
            f"<Choice value={quoteattr(f'shown {place}')} alias={quoteattr(label)}/>"
            if aliased
            else f"<Choice value={quoteattr(label)}/>"
            for place, label in enumerate(labels)
        )
        kind = "multiple" if multiple else "single"
        parts.append(f'<Choices name="c{index}" toName="t" choice="{kind}">{choices}</Choices>')
    xml = f'<View><Text name="t" value="$x"/>{"".join(parts)}</View>'
    return xml, parse(xml)


@st.composite
def configs_with_regions(draw: st.DrawFn) -> tuple[str, LabelConfig, list[Region]]:
    xml, config = draw(label_configs())
    regions = []
    for control in config.controls:
        most = len(control.labels) if control.multiple else 1
        labels = draw(st.lists(st.sampled_from(control.labels), max_size=most, unique=True))
        score = draw(st.none() | st.floats(0, 1))
        regions.append(Region(control=control.name, value=Choices(labels=tuple(labels)), score=score))
    return xml, config, regions


@given(configs_with_regions(), st.floats(0, 1), st.randoms(use_true_random=False))
def test_round_trip(made: tuple[str, LabelConfig, list[Region]], score: float, shuffle: random.Random) -> None:
    xml, config, regions = made
    result = encode(regions, config)
    assert validate({"result": result, "score": score, "model_version": "v"}, interface(xml)) == []
    kept = {item.control: (set(item.labels), item.score) for item in regions if item.labels}
    shuffle.shuffle(result)
    back = decode(result, config)
    assert {item.control: (set(item.labels), item.score) for item in back} == kept
    assert encode(back, config) == encode(regions, config)


@given(configs_with_regions(), st.data())
def test_a_foreign_label_never_passes(made: tuple[str, LabelConfig, list[Region]], data: st.DataObject) -> None:
    xml, config, _ = made
    control = data.draw(st.sampled_from(config.controls))
    foreign = data.draw(LABEL.filter(lambda label: label not in control.labels))
    result = encode([region(control.name, foreign)], config)
    assert validate({"result": result, "score": 0.5, "model_version": "v"}, interface(xml)) != []
