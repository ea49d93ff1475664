"""The event loop: items arrive, people ask, and hand in, on a clock of its own. The policy says who gets what."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from models.people import Vote
from serving.workforce.simulation.world import CLASSES, Person, Simulated, Thing


class Policy(Protocol):
    """Who gets which item."""

    def arrive(self, items: Sequence[Thing], now: float) -> None:
        """These are there from now on."""
        ...

    def next(self, person: Person, now: float) -> int | None:
        """Number of the item that the person is to do, nobody else's until it is handed in; None: nothing now."""
        ...

    def hand_in(self, person: Person, item: int, label: int, now: float) -> None: ...

    def looks_s(self, person: Person, *, found: bool) -> float:
        """Seconds until the person asks again, after having done something (``found``), or in vain."""
        ...


class Done(NamedTuple):
    """One label."""

    person: int
    item: int
    label: int
    began: float
    """Seconds from the start, as ``ended``."""
    ended: float


@dataclass(slots=True)
class Run:
    """What came of a policy."""

    done: list[Done] = field(default_factory=list)

    def votes(self) -> list[Vote]:
        return [Vote(str(one.item), str(one.person), CLASSES[one.label]) for one in self.done]


def run(world: Simulated, policy: Policy) -> Run:
    """Until all items are there, nobody holds anything, and everybody has asked in vain since the last label."""
    result = Run()
    events: list[tuple[float, int, int, int]] = []  # when, order, person, item or -1
    for person in world.people:
        first = policy.looks_s(person, found=True)
        heapq.heappush(events, (first, person.number, person.number, -1))
    order, arrived, held, vain = len(world.people), 0, 0, set[int]()
    began: dict[int, float] = {}
    while events:
        now, _, number, item = heapq.heappop(events)
        person = world.people[number]
        here = [one for one in world.items[arrived:] if one.arrives <= now]
        if here:
            policy.arrive(here, now)
            arrived += len(here)
            vain.clear()
        if item >= 0:
            label = int(world.said[number, item])
            policy.hand_in(person, item, label, now)
            result.done.append(Done(number, item, label, began.pop(number), now))
            held -= 1
            vain.clear()
            after = (now + policy.looks_s(person, found=True), -1)
        elif (given := policy.next(person, now)) is not None:
            began[number] = now
            held += 1
            after = (now + float(world.seconds[number, given]), given)
        else:
            vain.add(number)
            if len(vain) == len(world.people) and not held and arrived == len(world.items):
                break
            after = (now + policy.looks_s(person, found=False), -1)
        heapq.heappush(events, (after[0], order, number, after[1]))
        order += 1
    return result
