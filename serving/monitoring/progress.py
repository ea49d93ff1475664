"""How fast each stage works now, and how long what waits will take: from samples of the last half hour.

A pace is what was done in the minutes in which the stage had work, so that an idle night does not make it slow. Its
range is that of the slowest and the fastest sixth of these minutes. Nothing is foretold of a stage that has work and
does not move.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final

from models.types import Frozen
from serving.pipeline.runtime import Runtime
from serving.store.engine import UnitOfWork
from serving.store.records import ProjectRow
from serving.store.series import Level, Part, Sample

RECENT_S: Final = 1800.0
"""Of samples by which a pace is told, seconds."""
BLOCKS: Final = 6
"""Parts of that time, from whose slowest and fastest the range comes."""
NOW_S: Final = (30.0, 300.0)
"""Age of the sample that "now" is counted from, seconds: the newest that is not younger, if it is not older."""


class Pace(Frozen):
    """Items a second, of publish writes, while there was work."""

    per_second: float
    slow: float
    """Of the slowest part of the time."""
    fast: float
    minutes: float
    """Time with work that it is counted over."""


class Left(Frozen):
    """How long something still takes, seconds."""

    seconds: float
    fast: float
    """At the pace of the fastest part of the last half hour."""
    slow: float | None
    """At that of the slowest; None: nothing moved in it, so that there is no telling."""


class StageProgress(Frozen):
    """One stage."""

    waiting: int
    """What waits for it now: items; of publish writes."""
    done: int
    """Since the project was connected."""
    per_minute: float | None
    """In the last minutes; None: nothing was sampled in them."""
    pace: Pace | None
    """None: it has had no work in the last half hour."""
    left: Left | None
    """Until it has done all that waits for it and for the stages before it; None: unknown, or there is nothing."""


class Progress(Frozen):
    """Where a project's stages stand, and when they will be through with what is there."""

    at: float
    """Epoch seconds."""
    stages: dict[str, StageProgress]
    """``score``, ``decide``, ``publish``, ``people``."""
    waiting: int
    """Items to be scored or decided, and writes to be sent."""
    left: Left | None
    """Until that is done, if nothing else arrives; None: unknown, or nothing waits."""


def progress(runtime: Runtime, project: ProjectRow) -> Progress:
    """Where the project's stages stand now."""
    with runtime.store.read() as uow:
        return look(uow, project.id, runtime.now())


def look(uow: UnitOfWork, project_id: int, now: float) -> Progress:
    """The same at ``now`` (epoch seconds), from one reading of the store."""
    samples = uow.series.samples(project_id, since=now - RECENT_S)
    return judge(samples, uow.series.now(project_id), now)


def judge(samples: Mapping[Part, Sequence[Sample]], levels: Mapping[Part, Level], now: float) -> Progress:
    """From where the stages stood, oldest first, and stand now, to how long they will take."""
    series = {part: [*samples.get(part, ()), Sample(now, level)] for part, level in levels.items()}
    paces = {part: pace(rows) for part, rows in series.items()}
    ahead = _ahead(series)
    lefts = {part: _left(ahead[part], paces[part]) for part in levels}
    machine = [part for part in levels if part is not Part.PEOPLE]
    return Progress(
        at=now,
        stages={
            part.value: StageProgress(
                waiting=level.waiting,
                done=level.done,
                per_minute=_now(series[part]),
                pace=paces[part],
                left=lefts[part],
            )
            for part, level in levels.items()
        },
        waiting=sum(levels[part].waiting for part in machine),
        left=_last([lefts[part] for part in machine if ahead[part] > 0]),
    )


def pace(samples: Sequence[Sample]) -> Pace | None:
    """How fast a stage was while it had work; None: it had none, or there is one sample alone.

    What was done may have become less since, as where labels are deleted: that counts as nothing done.
    """
    spans = [
        (after.at - before.at, max(0, after.level.done - before.level.done))
        for before, after in pairwise(samples)
        if after.at > before.at and (before.level.waiting or after.level.done > before.level.done)
    ]
    if not spans:
        return None
    k = min(BLOCKS, len(spans))
    blocks = [spans[len(spans) * n // k : len(spans) * (n + 1) // k] for n in range(k)]
    rates = [sum(done for _, done in block) / sum(s for s, _ in block) for block in blocks]
    seconds = sum(s for s, _ in spans)
    return Pace(
        per_second=sum(done for _, done in spans) / seconds, slow=min(rates), fast=max(rates), minutes=seconds / 60.0
    )


def _ahead(series: Mapping[Part, Sequence[Sample]]) -> dict[Part, float]:
    """What each stage still has to do: what waits for it, and what waits before it.

    Items that are still to be decided become so many writes as decisions of the last half hour did, or one each.
    """
    waiting = {part: rows[-1].level.waiting for part, rows in series.items()}
    grown = {part: rows[-1].level.done - rows[0].level.done for part, rows in series.items()}
    before = waiting[Part.SCORE] + waiting[Part.DECIDE]
    writes = grown[Part.PUBLISH] / grown[Part.DECIDE] if grown[Part.DECIDE] and grown[Part.PUBLISH] else 1.0
    ahead: dict[Part, float] = {Part.SCORE: waiting[Part.SCORE], Part.DECIDE: before}
    ahead[Part.PUBLISH] = waiting[Part.PUBLISH] + writes * before
    return ahead | ({Part.PEOPLE: waiting[Part.PEOPLE]} if Part.PEOPLE in waiting else {})


def _left(ahead: float, found: Pace | None) -> Left | None:
    if not ahead or found is None or not found.per_second:
        return None
    slow = ahead / found.slow if found.slow else None
    return Left(seconds=ahead / found.per_second, fast=ahead / found.fast, slow=slow)


def _last(lefts: Sequence[Left | None]) -> Left | None:
    """All stages work at once: it takes as long as the slowest."""
    known = [left for left in lefts if left is not None]
    if not known or len(known) < len(lefts):
        return None
    slows = [left.slow for left in known if left.slow is not None]
    return Left(
        seconds=max(left.seconds for left in known),
        fast=max(left.fast for left in known),
        slow=max(slows) if len(slows) == len(known) else None,
    )


def _now(samples: Sequence[Sample]) -> float | None:
    newest = samples[-1]
    youngest, oldest = (newest.at - age for age in NOW_S)
    found = next((one for one in reversed(samples[:-1]) if one.at <= youngest), None)
    if found is None or found.at < oldest:
        return None
    return 60.0 * (newest.level.done - found.level.done) / (newest.at - found.at)
