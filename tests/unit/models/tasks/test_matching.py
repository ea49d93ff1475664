from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from models.tasks.matching import LEAST, ROUNDING, assign, enough, f1, marked, marks, quality
from models.values import Choices, Text
from tests.unit.models.tasks.marks import box, control, quick, region

OVERLAPS = st.tuples(st.integers(0, 4), st.integers(0, 4)).flatmap(
    lambda shape: arrays(np.float64, shape, elements=st.floats(0.0, 1.0))
)


def _best(values: NDArray[np.float64]) -> float:
    """The greatest sum over all ways to pair, by trying them all."""
    if values.shape[0] > values.shape[1]:
        values = values.T
    n, m = values.shape
    return max((sum(values[i, j] for i, j in enumerate(way)) for way in permutations(range(m), n)), default=0.0)


@quick
@given(OVERLAPS)
def test_pairs_are_the_best_of_all_ways(overlap: NDArray[np.float64]) -> None:
    pairs = assign(overlap)
    assert len({i for i, _ in pairs}) == len({j for _, j in pairs}) == len(pairs)
    assert all(overlap[pair] >= LEAST - ROUNDING for pair in pairs)
    best = _best(np.where(enough(overlap), overlap, 0.0))
    assert sum(overlap[pair] for pair in pairs) == pytest.approx(best)


@quick
@given(OVERLAPS)
def test_the_measures_follow_from_the_best_pairs(overlap: NDArray[np.float64]) -> None:
    total = sum(overlap.shape)
    if not total:
        assert quality(overlap) == f1(overlap) == 0.0
        return
    assert quality(overlap) == pytest.approx(1 - 2 * _best(np.where(enough(overlap), overlap, 0.0)) / total)
    assert f1(overlap) == pytest.approx(1 - 2 * _best(enough(overlap).astype(float)) / total)
    assert f1(overlap) <= quality(overlap) + 1e-9


def test_half_is_enough_whichever_way_it_was_rounded() -> None:
    for overlap in (np.nextafter(LEAST, 0.0), LEAST, np.nextafter(LEAST, 1.0)):
        assert assign(np.array([[overlap]])) == [(0, 0)]
        assert f1(np.array([[overlap]])) == 0.0
    assert assign(np.array([[LEAST - 1e-6]])) == []


def test_a_label_of_its_own_region_is_about_the_mark_of_its_group() -> None:
    place = region(box(1, 2, 3, 4), group="1", control="place")
    name, text = region(Choices(labels=("a",)), group="1"), region(Text(texts=("t",)), group="2", control="text")
    assert marked(name, (text, place, name)) == place
    assert marked(text, (text, place, name)) is None
    (found,) = marks((text, place, name), control("rectanglelabels"))
    assert (found.value, found.labels) == (place.value, frozenset({"a"}))


def test_without_labels_only_the_place_counts() -> None:
    (found,) = marks((region(box(1, 2, 3, 4, "a")),), control("rectangle"), labelled=False)
    assert found.labels == frozenset()
