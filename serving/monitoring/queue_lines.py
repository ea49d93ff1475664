"""What waits for people, line by line: a kind of work with a need, who could do it, and when it will be done."""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import Final, Literal

from models.fair_queue import WEIGHTS, Kind
from models.people import Estimate, per_hour
from models.types import Frozen
from serving.store.engine import UnitOfWork
from serving.store.people_figures import Line, Moment
from serving.store.people_records import DeskRow
from serving.store.records import ProjectRow

HOUR_S: Final = 3_600.0
Alarm = Literal["nobody_can", "nobody_there", "not_moving"]
UNKNOWN: Final = Estimate(None, None, None, 0)


class LineFigures(Frozen):
    """One kind of work with one need."""

    kind: Kind
    needs: str | None
    """Field and lowest level; None: anybody may do it."""
    open: int
    held: int
    oldest_wait_s: float | None
    median_wait_s: float | None
    able: int
    """People with a desk here whose skills meet the need."""
    present: int
    """Of these, who asked a moment ago or hold an item."""
    handed_in: int
    """In the window."""
    eta_h: Estimate
    """Hours until it is empty if it goes on as in the window; ``n`` is ``handed_in``. ``value`` None: nobody can do it,
    or nothing was handed in."""
    alarm: Alarm | None
    """Something waits, and nobody has the skill; or nobody who has is there; or it has waited for an hour, and nothing
    was handed in."""


def lines_of(
    uow: UnitOfWork,
    project: ProjectRow,
    desks: Sequence[DeskRow],
    here: Set[int],
    at: Moment,
    *,
    since: float,
    begun: float | None,
) -> tuple[LineFigures, ...]:
    """Lines in which something waits, is held, or was handed in, those with the greatest weight first.

    Args:
        uow: where to read.
        project: whose queue.
        desks: its people.
        here: trainer ids of those who are there.
        at: now.
        since: when the window begins, epoch seconds.
        begun: when anything was handed out here for the first time; None: never.
    """
    waiting = uow.people_figures.waiting(project.id, at, train=project.active_model is None)
    held = uow.people_figures.held(project.id, at)
    done = uow.people_figures.handed_in(project.id, since=since)
    needs = uow.people.needs(project.id)
    hours = 0.0 if begun is None else max(0.0, at.now - max(since, begun)) / HOUR_S
    found = []
    for line in sorted(waiting.keys() | held.keys() | done.keys(), key=_place):
        kind, need = line[0], None if line[1] is None else needs[line[1]]
        able = [desk for desk in desks if need is None or need.met_by(desk.skills)]
        present = sum(desk.trainer.id in here for desk in able)
        one, in_hands, n = waiting.get(line), held.get(line, 0), done.get(line, 0)
        oldest = None if one is None else at.now - one.oldest
        found.append(
            LineFigures(
                kind=kind,
                needs=None if need is None else str(need),
                open=one.n if one is not None else 0,
                held=in_hands,
                oldest_wait_s=oldest,
                median_wait_s=None if one is None else at.now - one.median,
                able=len(able),
                present=present,
                handed_in=n,
                eta_h=eta((one.n if one is not None else 0) + in_hands, n, hours) if able else UNKNOWN,
                alarm=None if oldest is None else alarm(len(able), present, n, oldest),
            )
        )
    return tuple(found)


def eta(depth: int, handed_in: int, hours: float) -> Estimate:
    """Hours until ``depth`` items are done at the rate of ``handed_in`` in so many hours of the clock.

    The ends are those of the rate's interval; no upper end where the rate may be 0.
    """
    rate = per_hour(handed_in, hours)
    if not rate.value:
        return Estimate(None, None, None, handed_in)
    lower = depth / rate.upper if rate.upper else None
    return Estimate(depth / rate.value, lower, depth / rate.lower if rate.lower else None, handed_in)


def alarm(able: int, present: int, handed_in: int, oldest_wait_s: float) -> Alarm | None:
    """What is wrong with a line in which something waits."""
    if not able:
        return "nobody_can"
    if not present:
        return "nobody_there"
    return "not_moving" if not handed_in and oldest_wait_s >= HOUR_S else None


def _place(line: Line) -> tuple[float, str, int]:
    return -WEIGHTS.get(line[0], 0.0), line[0], line[1] or 0
