"""Which items of the validation fold people label blind."""

from __future__ import annotations

import math

from models.types import Route
from serving.pipeline.certifying import validation_sample
from serving.pipeline.runtime import Runtime
from serving.store.records import ItemState, ProjectRow


def validation(runtime: Runtime, project: ProjectRow) -> bool:
    """Mark the ``validation_target`` lowest draws of the validation fold as blind.

    The cut is an order statistic of hash values, so the sample does not depend on any item's content. Nothing is
    drawn before the tasks that were there at first have all been read: the sample would be of the first page only.
    After the stream has changed (``valid_since``) only items that arrived since are drawn.
    """
    if project.watermark == 0.0 or project.gate_state.accepts:
        return False
    since = project.valid_since
    with runtime.store.begin() as uow:
        missing = project.validation_target - len(validation_sample(uow, project))
        if missing <= 0:
            return False
        found = uow.items.drawn(project.id, cut=1.0, limit=project.validation_target * 2, since=since)
        waiting = [i for i in found if not i.blind]
        if not waiting:
            return False
        last = waiting[min(missing, len(waiting)) - 1]
        cut = math.nextafter(last.draw, math.inf)
        uow.items.set_blind(project.id, cut=cut, now=runtime.now(), since=since)
        uow.items.restart(
            project.id,
            states=(ItemState.DECIDED, ItemState.PUBLISHED),
            to=ItemState.SCORED,
            now=runtime.now(),
            route=Route.SUGGEST,
            blind=True,
        )
        uow.projects.update(project.id, validation_cut=max(cut, uow.projects.get(project.id).validation_cut))
    return True
