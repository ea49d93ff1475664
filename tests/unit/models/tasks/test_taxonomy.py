from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.tasks import taxonomy
from models.types import Region
from models.values import Taxonomy
from tests.unit.models.tasks.marks import PATHS, control, quick, region

TREE = control("taxonomy")
SETS = st.sets(PATHS, max_size=4)


def _said(*paths: str) -> tuple[Region, ...]:
    return (region(Taxonomy(paths=tuple(tuple(path.split("/")) for path in paths))),)


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        (["a/c"], ["a/c"], 0.0),
        (["a/c"], ["a/d"], 0.5),
        (["a"], ["a/c"], 1 / 3),
        (["a/c"], ["b/c"], 1.0),
        (["a/c", "b"], ["b", "a/c"], 0.0),
        (["a/c", "b"], ["a/c"], 1 / 3),
        (["a/c"], ["a/d", "a/c"], 1 / 3),
        (["a/c", "a/c"], ["a/c"], 0.0),
    ],
)
def test_by_hand(ours: list[str], theirs: list[str], expected: float) -> None:
    assert taxonomy.loss(_said(*ours), _said(*theirs), TREE) == pytest.approx(expected)


@quick
@given(SETS, SETS)
def test_zero_for_the_same_set_only(ours: set[tuple[str, ...]], theirs: set[tuple[str, ...]]) -> None:
    said, meant = ((region(Taxonomy(paths=tuple(side))),) for side in (ours, theirs))
    assert (taxonomy.loss(said, meant, TREE) == 0.0) == (ours == theirs)
