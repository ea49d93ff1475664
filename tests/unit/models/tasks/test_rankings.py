from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import kendalltau

from models.tasks import rankings
from models.types import Region
from models.values import Pair, Ranking
from tests.unit.models.tasks.marks import NAME, control, quick, region

LIST = control("ranker")
SORTED = control("ranker", buckets=("good", "bad"))


def _order(items: str) -> tuple[Region, ...]:
    return (region(Ranking(buckets={NAME: tuple(items)})),)


def _sorted(good: str, bad: str) -> tuple[Region, ...]:
    return (region(Ranking(buckets={"good": tuple(good), "bad": tuple(bad)})),)


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [("left", "left", 0.0), ("left", "right", 1.0), ("left", "none", 0.5), ("none", "none", 0.0)],
)
def test_pairs(ours: str, theirs: str, expected: float) -> None:
    said, meant = ((region(Pair.model_validate({"selected": side})),) for side in (ours, theirs))
    assert rankings.pairwise(said, meant, control("pairwise")) == expected
    assert rankings.pairwise(meant, said, control("pairwise")) == expected


def test_no_answer_is_neither() -> None:
    """As it is stored where a person selects none of the two."""
    assert rankings.pairwise((), (region(Pair(selected="none")),), control("pairwise")) == 0.0
    assert rankings.pairwise((), (region(Pair(selected="left")),), control("pairwise")) == 0.5


@quick
@given(st.permutations("uvwxyz"), st.integers(2, 6))
def test_an_order_against_kendalls_tau(order: list[str], n: int) -> None:
    ours = [item for item in order if item in "uvwxyz"[:n]]
    assume(len(ours) >= 2)
    tau = kendalltau(range(n), [ours.index(item) for item in "uvwxyz"[:n]]).statistic
    assert rankings.ranker(_order("".join(ours)), _order("uvwxyz"[:n]), LIST) == pytest.approx((1 - tau) / 2)


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [("uv", "uvw", 2 / 3), ("u", "u", 0.0), ("u", "v", 1.0), ("", "u", 1.0), ("", "", 0)],
)
def test_items_that_one_did_not_rank(ours: str, theirs: str, expected: float) -> None:
    assert rankings.ranker(_order(ours), _order(theirs), LIST) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [(("uv", "w"), ("vu", "w"), 0.0), (("uv", "w"), ("u", "vw"), 1 / 3), (("uv", ""), ("u", "w"), 2 / 3)],
)
def test_buckets(ours: tuple[str, str], theirs: tuple[str, str], expected: float) -> None:
    assert rankings.ranker(_sorted(*ours), _sorted(*theirs), SORTED) == pytest.approx(expected)
