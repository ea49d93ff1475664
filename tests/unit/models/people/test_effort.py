import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.people.effort import Effort, lease_seconds, suggestion_effort

Floats = NDArray[np.float64]

BOUNDS = {"floor": 300.0, "ceiling": 14_400.0, "default": 1800.0}


def measured(seed: int, crossing: float, strength: float, shown: int = 800, hidden: int = 300) -> Effort:
    """Hard items take longer with and without; a suggestion makes work slower below ``crossing``, quicker above it."""
    rng = np.random.default_rng(seed)
    sure, other = rng.beta(2, 1.5, shown), rng.beta(2, 1.5, hidden)

    def seconds(confidence: Floats, helped: bool) -> Floats:
        logs = 3.5 - confidence + rng.normal(0, 0.6, confidence.size)
        return np.asarray(np.exp(logs + helped * strength * np.sign(crossing - confidence)), dtype=np.float64)

    return suggestion_effort(sure, seconds(sure, True), other, seconds(other, False), seed=seed)


def test_a_suggestion_that_is_slower_below_some_confidence_is_found() -> None:
    found = [measured(seed, 0.5, 0.5) for seed in range(40)]
    named = [one.threshold for one in found if one.threshold is not None]
    print("found:", len(named) / 40, "mean threshold:", np.mean(named), "of 0.5")
    assert len(named) >= 36
    assert sum(threshold > 0.6 for threshold in named) <= 3
    assert found[0].ranges[0].time.factor > 1 > found[0].ranges[-1].time.factor
    assert (found[0].shown, found[0].hidden) == (800, 300)


def test_harder_items_alone_name_no_threshold() -> None:
    """No effect of the suggestion at any confidence: counted over 300 samples, at a doubt of 5 %."""
    named = sum(measured(seed, 0.5, 0.0, 400, 200).threshold is not None for seed in range(300))
    print("named without an effect:", named / 300)
    assert named / 300 <= 0.09


def test_a_suggestion_that_always_helps_names_no_threshold() -> None:
    assert measured(1, 0.0, 0.3).threshold is None


def test_a_suggestion_that_always_hinders_names_1() -> None:
    assert measured(1, 1.1, 0.5).threshold == 1.0


def test_few_items_say_nothing() -> None:
    found = measured(1, 1.1, 2.0, 60, 60)
    assert found.threshold is None
    assert found.ranges == ()
    empty = suggestion_effort([], [], [], [])
    assert (empty.threshold, empty.shown, empty.hidden) == (None, 0, 0)


def test_times_that_are_no_times_are_left_out() -> None:
    found = suggestion_effort([0.1, 0.2, 0.3], [0.0, np.nan, 5.0], [0.5], [np.inf])
    assert (found.shown, found.hidden) == (1, 0)


def test_confidences_that_are_all_the_same_are_one_range() -> None:
    rng = np.random.default_rng(1)
    slow, quick = np.exp(rng.normal(4, 0.3, 100)), np.exp(rng.normal(3, 0.3, 100))
    found = suggestion_effort(np.full(100, 0.4), slow, np.full(100, 0.4), quick)
    assert found.threshold == 0.4
    assert found.ranges[0].time.factor == pytest.approx(np.e, rel=0.2)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="length"):
        suggestion_effort([0.5], [1.0, 2.0], [], [])
    with pytest.raises(ValueError, match="bins"):
        suggestion_effort([], [], [], [], bins=0)
    with pytest.raises(ValueError, match="in \\[0, 1\\]"):
        suggestion_effort([1.5], [1.0], [], [])


@given(times=st.lists(st.floats(0.1, 1e5), min_size=20, max_size=60))
def test_a_lease_is_three_times_the_slowest_but_one_in_twenty(times: list[float]) -> None:
    assert lease_seconds(times, **BOUNDS) == pytest.approx(min(max(3 * float(np.quantile(times, 0.95)), 300), 14_400))


def test_a_lease_without_times_is_the_default() -> None:
    for few in ([], [30.0] * 19, [np.nan, 0.0, -1.0] * 20):
        assert lease_seconds(few, **BOUNDS) == 1800.0
    assert lease_seconds([200.0] * 20, **BOUNDS) == pytest.approx(600.0)
