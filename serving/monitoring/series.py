"""Throughput and queue of each stage over a span of time, from the samples of the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from serving.pipeline.runtime import Runtime
from serving.pipeline.series import COARSE_S, KEPT_S
from serving.store.records import ProjectRow
from serving.store.series import Part, Sample

SPANS: Final = {"hours": 3 * 3600.0, "day": 86_400.0, "week": 7 * 86_400.0, "month": KEPT_S}
"""Name -> seconds."""
POINTS: Final = 120
"""Of a line."""
STEPS: Final = {"hours": COARSE_S, "day": COARSE_S, "week": 3 * COARSE_S, "month": 12 * COARSE_S}
"""Between samples that are read, seconds: what was done between them is in the later one."""
GAP: Final = 3
"""Two samples that are further apart than so many steps tell nothing of the time between them."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A stage in one part of the span."""

    part: Part
    start: float
    """Epoch seconds."""
    per_minute: float | None
    """What was done in it, a minute; None: nobody sampled."""
    waiting: int | None
    """What waited for it at the end; None: as above."""


def over(runtime: Runtime, project: ProjectRow, span: str) -> list[Spot]:
    """Up to ``POINTS`` spots a stage, oldest first; of a stage that was never sampled none.

    Raises:
        KeyError: no such span.
    """
    now, length, gap = runtime.now(), SPANS[span], GAP * STEPS[span]
    with runtime.store.read() as uow:
        samples = uow.series.samples(project.id, since=now - length - gap, step=STEPS[span])
    return spots(samples, now=now, length=length, gap=gap)


def spots(
    samples: Mapping[Part, Sequence[Sample]], *, now: float, length: float, gap: float = GAP * COARSE_S
) -> list[Spot]:
    """What samples, oldest first, say of the ``length`` seconds before ``now``, in parts of equal width.

    What was done between two samples is spread evenly over the time between them.
    """
    width = length / POINTS
    begin = (now // width + 1 - POINTS) * width
    return [spot for part in Part if samples.get(part) for spot in _spots(part, samples[part], begin, width, gap)]


def _spots(part: Part, samples: Sequence[Sample], begin: float, width: float, gap: float) -> list[Spot]:
    done, known = [0.0] * POINTS, [0.0] * POINTS
    waiting: list[int | None] = [None] * POINTS
    for before, after in pairwise(samples):
        span = after.at - before.at
        if not 0.0 < span <= gap:
            continue
        for n in range(max(0, int((before.at - begin) // width)), min(POINTS, int((after.at - begin) // width) + 1)):
            shared = min(after.at, begin + (n + 1) * width) - max(before.at, begin + n * width)
            if shared > 0.0:
                done[n] += max(0, after.level.done - before.level.done) * shared / span
                known[n] += shared
    for one in samples:
        n = int((one.at - begin) // width)
        if 0 <= n < POINTS:
            waiting[n] = one.level.waiting
    first = next((n for n in range(POINTS) if known[n] or waiting[n] is not None), POINTS)
    return [
        Spot(part, begin + n * width, 60.0 * done[n] / known[n] if known[n] else None, waiting[n])
        for n in range(first, POINTS)
    ]
