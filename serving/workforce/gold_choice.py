"""Which gold item a person gets, and when: now and then, in place of something else, and looking like it.

A share ``gold_rate`` of what a person is given is gold that this person has never seen, drawn by keyed hash: nobody can
tell beforehand which. The least used comes first, so that answers have little time to get round, and nobody is given an
item that ``gold_uses`` people have had. It is blind: what Label Studio showed of it was taken away before.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

from models.fair_queue import Kind
from models.gate.sampling import is_drawn, keyed_uniform
from serving.pipeline.runtime import Runtime
from serving.store.engine import UnitOfWork
from serving.store.gold_records import GoldRow
from serving.store.people_records import DeskRow
from serving.store.records import ProjectRow
from serving.store.work import Open

PURPOSE = "gold"
LOOKED_AT = 50
"""Gold items that are looked at for one that shows nothing any more."""

Found = tuple[GoldRow, int | None]
"""A gold item, and the id of what it needs."""


def instead(
    runtime: Runtime, uow: UnitOfWork, project: ProjectRow, person: DeskRow, needs: Collection[int]
) -> Open | None:
    """A gold item that the person is given instead of what was chosen; None: what was chosen.

    ``needs``: ids of the needs that the person meets.
    """
    settings = runtime.settings
    found = uow.gold.unseen(project.id, person, most=settings.gold_uses, limit=LOOKED_AT, needs=needs)
    if not found or not settings.gold_rate:
        return None
    draw = keyed_uniform(runtime.sampling_secret(project), PURPOSE, person.trainer.id, repr(person.offered))
    if not is_drawn(draw, settings.gold_rate):
        return None
    for gold, need_id in ready(uow, found)[:1]:
        uow.gold.use(gold.id)
        return Open(gold.item_id, need_id, Kind.GOLD)
    return None


def ready(uow: UnitOfWork, found: Sequence[Found]) -> list[Found]:
    """Those of which Label Studio shows no suggestion, or shows none any more."""
    shown = uow.outbox.shown_until([gold.item_id for gold, _ in found])
    return [one for one in found if shown.get(one[0].item_id, 0.0) < math.inf]
