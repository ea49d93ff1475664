from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from models import registry
from models.base import TrainingExample, TrainingReport
from models.errors import ConfigurationError, NotTrainableError
from models.specs import TaggerSpec
from models.tagging.bio import Span
from models.tagging.trainer import target
from models.types import HumanLabel, Item, Medium, Prediction, Region
from models.values import TextSpan
from scripts.datasets import Tagged, names
from tests.unit.models.tagging.samples import example, labels_control, meetings, span

SPEC = TaggerSpec()


def train(examples: list[TrainingExample], folder: Path) -> TrainingReport:
    return registry.trainer(SPEC).train(SPEC, labels_control(), examples, name="names", folder=folder)


def found(prediction: object) -> set[tuple[int, int, str]]:
    assert isinstance(prediction, Prediction)
    values = [region.value for region in prediction.regions if isinstance(region.value, TextSpan)]
    return {(one.start, one.end, one.labels[0]) for one in values}


def test_three_hundred_sentences_teach_names(tmp_path: Path) -> None:
    """Strict F1 of spans was about 0.5 here; most names of the 300 other sentences were never seen in training."""
    rows = names(600)
    report = train([example(one) for one in rows[:300]], tmp_path)
    model = registry.load(report.ref)
    said = model.predict([example(one).item for one in rows[300:]])
    truth = [set(one.spans) for one in rows[300:]]
    hits = sum(len(found(one) & gold) for one, gold in zip(said, truth, strict=True))
    total = sum(len(found(one)) + len(gold) for one, gold in zip(said, truth, strict=True))
    assert 2 * hits / total > 0.42
    right = np.array([found(one) == gold for one, gold in zip(said, truth, strict=True)])
    sure = np.array([one.confidence for one in said if isinstance(one, Prediction)])
    assert right.mean() == pytest.approx(report.accuracy, abs=0.1)
    assert sure.mean() == pytest.approx(right.mean(), abs=0.1)
    assert right[np.argsort(-sure)[:150]].mean() > right.mean() + 0.1


def test_the_same_examples_in_any_order_give_the_same_content(tmp_path: Path) -> None:
    examples = meetings(40)
    first = train(examples, tmp_path / "one")
    random.Random(1).shuffle(examples)
    second = train(examples, tmp_path / "two")
    assert first.ref.sha256 == second.ref.sha256
    assert first.ref.path != second.ref.path
    assert train(meetings(41), tmp_path).ref.sha256 != first.ref.sha256


def test_the_report_counts_what_was_used(tmp_path: Path) -> None:
    strange = example(Tagged("x", "we met Bo", ((7, 9, "animal"),)))
    beyond = example(Tagged("y", "we met Bo", ((7, 12, "person"),)))
    missing = TrainingExample(item=Item(key="z", data={}), label=HumanLabel(regions=()))
    report = train([*meetings(40), strange, beyond, missing], tmp_path)
    assert (report.n, report.skipped) == (40, 3)
    assert report.classes == {"person": 30, "place": 30}
    assert report.accuracy is not None
    assert report.accuracy > 0.8
    assert report.ref.version == f"names-{report.ref.sha256[:12]}"
    assert report.confidence == "correctness"


def test_repeated_texts_are_not_learned_by_heart(tmp_path: Path) -> None:
    """A text in two folds would teach its own answer: cross-validation would call random labels right."""
    rng = np.random.default_rng(0)
    once = [
        example(Tagged(str(i), f"w{i}x w{i}y", ((0, len(f"w{i}x"), "person"),) if rng.uniform() < 0.5 else ()))
        for i in range(40)
    ]
    report = train([*once, *once, *once], tmp_path)
    assert report.accuracy is not None
    assert report.accuracy < 0.75


def test_too_few_examples_are_refused(tmp_path: Path) -> None:
    with pytest.raises(NotTrainableError, match=r"4 different texts.*2 usable.*person: 2.*Label more"):
        train(meetings(2), tmp_path)
    with pytest.raises(NotTrainableError, match="a label with two spans"):
        train([one for one in meetings(80) if not one.label.regions], tmp_path)


def test_only_text_is_tagged_and_only_by_what_is_there(tmp_path: Path) -> None:
    trainer = registry.trainer(SPEC)
    with pytest.raises(ConfigurationError, match="Labels on a text"):
        trainer.train(SPEC, labels_control(medium=Medium.AUDIO), meetings(40), name="n", folder=tmp_path)
    minilm = TaggerSpec(encoder="minilm")
    with pytest.raises(ConfigurationError, match="one vector a text"):
        trainer.train(minilm, labels_control(), meetings(40), name="n", folder=tmp_path)


def test_what_a_person_said_becomes_spans() -> None:
    control, text = labels_control(), "we met Bo"
    other = Region(control="else", value=span(text, 0, 2, "thing").value)
    both = HumanLabel(regions=(span(text, 7, 9, "place", "person"), other))
    assert target(both, control) == (Span(7, 9, 0), Span(7, 9, 1))
    assert target(HumanLabel(regions=()), control) == ()
    assert target(HumanLabel(regions=(span(text, 0, 2),)), control) is None
    assert target(HumanLabel(regions=(span(text, 0, 2, "animal"),)), control) is None
