"""A scorer that keeps models."""

from __future__ import annotations

from pathlib import Path

from models.base import HeadSpec
from models.types import Item, Prediction
from scripts.bench.texts import CONTROL, examples, items, sentences
from serving.local import LocalScorer

SPEC = HeadSpec(encoder="ngram")


def said(scorer: LocalScorer, name: str, wanted: list[Item]) -> list[str]:
    ref = scorer.train(SPEC, CONTROL, examples(sentences(40)), name=name).ref
    return [one.model_version for one in scorer.score(ref, wanted) if isinstance(one, Prediction)]


def test_two_projects_with_the_same_head_each_predict_under_their_own_version(tmp_path: Path) -> None:
    """The same labels give the same weights and digest, but a version carries the project's name."""
    scorer = LocalScorer(tmp_path)
    first, second = (said(scorer, name, items(["lovely warm parcel"])) for name in ("shop", "shop-again"))
    assert [version.rsplit("-", 1)[0] for version in first + second] == ["shop", "shop-again"]
    assert first[0].rsplit("-", 1)[1] == second[0].rsplit("-", 1)[1]
