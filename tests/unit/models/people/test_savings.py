"""What items would have taken by hand: against simulated worlds in which that is known."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pytest

from models.people.effort import FEWEST
from models.people.savings import ByHand, Stratum, by_hand, strata, usual

THRESHOLD = 0.8


@dataclass(frozen=True)
class Split:
    """One lot of one world: what is saved in truth, and what is said of it."""

    truth: float
    said: ByHand
    spent: float

    @property
    def covers(self) -> bool:
        return self.said.lower - self.spent <= self.truth <= self.said.upper - self.spent


def split(seed: int, *, items: int = 1000, sigma: float = 0.7, breaks: float = 0.01, factor: float = 0.7) -> Split:
    """Unsure items take longer; surer ones are accepted. A tenth is blind, 5 % audited, 2 % of the suggestions hidden.

    In ``breaks`` of the labels the page stayed open: their times are 20 to 200 times too long.
    """
    rng = np.random.default_rng(seed)
    sure, lot = rng.beta(4.0, 1.5, items), rng.random(items)
    hand = 20.0 * np.exp(1.0 - sure + sigma * rng.standard_normal(items))
    aided = factor * hand * np.exp(0.3 * rng.standard_normal(items))
    blind, acceptable = rng.random(items) < 0.1, sure >= THRESHOLD
    hidden = blind | (acceptable & (lot < 0.05)) | (~acceptable & (lot < 0.02))
    accepted = acceptable & ~hidden
    suggested = ~acceptable & ~hidden & (rng.random(items) < 0.5)
    stretched = np.where(rng.random(items) < breaks, rng.uniform(20.0, 200.0, items), 1.0)
    seen_hand, seen_aided = hand * stretched, aided * stretched
    longest = usual(np.concatenate([seen_hand[hidden], seen_aided[suggested]]))
    control = hidden & (seen_hand <= longest)
    timed = seen_aided[suggested & (seen_aided <= longest)]
    parts = strata(
        sure[suggested], sure[control], seen_hand[control], accepted=int(accepted.sum()), threshold=THRESHOLD
    )
    said = by_hand(parts, draws=500, seed=seed)
    assert said is not None
    truth = hand[accepted].sum() + (hand - aided)[suggested].sum()
    return Split(float(truth), said, float(timed.mean() * suggested.sum()))


@pytest.mark.parametrize(("sigma", "breaks", "factor"), [(0.6, 0.0, 0.7), (0.8, 0.01, 0.7), (1.0, 0.0, 1.3)])
def test_the_interval_holds_what_is_saved(sigma: float, breaks: float, factor: float) -> None:
    splits = [split(seed, sigma=sigma, breaks=breaks, factor=factor) for seed in range(200)]
    assert np.mean([one.covers for one in splits]) >= 0.85, "nominally 90 %"
    off = np.mean([one.said.seconds - one.spent - one.truth for one in splits])
    assert abs(off) < 0.05 * np.mean([one.truth for one in splits]), "nearly without bias"


def test_more_control_makes_it_surer() -> None:
    small, large = (
        np.mean([(one.said.upper - one.said.lower) / one.truth for one in map(lambda s: split(s, items=n), range(10))])
        for n in (600, 9600)
    )
    assert large < 0.4 * small


def test_a_comparison_across_confidences_would_mislead() -> None:
    """Without ranges the sure, quick, accepted items would be given the times of all."""
    rng = np.random.default_rng(1)
    sure = rng.beta(4.0, 1.5, 20_000)
    times = 20.0 * np.exp(3.0 * (1.0 - sure))
    lot = rng.random(20_000) < 0.05
    accepted = (sure >= THRESHOLD) & ~lot
    truth = times[accepted].sum()
    parts = strata([], sure[lot], times[lot], accepted=int(accepted.sum()), threshold=THRESHOLD)
    told = by_hand(parts)
    assert told is not None
    assert told.seconds == pytest.approx(truth, rel=0.03)
    assert times[lot].mean() * accepted.sum() > 1.3 * truth


def test_nothing_is_said_without_a_control() -> None:
    rng = np.random.default_rng(0)
    times = rng.lognormal(3.0, 0.5, FEWEST - 3)
    parts = strata([0.5] * 10, [0.5] * times.size, times)
    assert [one.wanted for one in parts] == [3]
    assert by_hand(parts) is None
    apart = strata([0.5] * 10, [0.9] * 60, [20.0] * 60, accepted=5, threshold=0.8)
    assert [(one.items, one.wanted) for one in apart] == [(10, FEWEST), (5, 0)], "items below have no control"
    assert by_hand(apart) is None
    assert [one.wanted for one in strata([], [0.9] * 3, [1.0] * 3)] == [0], "there is nothing to tell of"


def test_every_item_and_every_time_is_of_one_range() -> None:
    rng = np.random.default_rng(3)
    items, control = rng.random(500), rng.random(230)
    parts = strata(items, control, np.arange(230.0) + 1.0, accepted=40, threshold=0.7)
    assert len(parts) == 6
    assert sum(one.items for one in parts) == 540
    assert parts[-1].items == 40 + (items >= 0.7).sum()
    assert sorted(np.concatenate([one.seconds for one in parts])) == list(np.arange(230.0) + 1.0)
    assert min(one.seconds.size for one in parts) >= FEWEST


def test_times_that_do_not_differ_need_no_interval() -> None:
    assert by_hand([Stratum(7, np.full(30, 12.0))]) == ByHand(84.0, 84.0, 84.0)
    assert by_hand([Stratum(0, np.zeros(0))]) == ByHand(0.0, 0.0, 0.0)


def test_a_break_is_no_work() -> None:
    rng = np.random.default_rng(5)
    times = rng.lognormal(3.0, 0.6, 2_000)
    longest = usual(times)
    assert (times > longest).mean() < 0.002
    spoilt = np.concatenate([times, np.full(60, 9_000.0), [np.nan, -1.0, 0.0, np.inf]])
    assert usual(spoilt) == pytest.approx(longest, rel=0.2)
    assert math.isinf(usual(times[:10]))
    assert usual([10.0] * 50) == pytest.approx(30.0)


def test_wrong_input_is_refused() -> None:
    with pytest.raises(ValueError, match="confidences"):
        strata([1.2], [0.5], [1.0])
    with pytest.raises(ValueError, match="control_seconds"):
        strata([0.5], [0.5], [1.0, 2.0])
    with pytest.raises(ValueError, match="doubt"):
        by_hand([], doubt=1.0)
