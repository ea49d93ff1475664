from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models import registry
from models.base import ModelRef
from models.errors import ConfigurationError, ModelError
from models.heads.zero_shot import probabilities
from models.specs import ZeroShotSpec
from models.types import Choices, Failure, LabelConfig, Medium, Prediction
from tests.unit.models.heads.topics import DESCRIPTIONS, SENTENCES
from tests.unit.models.samples import control, text_item

TOPICS = control(tuple(DESCRIPTIONS))
SPEC = ZeroShotSpec(descriptions=DESCRIPTIONS)


def said(ref: ModelRef, texts: list[str], model_dir: Path) -> list[Prediction]:
    answers = registry.load(ref, model_dir=model_dir).predict([text_item(str(i), text) for i, text in enumerate(texts)])
    return [answer for answer in answers if isinstance(answer, Prediction)]


@pytest.fixture(scope="module")
def model_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("exported")


def test_topics_are_told_apart_without_a_label_far_better_than_by_chance(model_dir: Path) -> None:
    """84 % of all 112 were right here, 81 % sure on average; chance is 25 %. The sentences were made up for this."""
    assert len(SENTENCES) == 112
    answers = said(registry.reference(SPEC, (TOPICS,), name="z"), [text for text, _ in SENTENCES], model_dir)
    right = np.array([one.regions[0].labels == (topic,) for one, (_, topic) in zip(answers, SENTENCES, strict=True)])
    sure = np.array([one.confidence for one in answers])
    assert right.mean() > 0.75
    assert sure.mean() == pytest.approx(right.mean(), abs=0.1)
    assert right[np.argsort(-sure)[:56]].mean() > right.mean()


def test_several_labels_may_hold(model_dir: Path) -> None:
    several = control(tuple(DESCRIPTIONS), multiple=True)
    ref = registry.reference(SPEC, (several,), name="z")
    (answer,) = said(ref, ["I was charged twice for the same order."], model_dir)
    assert isinstance(answer.regions[0].value, Choices)
    assert "billing" in answer.regions[0].labels
    assert answer.confidence < 1.0


def test_an_unreadable_item_harms_no_neighbour(model_dir: Path) -> None:
    model = registry.load(registry.reference(SPEC, (TOPICS,), name="z"), model_dir=model_dir)
    model.warm_up()
    answers = model.predict([text_item("a", None), text_item("b", "Where is my parcel?"), text_item("c", "")])
    assert isinstance(answers[0], Failure)
    assert isinstance(answers[1], Prediction)
    assert answers[1].regions[0].labels == ("delivery",)
    assert isinstance(answers[2], Prediction)


def test_probabilities_follow_the_cosine() -> None:
    labels = np.eye(3, dtype=np.float32)
    texts = np.array([[1, 0, 0], [0.6, 0.8, 0], [0, 0, 1]], np.float32)
    single = probabilities(texts, labels, multiple=False)
    assert single.argmax(axis=1).tolist() == [0, 1, 2]
    np.testing.assert_allclose(single.sum(axis=1), 1.0)
    np.testing.assert_allclose(single[1, 1] / single[1, 0], np.exp((0.8 - 0.6) / 0.05), rtol=1e-4)
    assert (probabilities(texts, labels, multiple=True)[1] >= 0.5).tolist() == [True, True, False]


def test_other_words_are_another_version_and_are_refused_by_the_old_one() -> None:
    ref = registry.reference(SPEC, (TOPICS,), name="z")
    other = ZeroShotSpec(descriptions=DESCRIPTIONS | {"billing": "Money."})
    assert registry.reference(other, (TOPICS,), name="z").sha256 != ref.sha256
    assert registry.reference(SPEC, (TOPICS,), name="z") == ref
    with pytest.raises(ModelError, match="have changed"):
        registry.load(ref.model_copy(update={"spec": other}))


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"'taxes'.*billing"):
        registry.reference(ZeroShotSpec(descriptions={"taxes": "x"}), (TOPICS,), name="z")
    image = control(medium=Medium.IMAGE)
    with pytest.raises(ConfigurationError, match="Choices or a Taxonomy on a text"):
        registry.reference(ZeroShotSpec(), (image,), name="z")
    with pytest.raises(ConfigurationError, match="Choices or a Taxonomy on a text"):
        registry.assign(ZeroShotSpec(), LabelConfig(digest="d", controls=(image,)))
    with pytest.raises(ConfigurationError, match="nothing to choose"):
        registry.reference(ZeroShotSpec(), (control(("one",)),), name="z")
    assert registry.assign(SPEC, LabelConfig(digest="d", controls=(image, TOPICS))).controls == (TOPICS,)
