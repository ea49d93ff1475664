"""Loss of comparisons: the better one of two, the order of several, buckets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

from models.types import ControlSpec, Region
from models.values import Pair, Ranking

Order = tuple[str, ...]


def pairwise(predicted: Sequence[Region], human: Sequence[Region], control: ControlSpec) -> float:
    """0 for the same side, 1 for the other one, 1/2 where one says that neither is better.

    No answer is "neither": Label Studio stores nothing where a person selects none of the two.
    """
    said, meant = (
        next((r.value.selected for r in side if r.control == control.name and isinstance(r.value, Pair)), "none")
        for side in (predicted, human)
    )
    if said == meant:
        return 0.0
    return 0.5 if "none" in (said, meant) else 1.0


def ranker(predicted: Sequence[Region], human: Sequence[Region], control: ControlSpec) -> float:
    """Loss in [0, 1] of an order, or of buckets; both empty: 0.

    An order: ``(1 - tau) / 2``, that is the share of pairs of items that stand the other way round (Kendall 1938).
    A pair whose items are not both in both lists counts in full. Buckets: the share of items that are in another
    bucket or in none; the order within a bucket does not count.
    """
    said, meant = _buckets(predicted, control), _buckets(human, control)
    if not control.buckets and max(len(said), len(meant)) <= 1:
        return _order(next(iter(said.values()), ()), next(iter(meant.values()), ()))
    ours, theirs = _places(said), _places(meant)
    items = ours.keys() | theirs.keys()
    return sum(ours.get(item) != theirs.get(item) for item in items) / len(items) if items else 0.0


def _order(ours: Order, theirs: Order) -> float:
    first, second = _ranks(ours), _ranks(theirs)
    items = sorted(first.keys() | second.keys())
    if len(items) < 2:
        return float(first != second)
    pairs = list(combinations(items, 2))
    return sum(not _agree(first, second, a, b) for a, b in pairs) / len(pairs)


def _agree(first: Mapping[str, int], second: Mapping[str, int], a: str, b: str) -> bool:
    if not {a, b} <= (first.keys() & second.keys()):
        return False
    return (first[a] < first[b]) == (second[a] < second[b])


def _ranks(order: Order) -> dict[str, int]:
    return {item: place for place, item in enumerate(dict.fromkeys(order))}


def _places(buckets: Mapping[str, Order]) -> dict[str, str]:
    return {item: name for name, items in buckets.items() for item in items}


def _buckets(regions: Sequence[Region], control: ControlSpec) -> Mapping[str, Order]:
    found = (r.value.buckets for r in regions if r.control == control.name and isinstance(r.value, Ranking))
    return next(found, {})
