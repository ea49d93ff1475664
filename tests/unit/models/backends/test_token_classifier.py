from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from transformers import pipeline

from models import registry
from models.backends.token_classifier import TokenClassifierModel
from models.base import ModelRef
from models.errors import ConfigurationError, ModelError, ProviderError
from models.specs import TokenClassifierSpec
from models.types import ControlSpec, Failure, InputSpec, Item, LabelConfig, Medium, Prediction
from models.values import TextSpan
from tests.unit.models.backends.tiny_tagger import make, sentences

SOURCE = InputSpec(name="text", field="text", medium=Medium.TEXT)
CONTROL = ControlSpec(
    name="name",
    kind="labels",
    labels=("person", "loc", "organization"),
    names={"person": ("PER",), "organization": ("ORG", "company")},
    input=SOURCE,
)
HELD_OUT = sentences(60, seed=1)
ITEMS = [Item(key=str(i), data={"text": text}) for i, (text, _) in enumerate(HELD_OUT)]
TO_LABEL = {"PER": "person", "LOC": "loc", "ORG": "organization"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("tagger"))


def reference(folder: Path, control: ControlSpec = CONTROL, **changes: object) -> ModelRef:
    spec = TokenClassifierSpec.model_validate({"source": str(folder), **changes})
    return registry.reference(spec, (control,), name="tiny")


def spans(answer: object) -> list[tuple[int, int, str]]:
    assert isinstance(answer, Prediction)
    found = []
    for region in answer.regions:
        assert isinstance(region.value, TextSpan)
        found.append((region.value.start, region.value.end, region.labels[0]))
    return found


def test_names_are_found_where_they_stand(folder: Path) -> None:
    answers = registry.load(reference(folder)).predict(ITEMS)
    truth = [[(start, end, TO_LABEL[name]) for start, end, name in gold] for _, gold in HELD_OUT]
    right = [spans(answer) == gold for answer, gold in zip(answers, truth, strict=True)]
    assert np.mean(right) > 0.9
    for (text, _), answer in zip(HELD_OUT, answers, strict=True):
        assert isinstance(answer, Prediction)
        values = [region.value for region in answer.regions if isinstance(region.value, TextSpan)]
        assert all(text[one.start : one.end] == one.text for one in values)
        assert answer.numbers["regions"] == len(answer.regions)
        assert 0.0 < answer.confidence <= answer.numbers["min_score"]


def test_spans_and_scores_are_those_of_the_pipeline(folder: Path) -> None:
    theirs = pipeline("token-classification", model=str(folder), aggregation_strategy="simple", device="cpu")
    for item, answer in zip(ITEMS, registry.load(reference(folder)).predict(ITEMS), strict=True):
        expected = theirs(item.data["text"])
        assert spans(answer) == [(one["start"], one["end"], TO_LABEL[one["entity_group"]]) for one in expected]
        assert isinstance(answer, Prediction)
        scores = [region.score for region in answer.regions]
        assert scores == pytest.approx([float(one["score"]) for one in expected], abs=1e-5)


def test_long_text_is_read_in_windows(folder: Path) -> None:
    text = " the ".join(one for one, _ in HELD_OUT)
    offset, gold = 0, []
    for one, names in HELD_OUT:
        gold += [(start + offset, end + offset, TO_LABEL[name]) for start, end, name in names]
        offset += len(one) + len(" the ")
    (answer,) = registry.load(reference(folder)).predict([Item(key="long", data={"text": text})])
    found = spans(answer)
    assert len(gold) > 100
    assert len(set(found) & set(gold)) / len(set(found) | set(gold)) > 0.9
    assert found == sorted(set(found))


def test_a_class_without_a_label_is_named_and_its_spans_are_counted(folder: Path) -> None:
    control = CONTROL.model_copy(update={"labels": ("person", "loc")})
    model = registry.load(reference(folder, control))
    assert isinstance(model, TokenClassifierModel)
    assert model.warnings == ("The model's class 'ORG' has no label: its spans are left out.",)
    [found] = registry.unmatched(TokenClassifierSpec(source=str(folder)), (control,))
    assert found.classes == ("ORG",)
    assert registry.unmatched(TokenClassifierSpec(source=str(folder)), (CONTROL,)) == []
    (answer,) = model.predict([Item(key="a", data={"text": "the acme met anna"})])
    assert spans(answer) == [(13, 17, "person")]
    assert isinstance(answer, Prediction)
    assert answer.numbers["left_out"] == 1.0


def test_the_map_wins_and_no_label_at_all_is_refused(folder: Path) -> None:
    model = registry.load(reference(folder, label_map={"PER": "organization"}))
    assert spans(model.predict([Item(key="a", data={"text": "met anna"})])[0]) == [(4, 8, "organization")]
    with pytest.raises(ConfigurationError, match=r"No class of .* has a label: the label config has cat"):
        reference(folder, CONTROL.model_copy(update={"labels": ("cat",), "names": {}}))


def test_bad_items_harm_no_neighbour_and_the_batch_changes_nothing(folder: Path) -> None:
    model = registry.load(reference(folder))
    model.warm_up()
    model.self_test()
    bad = [Item(key="x", data={}), Item(key="empty", data={"text": ""})]
    answers = model.predict([ITEMS[0], *bad, *ITEMS[1:20]])
    assert isinstance(answers[1], Failure)
    assert answers[1].code == "missing_field"
    assert isinstance(answers[2], Prediction)
    assert (answers[2].regions, answers[2].confidence) == ((), 1.0)
    assert model.predict([]) == []
    for place in (0, 5, 11):
        (alone,) = model.predict([ITEMS[place]])
        assert isinstance(alone, Prediction)
        together = answers[place if place == 0 else place + 2]
        assert isinstance(together, Prediction)
        assert alone.confidence == pytest.approx(together.confidence, abs=1e-5)
        assert spans(alone) == spans(together)


def test_another_folder_than_the_one_connected_is_refused(folder: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(folder, tmp_path / "copy")
    ref = reference(copy)
    (copy / "more.txt").write_text("x")
    with pytest.raises(ModelError, match="connect the model again"):
        registry.load(ref)


def test_only_labels_on_a_text_are_filled(folder: Path) -> None:
    spec = TokenClassifierSpec(source=str(folder))
    choices = CONTROL.model_copy(update={"kind": "choices", "name": "c"})
    config = LabelConfig(digest="d", controls=(choices, CONTROL))
    assert registry.assign(spec, config).controls == (CONTROL,)
    with pytest.raises(ConfigurationError, match="Labels on a text"):
        registry.assign(spec, LabelConfig(digest="d", controls=(choices,)))
    with pytest.raises(ConfigurationError, match="Labels on a text"):
        reference(folder, choices)


def test_a_device_that_is_not_there_is_an_error(folder: Path) -> None:
    with pytest.raises(ProviderError, match="TensorRT"):
        registry.load(reference(folder, provider="tensorrt"))
