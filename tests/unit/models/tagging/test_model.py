from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models import registry
from models.base import ModelRef
from models.errors import ConfigurationError, ModelError
from models.specs import TaggerSpec
from models.tagging import features
from models.types import Failure, Item, Prediction
from models.values import TextSpan
from tests.unit.models.tagging.samples import labels_control, meetings


@pytest.fixture(scope="module")
def ref(tmp_path_factory: pytest.TempPathFactory) -> ModelRef:
    spec = TaggerSpec()
    folder = tmp_path_factory.mktemp("tagger")
    return registry.trainer(spec).train(spec, labels_control(), meetings(60), name="names", folder=folder).ref


def item(text: object, key: str = "k") -> Item:
    return Item(key=key, data={"text": text})


def spans(answer: object) -> list[tuple[str, tuple[str, ...]]]:
    assert isinstance(answer, Prediction)
    return [(one.value.text, one.labels) for one in answer.regions if isinstance(one.value, TextSpan)]


def test_names_are_found_by_code_points(ref: ModelRef) -> None:
    text = "😀 day 99: we met Zoë in 北京"
    answer = registry.load(ModelRef.model_validate_json(ref.model_dump_json())).predict([item(text)])[0]
    assert spans(answer) == [("Zoë", ("person",)), ("北京", ("place",))]
    assert isinstance(answer, Prediction)
    assert answer.confidence > 0.5
    assert answer.numbers["regions"] == 2
    assert answer.numbers["input_characters"] == len(text)
    assert all(one.score is not None and one.score > 0.5 for one in answer.regions)


def test_no_span_is_an_answer_with_a_confidence(ref: ModelRef) -> None:
    nothing, empty = registry.load(ref).predict([item("nobody was there"), item("")])
    assert spans(nothing) == spans(empty) == []
    assert isinstance(nothing, Prediction)
    assert nothing.confidence > 0.5
    assert nothing.numbers["min_score"] == 1.0


def test_a_bad_item_harms_no_neighbour(ref: ModelRef) -> None:
    text = "day 7: we met Bo in Oslo"
    model = registry.load(ref)
    answers = model.predict([item(text, "a"), item(None, "b"), item([1], "c"), item(text + " 😀" * 500, "d")])
    assert [answer.key for answer in answers] == ["a", "b", "c", "d"]
    assert [answer.code for answer in answers if isinstance(answer, Failure)] == ["missing_field", "wrong_type"]
    alone = model.predict([item(text, "a")])[0]
    assert isinstance(alone, Prediction)
    assert isinstance(answers[0], Prediction)
    assert spans(alone) == spans(answers[0])
    assert alone.confidence == pytest.approx(answers[0].confidence, abs=1e-9)
    assert model.predict([]) == []


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(max_size=60) | st.sampled_from(["met 李明 in 北京", "met Zoë", "e\u0301 in Rome"]), max_size=4))
def test_any_unicode_has_spans_in_order_that_hold_what_they_say(ref: ModelRef, texts: list[str]) -> None:
    for text, answer in zip(texts, registry.load(ref).predict([item(text) for text in texts]), strict=True):
        assert isinstance(answer, Prediction)
        place = 0
        for region in answer.regions:
            assert isinstance(region.value, TextSpan)
            assert place <= region.value.start < region.value.end <= len(text)
            assert text[region.value.start : region.value.end] == region.value.text
            assert 0.0 <= (region.score or 0.0) <= 1.0
            place = region.value.end


def test_other_labels_or_other_features_ask_for_training(ref: ModelRef, monkeypatch: pytest.MonkeyPatch) -> None:
    changed = ref.model_copy(update={"control": labels_control(("person", "town"))})
    with pytest.raises(ConfigurationError, match="train again"):
        registry.load(changed)
    with pytest.raises(ConfigurationError, match="train it first"):
        registry.load(ref.model_copy(update={"path": None}))
    monkeypatch.setattr(features, "DIGEST", "other")
    with pytest.raises(ModelError, match="other features"):
        registry.load(ref)


def test_the_model_answers_to_its_self_test(ref: ModelRef) -> None:
    model = registry.load(ref)
    model.warm_up()
    model.self_test()
    assert model.version == ref.version
