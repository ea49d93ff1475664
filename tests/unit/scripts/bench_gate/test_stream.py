"""Detectors on small streams, and where the numbers must lie."""

import numpy as np
import pytest
from scipy.stats import binom

from models.gate.monitor import BETS, first_reached
from scripts.bench_gate import stream
from scripts.bench_gate.result import Monitoring
from serving.settings import Settings

STREAMS = 40


@pytest.fixture(scope="module")
def small() -> Monitoring:
    return stream.monitoring(STREAMS, seed=1)


def test_every_detector_meets_every_stream(small: Monitoring) -> None:
    assert len(small.rows) == len(stream.CLEAN) * len(stream.detectors())
    assert small.streams == STREAMS


def test_without_errors_nothing_is_false_and_only_the_e_process_is_late(small: Monitoring) -> None:
    watch, close, earlier, served, e_process, _ = (row for row in small.rows if row.clean == 0.0)
    assert all(row.false_closes == 0.0 for row in small.rows if row.clean == 0.0)
    assert watch.median < served.median < close.median < e_process.median
    assert watch.median < earlier.median < close.median
    assert close.median < 400
    assert e_process.median > 500


def test_ours_is_quiet_below_the_budget_and_looking_again_and_again_is_not(small: Monitoring) -> None:
    """Of 40 streams with 1,000 audits at the whole budget, a repeated interval at 5 % should be fooled in a quarter."""
    below = next(row for row in small.rows if row.clean == 0.03 and "(close)" in row.rule)
    assert below.false_closes <= 1.0
    whole = {row.rule: row for row in small.rows if row.clean == 0.05}
    assert whole["repeated Clopper-Pearson interval"].false_closes > 1e4 / stream.BEFORE * 0.1
    assert whole["Shiryaev-Roberts at 10,000 (close)"].false_closes <= 1e4 / stream.BEFORE * 0.1


def test_the_same_seed_gives_the_same_numbers() -> None:
    assert stream.monitoring(2, seed=3) == stream.monitoring(2, seed=3)
    assert stream.monitoring(2, seed=3) != stream.monitoring(2, seed=4)


def test_a_detector_that_starts_anew_may_be_wrong_more_than_once() -> None:
    always = stream.Detector("always", lambda losses: np.ones(losses.size), 1.0)
    losses: list[stream.Floats] = [np.zeros(stream.BEFORE + 10)]
    found = stream._delay(always, 0.0, losses)
    assert (found.false_closes, found.median) == (1e4, 1.0)
    once = stream.Detector("once", lambda losses: np.ones(losses.size), 1.0, starts_anew=False)
    assert stream._delay(once, 0.0, losses).false_closes == 1e4 / stream.BEFORE


def test_audits_after_the_watch_count_as_many_as_are_drawn_in_the_time_of_one() -> None:
    """The statistic is the number of the audit: 10 before the change, the watch at 15, closed at 25."""
    counting = stream.Detector("x", lambda losses: np.cumsum(losses + 1.0), 25.0, watch=15.0, faster=5.0)
    assert stream._wait(counting, np.zeros(40), at=24, change=10) == 5 + 10 / 5
    assert stream._wait(counting, np.zeros(40), at=24, change=20) == 1 + 4 / 5, "it watched already"


def test_interval_is_the_exact_tail() -> None:
    losses = np.array([1.0, 0.0, 1.0, 1.0, 0.0])
    path = stream._interval(losses)
    tails = [binom.sf(errors - 1, count, stream.EPSILON) for errors, count in ((1, 1), (1, 2), (2, 3), (3, 4), (3, 5))]
    np.testing.assert_allclose(1.0 / path, tails)


def test_e_process_is_the_product_of_its_bets() -> None:
    losses = np.array([1.0, 0.0, 1.0])
    stakes = np.array(BETS) / stream.EPSILON
    factors = 1.0 + np.outer(losses - stream.EPSILON, stakes)
    np.testing.assert_allclose(stream._e_process(losses), np.cumprod(factors, axis=0).mean(axis=1))


def test_levels_are_those_of_the_service() -> None:
    service = Settings.model_fields
    watch, close = service["monitor_watch"].default, service["monitor_close"].default
    first, *closing = stream.detectors()[: stream.CLOSING.stop]
    assert first.level == watch
    assert [one.level for one in closing] == [close, stream.EARLIER, close]
    assert [one.watch for one in closing] == [None, None, watch]
    assert first_reached(first.path(np.ones(50)), watch) is not None
