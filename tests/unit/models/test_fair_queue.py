from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.fair_queue import SCARCE, SWEEP_EVERY, WEIGHTS, Flow, Kind, order, pick


def serve(flows: dict[Kind, Flow], virtual: float, backlog: dict[Kind, int]) -> tuple[Kind, float]:
    """The kind that is served, and the virtual time after it."""
    first = order([flow for kind, flow in flows.items() if backlog[kind]], virtual)[0]
    start = first.start(virtual)
    flows[first.kind] = Flow(first.kind, first.skilled, first.finish(virtual), first.served + 1)
    backlog[first.kind] -= 1
    return first.kind, start


def test_kinds_get_their_shares() -> None:
    flows, virtual = {kind: Flow(kind, False) for kind in WEIGHTS}, 0.0
    backlog, served = dict.fromkeys(Kind, 10_000), Counter[Kind]()
    for _ in range(2500):
        kind, virtual = serve(flows, virtual, backlog)
        served[kind] += 1
    total = sum(WEIGHTS.values())
    assert {kind: served[kind] / 2500 for kind in WEIGHTS} == {
        kind: pytest.approx(WEIGHTS[kind] / total, abs=0.002) for kind in WEIGHTS
    }


def test_a_kind_that_was_empty_saves_up_no_claim() -> None:
    flows, virtual = {kind: Flow(kind, False) for kind in (Kind.AUDIT, Kind.SUGGESTION)}, 0.0
    backlog = {Kind.AUDIT: 0, Kind.SUGGESTION: 1000}
    for _ in range(1000):
        _, virtual = serve(flows, virtual, backlog)
    backlog = {Kind.AUDIT: 1000, Kind.SUGGESTION: 1000}
    first = []
    for _ in range(90):
        kind, virtual = serve(flows, virtual, backlog)
        first.append(kind)
    assert Counter(first)[Kind.SUGGESTION] == pytest.approx(10, abs=1)


def test_who_has_the_skill_does_most_of_what_needs_it() -> None:
    plain, skilled = Flow(Kind.SUGGESTION, False), Flow(Kind.SUGGESTION, True)
    assert skilled.weight == SCARCE * plain.weight
    assert order([plain, skilled], 0.0) == [skilled, plain]


def test_every_so_many_another_place_of_the_order_is_next_and_all_are_visited() -> None:
    places = [Flow(Kind.SUGGESTION, False, served=n).place for n in range(100 * SWEEP_EVERY)]
    visited = sorted(place for place in places if place is not None)
    assert len(visited) == 100
    assert max(after - before for before, after in pairwise([0.0, *visited, 1.0])) < 0.03


@pytest.mark.parametrize(
    ("mine", "others", "expected"),
    [
        ([1, 2, 3], [], 1),
        ([], [], None),
        ([1, 2], [frozenset({1, 2})], 1),  # the other takes 2
        ([1], [frozenset({1})], None),
        ([1, 2], [frozenset({1})], 2),
        ([1, 2], [frozenset({1, 2}), frozenset({1, 2})], None),
        ([1, 2], [frozenset({1, 2}), frozenset({1, 2}), frozenset({1, 2})], None),
        ([1, 2], [frozenset({3}), frozenset({3})], 1),  # one of them waits in any case
        ([1], [frozenset()], 1),  # who can do nothing holds up nobody
        ([1, 2], [frozenset({1, 3}), frozenset({1, 3})], 2),
    ],
)
def test_those_before_me_are_served_first(mine: list[int], others: list[frozenset[int]], expected: int | None) -> None:
    assert pick(mine, others) == expected


ITEMS = st.frozensets(st.integers(0, 6), max_size=4)


@given(st.lists(st.integers(0, 6), unique=True, max_size=5), st.lists(ITEMS, max_size=5))
def test_an_item_is_given_unless_it_would_be_missed(mine: list[int], others: list[frozenset[int]]) -> None:
    chosen = pick(mine, others)
    if chosen is not None:
        assert chosen in mine
    elif mine:
        wanted = frozenset().union(*others)
        assert set(mine) <= wanted, "what nobody before me could do would be mine"
    if len(frozenset(mine)) > len(others):
        assert chosen is not None, "with more items than people before me one is left"
