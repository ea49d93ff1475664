from __future__ import annotations

import pytest

from models import registry
from models.errors import ConfigurationError
from models.specs import TaggerSpec
from models.types import LabelConfig, Medium
from tests.unit.models.samples import control
from tests.unit.models.tagging.samples import labels_control


def config(*controls: object) -> LabelConfig:
    return LabelConfig.model_validate({"digest": "d", "controls": controls})


def test_the_first_labels_on_a_text_is_filled_and_the_rest_is_left_to_people() -> None:
    found = registry.assign(TaggerSpec(), config(control(), labels_control(medium=Medium.AUDIO), labels_control()))
    assert [(one.name, one.input.medium) for one in found.controls] == [("name", Medium.TEXT)]
    assert found.by_people[0].name == "verdict"


def test_without_one_there_is_nothing_to_fill() -> None:
    with pytest.raises(ConfigurationError, match="Labels on a text"):
        registry.assign(TaggerSpec(), config(control()))


def test_it_is_trained_first_and_stands_on_what_is_there() -> None:
    with pytest.raises(ConfigurationError, match="trained first"):
        registry.reference(TaggerSpec(), (labels_control(),), name="n")
    with pytest.raises(ConfigurationError, match="choose the encoder ngram"):
        registry.assign(TaggerSpec(encoder="minilm"), config(labels_control()))
    with pytest.raises(ConfigurationError, match="CPU only"):
        registry.assign(TaggerSpec(provider="cuda"), config(labels_control()))
