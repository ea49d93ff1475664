"""Push, not grab: one item for whoever asks, which nobody else gets until the lease ends.

What comes next is decided in one transaction: leases that are over end; of all kinds of work that this person may do
the one with the lowest start tag is served (``models.fair_queue``); and where there is less work than people who wait,
those who have been offered less come first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from models.errors import NotFoundError
from models.fair_queue import Flow, Kind, order, pick
from models.people.effort import lease_seconds
from models.people.showing import Showing
from models.skills import Need
from serving.pipeline.runtime import Runtime
from serving.store.engine import UnitOfWork
from serving.store.gold_records import QualificationRow
from serving.store.people_records import DeskRow, Nothing, WorkRow, WorkState
from serving.store.records import ItemRow, ProjectRow
from serving.store.work import Open
from serving.workforce import gold_choice, qualification

DAY_S = 86_400.0
RECENT = 500
"""Pieces of work whose durations set the length of a lease."""
AHEAD = 8
"""Items of each kind that are looked at, beside one for everybody who waits."""

BLIND = frozenset({Kind.AUDIT, Kind.VALIDATION, Kind.OPINION, Kind.FURTHER, Kind.GOLD})
QUALITY = "quality"
"""What a person is told of an item that is labelled blind: whether it checks the model or the gate stays unsaid."""


def next_for(runtime: Runtime, project: ProjectRow, person: DeskRow) -> WorkRow | Nothing:
    """What the person is to do now: what it holds already, or something new.

    Args:
        runtime: the composition.
        project: where the person works.
        person: who asks.

    Returns:
        A lease; or why there is none. Whoever gets nothing waits in line until ``people_present_s`` after asking last.
    """
    settings = runtime.settings
    with runtime.store.begin() as uow:
        uow.work.turn(project.id)
        now = runtime.now()  # not before: others may have had their turn first
        uow.work.expire(project.id, now, silent_since=now - settings.people_silent_s)
        held = uow.work.held(project.id, person.trainer.id)
        desks = {one.trainer.id: one for one in uow.people.desks(project.id)}
        if person.trainer.id not in desks:
            raise NotFoundError(f"trainer {person.trainer.id} has no desk at {project.slug!r} any more")
        person = desks[person.trainer.id]
        if held is not None:
            uow.work.beat(held.id, now)
            uow.work.sit(person, offered=person.offered, waits_since=None, now=now)
            return held
        if person.pause is not None:
            uow.work.sit(person, offered=person.offered, waits_since=None, now=now)
            return Nothing.PAUSED
        present = [one for one in desks.values() if one.seen_at >= now - settings.people_present_s]
        offered = _caught_up(person, present)
        if person.daily_cap is not None:
            given = uow.work.given(project.id, person.trainer.id, since=now - DAY_S)
            if given >= person.daily_cap:
                uow.work.sit(person, offered=offered, waits_since=None, now=now)
                return Nothing.CAP
        until = now + _lease_s(runtime, uow, project)
        if (asked_for := qualification.next_item(uow, person, settings, now)) is not None:
            test, attempt = asked_for
            uow.work.sit(person, offered=offered + 1.0, waits_since=None, now=now)
            return uow.work.hand(person, test, why=_why_test(uow, attempt), until=until, now=now)
        line = _Line(person, list(desks.values()), present, offered, now)
        return _from_the_queue(runtime, uow, project, line, until)


@dataclass(frozen=True, slots=True)
class _Line:
    """Who asks, and who else is there."""

    person: DeskRow
    everybody: list[DeskRow]
    present: list[DeskRow]
    offered: float
    """What the person was offered, on the scale of those who are here."""
    now: float

    @property
    def waited(self) -> float:
        return self.now - (self.person.waits_since or self.now)

    @property
    def before(self) -> list[DeskRow]:
        """Whose turn it is before this person's."""
        turn = (self.offered, self.person.waits_since or self.now)
        others = (one for one in self.present if one.trainer.id != self.person.trainer.id)
        return [one for one in others if one.waits_since is not None and (one.offered, one.waits_since) < turn]


def _from_the_queue(
    runtime: Runtime, uow: UnitOfWork, project: ProjectRow, line: _Line, until: float
) -> WorkRow | Nothing:
    """The first item that the person may have and nobody else should, or a gold item in its place."""
    person, before, now = line.person, line.before, line.now
    needs = uow.people.needs(project.id)
    flows, virtual = uow.work.flows(project.id)
    limit, scarce = len(before) + AHEAD, _scarce(needs, line.everybody)
    mine = _mine(uow, project, person, needs, scarce, flows, virtual, limit=limit)
    others = _others(uow, project, before, needs, scarce, [one for one, _ in mine], limit=limit)
    chosen = pick([one.id for one, _ in mine], others)
    if chosen is None:
        uow.work.sit(person, offered=line.offered, waits_since=person.waits_since or now, now=now)
        return Nothing.OTHERS_FIRST if mine else Nothing.EMPTY
    found, flow = next((one, flow) for one, flow in mine if one.id == chosen)
    met = [id for id, need in needs.items() if need.met_by(person.skills)]
    golden = gold_choice.instead(runtime, uow, project, person, met)
    why = _why(uow.items.get(chosen), golden or found, needs, waited=line.waited, before=len(before))
    uow.work.sit(person, offered=line.offered + 1.0, waits_since=None, now=now)
    if golden is not None:
        return uow.work.hand(person, golden, why=why, until=until, now=now)
    return uow.work.give(person, found, flow, tag=flow.finish(virtual), why=why, until=until, now=now)


def extend(runtime: Runtime, work: WorkRow) -> bool:
    """As much time again, once; False: the lease is over, or was extended before."""
    with runtime.store.begin() as uow:
        now = runtime.now()
        return uow.work.extend(work.id, max(work.until, now) + (work.until - work.granted_at), now)


def give_back(runtime: Runtime, work: WorkRow, reason: str, *, unasked: bool = False) -> bool:
    """The person does not want it, and says why; somebody else gets it. False: the lease was over.

    ``unasked``: it is not the person's wish, the item could not be had.
    """
    why = {"given_back": reason} | ({"unasked": True} if unasked else {})
    with runtime.store.begin() as uow:
        return uow.work.end(work.id, WorkState.RELEASED, runtime.now(), **why)


def _lease_s(runtime: Runtime, uow: UnitOfWork, project: ProjectRow) -> float:
    settings = runtime.settings
    return lease_seconds(
        uow.work.durations(project.id, limit=RECENT),
        floor=settings.people_lease_min_s,
        ceiling=settings.people_lease_max_s,
        default=settings.people_lease_s,
    )


def _why_test(uow: UnitOfWork, attempt: QualificationRow) -> dict[str, Any]:
    """Of a qualification: which, in what, and how far it is."""
    place = uow.qualifications.been_given(attempt)[0] + 1
    about = {"field": str(attempt.field), "place": place, "of": attempt.wanted}
    return {"code": "qualification", "qualification": attempt.id, **about}


def _caught_up(person: DeskRow, present: Sequence[DeskRow]) -> float:
    """What the person was offered, on the scale of those who are here: to be away saves up no claim."""
    if any(one.trainer.id == person.trainer.id for one in present):
        return person.offered
    return max([person.offered, *([min(one.offered for one in present)] if present else [])])


def _scarce(needs: dict[int, Need], desks: Sequence[DeskRow]) -> frozenset[int]:
    """Ids of the needs that at most half of the people meet."""
    return frozenset(
        id for id, need in needs.items() if 2 * sum(need.met_by(one.skills) for one in desks) <= len(desks)
    )


def _mine(
    uow: UnitOfWork,
    project: ProjectRow,
    person: DeskRow,
    needs: dict[int, Need],
    scarce: frozenset[int],
    flows: dict[tuple[Kind, bool], Flow],
    virtual: float,
    *,
    limit: int,
) -> list[tuple[Open, Flow]]:
    """What the person may do, each kind's first item first, in the order in which kinds are to be served."""
    met = [id for id, need in needs.items() if need.met_by(person.skills)]
    places = {key: flow.place for key, flow in flows.items() if flow.place is not None}
    train = project.active_model is None
    found: dict[tuple[Kind, bool], list[Open]] = {}
    asked: dict[str, Any] = {"train": train, "limit": limit, "scarce": scarce, "person": person, "needs": met}
    heads = uow.work.heads(project.id, **asked, places=places)
    if not heads and places:
        heads = uow.work.heads(project.id, **asked)
    for one in heads:
        found.setdefault((one.kind, one.need_id in scarce), []).append(one)
    served = order([flows.get(key, Flow(*key)) for key in found], virtual)
    return [(one, flow) for flow in served for one in found[flow.kind, flow.skilled]]


def _others(
    uow: UnitOfWork,
    project: ProjectRow,
    people: Sequence[DeskRow],
    needs: dict[int, Need],
    scarce: frozenset[int],
    mine: Sequence[Open],
    *,
    limit: int,
) -> list[frozenset[int]]:
    """What each of these people may do, of my items and of the first of all."""
    if not people or not mine:
        return []
    heads = uow.work.heads(project.id, train=project.active_model is None, limit=limit, scarce=scarce)
    everything = {one.id: one for one in (*heads, *mine)}
    through = uow.work.been_through(everything)
    return [
        frozenset(
            one.id
            for one in everything.values()
            if (one.need_id is None or needs[one.need_id].met_by(person.skills))
            and (one.id, person.trainer.id) not in through
        )
        for person in people
    ]


def _why(item: ItemRow, found: Open, needs: dict[int, Need], *, waited: float, before: int) -> dict[str, Any]:
    """Why the item, and why this person, with numbers; nothing that a blind item must not say.

    A control looks like an item that shows no suggestion for its confidence: nobody is to work otherwise on it.
    """
    blind = found.kind in BLIND
    code = QUALITY if blind else Showing.HIDDEN.value if item.unaided else item.reason or found.kind.value
    told: dict[str, Any] = {"code": code, "waited_s": round(waited, 1)}
    if not blind and not item.unaided and item.confidence is not None:
        told["confidence"] = item.confidence
    if found.need_id is not None:
        told["needs"] = str(needs[found.need_id])
    if before:
        told["people_waiting"] = before
    return told
