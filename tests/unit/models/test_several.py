"""Several models in one: each says its own, and the item is right where all are."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from models import registry, several
from models.base import Budget, TrainingExample
from models.errors import ConfigurationError, NotTrainableError
from models.specs import HeadSpec, OcrSpec, Part, PreferenceSpec, SeveralSpec, TransformersSpec, learns
from models.types import (
    Choices,
    ControlSpec,
    Failure,
    HumanLabel,
    InputSpec,
    Item,
    LabelConfig,
    Medium,
    Prediction,
    Region,
)
from tests.unit.models import answers

TITLE = InputSpec(name="t", field="title", medium=Medium.TEXT)
BODY = InputSpec(name="b", field="body", medium=Medium.TEXT)
MOOD = ControlSpec(name="mood", kind="choices", labels=("good", "bad"), input=TITLE)
TOPIC = ControlSpec(name="topic", kind="choices", labels=("food", "travel"), input=BODY)
CONFIG = LabelConfig(digest="d", controls=(MOOD, TOPIC))
NGRAM = HeadSpec(encoder="ngram")
SPEC = SeveralSpec(parts=(Part(controls=("topic",), spec=NGRAM), Part(controls=("mood",), spec=NGRAM)))
WORDS = {
    "good": "lovely bright splendid",
    "bad": "awful broken dull",
    "food": "soup bread cheese",
    "travel": "train hotel boat",
}


def example(n: int) -> TrainingExample:
    mood, topic = ("good", "bad")[n % 2], ("food", "travel")[n // 2 % 2]
    item = Item(key=str(n), data={"title": f"{WORDS[mood]} {n}", "body": f"{WORDS[topic]} {n}"})
    regions = [Region(control=c, value=Choices(labels=(said,))) for c, said in (("mood", mood), ("topic", topic))]
    return TrainingExample(item=item, label=HumanLabel(regions=tuple(regions)))


def test_each_part_fills_its_own(tmp_path: Path) -> None:
    config = registry.assign(SPEC, CONFIG)
    assert [control.name for control in config.controls] == ["topic", "mood"]
    rows = [example(n) for n in range(80)]
    report = registry.train(SPEC, config.controls, rows, name="p", folder=tmp_path)
    assert len(report.ref.parts) == 2
    model = registry.load(report.ref)
    model.warm_up()
    model.self_test()
    said = model.predict([example(n).item for n in range(80, 100)])
    alone = [registry.load(part).predict([example(n).item for n in range(80, 100)]) for part in report.ref.parts]
    for n, one, topic, mood in zip(range(80, 100), said, *alone, strict=True):
        assert isinstance(one, Prediction)
        assert isinstance(topic, Prediction)
        assert isinstance(mood, Prediction)
        assert {region.control: region.labels for region in one.regions} == {
            region.control: region.labels for region in example(n).label.regions
        }
        assert one.confidence == pytest.approx(topic.confidence * mood.confidence)
        assert one.model_version == report.ref.version
        assert one.numbers["mood.margin"] == mood.numbers["margin"]
        assert "input_characters" in one.numbers


def test_the_same_labels_give_the_same_version_and_other_labels_another(tmp_path: Path) -> None:
    config = registry.assign(SPEC, CONFIG)
    made = [
        registry.train(SPEC, config.controls, [example(i) for i in range(n)], name="p", folder=tmp_path).ref.version
        for n in (60, 60, 80)
    ]
    assert made[0] == made[1] != made[2]


def test_an_item_that_one_part_cannot_read_is_a_failure_of_that_item(tmp_path: Path) -> None:
    config = registry.assign(SPEC, CONFIG)
    ref = registry.train(SPEC, config.controls, [example(n) for n in range(60)], name="p", folder=tmp_path).ref
    said = registry.load(ref).predict([Item(key="a", data={"title": "lovely"}), example(1).item])
    assert isinstance(said[0], Failure)
    assert (said[0].key, said[0].code) == ("a", "missing_field")
    assert isinstance(said[1], Prediction)


def test_nothing_is_trained_before_every_part_can_be(tmp_path: Path) -> None:
    rows = [
        one.model_copy(update={"label": HumanLabel(regions=one.label.regions[:1])}) for one in map(example, range(60))
    ]
    with pytest.raises(NotTrainableError, match="topic"):
        registry.train(SPEC, registry.assign(SPEC, CONFIG).controls, rows, name="p", folder=tmp_path, budget=Budget())


def test_parts_and_controls_have_to_fit() -> None:
    with pytest.raises(ValidationError, match="filled by two parts"):
        SeveralSpec(parts=(Part(controls=("mood",), spec=NGRAM), Part(controls=("mood",), spec=NGRAM)))
    with pytest.raises(ConfigurationError, match="to fill 'stars', but the label config has 'mood', 'topic'"):
        several.controls(SeveralSpec(parts=(Part(controls=("stars",), spec=NGRAM),)), CONFIG)
    with pytest.raises(ConfigurationError, match="cannot fill 'topic'"):
        several.controls(SeveralSpec(parts=(Part(controls=("mood", "topic"), spec=NGRAM),)), CONFIG)


def test_what_is_left_goes_to_people() -> None:
    config = registry.assign(NGRAM, CONFIG)
    assert (config.controls, config.by_people) == ((MOOD,), (TOPIC,))
    assert registry.assign(SPEC, config).by_people == ()


def test_what_learns() -> None:
    assert learns(NGRAM)
    assert not learns(TransformersSpec(source="x"))
    assert learns(SPEC)
    assert not learns(SeveralSpec(parts=(Part(controls=("a",), spec=OcrSpec()),)))


def test_a_part_knows_what_the_others_speak_of() -> None:
    """An answer that another part judges is no question to this one."""
    pair, stars = answers.control("pairwise", name="better"), answers.control("rating", name="stars")
    preference = PreferenceSpec(encoder="ngram")
    spec = SeveralSpec(parts=tuple(Part(controls=(name,), spec=preference) for name in ("better", "stars")))
    filled = registry.assign(spec, answers.config(pair, stars)).controls
    assert [control.context for control in filled] == [(answers.QUESTION,), (answers.QUESTION,)]
