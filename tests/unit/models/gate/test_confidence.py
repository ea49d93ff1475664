from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import expit, logit

from models.gate import confidence
from models.gate.confidence import KINDS, Kind, choose

Array = NDArray[Any]


def two_classes(n: int, seed: int = 0, *, hidden: float = 0.0, stretch: float = 1.0) -> tuple[Array, Array, Array]:
    """Probabilities, whether the answer was right, and a measure that says more of that if ``hidden`` is not 0."""
    rng = np.random.default_rng(seed)
    sure = rng.normal(1.5, 1.0, n) ** 2
    extra = rng.normal(size=(n, 1))
    right = (rng.random(n) < expit(sure + hidden * extra[:, 0])).astype(int)
    said = rng.integers(0, 2, n)
    top = expit(stretch * sure)
    return np.where(np.arange(2) == said[:, None], top[:, None], 1 - top[:, None]), right, extra


def many(n: int, labels: int, seed: int = 0) -> tuple[Array, Array]:
    """Probabilities that are meant, over several labels."""
    rng = np.random.default_rng(seed)
    raw = rng.normal(scale=2.0, size=(n, labels))
    rows = np.exp(raw) / np.exp(raw).sum(axis=1, keepdims=True)
    truth = (rows.cumsum(axis=1) > rng.random((n, 1))).argmax(axis=1)
    return rows, (rows.argmax(axis=1) == truth).astype(int)


def several(n: int, seed: int = 0) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    rows = rng.beta(0.5, 0.5, size=(n, 4))
    truth = rng.random((n, 4)) < rows
    return rows, ((rows >= 0.5) == truth).all(axis=1).astype(int)


def test_plain_is_the_probability_of_the_answer() -> None:
    rows, _ = many(20, 5)
    np.testing.assert_array_equal(confidence.plain().confidence(rows), rows.max(axis=1))
    rows, _ = several(20)
    np.testing.assert_allclose(
        confidence.plain(multiple=True).confidence(rows), np.maximum(rows, 1 - rows).prod(axis=1)
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("multiple", [False, True])
def test_every_kind_is_a_calibrated_share(kind: Kind, multiple: bool) -> None:
    rows, right = several(4000) if multiple else many(4000, 6)
    sharp = rows**3 / (rows**3 + (1 - rows) ** 3) if multiple else rows**3 / (rows**3).sum(axis=1, keepdims=True)
    found = confidence.fit(kind, sharp, right, multiple=multiple).confidence(sharp)
    assert ((found >= 0) & (found <= 1)).all()
    assert found.mean() == pytest.approx(right.mean(), abs=0.02)
    for low, high in ((0.0, 0.6), (0.6, 0.8), (0.8, 1.0)):
        inside = (found >= low) & (found < high)
        assert found[inside].mean() == pytest.approx(right[inside].mean(), abs=0.06)
    assert np.abs(confidence.plain(multiple=multiple).confidence(sharp).mean() - right.mean()) > 0.05


@pytest.mark.parametrize("answers", ["all right", "all wrong", "mixed"])
def test_max_keeps_the_order_without_ties(answers: str) -> None:
    rows, right = many(150, 8)
    right = {"all right": np.ones(150), "all wrong": np.zeros(150), "mixed": right}[answers]
    found = confidence.fit_max(rows, right).confidence(rows)
    np.testing.assert_array_equal(np.argsort(found), np.argsort(rows.max(axis=1)))
    assert np.unique(found).size == 150
    assert found.max() < 1, "not even an unbroken row of right answers is certain"


def test_an_order_that_is_the_wrong_way_round_is_not_turned() -> None:
    """A gate would otherwise start with what the model is least sure of."""
    rows, right = many(500, 4)
    found = confidence.fit_max(rows, 1 - right).confidence(rows)
    np.testing.assert_array_equal(np.argsort(found), np.argsort(rows.max(axis=1)))


@pytest.mark.parametrize("power", [0.4, 2.5])
def test_temperature_is_found_again(power: float) -> None:
    rows, right = many(4000, 6)
    hot = rows ** (1 / power) / (rows ** (1 / power)).sum(axis=1, keepdims=True)
    found = confidence.fit_temperature(hot, right)
    assert float(found.parameters["power"]) == pytest.approx(power, rel=0.1)
    np.testing.assert_allclose(found.confidence(hot), rows.max(axis=1), atol=0.03)


def test_few_answers_hardly_change_what_many_would() -> None:
    few, right, extra = two_classes(40, hidden=2.0)
    later, _, more = two_classes(500, seed=1)
    a = confidence.fit_max(few, right).confidence(later)
    b = confidence.fit_correctness(few, right, extra=extra).confidence(later, more)
    assert np.abs(logit(a) - logit(b)).max() < 1.5


def test_labels_that_are_often_wrong_are_less_sure() -> None:
    rng = np.random.default_rng(0)
    said = rng.integers(0, 3, 3000)
    rows = np.where(np.arange(3) == said[:, None], 0.8, 0.1)
    right = (rng.random(3000) < np.array([0.95, 0.8, 0.5])[said]).astype(int)
    found = confidence.fit_correctness(rows, right).confidence(np.where(np.eye(3) == 1, 0.8, 0.1))
    np.testing.assert_allclose(found, [0.95, 0.8, 0.5], atol=0.03)


def test_what_lies_far_outside_is_no_surer_than_the_rim() -> None:
    rows, right, extra = two_classes(2000, hidden=1.5)
    model = confidence.fit_correctness(rows, right, extra=extra)
    near, far = (model.confidence(rows[:1], np.array([[value]])) for value in (5.0, 1e9))
    assert near == far


class TestChoose:
    def test_a_measure_that_tells_right_from_wrong_is_taken(self) -> None:
        rows, right, extra = two_classes(1000, hidden=1.5)
        model = choose(rows, right, epsilon=0.05, delta=0.1, extra=extra)
        assert model.kind == "correctness"
        assert model.expected["correctness"] > model.expected["max"] + 0.05
        assert set(model.expected) == set(KINDS)

    def test_and_it_does_win_on_new_items(self) -> None:
        rows, right, extra = two_classes(1000, hidden=1.5)
        new, answers, more = two_classes(20_000, seed=1, hidden=1.5)
        model = choose(rows, right, epsilon=0.05, delta=0.1, extra=extra)
        taken = [np.argsort(-c)[:10_000] for c in (model.confidence(new, more), new.max(axis=1))]
        assert (1 - answers[taken[0]]).sum() < 0.8 * (1 - answers[taken[1]]).sum()

    def test_noise_is_left_alone_nearly_always(self) -> None:
        """Probabilities that are meant, and five measures that say nothing; fitted and judged on the same items, the
        correctness model would win each time."""
        kinds = []
        for seed in range(20):
            rows, right, _ = two_classes(200, seed=seed)
            extra = np.random.default_rng(seed).normal(size=(200, 5))
            kinds.append(choose(rows, right, epsilon=0.05, delta=0.1, extra=extra).kind)
        assert kinds.count("max") >= 16
        assert "temperature" not in kinds, "of two classes it changes no order: a tie, and ties go to the simpler"

    @pytest.mark.parametrize("value", [0, 1])
    def test_answers_that_are_all_alike_teach_nothing(self, value: int) -> None:
        rows, right, extra = two_classes(60)
        assert choose(rows, np.full_like(right, value), epsilon=0.05, delta=0.1, extra=extra).kind == "max"

    @pytest.mark.parametrize("n", [1, 3, 7])
    def test_a_handful_is_enough_to_answer(self, n: int) -> None:
        rows, right, extra = two_classes(n)
        model = choose(rows, right, epsilon=0.05, delta=0.1, extra=extra)
        assert ((model.confidence(rows, extra) >= 0) & (model.confidence(rows, extra) <= 1)).all()

    def test_the_same_data_give_the_same_model(self) -> None:
        rows, right, extra = two_classes(400, hidden=1.5)
        first, second = (choose(rows, right, epsilon=0.05, delta=0.1, extra=extra, seed=7) for _ in range(2))
        assert first.expected == second.expected
        for name, value in first.parameters.items():
            np.testing.assert_array_equal(value, second.parameters[name])

    def test_a_fold_is_judged_by_a_model_that_has_not_seen_it(self) -> None:
        """Each fold's model has a label that it gets wrong: what one fold teaches is wrong of the others."""
        rng = np.random.default_rng(0)
        folds, said = np.repeat(np.arange(5), 200), rng.integers(0, 5, 1000)
        rows = rng.uniform(0.7, 0.99, 1000)[:, None] * (np.arange(5) == said[:, None]) + 0.05
        rows /= rows.sum(axis=1, keepdims=True)
        right = ((said != folds) | (rng.random(1000) < 0.3)).astype(int)
        within = choose(rows, right, epsilon=0.15, delta=0.1, folds=np.arange(1000) % 5)
        apart = choose(rows, right, epsilon=0.15, delta=0.1, folds=folds)
        assert apart.expected["max"] == within.expected["max"]
        assert apart.expected["correctness"] < within.expected["correctness"]


@pytest.mark.parametrize(
    ("rows", "right"),
    [
        (np.zeros(3), np.ones(3)),
        (np.array([[np.nan, 0.5]]), np.ones(1)),
        (np.array([[1.5, 0.5]]), np.ones(1)),
        (np.array([[0.5, 0.5]]), np.array([0.5])),
        (np.zeros((0, 2)), np.zeros(0)),
    ],
)
def test_what_is_no_probability_or_no_answer_is_refused(rows: Array, right: Array) -> None:
    with pytest.raises(ValueError, match=r"must|one row"):
        choose(rows, right, epsilon=0.05, delta=0.1)


def test_other_labels_or_measures_than_those_of_the_fit_are_refused() -> None:
    rows, right, extra = two_classes(50)
    model = confidence.fit_correctness(rows, right, extra=extra)
    with pytest.raises(ValueError, match="fitted on 2 labels and 10 features, not on 2 and 9"):
        model.confidence(rows)
    with pytest.raises(ValueError, match="not on 5 and 10"):
        model.confidence(many(50, 5)[0], extra)
