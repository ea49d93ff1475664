"""Which items of the train fold people are asked for next: a list, made again when it has been worked off.

Before a model exists, seeds that differ from each other where that was measured to help (``models.heads.spread``); else
they are asked for in order of their draw, and there is no list. With a model, unsure suggestions, spread in the same
way, with the random control between them. Nothing waits for a list: what is not on it is asked for in order of draw.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from models.errors import PlatformUnavailable, PrelabelError
from models.gate.sampling import keyed_uniform
from models.heads.spread import spreads
from models.ordering import CANDIDATES, by_uncertainty, control_from, with_control
from models.specs import HeadSpec
from models.types import Item
from serving.pipeline import score
from serving.pipeline.runtime import Runtime
from serving.store.asking import Unsure
from serving.store.engine import UnitOfWork
from serving.store.records import ItemRow, ItemState, ProjectRow

log = logging.getLogger(__name__)

SHORTEST, LONGEST = 50, 500
"""Items on one list."""
REFILL = 10
"""A new list is made when fewer than so many of the old one are left; items that people skip stay on it till then."""
POOL = 20_000
"""Suggestions that are looked at for one list: those with the lowest draws, a random part where there are more."""
UNSCORED = 0.05
"""Share of the suggestions that may still be on their way when a list is made: the last to come must not miss it."""


def refresh(runtime: Runtime, project: ProjectRow, wanted: Callable[[], int]) -> bool:
    """Make a list of about ``wanted()`` items where the old one is used up. Returns whether one was made.

    After an error no other is tried for ``retry_max_s``.
    """
    seeds = project.active_model is None
    if project.watermark == 0.0 or runtime.now() < runtime.listless.get(project.id, 0.0):
        return False
    if seeds and not spreads(project.spec):
        return False
    with runtime.store.read() as uow:
        waiting = uow.asking.waiting(project.id, train=seeds)
        if len(waiting) >= REFILL or not (seeds or _settled(uow, project)):
            return False
    size = min(max(wanted(), SHORTEST), LONGEST)
    try:
        found = (_seeds if seeds else _unsure)(runtime, project, waiting, size)
    except PrelabelError as error:
        runtime.listless[project.id] = runtime.now() + runtime.settings.retry_max_s
        log.warning("people are asked in order of draw", extra={"project": project.slug, "reason": str(error)})
        return False
    if not found:
        return False
    with runtime.store.begin() as uow:
        if uow.projects.hold(project.id).active_model != project.active_model:
            return False
        uow.asking.put(project.id, found)
    return True


def _seeds(runtime: Runtime, project: ProjectRow, waiting: set[int], size: int) -> list[int]:
    with runtime.store.read() as uow:
        below = control_from(project.validation_fraction)
        rows = uow.asking.seeds(project.id, below=below, limit=CANDIDATES * size)
    if waiting.issuperset(row.id for row in rows):
        return []
    if not isinstance(project.spec, HeadSpec):
        return [row.id for row in rows[:size]]
    return _spread(runtime, project, rows, size)


def _unsure(runtime: Runtime, project: ProjectRow, waiting: set[int], size: int) -> list[int]:
    edge = control_from(project.validation_fraction)
    with runtime.store.read() as uow:
        pool = uow.asking.unsure(project.id, below=edge, limit=POOL)
        control = uow.asking.control(project.id, above=edge, limit=size)
    if waiting.issuperset(one.id for one in pool):
        return []
    chosen = _drawn(runtime, project, pool)
    if spreads(project.spec):
        with runtime.store.read() as uow:
            rows = uow.items.rows(chosen[: CANDIDATES * size])
        chosen = _spread(runtime, project, rows, size)
    return with_control(chosen[:size], control)[:size]


def _settled(uow: UnitOfWork, project: ProjectRow) -> bool:
    counts = uow.items.counts(project.id)
    moving = sum(counts.get(state, 0) for state in (ItemState.RECEIVED, ItemState.SCORED, ItemState.DECIDED))
    return moving <= UNSCORED * counts.get(ItemState.PUBLISHED, 0)


def _drawn(runtime: Runtime, project: ProjectRow, pool: Sequence[Unsure]) -> list[int]:
    """Ids of the pool, the unsure ones towards the front; new numbers are drawn for each model version."""
    secret, version = runtime.sampling_secret(project), str(project.active_model)
    uniforms = [keyed_uniform(secret, "asking", version, one.task_id) for one in pool]
    return [pool[place].id for place in by_uncertainty([one.confidence for one in pool], uniforms)]


def _spread(runtime: Runtime, project: ProjectRow, rows: Sequence[ItemRow], size: int) -> list[int]:
    """Ids of up to ``size`` of the rows.

    Raises:
        PlatformUnavailable: none of their media can be fetched.
    """
    assert isinstance(project.spec, HeadSpec)
    attached = runtime.media.attach(project, [score.to_item(row) for row in rows])
    items = [item for item in attached if isinstance(item, Item)]
    if rows and not items:
        raise PlatformUnavailable(f"the media of {len(rows)} items do not answer")
    keys = runtime.scorer.spread(project.spec, project.label_config.controls[0], items, size)
    return [int(key) for key in keys]
