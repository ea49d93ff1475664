"""The e-detector: it is what its docstring says, it alarms as seldom as its level says, and it sees changes soon."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.gate.monitor import BETS, change_point, earliest_change, first_reached, statistic

EPSILON = 0.05
Array = NDArray[np.float64]

losses_in = st.lists(st.floats(0, 1), min_size=0, max_size=60)
epsilons = st.floats(0.001, 0.6)


def recursion(losses: list[float], epsilons: list[float]) -> Array:
    path = []
    wealth: Array = np.zeros(len(BETS))
    for loss, epsilon in zip(losses, epsilons, strict=True):
        wealth = (wealth + 1) * (1 + np.array(BETS) / epsilon * (loss - epsilon))
        path.append(wealth.mean())
    return np.array(path)


def draws(rng: np.random.Generator, n: int, rate: float) -> Array:
    return (rng.random(n) < rate).astype(np.float64)


def alarms(stream: Array, level: float, epsilon: float = EPSILON, stretch: int = 4_000) -> int:
    """How often a detector alarms that begins anew after each alarm."""
    count = start = 0
    while start < stream.size:
        length = stretch
        while (hit := first_reached(statistic(stream[start : start + length], epsilon=epsilon), level)) is None:
            if start + length >= stream.size:
                return count
            length *= 2
        count, start = count + 1, start + hit + 1
    return count


@given(losses_in, epsilons)
def test_it_is_the_recursion(losses: list[float], epsilon: float) -> None:
    expected = recursion(losses, [epsilon] * len(losses))
    np.testing.assert_allclose(statistic(losses, epsilon=epsilon), expected, rtol=1e-9)


@given(st.lists(st.tuples(st.floats(0, 1), epsilons), max_size=60))
def test_each_audit_may_have_a_budget_of_its_own(audits: list[tuple[float, float]]) -> None:
    losses, budgets = [loss for loss, _ in audits], [budget for _, budget in audits]
    found = statistic(losses, epsilon=np.array(budgets))
    np.testing.assert_allclose(found, recursion(losses, budgets), rtol=1e-9)


def test_budgets_are_one_or_as_many_as_audits_and_within_0_and_1() -> None:
    for wrong in ([0.1, 0.1], [0.1, 0.0, 0.1], [0.1, float("nan"), 0.1]):
        with pytest.raises(ValueError, match="epsilon"):
            statistic([0.0, 1.0, 0.0], epsilon=wrong)


def test_at_exactly_the_budgets_it_alarms_no_more_often_where_they_change() -> None:
    rng = np.random.default_rng(17)
    budgets = np.where(np.arange(4_000) % 700 < 350, 0.02, 0.1)
    hits = 0
    for _ in range(60):
        losses = (rng.random(budgets.size) < budgets).astype(np.float64)
        hits += first_reached(statistic(losses, epsilon=budgets), 40_000.0) is not None
    assert hits <= 60 * budgets.size / 40_000 + 8, "by Ville's inequality a tenth of these streams at the most"


@given(losses_in, epsilons)
def test_within_epsilon_it_grows_by_one_an_audit_on_average(losses: list[float], epsilon: float) -> None:
    """Exactly so at an error rate of epsilon: from this follows the average run length."""
    wrong, right = (statistic([*losses, last], epsilon=epsilon)[-1] for last in (1.0, 0.0))
    before = statistic(losses, epsilon=epsilon)[-1] if losses else 0.0
    assert epsilon * wrong + (1 - epsilon) * right == pytest.approx(before + 1, rel=1e-9)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40), epsilons, st.data())
def test_a_worse_audit_never_speaks_for_the_gate(losses: list[float], epsilon: float, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(losses) - 1))
    worse = [*losses[:at], data.draw(st.floats(losses[at], 1)), *losses[at + 1 :]]
    assert statistic(worse, epsilon=epsilon)[-1] >= statistic(losses, epsilon=epsilon)[-1] * (1 - 1e-9)


@given(losses_in, epsilons, st.integers(0, 60))
def test_the_past_does_not_change(losses: list[float], epsilon: float, n: int) -> None:
    np.testing.assert_allclose(
        statistic(losses[:n], epsilon=epsilon), statistic(losses, epsilon=epsilon)[:n], rtol=1e-9
    )


def test_it_stays_finite() -> None:
    path = statistic(np.ones(20_000), epsilon=0.001)
    assert np.isfinite(path).all()
    assert first_reached(path, 1e6) is not None
    assert statistic(np.zeros(20_000), epsilon=EPSILON)[-1] < 100, "a clean past builds up nothing"


@pytest.mark.parametrize("losses", [[[0.0]], [float("nan")], [-0.1], [1.1]], ids=["shape", "NaN", "below", "above"])
def test_what_is_no_loss_is_refused(losses: list[float]) -> None:
    for function in (statistic, change_point):
        with pytest.raises(ValueError, match="losses must"):
            function(losses, epsilon=EPSILON)
    for epsilon in (0.0, 1.0):
        with pytest.raises(ValueError, match="epsilon must"):
            statistic([0.0], epsilon=epsilon)


@pytest.mark.parametrize("epsilon", [0.02, 0.05])
@pytest.mark.parametrize(("level", "audits"), [(10_000, 500_000), (1_000, 100_000)])
def test_at_exactly_epsilon_it_alarms_at_most_once_in_as_many_audits_as_its_level(
    epsilon: float, level: int, audits: int
) -> None:
    seen = alarms(draws(np.random.default_rng(7), audits, epsilon), level, epsilon)
    print(f"\nepsilon {epsilon}, level {level:,}: {seen} false alarms in {audits:,} audits")
    assert 0 < seen <= audits / level


def test_so_it_does_with_losses_between_0_and_1() -> None:
    rng, audits = np.random.default_rng(8), 150_000
    seen = alarms(rng.beta(0.1, 1.9, audits), 1_000)
    assert seen <= audits / 1_000
    rising = np.concatenate([rng.beta(0.1, 1.9, 1_000), rng.beta(0.4, 1.6, 1_000)])
    assert alarms(rising, 10_000) >= 1


def delays(clean: int, rate: float, level: float, *, runs: int = 200, before: float = EPSILON) -> Iterator[int]:
    """Audits from the change to the alarm, of runs without a false one."""
    rng = np.random.default_rng(9)
    for _ in range(runs):
        stream = np.concatenate([draws(rng, clean, before), draws(rng, 1_500, rate)])
        hit = first_reached(statistic(stream, epsilon=EPSILON), level)
        if hit is None or hit >= clean:
            yield (stream.size if hit is None else hit + 1) - clean


@pytest.mark.parametrize(
    ("level", "rate", "most"), [(1_000, 0.10, 110), (10_000, 0.10, 220), (1_000, 0.20, 35), (10_000, 0.20, 60)]
)
def test_a_rise_after_a_thousand_clean_audits_is_seen_soon(level: float, rate: float, most: int) -> None:
    found = {clean: float(np.median(list(delays(clean, rate, level)))) for clean in (0, 1_000)}
    print(f"\n5 % -> {rate:.0%}, level {level:,}: median audits to the alarm {found}")
    assert found[1_000] <= most
    assert found[1_000] <= found[0], "a clean past makes it no slower"


def test_the_change_is_found_where_it_is_plain() -> None:
    rng = np.random.default_rng(10)
    for clean in (0, 1, 40, 400):
        stream = np.concatenate([draws(rng, clean, 0.02), np.ones(12)])
        at = change_point(stream, epsilon=EPSILON)
        assert at <= clean <= at + 3
        assert stream[at] == 1.0


def test_the_change_is_estimated_late_rather_than_early_and_not_by_much() -> None:
    rng, off = np.random.default_rng(11), []
    for _ in range(150):
        stream = np.concatenate([draws(rng, 400, 0.03), draws(rng, 600, 0.2)])
        hit = first_reached(statistic(stream, epsilon=EPSILON), 10_000)
        assert hit is not None
        at = change_point(stream[: hit + 1], epsilon=EPSILON)
        assert stream[at] == 1.0
        off.append(at - 400)
    quarter, half, three = np.quantile(off, [0.25, 0.5, 0.75])
    print(f"\nestimated change, audits after the true one: {quarter:.0f} / {half:.0f} / {three:.0f} (quartiles)")
    assert 0 <= half <= 10
    assert quarter >= -30
    assert three <= 20


@pytest.mark.parametrize(
    ("clean", "good", "bad", "left_most", "price_most"),
    [(300, 0.03, 0.1, 0.17, 50), (100, 0.03, 0.36, 0.04, 12), (60, 0.01, 0.36, 0.05, 8), (7, 0.0, 0.36, 0.05, 5)],
)
def test_little_of_what_came_after_the_change_is_before_the_earliest(
    clean: int, good: float, bad: float, left_most: float, price_most: float
) -> None:
    """The share of the audits after the true change that would not be taken back, beside the estimate's."""
    rng, left, estimate, price = np.random.default_rng(13), [], [], []
    for _ in range(200):
        stream = np.concatenate([draws(rng, clean, good), draws(rng, 1_500, bad)])
        hit = first_reached(statistic(stream, epsilon=EPSILON), 10_000)
        assert hit is not None
        if hit < clean:
            continue
        seen, after = stream[: hit + 1], hit + 1 - clean
        left.append(max(0, earliest_change(seen, epsilon=EPSILON) - clean) / after)
        estimate.append(max(0, change_point(seen, epsilon=EPSILON) - clean) / after)
        price.append(max(0, clean - earliest_change(seen, epsilon=EPSILON)))
    share, likeliest, cost = (float(np.mean(values)) for values in (left, estimate, price))
    print(f"\n{good:.0%} -> {bad:.0%}: {share:.1%} left (estimate: {likeliest:.1%}), {cost:.1f} audits too many")
    assert len(left) > 150
    assert share <= left_most
    assert share <= 0.5 * likeliest
    assert cost <= price_most


def test_without_audits_nothing_has_changed() -> None:
    with pytest.raises(ValueError, match="without an audit"):
        change_point([], epsilon=EPSILON)
    with pytest.raises(ValueError, match="without an audit"):
        earliest_change([], epsilon=EPSILON)
    assert statistic([], epsilon=EPSILON).shape == (0,)
    assert first_reached(np.array([]), 10) is None


@settings(max_examples=50)
@given(st.lists(st.sampled_from([0.0, 1.0]), min_size=1, max_size=80), epsilons)
def test_the_change_is_the_lowest_point_of_the_walk(losses: list[float], epsilon: float) -> None:
    walks = np.cumsum(np.log1p(np.outer(np.array(losses) - epsilon, np.array(BETS) / epsilon)), axis=0)
    before = np.vstack([np.zeros(len(BETS)), walks[:-1]])
    at = change_point(losses, epsilon=epsilon)
    assert earliest_change(losses, epsilon=epsilon) <= at
    assert (walks[-1] - before[at]).max() == pytest.approx((walks[-1] - before).max(), abs=1e-9)
