from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from models.errors import ModelError
from models.tasks.classify import Classifier, Probabilities
from models.tasks.traits import of_text
from models.types import Failure, Item, Medium, Prediction
from tests.unit.models.samples import control, text_item


def by_length(texts: Sequence[str]) -> Probabilities:
    """Longer text is better."""
    good = np.array([min(len(text), 10) / 10 for text in texts])
    return np.stack([good, 1 - good], axis=1)


def classifier(run: object = by_length, medium: Medium = Medium.TEXT) -> Classifier:
    return Classifier("v-1", control(medium=medium), ("good", "bad"), str, run, traits=of_text)  # type: ignore[arg-type]


def test_unreadable_items_fail_in_place_and_leave_their_neighbours_alone() -> None:
    items = [
        text_item("1", "a long good text"),
        Item(key="2", data={"other": "x"}),
        text_item("3", "b"),
        text_item("4", 7),
        text_item("5", None),
        text_item("6", ""),
        text_item("7", ["a"]),
        text_item("8", True),
        text_item("9", {"not": "a text"}),
    ]
    answers = classifier().predict(items)
    assert [answer.key for answer in answers] == list("123456789")
    codes = [answer.code if isinstance(answer, Failure) else answer.regions[0].labels[0] for answer in answers]
    assert codes == ["good", "missing_field", "bad", "bad", "missing_field", "bad", *["wrong_type"] * 3]
    alone = classifier().predict([items[2]])
    assert alone == [answers[2]]
    assert isinstance(answers[2], Prediction)
    assert answers[2].model_version == "v-1"


def test_an_image_that_was_not_fetched_is_not_taken_from_its_address() -> None:
    (answer,) = classifier(medium=Medium.IMAGE).predict([text_item("1", "/etc/hostname")])
    assert isinstance(answer, Failure)
    assert answer.code == "media_not_fetched"


def test_nothing_in_nothing_out() -> None:
    assert classifier().predict([]) == []


def crash(texts: Sequence[str]) -> Probabilities:
    raise RuntimeError("out of memory")


def wrong_shape(texts: Sequence[str]) -> Probabilities:
    return np.ones((len(texts) + 1, 2))


def not_a_number(texts: Sequence[str]) -> Probabilities:
    return np.full((len(texts), 2), np.nan)


@pytest.mark.parametrize(
    ("run", "message"), [(crash, "out of memory"), (wrong_shape, "no finite"), (not_a_number, "no finite")]
)
def test_a_crash_of_the_whole_chunk_is_a_model_error(run: object, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        classifier(run).predict([text_item("1", "x"), text_item("2", "y")])


def test_the_confidence_is_the_one_that_is_said_of_the_value() -> None:
    def sure(rows: Probabilities, texts: Sequence[str]) -> Probabilities:
        return np.array([len(text) / 100 for text in texts])

    ask = control(medium=Medium.TEXT)
    model = Classifier("v-1", ask, ("good", "bad"), str, by_length, traits=of_text, confidence=sure)
    first, broken, last = model.predict([text_item("1", "x" * 50), text_item("2", None), text_item("3", "y")])
    assert isinstance(broken, Failure)
    assert isinstance(first, Prediction)
    assert isinstance(last, Prediction)
    assert (first.confidence, last.confidence) == (0.5, 0.01)
    assert (first.regions[0].score, first.numbers["p1"]) == (0.5, 1.0)


@pytest.mark.parametrize("found", [np.array([1.5]), np.array([np.nan]), np.ones(2)])
def test_no_share_is_no_confidence(found: Probabilities) -> None:
    model = Classifier(
        "v-1", control(), ("good", "bad"), str, by_length, traits=of_text, confidence=lambda rows, texts: found
    )
    with pytest.raises(ModelError, match="no confidence"):
        model.predict([text_item("1", "x")])
