"""A scorer that keeps models."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.errors import ModelError, PlatformUnavailable
from models.specs import HeadSpec
from models.types import Item, Prediction
from scripts.bench.texts import CONTROL, examples, items, sentences
from serving.local import LocalScorer

SPEC = HeadSpec(encoder="ngram")


class Fragile:
    """A model that breaks in a way that nobody foresaw."""

    def predict(self, wanted: list[Item]) -> list[Prediction]:
        raise ZeroDivisionError("no rows")

    def self_test(self) -> None:
        raise ModelError("it does not answer")


def said(scorer: LocalScorer, name: str, wanted: list[Item]) -> list[str]:
    ref = scorer.train(SPEC, (CONTROL,), examples(sentences(40)), name=name).ref
    return [one.model_version for one in scorer.score(ref, wanted) if isinstance(one, Prediction)]


def test_two_projects_with_the_same_head_each_predict_under_their_own_version(tmp_path: Path) -> None:
    """The same labels give the same weights and digest, but a version carries the project's name."""
    scorer = LocalScorer(tmp_path)
    first, second = (said(scorer, name, items(["lovely warm parcel"])) for name in ("shop", "shop-again"))
    assert [version.rsplit("-", 1)[0] for version in first + second] == ["shop", "shop-again"]
    assert first[0].rsplit("-", 1)[1] == second[0].rsplit("-", 1)[1]


def test_models_are_loaded_once_and_the_oldest_is_let_go(tmp_path: Path) -> None:
    scorer = LocalScorer(tmp_path, keep=2)
    refs = [scorer.train(SPEC, (CONTROL,), examples(sentences(n)), name="shop").ref for n in (20, 30, 40)]
    first = scorer.model(refs[0])
    assert scorer.model(refs[0]) is first
    scorer.model(refs[1])
    assert scorer.model(refs[0]) is first, "it was used last"
    scorer.model(refs[2])
    assert scorer.model(refs[0]) is first
    scorer.model(refs[1])
    assert len(scorer._models) == 2
    assert scorer.model(refs[0]) is first
    scorer.self_test()


def test_what_a_model_raises_is_a_model_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the item at fault can be singled out."""
    scorer = LocalScorer(tmp_path)
    ref = scorer.train(SPEC, (CONTROL,), examples(sentences(20)), name="shop").ref
    monkeypatch.setattr("serving.local.load", lambda *_, **__: Fragile())
    monkeypatch.setattr(Fragile, "warm_up", lambda _: None, raising=False)
    with pytest.raises(ModelError, match="no rows"):
        scorer.score(ref, items(["lovely"]))
    with pytest.raises(ModelError, match="does not answer"):
        scorer.self_test()


def test_a_model_that_is_not_here_is_no_items_fault(tmp_path: Path) -> None:
    ref = LocalScorer(tmp_path / "there").train(SPEC, (CONTROL,), examples(sentences(20)), name="shop").ref
    lost = ref.model_copy(update={"path": str(tmp_path / "here" / ref.sha256)})
    with pytest.raises(PlatformUnavailable, match="cannot be loaded here"):
        LocalScorer(tmp_path / "here").score(lost, items(["lovely"]))
