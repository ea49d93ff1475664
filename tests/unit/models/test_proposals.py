"""What is proposed for a label config, where the operator names no model."""

from __future__ import annotations

import pytest

from models.errors import ConfigurationError
from models.proposals import propose, together
from models.specs import HeadSpec, Part, SeveralSpec
from models.types import ControlSpec, InputSpec, LabelConfig, Medium

TEXT = InputSpec(name="t", field="text", medium=Medium.TEXT)
IMAGE = InputSpec(name="i", field="image", medium=Medium.IMAGE)


def config(*controls: ControlSpec) -> LabelConfig:
    return LabelConfig(digest="d", controls=controls)


def choices(name: str, source: InputSpec) -> ControlSpec:
    return ControlSpec(name=name, kind="choices", labels=("a", "b"), input=source)


def test_a_head_follows_the_medium() -> None:
    assert together(propose(config(choices("c", TEXT)))) == HeadSpec(encoder="ngram")
    assert together(propose(config(choices("c", IMAGE)))) == HeadSpec(encoder="pixels")


def test_a_taxonomy_is_filled_as_a_choice_is() -> None:
    tree = ControlSpec(name="c", kind="taxonomy", labels=("a", "b"), paths=(("a",), ("a", "b")), input=TEXT)
    assert together(propose(config(tree))) == HeadSpec(encoder="ngram")


def test_each_control_gets_a_model_of_its_own() -> None:
    spec = together(propose(config(choices("c", TEXT), choices("d", IMAGE), choices("e", TEXT))))
    ngram, pixels = HeadSpec(encoder="ngram"), HeadSpec(encoder="pixels")
    assert spec == SeveralSpec(
        parts=(
            Part(controls=("c",), spec=ngram),
            Part(controls=("d",), spec=pixels),
            Part(controls=("e",), spec=ngram),
        )
    )


def test_a_control_without_a_model_is_left_out() -> None:
    date = ControlSpec(name="d", kind="datetime", labels=(), input=TEXT)
    assert together(propose(config(date, choices("c", TEXT)))) == HeadSpec(encoder="ngram")
    with pytest.raises(ConfigurationError, match="no model is proposed"):
        together(propose(config(date)))
