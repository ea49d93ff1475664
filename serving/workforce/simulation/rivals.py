"""How work is handed out elsewhere: whoever looks first takes it, or everything is dealt in turn; fixed overlap.

Both get a number of labels to spend, and spread it as evenly as it goes: each item gets the same number of people, and
as many as can be, drawn by lot, get one more.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle

import numpy as np

from serving.workforce.simulation.world import Person, Simulated, Thing


def overlaps(world: Simulated, labels: int, seed: int) -> list[int]:
    """How many people label each item, ``labels`` in all."""
    each, more = divmod(labels, len(world.items))
    lucky = set(np.random.default_rng(seed).permutation(len(world.items))[:more].tolist())
    return [min(len(world.people), each + (n in lucky)) for n in range(len(world.items))]


class GrabFirst:
    """One open list, oldest first: whoever looks takes the first item that is open to them, and then looks again."""

    def __init__(self, wanted: Sequence[int]) -> None:
        self._wanted = wanted
        self._open: list[int] = []
        self._taken: dict[int, set[int]] = {}

    def arrive(self, items: Sequence[Thing], now: float) -> None:
        self._open += [one.number for one in items if self._wanted[one.number] > 0]

    def next(self, person: Person, now: float) -> int | None:
        for item in self._open:
            people = self._taken.setdefault(item, set())
            if person.number not in people:
                people.add(person.number)
                if len(people) == self._wanted[item]:
                    self._open.remove(item)
                return item
        return None

    def hand_in(self, person: Person, item: int, label: int, now: float) -> None:
        """Nothing follows."""

    def looks_s(self, person: Person, *, found: bool) -> float:
        return person.looks_s


class RoundRobin:
    """Each label is dealt to the next person in turn as the item arrives; everybody works off their own pile."""

    def __init__(self, world: Simulated, wanted: Sequence[int]) -> None:
        self._wanted = wanted
        self._turn = cycle(range(len(world.people)))
        self._piles: list[list[int]] = [[] for _ in world.people]

    def arrive(self, items: Sequence[Thing], now: float) -> None:
        for one in items:
            for _ in range(self._wanted[one.number]):
                self._piles[next(self._turn)].append(one.number)

    def next(self, person: Person, now: float) -> int | None:
        pile = self._piles[person.number]
        return pile.pop(0) if pile else None

    def hand_in(self, person: Person, item: int, label: int, now: float) -> None:
        """Nothing follows."""

    def looks_s(self, person: Person, *, found: bool) -> float:
        return 0.0 if found else person.looks_s
