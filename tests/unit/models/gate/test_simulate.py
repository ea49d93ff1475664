from typing import Any

import numpy as np
import pytest

from models.gate import certify
from models.gate.simulate import Outcome, simulate

RNG = np.random.default_rng(0)
CONFIDENCES = RNG.random(2000)
LOSSES = (RNG.random(2000) < 0.02 + 0.2 * (1 - CONFIDENCES) ** 2).astype(float)
CLASSES = np.where(RNG.random(2000) < 0.5, "cat", "dog")


def _simulate(losses: Any = LOSSES, **more: Any) -> dict[str, Outcome]:
    asked: dict[str, Any] = {"epsilon": 0.05, "delta": 0.1, "labels": 300, "splits": 100, "seed": 1} | more
    return {outcome.rule: outcome for outcome in simulate(CONFIDENCES, losses, **asked)}


def test_one_split_is_what_one_certificate_says() -> None:
    order = np.random.default_rng(1).permutation(2000)
    known, rest = order[:300], order[300:]
    said = certify(CONFIDENCES[known], LOSSES[known], CONFIDENCES[rest], epsilon=0.05, delta=0.1, targeted_from=0.0)
    assert said.threshold is not None
    accepted = CONFIDENCES[rest] >= said.threshold
    [ours, *_] = simulate(CONFIDENCES, LOSSES, epsilon=0.05, delta=0.1, labels=300, splits=1, seed=1)
    error = LOSSES[rest][accepted].mean()
    assert ours == Outcome("certify", accepted.sum() / 2000, error, float(error > 0.05), 0.0, 0.0)


def test_ours_keeps_the_budget_where_the_usual_rule_does_not() -> None:
    said = _simulate()
    assert list(said) == ["certify", "plug-in", "TBAL", "SGR", "PAC labels", "fixed 0.9"]
    assert said["certify"].violations <= 0.19
    assert said["plug-in"].violations > 0.35
    assert said["plug-in"].automation_rate > said["certify"].automation_rate > 0.1
    assert said["PAC labels"].violations > said["PAC labels"].overall_violations
    assert said["PAC labels"].overall_violations <= 0.19
    assert said["fixed 0.9"].never_opens == 0
    assert said["fixed 0.9"].automation_rate == pytest.approx(0.1 * 1700 / 2000, abs=0.02)


def test_classes_have_thresholds_of_their_own() -> None:
    losses = np.where(CLASSES == "dog", 1.0, 0.0)
    said = _simulate(losses, classes=CLASSES, splits=20)
    assert said["certify"].never_opens == 1.0
    assert said["certify"].selective_error is None
    assert said["certify, by class"].automation_rate > 0.35
    assert said["certify, by class"].selective_error == 0.0
    assert said["TBAL"].automation_rate < said["TBAL, by class"].automation_rate


def test_rivals_that_need_strict_losses_are_left_out() -> None:
    said = _simulate(np.minimum(1.0, LOSSES * 0.4), splits=20)
    assert list(said) == ["certify", "fixed 0.9"]
    assert said["certify"].automation_rate > 0


def test_the_seed_decides() -> None:
    assert _simulate(splits=5) == _simulate(splits=5)
    assert _simulate(splits=5) != _simulate(splits=5, seed=2)


def test_every_split_is_told() -> None:
    told: list[int] = []
    _simulate(splits=7, on_split=lambda: told.append(1))
    assert len(told) == 7


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"labels": 0}, "labels must be between 1 and 1999"),
        ({"labels": 2000}, "labels must be between 1 and 1999"),
        ({"splits": 0}, "at least one split"),
        ({"classes": ["a"]}, "confidences and classes differ in length"),
        ({"losses": [0.0]}, "confidences and losses differ in length"),
        ({"epsilon": 0.0}, "epsilon must lie between 0 and 1"),
    ],
)
def test_what_cannot_be_split_is_refused(more: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        _simulate(**more)
