"""Samples where the stages stand, once a minute, for the charts and for what a backfill still takes.

Counts are kept as they stand, not what came to them: a sample that is missing, or forgotten, takes nothing from what
happened between the others.
"""

from __future__ import annotations

from serving.pipeline.runtime import Runtime
from serving.store.records import ProjectRow
from serving.store.series import FIVE_MINUTES

SLOT_S = 60
"""One sample in so many seconds."""
COARSE_S = FIVE_MINUTES
"""Of those that are older than ``FINE_S`` one in so many seconds is kept."""
FINE_S = 3 * 3600.0
KEPT_S = 30 * 86_400.0
"""Samples are forgotten after so many seconds: a project has 4 x 8,800 of them at most."""
THIN_S = 3600.0
"""Time between two such thinnings, seconds."""


def sample(runtime: Runtime, project: ProjectRow) -> None:
    """Write down where the stages stand; what waits is counted without a lock. Another process may do so as well."""
    with runtime.store.read() as uow:
        levels = uow.series.now(project.id)
    now = runtime.now()
    with runtime.store.begin() as uow:
        uow.series.keep(project.id, int(now // SLOT_S) * SLOT_S, now, levels)


def thin(runtime: Runtime, project: ProjectRow) -> None:
    """Forget what is too old, and keep less of what is not new."""
    now = runtime.now()
    with runtime.store.begin() as uow:
        uow.series.thin(project.id, fine_since=now - FINE_S, since=now - KEPT_S, step=COARSE_S)
