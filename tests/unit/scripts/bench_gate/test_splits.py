"""Both kinds of labelled data, made small: every rule on the same splits, and the promise over them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binom

from scripts.bench_gate import confidence, data, digits, fashion, splits
from scripts.bench_gate.data import DataMissingError

SPLITS = 60


def test_digits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digits, "SETTINGS", ((200, 0.73),))
    monkeypatch.setattr(digits, "MODELS_EACH", 1)
    monkeypatch.setattr(data, "TREES", 20)
    (found,) = digits.comparisons(3, SPLITS)
    assert (found.splits, found.models, found.items) == (SPLITS, 3, 1597)
    assert [row.rule for row in found.rows][: len(splits.ALL_OURS)] == list(splits.ALL_OURS)
    assert {row.rule for row in found.rows} == {*splits.NAMES.values(), splits.CHOSEN, splits.SECOND}
    for rule in splits.ALL_OURS:
        assert found.row(rule).violations <= binom.ppf(0.999, SPLITS, found.delta) / SPLITS
    assert found.row("plug-in").violations > 0.25, "the splits can tell a guarantee from none"
    assert found.row(splits.CHOSEN).automation > 0.5


@pytest.fixture
def garments(monkeypatch: pytest.MonkeyPatch) -> None:
    """Digits in the place of Fashion-MNIST: no data set needed, and a training of a second."""
    from sklearn.datasets import load_digits

    loaded = load_digits()
    images, labels = loaded.data / 16.0, loaded.target.astype(np.int64)
    monkeypatch.setattr(data, "fashion_images", lambda: (images, labels))
    monkeypatch.setattr(data, "FASHION_TRAIN", 300)
    monkeypatch.setattr(data, "TREES", 20)
    monkeypatch.setattr(fashion, "SETTINGS", ((0.05, 300, 0.5),))
    monkeypatch.setattr(fashion, "EPSILONS", (0.05, 0.1))
    monkeypatch.setattr(fashion, "CURVE_LABELS", 300)


@pytest.mark.usefixtures("garments")
def test_fashion_from_the_cache_and_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fashion.train(2, tmp_path)
    kept = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert len(kept) == 2
    fashion.train(2, tmp_path)
    assert {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == kept, "trained once"
    (found,) = fashion.comparisons(2, 8, tmp_path)
    assert found.splits == 8
    assert fashion.comparisons(2, 8, tmp_path) == [found], "the same seeds, the same numbers"
    points = fashion.curve(2, 8, tmp_path)
    assert [point.epsilon for point in points] == [0.05, 0.1]
    monkeypatch.setattr(data, "TREES", 21)
    assert data.fashion_path(0, tmp_path).name not in kept, "another recipe, another name"


def test_missing_data_is_told_with_its_cure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data, "FASHION", tmp_path / "none")
    data.fashion_images.cache_clear()
    with pytest.raises(DataMissingError, match="dataset-fashion-mnist"):
        fashion.train(1, tmp_path)


def test_opinion_is_of_the_first_ones_answer() -> None:
    first = np.array([[0.7, 0.2, 0.1], [0.1, 0.2, 0.7]])
    second = np.array([[0.5, 0.4, 0.1], [1.0, 0.0, 0.0]])
    found = confidence.opinion(first, second)
    np.testing.assert_allclose(found[0], [0.0, np.log(0.4 / 0.6)])
    np.testing.assert_allclose(found[1], np.log(confidence.LEAST / (1 - confidence.LEAST)) * np.array([1, -1]))
    assert second[1, 0] == 1.0, "what came in is left as it was"


def test_the_confidence_is_chosen_without_a_look_at_other_items() -> None:
    said = data.digits(0)
    kept = confidence.chosen(said, epsilon=0.05, delta=0.1, labels=200, second=True)
    blind = replace(said, truth=np.zeros_like(said.truth))
    np.testing.assert_array_equal(confidence.chosen(blind, epsilon=0.05, delta=0.1, labels=200, second=True), kept)
    few = replace(said, probabilities=said.probabilities[:5], truth=said.truth[:5], second=said.second[:5])
    np.testing.assert_allclose(confidence.chosen(few, epsilon=0.05, delta=0.1, labels=200, second=True), kept[:5])


def test_train_predictions_are_held_out() -> None:
    """By one model a fold, and as good as those of the other items, not better."""
    said = data.digits(0)
    assert np.bincount(said.folds).tolist() == [40] * data.FOLDS
    assert abs(said.train_correct.mean() - (1 - said.losses.mean())) < 0.1
    assert not said.train_correct.all()
