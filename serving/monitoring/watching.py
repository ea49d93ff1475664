"""What the charts of the monitor are drawn from: its statistic audit by audit, drift by window, people's noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from models.gate.arrays import Floats
from serving.pipeline import watch
from serving.pipeline.runtime import Runtime
from serving.store.records import CertificateRow, ProjectRow
from serving.store.series import Window

POINTS: Final = 240
"""Of the line of the statistic."""


@dataclass(frozen=True, slots=True)
class Step:
    """The monitor's statistic after an audit."""

    audits: int
    """So many audits count by then."""
    statistic: float
    errors: int
    """Wrong ones among them."""
    drawn_at: float
    """When the audit was drawn, epoch seconds."""


@dataclass(frozen=True, slots=True)
class Watched:
    """One project's monitor, drift and noise over time."""

    steps: tuple[Step, ...]
    """Where there are many audits: of each stretch the highest, and the last."""
    watch_level: float
    close_level: float
    windows: tuple[Window, ...]
    """Oldest first."""
    noisy: tuple[CertificateRow, ...]
    """Certificates that measured how often people are wrong, oldest first."""


def watched(runtime: Runtime, project: ProjectRow) -> Watched:
    """What was seen of a project."""
    with runtime.store.read() as uow:
        tests, newest = uow.gate.certificates(project.id), uow.gate.latest(project.id)
        opened = next((one for one in reversed(tests) if one.open and not one.trial), newest)
        reading = watch.read(uow, project, watch.watched(uow, project, opened)) if opened is not None else None
        windows = uow.series.windows(project.id)
    steps: list[Step] = []
    if reading is not None:
        errors = np.cumsum(reading.losses)
        steps = [
            Step(n + 1, float(reading.path[n]), int(errors[n]), reading.audits[n].drawn_at) for n in kept(reading.path)
        ]
    return Watched(
        steps=tuple(steps),
        watch_level=runtime.settings.monitor_watch,
        close_level=runtime.settings.monitor_close,
        windows=tuple(windows),
        noisy=tuple(one for one in tests if one.noise is not None and one.noise.rate is not None),
    )


def kept(path: Floats, points: int = POINTS) -> Sequence[int]:
    """Indexes of ``(n,)`` that a line of about so many points needs: the highest of each stretch, and the last."""
    if path.size <= points:
        return range(path.size)
    stretches = np.array_split(np.arange(path.size), points)
    return sorted({int(one[np.argmax(path[one])]) for one in stretches} | {path.size - 1})
