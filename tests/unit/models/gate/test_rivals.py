import numpy as np
import pytest

from models.gate import binomial_upper, rivals

SURE = np.linspace(1.0, 0.01, 100)


def _wrong(*places: int, n: int = 100) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    losses = np.zeros(n)
    losses[list(places)] = 1.0
    return losses


def test_plug_in_takes_the_lowest_threshold_that_meets_the_target() -> None:
    """Also past places that do not meet it: 1 of 10 is too many, 1 of 20 and 4 of 80 are not."""
    assert rivals.plug_in(SURE, _wrong(9), epsilon=0.05) == SURE[99]
    assert rivals.plug_in(SURE, _wrong(9, 60, 70, 79, *range(80, 100)), epsilon=0.05) == SURE[79]
    assert rivals.plug_in(SURE, np.ones(100), epsilon=0.05) is None


def test_ties_stand_or_fall_together() -> None:
    confidences = np.repeat([0.9, 0.5], 50)
    losses = np.where(np.arange(100) >= 90, 1.0, 0.0)
    for order in (np.arange(100), np.arange(100)[::-1]):
        assert rivals.plug_in(confidences[order], losses[order], epsilon=0.05) == 0.9
        assert rivals.sgr(confidences[order], losses[order], epsilon=0.15, delta=0.1) == 0.9
        assert rivals.pac_labels(confidences[order], losses[order], epsilon=0.1, delta=0.1) == 0.9
        assert rivals.tbal(confidences[order], losses[order], ["x"] * 100, epsilon=0.05) == {"x": 0.9}


def test_tbal_has_a_threshold_for_each_class_that_is_large_enough() -> None:
    """Above a threshold must lie more than 25 items, and the margin does not shrink with their number."""
    confidences = np.concatenate([SURE, SURE[:25], SURE[:26]])
    classes = ["many"] * 100 + ["few"] * 25 + ["enough"] * 26
    losses = np.concatenate([_wrong(50, 51), np.zeros(51)])
    found = rivals.tbal(confidences, losses, classes, epsilon=0.05)
    assert 0.02 + 0.25 * np.sqrt(0.02 * 0.98) > 0.05
    assert found == {"many": SURE[49], "few": None, "enough": SURE[25]}
    assert rivals.tbal(SURE, _wrong(50, 51), ["many"] * 100, epsilon=0.05, margin=0.0) == {"many": SURE[99]}


def test_sgr_returns_what_passed_and_never_more() -> None:
    assert rivals.sgr(SURE, np.zeros(100), epsilon=0.1, delta=0.1) == SURE[99]
    losses = _wrong(*range(70, 100))
    found = rivals.sgr(SURE, losses, epsilon=0.1, delta=0.1)
    assert found is not None
    accepted = found <= SURE
    assert binomial_upper(int(losses[accepted].sum()), int(accepted.sum()), 0.1 / 7) <= 0.1
    assert 40 < accepted.sum() <= 75
    assert rivals.sgr(SURE, np.ones(100), epsilon=0.1, delta=0.1) is None


def test_pac_labels_looks_at_errors_among_all_items() -> None:
    """Two errors of 100 items are allowed, though they are half of what is accepted down to the fourth."""
    assert binomial_upper(2, 100, 0.1) <= 0.06 < binomial_upper(3, 100, 0.1)
    found = rivals.pac_labels(SURE, _wrong(1, 3, 50), epsilon=0.06, delta=0.1)
    assert found == SURE[49]
    assert rivals.pac_labels(SURE, np.ones(100), epsilon=0.06, delta=0.1) == SURE[1]
    assert rivals.pac_labels(SURE, _wrong(0), epsilon=0.01, delta=0.1) is None


def test_fixed_is_fixed() -> None:
    assert rivals.fixed() == 0.9


def test_graded_losses_are_refused() -> None:
    with pytest.raises(ValueError, match="for strict losses"):
        rivals.plug_in([0.5], [0.5], epsilon=0.1)
    with pytest.raises(ValueError, match="confidences and losses differ in length: 1 and 2"):
        rivals.sgr([0.5], [0, 1], epsilon=0.1, delta=0.1)
    with pytest.raises(ValueError, match="confidences and predicted differ in length"):
        rivals.tbal([0.5], [0], ["a", "b"], epsilon=0.1)
