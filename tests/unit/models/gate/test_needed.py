import numpy as np
import pytest

from models.gate import certify
from models.gate.bounds import minimum_n
from models.gate.needed import needed_labels


def test_few_clean_labels_need_about_as_many_as_the_table_says() -> None:
    further = needed_labels(0.05, 0.1, [0], [minimum_n(0.05, 0.1) - 1], [1.0])
    assert 1 <= further[0] <= minimum_n(0.05, 0.1, 2)


def test_a_smaller_coverage_needs_more_labels_from_everywhere() -> None:
    whole, half = needed_labels(0.05, 0.1, [4, 4], [120, 120], [1.0, 0.5])
    assert half == pytest.approx(2 * whole, abs=1)


def test_closer_to_the_budget_needs_more() -> None:
    further = needed_labels(0.05, 0.1, [6, 7, 8, 9], [250] * 4, [0.5] * 4)
    assert all(np.diff(further) > 0)


def test_at_the_budget_no_number_helps() -> None:
    assert np.isinf(needed_labels(0.05, 0.1, [20, 0, 3], [400, 0, 50], [1.0, 1.0, 0.1])).all()


@pytest.mark.parametrize("rate", [0.01, 0.02, 0.03])
def test_the_labels_asked_for_open_the_gate_about_as_often_as_promised(rate: float) -> None:
    """Every item has the same confidence and the same error rate; gates that were unlucky get what they ask for."""
    rng = np.random.default_rng(5)
    pool = np.full(100, 0.9)
    opened: list[bool] = []
    while len(opened) < 300:
        losses = rng.random(111) < rate
        first = certify(np.full(111, 0.9), losses, pool, epsilon=0.05, delta=0.08, next_delta=0.012)
        if first.open or first.needed_labels == 0:
            continue
        more = np.concatenate([losses, rng.random(first.needed_labels) < rate])
        opened.append(certify(np.full(more.size, 0.9), more, pool, epsilon=0.05, delta=0.012).open)
    assert np.mean(opened) > 0.75


def test_before_any_label_it_is_the_number_that_tolerates_two_errors() -> None:
    assert needed_labels(0.05, 0.1) == minimum_n(0.05, 0.1, 2) == 105
    with pytest.raises(ValueError, match="belong together"):
        needed_labels(0.05, 0.1, [1], [2], None)  # type: ignore[call-overload]
