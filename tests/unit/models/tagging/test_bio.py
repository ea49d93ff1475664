from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.tagging.bio import Span, allowed, count, decode, encode

TOKENS = [(0, 2), (3, 5), (5, 6), (8, 11), (11, 12)]


@st.composite
def apart(draw: st.DrawFn) -> list[Span]:
    """Spans of tokens that do not overlap."""
    edges = sorted(draw(st.sets(st.integers(0, 12), max_size=10)))
    pairs = [(edges[k], edges[k + 1]) for k in range(len(edges) - 1) if draw(st.booleans())]
    return [Span(start, end, draw(st.integers(0, 2))) for start, end in pairs]


@given(apart())
def test_spans_come_back_and_only_allowed_tags_follow_each_other(spans: list[Span]) -> None:
    tags = encode(spans, [(k, k + 1) for k in range(12)])
    assert decode(tags) == spans
    may = allowed(3)
    assert may.shape == (8, count(3))
    assert all(may[before, after] for before, after in zip([7, *tags[:-1]], tags, strict=True))


def test_an_inside_follows_only_its_own_kind() -> None:
    may = allowed(2)
    assert np.flatnonzero(may[:, 2]).tolist() == [1, 2]
    assert np.flatnonzero(may[:, 4]).tolist() == [3, 4]
    assert may[:, [0, 1, 3]].all()


def test_a_span_takes_the_tokens_that_it_touches() -> None:
    assert encode([Span(1, 4, 0), Span(8, 12, 1)], TOKENS).tolist() == [1, 2, 0, 3, 4]


def test_of_spans_that_share_a_token_the_longest_is_kept() -> None:
    assert decode(encode([Span(0, 2, 0), Span(0, 6, 1), Span(8, 9, 0)], TOKENS)) == [Span(0, 3, 1), Span(3, 4, 0)]


def test_a_span_of_white_space_teaches_nothing() -> None:
    assert encode([Span(6, 8, 0), Span(2, 3, 0)], TOKENS).tolist() == [0] * 5


def test_neighbours_of_one_kind_stay_two() -> None:
    assert decode([1, 1, 2, 0, 1]) == [Span(0, 1, 0), Span(1, 3, 0), Span(4, 5, 0)]
