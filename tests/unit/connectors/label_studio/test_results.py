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
from models.errors import ConfigurationError
from models.types import Choices, LabelConfig, Region

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


def test_the_envelope() -> None:
    [made] = encode([region("one", "a", score=0.25)], CONFIG)
    assert made == {
        "id": made["id"],
        "from_name": "one",
        "to_name": "t",
        "type": "choices",
        "value": {"choices": ["a"]},
        "score": 0.25,
    }
    assert encode([region("one", "b")], CONFIG)[0]["id"] == made["id"] != encode([region("many", "p")], CONFIG)[0]["id"]
    assert "score" not in encode([region("one", "a")], CONFIG)[0]


def test_order_is_that_of_the_label_config() -> None:
    made = encode([region("many", "r", "p"), region("one", "b")], CONFIG)
    assert [item["from_name"] for item in made] == ["one", "many"]
    assert made[1]["value"]["choices"] == ["p", "r"]


def test_no_label_is_no_entry() -> None:
    assert encode([region("many"), region("one", "a")], CONFIG) == encode([region("one", "a")], CONFIG)


def test_unknown_control_cannot_be_encoded() -> None:
    with pytest.raises(ConfigurationError, match="no control 'stars'"):
        encode([region("stars", "5")], CONFIG)


def test_decode_takes_what_is_found_in_the_wild() -> None:
    result: list[dict[str, Any]] = [
        {"from_name": "stars", "to_name": "t", "type": "rating", "value": {"rating": 4}},
        {"type": "relation", "from_id": "x", "to_id": "y", "direction": "right"},
        entry("many", "q", score=7),
        entry("many", "p", "q"),
        entry("one", "no longer there", score=0.5, origin="manual"),
        {"from_name": "one"},
        {"from_name": "many", "value": {"choices": None}},
        {"from_name": "many", "value": None},
    ]
    expected = (region("one", "no longer there", score=0.5), region("many", "p", "q"))
    assert decode(result, CONFIG) == expected
    assert decode([], CONFIG) == ()
    assert decode([{"from_name": "one", "value": {"choices": "a"}}], CONFIG) == (region("one", "a"),)


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
    kept = {item.control: (set(item.value.labels), item.score) for item in regions if item.value.labels}
    shuffle.shuffle(result)
    back = decode(result, config)
    assert {item.control: (set(item.value.labels), item.score) for item in back} == kept
    assert encode(back, config) == encode(regions, config)


@given(configs_with_regions(), st.data())
def test_a_foreign_label_never_passes(made: tuple[str, LabelConfig, list[Region]], data: st.DataObject) -> None:
    xml, config, _ = made
    control = data.draw(st.sampled_from(config.controls))
    foreign = data.draw(LABEL.filter(lambda label: label not in control.labels))
    result = encode([region(control.name, foreign)], config)
    assert validate({"result": result, "score": 0.5, "model_version": "v"}, interface(xml)) != []
