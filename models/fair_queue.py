"""Which item a person gets next, and whether somebody else comes first: rules of the people's queue, pure functions.

Kinds of work share people by start-time fair queueing (Goyal, Vin and Cheng 1996): serving a kind moves its tag on by
1 / weight, the kind with the lowest start tag is next, and one that had nothing to do for a while starts at the tags
of now: it saves up no claim. So each kind gets its share however much there is of the others: none starves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_bipartite_matching


class Kind(StrEnum):
    """Kinds of work; within each, items have an order of their own."""

    AUDIT = "audit"
    """Blind, of what would have been accepted: the monitor waits for the oldest."""
    VALIDATION = "validation"
    """Blind, for the certificate."""
    OPINION = "opinion"
    """Another person's answer, who is shown nobody else's."""
    TEACHING = "teaching"
    """Asked for because of what its label would teach."""
    SUGGESTION = "suggestion"
    """All other suggestions."""
    GOLD = "gold"
    """Its answer is known: given now and then in place of something else, whatever the shares."""
    QUALIFICATION = "qualification"
    """The same, of a set that the person asked for."""


WEIGHTS: Mapping[Kind, float] = {
    Kind.AUDIT: 8.0,
    Kind.VALIDATION: 8.0,
    Kind.OPINION: 4.0,
    Kind.TEACHING: 4.0,
    Kind.SUGGESTION: 1.0,
}
"""Shares of people's work while there is something of every kind; kinds without one are given otherwise."""
SCARCE = 4.0
"""Factor of work that needs a skill, for those who have it: others cannot do it."""
SWEEP_EVERY = 4
"""Of so many items of a kind one is taken from another place of its order, so that none waits for ever."""
GOLDEN = 0.6180339887498949
"""Steps of this share visit a range evenly, however many there are (Weyl 1916)."""


@dataclass(frozen=True, slots=True)
class Flow:
    """A kind of work, as far as the queue remembers it."""

    kind: Kind
    skilled: bool
    """Whether its items need a skill."""
    tag: float = 0.0
    """Finish tag of what was served last."""
    served: int = 0

    @property
    def weight(self) -> float:
        """Its share against the others', > 0."""
        return WEIGHTS[self.kind] * (SCARCE if self.skilled else 1.0)

    def start(self, virtual: float) -> float:
        """Start tag of its next item, at this virtual time."""
        return max(self.tag, virtual)

    def finish(self, virtual: float) -> float:
        """Its tag once the next item is served."""
        return self.start(virtual) + 1.0 / self.weight

    @property
    def place(self) -> float | None:
        """From where in [0, 1) of its order the next item is to be taken; None: from the front."""
        sweeps, rest = divmod(self.served, SWEEP_EVERY)
        return (sweeps + 1) * GOLDEN % 1.0 if rest == SWEEP_EVERY - 1 else None


def order(flows: Sequence[Flow], virtual: float) -> list[Flow]:
    """Flows in the order in which they are to be served, the heavier first among equals."""
    return sorted(flows, key=lambda flow: (flow.start(virtual), -flow.weight, flow.kind, flow.skilled))


def pick(mine: Sequence[int], others: Sequence[frozenset[int]]) -> int | None:
    """The first of my items that takes nothing from those who come before me; None: they come first.

    Args:
        mine: items that I may do, the most wanted first.
        others: of each person who waits and has been offered less than I, the items (of all that are left) that this
            person may do.

    An item may go to me if as many of the others can still be served as before (a maximum bipartite matching).
    """
    best = _served(others)
    for item in mine:
        if _served([items - {item} for items in others]) == best:
            return item
    return None


def _served(people: Sequence[frozenset[int]]) -> int:
    """How many of them can have an item each."""
    columns = {item: place for place, item in enumerate(sorted(frozenset().union(*people)))}
    if not columns:
        return 0
    pairs = np.array([(row, columns[item]) for row, items in enumerate(people) for item in items], dtype=np.int64)
    graph = csr_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(len(people), len(columns)))
    return int((maximum_bipartite_matching(graph, perm_type="column") >= 0).sum())
