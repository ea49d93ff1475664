import time
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from models.gate import Certificate, certify, spend
from models.gate.bounds import binomial_pvalue, binomial_upper, minimum_n

POOL = np.linspace(0.001, 1.0, 1000)


def _certify(confidences: Any, losses: Any, pool: Any = POOL, epsilon: float = 0.05, delta: float = 0.1) -> Certificate:
    """Of a sample that was drawn from everything."""
    return certify(confidences, losses, pool, epsilon=epsilon, delta=delta, targeted_from=0.0)


def _sample(n: int, wrong: list[int]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """``n`` labels evenly over the confidences, surest first; ``wrong`` are positions in that order."""
    losses = np.zeros(n)
    losses[wrong] = 1
    return np.linspace(1.0, 0.005, n, dtype=np.float64), losses


def test_without_errors_everything_is_accepted() -> None:
    certificate = _certify(*_sample(200, []))
    assert certificate.open
    assert certificate.threshold == POOL[0]
    assert (certificate.n, certificate.errors, certificate.coverage) == (200, 0, 1.0)
    assert certificate.selective_upper == binomial_upper(0, 200, 0.1)
    assert certificate.needed_labels == 0
    assert certificate.reason == (
        "Open: 0 errors among 200 blind labels at confidence 0.001 or above, so at most 5 % of what is accepted is "
        "wrong, with probability 90 %; 100 % of the waiting items lie there."
    )


def test_the_threshold_stops_above_the_errors() -> None:
    certificate = _certify(*_sample(400, list(range(200, 400, 2))))
    assert certificate.open
    assert certificate.threshold is not None
    assert certificate.selective_upper is not None
    assert certificate.overall_upper is not None
    assert 0.45 < certificate.coverage < 0.58
    assert certificate.selective_upper <= 0.05
    assert certificate.overall_upper == binomial_upper(int(certificate.errors), 400, 0.1) < certificate.selective_upper
    assert certificate.coverage == np.mean(certificate.threshold <= POOL)


def test_the_first_failure_ends_the_run() -> None:
    """Lower thresholds would pass again, and nobody may look at them."""
    wrong = list(range(400, 460))
    confidences, losses = _sample(2000, wrong)
    assert binomial_pvalue(len(wrong), 2000, 0.05) < 0.1
    certificate = _certify(confidences, losses)
    assert certificate.open
    assert 400 <= certificate.n < 460


def test_two_errors_at_the_top_do_not_close_it_and_three_do() -> None:
    enough = minimum_n(0.05, 0.1, 2)
    assert _certify(*_sample(200, [0, 1])).open
    closed = _certify(*_sample(200, [0, 1, 2]))
    assert not closed.open
    assert closed.threshold is None
    assert closed.errors == 3
    assert enough <= closed.n <= enough + 2
    assert closed.selective_upper is not None
    assert closed.selective_upper > 0.05


def test_small_samples_tolerate_fewer_errors_rather_than_none_at_all() -> None:
    between = minimum_n(0.05, 0.1, 1)
    assert _certify(*_sample(between, [5])).open
    assert not _certify(*_sample(between, [5, 6])).open
    assert _certify(*_sample(minimum_n(0.05, 0.1), [])).open


def test_too_few_labels_say_how_many_it_takes() -> None:
    certificate = _certify(*_sample(20, []))
    assert not certificate.open
    assert certificate.selective_upper is None
    assert certificate.needed_labels == minimum_n(0.05, 0.1, 2) - 20 == 85
    assert certificate.reason == (
        "Closed: 20 blind labels are too few to show that at most 5 % are wrong, even without an error; "
        "85 more would allow 2 errors."
    )


def test_a_pool_unlike_the_sample_is_named() -> None:
    certificate = _certify(np.full(200, 0.5), np.zeros(200), np.linspace(0.9, 1.0, 50))
    assert not certificate.open
    assert certificate.needed_labels == 0
    assert "0 of 200 blind labels in the range of the pool" in certificate.reason
    assert certificate.reason.endswith("the pool is not like the sample.")


def test_unlucky_labels_ask_for_more_and_the_next_delta_counts() -> None:
    confidences, losses = _sample(200, [3, 40, 80])
    same = certify(confidences, losses, POOL, epsilon=0.05, delta=0.1)
    dearer = certify(confidences, losses, POOL, epsilon=0.05, delta=0.1, next_delta=0.01)
    assert 0 < same.needed_labels < dearer.needed_labels
    assert f"it takes about {dearer.needed_labels:,} more blind labels" in dearer.reason


def test_more_labels_than_items_is_said() -> None:
    certificate = _certify(*_sample(300, list(range(0, 300, 25))), pool=np.linspace(0, 1, 60))
    assert certificate.needed_labels > 60
    assert certificate.reason.endswith("and only 60 items are waiting.")


def test_a_bad_model_is_told_from_too_few_labels() -> None:
    certificate = _certify(*_sample(400, list(range(0, 400, 4))))
    assert not certificate.open
    assert certificate.needed_labels == 0
    assert "not reachable at any threshold seen, where the best error rate is 25 % at" in certificate.reason
    assert certificate.reason.endswith("it takes a better model or a larger budget.")


def test_tied_confidences_are_tested_and_accepted_together() -> None:
    confidences = np.full(300, 0.9)
    losses = np.zeros(300)
    losses[:60] = 1
    for order in (slice(None), slice(None, None, -1)):
        assert not _certify(confidences, losses[order], np.full(500, 0.9)).open
    right = _certify(confidences, np.zeros(300), np.full(500, 0.9))
    assert (right.threshold, right.n, right.coverage) == (0.9, 300, 1.0)


def test_the_order_of_items_does_not_matter() -> None:
    rng = np.random.default_rng(0)
    confidences, pool = rng.random(300), rng.random(700)
    losses = (rng.random(300) > confidences**0.1).astype(int)
    shuffled = rng.permutation(300)
    assert _certify(confidences, losses, pool) == _certify(
        confidences[shuffled], losses[shuffled], rng.permutation(pool)
    )


def test_a_single_waiting_item_is_enough() -> None:
    assert _certify(*_sample(200, []), pool=[0.3]).threshold == 0.3


@pytest.mark.parametrize(
    ("confidences", "losses", "pool", "message"),
    [
        ([], [], [0.5], "confidences must be a vector with at least one value"),
        ([0.5], [0], [], "pool_confidences must be a vector with at least one value"),
        ([[0.5]], [0], [0.5], "not of shape"),
        ([0.5, 0.6], [0], [0.5], "differ in length: 2 and 1"),
        ([float("nan")], [0], [0.5], "confidences must lie in .* and hold no NaN"),
        ([0.5], [float("nan")], [0.5], "losses must lie in .* and hold no NaN"),
        ([0.5], [0], [float("inf")], "pool_confidences must lie in"),
        ([1.5], [0], [0.5], "confidences must lie in"),
        ([0.5], [-1], [0.5], "losses must lie in"),
        ([0.5], [1.5], [0.5], "losses must lie in"),
        (["sure"], [0], [0.5], "confidences must hold numbers"),
    ],
)
def test_wrong_arrays_are_refused(confidences: Any, losses: Any, pool: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        _certify(confidences, losses, pool)


@pytest.mark.parametrize("level", [{"epsilon": 0.0}, {"epsilon": 1.0}, {"delta": 0.0}, {"delta": 1.0}])
def test_impossible_levels_are_refused(level: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=f"{next(iter(level))} must lie between 0 and 1"):
        _certify([0.5], [0], **level)


def test_all_tests_together_spend_no_more_than_delta() -> None:
    spent = [spend(0.1, test) for test in range(1, 20_001)]
    assert spent[0] == pytest.approx(0.08)
    assert spent[1] == pytest.approx(0.1 * 0.2 * 6 / np.pi**2)
    assert (np.diff(spent) < 0).all()
    assert 0.0999 < sum(spent) <= 0.1
    with pytest.raises(ValueError, match="counted from 1"):
        spend(0.1, 0)
    with pytest.raises(ValueError, match="delta must lie"):
        spend(1.0, 1)


@pytest.mark.parametrize("epsilon", [0.05, 0.001])
def test_a_large_project_is_certified_in_a_blink(epsilon: float) -> None:
    """100,000 waiting items and 10,000 labels, open and closed; the best of five, in processor time."""
    rng = np.random.default_rng(0)
    pool, confidences = rng.beta(5, 1, 100_000), rng.beta(5, 1, 10_000)
    losses = (rng.random(10_000) > confidences**0.3).astype(int)
    seconds = []
    for _ in range(5):
        started = time.thread_time()
        assert _certify(confidences, losses, pool, epsilon=epsilon).open == (epsilon > 0.01)
        seconds.append(time.thread_time() - started)
    assert min(seconds) < 0.25
