"""Drift: the figures are right, false alarms are as rare as promised, and small drift is let pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import ks_2samp

from models.gate.drift import ALPHA, FLOOR, compare, compare_all, psi

Array = NDArray[np.float64]
Sampler = Callable[[np.random.Generator, int], Array]

KINDS: dict[str, Sampler] = {
    "smooth": lambda rng, n: rng.beta(8, 1, n),
    "with ties": lambda rng, n: np.round(rng.beta(8, 1, n), 2),
    "mostly certain": lambda rng, n: np.minimum(1.0, 1.1 * rng.beta(8, 1, n)),
}


def test_the_index_by_hand() -> None:
    reference = np.arange(100) / 100
    recent = np.concatenate([np.full(55, 0.005), np.repeat(np.arange(10, 100, 10) / 100 + 0.005, 5)])
    value, bins = psi(reference, recent)
    assert bins == 10
    assert value == pytest.approx((0.55 - 0.1) * np.log(5.5) + 9 * (0.05 - 0.1) * np.log(0.5))
    assert psi(reference, reference) == (0.0, 10)


def test_an_empty_bin_is_not_infinite() -> None:
    value, bins = psi(np.arange(100) / 100, np.zeros(50))
    assert bins == 10
    assert value == pytest.approx(0.9 * np.log(10) + 9 * (FLOOR - 0.1) * np.log(FLOOR / 0.1))


@pytest.mark.parametrize("kind", KINDS)
def test_the_distance_is_scipys(kind: str) -> None:
    rng = np.random.default_rng(0)
    for n, m in ((50, 70), (200, 500)):
        a, b = KINDS[kind](rng, n), KINDS[kind](rng, m)
        found = compare(a, b)
        assert found is not None
        assert found.distance == pytest.approx(ks_2samp(a, b).statistic)
        assert (found.reference, found.recent) == (n, m)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n", [60, 400])
def test_without_drift_it_alarms_as_seldom_as_it_says(kind: str, n: int) -> None:
    rng, looks, alpha = np.random.default_rng(1), 1500, 0.02
    found = [compare(KINDS[kind](rng, n), KINDS[kind](rng, 500), alpha=alpha) for _ in range(looks)]
    share = np.mean([one is not None and one.p_value <= alpha for one in found])
    print(f"\n{kind}, {n} against 500: p <= {alpha} in {share:.3f} of {looks} looks")
    assert share <= alpha + 3 * (alpha * (1 - alpha) / looks) ** 0.5
    assert sum(one is not None and one.alarm for one in found) <= share * looks + 1


def test_plain_drift_is_seen() -> None:
    rng = np.random.default_rng(2)
    for _ in range(20):
        found = compare(rng.beta(8, 1, 200), rng.beta(5, 2, 500))
        assert found is not None
        assert found.alarm
        assert found.p_value <= ALPHA


def test_a_sure_but_small_difference_is_let_pass() -> None:
    rng = np.random.default_rng(3)
    found = compare(rng.beta(8, 1, 20_000), rng.beta(7.4, 1, 20_000))
    assert found is not None
    assert found.p_value <= ALPHA
    assert found.psi < 0.1
    assert not found.alarm


def test_one_confidence_for_all_is_no_drift() -> None:
    found = compare(np.ones(100), np.ones(100))
    assert found is not None
    assert (found.psi, found.distance, found.p_value, found.alarm) == (0.0, 0.0, 1.0, False)


def test_of_a_few_nothing_is_said() -> None:
    assert compare(np.ones(49), np.ones(500)) is None
    assert compare(np.ones(500), np.ones(49)) is None
    assert compare_all({"a": np.ones(49)}, {"a": np.ones(500)}) == {}


class TestWords:
    def test_by_hand(self) -> None:
        reference, recent = np.repeat(["a", "b", "c"], [60, 38, 2]), np.repeat(["a", "b", "d"], [30, 66, 4])
        value, bins = psi(reference, recent)
        assert bins == 3, "c, which is rare, and d are not known apart"
        shares = ((0.6, 0.3), (0.38, 0.66), (0.02, 0.04))
        assert value == pytest.approx(sum((p - q) * np.log(p / q) for q, p in shares))
        found = compare(reference, recent)
        assert found is not None
        assert found.distance == pytest.approx(0.3)
        assert found.alarm

    @pytest.mark.parametrize("kinds", [2, 10, 40])
    @pytest.mark.parametrize("n", [60, 400])
    def test_without_drift_it_alarms_as_seldom_as_it_says(self, kinds: int, n: int) -> None:
        rng, looks, alpha = np.random.default_rng(4), 500, 0.02
        names = np.array([f"word {k}" for k in range(kinds)])
        shares = rng.dirichlet(np.full(kinds, 2.0))
        found = [
            compare(rng.choice(names, n, p=shares), rng.choice(names, 500, p=shares), alpha=alpha) for _ in range(looks)
        ]
        share = np.mean([one is not None and one.p_value <= alpha for one in found])
        print(f"\n{kinds} words, {n} against 500: p <= {alpha} in {share:.3f} of {looks} looks")
        assert share <= 2 * alpha
        assert sum(one is not None and one.alarm for one in found) <= share * looks

    def test_are_not_compared_with_numbers(self) -> None:
        with pytest.raises(ValueError, match="words"):
            compare(np.ones(100), np.full(100, "a"))


class TestAllFigures:
    def test_those_that_both_have(self) -> None:
        rng = np.random.default_rng(5)
        same = {"confidence": rng.random(200), "answer": rng.choice(["a", "b"], 200)}
        found = compare_all({**same, "old": np.ones(200)}, {**same, "new": np.ones(200)})
        assert found.keys() == same.keys()
        assert not any(one.alarm for one in found.values())

    def test_together_they_alarm_as_seldom_as_one(self) -> None:
        rng, looks, alpha = np.random.default_rng(6), 1000, 0.02

        def sample(n: int) -> dict[str, Any]:
            return {f"figure {k}": rng.random(n) for k in range(4)} | {"answer": rng.choice(["a", "b", "c"], n)}

        found = [compare_all(sample(200), sample(500), alpha=alpha) for _ in range(looks)]
        share = np.mean([any(one.p_value <= alpha / 5 for one in look.values()) for look in found])
        assert share <= alpha + 3 * (alpha * (1 - alpha) / looks) ** 0.5

    def test_one_that_drifts_is_named(self) -> None:
        rng = np.random.default_rng(7)
        found = compare_all(
            {"confidence": rng.random(200), "length": rng.random(200)},
            {"confidence": rng.random(500), "length": rng.random(500) ** 2},
        )
        assert [name for name, one in found.items() if one.alarm] == ["length"]


@pytest.mark.parametrize("wrong", [[[0.5]], [float("nan")], [float("inf")]])
def test_what_is_no_figure_is_refused(wrong: list[float]) -> None:
    with pytest.raises(ValueError, match="reference must"):
        compare(wrong, np.ones(100))
    with pytest.raises(ValueError, match="recent must"):
        compare(np.ones(100), wrong)
    with pytest.raises(ValueError, match="alpha"):
        compare(np.ones(100), np.ones(100), alpha=1.0)
    with pytest.raises(ValueError, match="at least one"):
        psi([], [0.5])
