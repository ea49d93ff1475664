"""Learning from judgements: of real texts, by the rule of ``tests.unit.models.answers``."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from models import registry
from models.base import ModelRef, TrainingExample, TrainingReport
from models.errors import ConfigurationError, NotTrainableError
from models.specs import PreferenceSpec
from models.types import ControlKind, Failure, HumanLabel, Item, Prediction
from models.values import Pair, Ranking, Rating
from tests.unit.models.answers import QUESTION, config, control, judgements, region, swapped

SPEC = PreferenceSpec(encoder="ngram")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


def learn(folder: Path, kind: ControlKind, examples: list[TrainingExample], **more: Any) -> TrainingReport:
    return registry.trainer(SPEC).train(SPEC, control(kind, **more), examples, name="judge", folder=folder)


@cache
def learned(folder: Path, kind: ControlKind, n: int = 120, ties: bool = False) -> TrainingReport:
    return learn(folder, kind, judgements(kind, n, noise=0.3, ties=ties))


def predict(ref: ModelRef, examples: list[TrainingExample]) -> list[Prediction]:
    found = registry.load(ref).predict([example.item for example in examples])
    assert all(isinstance(one, Prediction) for one in found)
    return [one for one in found if isinstance(one, Prediction)]


def test_a_pair_is_learned(folder: Path) -> None:
    report, fresh = learned(folder, "pairwise"), judgements("pairwise", 300, seed=1, noise=0.3)
    found = predict(report.ref, fresh)
    right = [one.regions[0].value == truth.label.regions[0].value for one, truth in zip(found, fresh, strict=True)]
    assert np.mean(right) > 0.58  # chance is 0.5, with a standard error of 0.03
    assert report.n == 120
    assert set(report.classes) == {"left", "right"}
    assert {"p1", "p2", "margin", "input_characters"} <= set(found[0].numbers)


def test_the_place_of_an_answer_carries_nothing(folder: Path) -> None:
    report = learned(folder, "pairwise", ties=True)
    fresh = judgements("pairwise", 40, seed=2)
    there = predict(report.ref, fresh)
    back = predict(report.ref, [one.model_copy(update={"item": swapped(one.item)}) for one in fresh])
    mirror = {"left": "right", "right": "left", "none": "none"}
    for first, second in zip(there, back, strict=True):
        assert isinstance(first.regions[0].value, Pair)
        assert isinstance(second.regions[0].value, Pair)
        assert mirror[first.regions[0].value.selected] == second.regions[0].value.selected
        assert first.confidence == pytest.approx(second.confidence, abs=1e-9)
        assert first.numbers == pytest.approx(second.numbers)


def test_ties_are_learned(folder: Path) -> None:
    report = learned(folder, "pairwise", ties=True)
    assert report.classes["none"] > 5
    said = {
        one.regions[0].value.selected
        for one in predict(report.ref, judgements("pairwise", 40, seed=3))
        if isinstance(one.regions[0].value, Pair)
    }
    assert {"left", "right"} <= said


def test_stars_are_learned(folder: Path) -> None:
    report = learned(folder, "rating", 150)
    fresh = judgements("rating", 150, seed=1, noise=0.3)
    pairs = [
        (one.regions[0].value, truth.label.regions[0].value)
        for one, truth in zip(predict(report.ref, fresh), fresh, strict=True)
    ]
    said = np.array(
        [
            (ours.stars, theirs.stars)
            for ours, theirs in pairs
            if isinstance(ours, Rating) and isinstance(theirs, Rating)
        ]
    )
    assert np.corrcoef(said.T)[0, 1] > 0.3
    assert set(said[:, 0]) <= {int(level) for level in report.classes}


def test_tolerance_makes_a_rating_surer(folder: Path) -> None:
    examples = judgements("rating", 100, noise=0.3)
    strict = learned(folder, "rating", 150)
    loose = learn(folder, "rating", examples, tolerance=0.25)
    assert loose.accuracy is not None
    assert strict.accuracy is not None
    assert loose.accuracy > strict.accuracy + 0.1
    fresh = judgements("rating", 60, seed=1)
    sure = [np.mean([one.confidence for one in predict(report.ref, fresh)]) for report in (strict, loose)]
    assert sure[1] > sure[0] + 0.1


def test_an_order_is_learned(folder: Path) -> None:
    report, fresh = learned(folder, "ranker"), judgements("ranker", 100, seed=1, noise=0.3)
    right, chance = [], []
    for one, truth in zip(predict(report.ref, fresh), fresh, strict=True):
        ours, theirs = one.regions[0].value, truth.label.regions[0].value
        assert isinstance(ours, Ranking)
        assert isinstance(theirs, Ranking)
        assert sorted(ours.buckets["verdict"]) == sorted(theirs.buckets["verdict"])
        right.append(ours.buckets["verdict"][0] == theirs.buckets["verdict"][0])
        chance.append(1 / len(theirs.buckets["verdict"]))
    assert np.mean(right) > np.mean(chance) + 0.1


def test_confidences_are_honest(folder: Path) -> None:
    report, fresh = learned(folder, "pairwise"), judgements("pairwise", 300, seed=4, noise=0.3)
    found = predict(report.ref, fresh)
    right = [one.regions[0].value == truth.label.regions[0].value for one, truth in zip(found, fresh, strict=True)]
    assert np.mean([one.confidence for one in found]) == pytest.approx(np.mean(right), abs=0.12)
    assert all(one.regions[0].score == one.confidence for one in found)


def test_the_same_judgements_in_any_order_give_the_same_model(folder: Path, tmp_path: Path) -> None:
    examples = judgements("pairwise", 40)
    first = learn(tmp_path / "a", "pairwise", examples)
    mixed = Random(1).sample(examples, len(examples))
    again = [
        one.model_copy(update={"item": one.item.model_copy(update={"key": str(i)})}) for i, one in enumerate(mixed)
    ]
    assert learn(tmp_path / "b", "pairwise", again).ref.sha256 == first.ref.sha256
    assert learn(tmp_path / "c", "pairwise", examples[1:]).ref.sha256 != first.ref.sha256


def test_too_few_are_refused(tmp_path: Path) -> None:
    with pytest.raises(NotTrainableError, match="9 usable"):
        learn(tmp_path, "ranker", judgements("ranker", 9))
    same = [
        one.model_copy(update={"label": HumanLabel(regions=region(Rating(stars=3)))})
        for one in judgements("rating", 20)
    ]
    with pytest.raises(NotTrainableError, match="two numbers of stars"):
        learn(tmp_path, "rating", same)
    tied = [
        one.model_copy(update={"label": HumanLabel(regions=region(Pair(selected="none")))})
        for one in judgements("pairwise", 20)
    ]
    with pytest.raises(NotTrainableError, match="one is better"):
        learn(tmp_path, "pairwise", tied)


def test_what_teaches_nothing_is_skipped(tmp_path: Path) -> None:
    examples = judgements("pairwise", 30)
    empty = examples[0].model_copy(update={"label": HumanLabel(regions=())})
    unreadable = examples[1].model_copy(update={"item": Item(key="x", data={"first": "alone"})})
    report = learn(tmp_path, "pairwise", [*examples, empty, unreadable])
    assert (report.n, report.skipped) == (30, 2)


def test_a_bad_item_harms_no_neighbour(folder: Path) -> None:
    model = registry.load(learned(folder, "pairwise").ref)
    good = judgements("pairwise", 2, seed=5)
    bad = Item(key="bad", data={"question": "Why?", "first": "So."})
    answers = model.predict([good[0].item, bad, good[1].item])
    assert [one.key for one in answers] == [good[0].item.key, "bad", good[1].item.key]
    assert isinstance(answers[1], Failure)
    assert answers[1].code == "missing_field"
    assert [answers[0], answers[2]] == model.predict([one.item for one in good]), "as if the bad one had not been there"
    assert model.predict([]) == []
    assert [one.key for one in model.predict([bad])] == ["bad"]
    model.warm_up()


def test_it_fills_the_first_pair_with_the_question_beside_it(folder: Path) -> None:
    pair, stars = control("pairwise", name="better"), control("rating", name="stars")
    assigned = registry.assign(SPEC, config(stars, pair))
    assert [one.name for one in assigned.controls] == ["better"]
    assert assigned.controls[0].context == (QUESTION,)
    assert [one.name for one in assigned.by_people] == ["stars"]
    with pytest.raises(ConfigurationError, match="Pairwise"):
        registry.assign(SPEC, config(control("choices")))


def test_a_changed_control_is_refused(folder: Path) -> None:
    ref = learned(folder, "pairwise").ref
    for other in (control("pairwise", context=()), control("ranker")):
        with pytest.raises(ConfigurationError, match="train again"):
            registry.load(ref.model_copy(update={"control": other}))
    fewer = learned(folder, "rating", 150).ref
    with pytest.raises(ConfigurationError, match="stars"):
        registry.load(fewer.model_copy(update={"control": control("rating", maximum=3.0)}))
