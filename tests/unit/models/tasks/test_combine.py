from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import ModelError
from models.tasks import combine

SCORES = st.lists(st.floats(0.0, 1.0), min_size=1, max_size=30)


def test_a_product_with_its_figures() -> None:
    sure, figures = combine.certainty([0.9, 0.5], empty=0.3)
    assert sure == pytest.approx(0.45)
    assert figures == pytest.approx(
        {"regions": 2.0, "min_score": 0.5, "mean_score": 0.7, "log_product": math.log(0.45)}
    )


def test_nothing_found_has_a_confidence_of_its_own() -> None:
    assert combine.certainty([], empty=0.3) == (0.3, {"regions": 0.0})


@given(SCORES, st.floats(0.0, 1.0))
def test_in_range_below_the_lowest_and_never_surer_with_one_more(scores: list[float], more: float) -> None:
    sure, figures = combine.certainty(scores, empty=1.0)
    assert 0.0 <= sure <= max(min(scores), combine.FLOOR) + 1e-12
    assert combine.certainty([*scores, more], empty=1.0)[0] <= sure
    assert all(math.isfinite(figure) for figure in figures.values())


@given(SCORES)
def test_order_carries_no_meaning(scores: list[float]) -> None:
    assert combine.certainty(scores, empty=0.0) == combine.certainty(scores[::-1], empty=0.0)


@pytest.mark.parametrize("broken", [-0.1, 1.1, math.nan])
def test_a_score_out_of_range_is_the_models_fault(broken: float) -> None:
    with pytest.raises(ModelError, match="score"):
        combine.certainty([0.5, broken], empty=0.0)
