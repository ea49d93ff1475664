import pytest

from models.people.classes import class_of, level_of, options
from models.types import ControlKind, ControlSpec, InputSpec, Medium, Region, Value
from models.values import Choices, Number, Pair, Rating, Taxonomy
from tests.unit.models.samples import control

SOURCE = InputSpec(name="object", field="body", medium=Medium.TEXT)


def spec(kind: ControlKind, **more: object) -> ControlSpec:
    return ControlSpec.model_validate({"name": "verdict", "kind": kind, "labels": (), "input": SOURCE, **more})


def said(value: Value) -> tuple[Region, ...]:
    return (Region(control="verdict", value=value), Region(control="other", value=Rating(stars=1)))


@pytest.mark.parametrize(
    ("asked", "level"),
    [
        (control(), "nominal"),
        (control(multiple=True), "distance"),
        (spec("choices", per_region=True), "distance"),
        (spec("taxonomy"), "nominal"),
        (spec("pairwise"), "nominal"),
        (spec("rating"), "ordinal"),
        (spec("number"), "interval"),
        (spec("rectanglelabels"), "distance"),
        (spec("textarea"), "distance"),
    ],
)
def test_level_of_measurement(asked: ControlSpec, level: str) -> None:
    assert level_of(asked) == level


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Choices(labels=("good",)), "good"),
        (Choices(labels=("good", "bad")), None),
        (Taxonomy(paths=(("a", "b"),)), "a > b"),
        (Pair(selected="left"), "left"),
        (Rating(stars=3), "3"),
        (Number(number=0.5), "0.5"),
    ],
)
def test_an_answer_is_one_class_or_none(value: Value, text: str | None) -> None:
    assert class_of(said(value), control()) == text


def test_no_answer_to_a_pair_is_neither_side_and_else_no_class() -> None:
    assert class_of((), spec("pairwise")) == "none"
    assert class_of((), control()) is None


def test_options_are_what_an_answer_may_be() -> None:
    assert options(control()) == ("good", "bad")
    assert options(spec("rating", maximum=3)) == ("1", "2", "3")
    assert options(spec("pairwise")) == ("left", "right", "none")
    assert options(spec("taxonomy", paths=(("a",), ("a", "b")))) == ("a", "a > b")
    assert options(spec("number")) == options(spec("rating")) == options(control(multiple=True)) == ()
