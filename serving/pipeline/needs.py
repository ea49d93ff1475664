"""What items need of whoever labels them, by the project's rules: from their data, then from what a model says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from models.skills import need_of
from models.types import Prediction
from serving.store.engine import UnitOfWork
from serving.store.records import ItemRow, ItemState, ProjectRow
from serving.workforce import overlap


def of_arrived(uow: UnitOfWork, project: ProjectRow, tasks: Sequence[int]) -> None:
    """Of items that no model has seen yet."""
    if not project.skill_rules or not tasks:
        return
    rows = uow.items.by_task(project.id, tasks).values()
    keep(uow, project, [row for row in rows if row.state is ItemState.RECEIVED], {}, 0.0)


def keep(
    uow: UnitOfWork, project: ProjectRow, rows: Sequence[ItemRow], said: Mapping[int, Prediction], now: float
) -> None:
    """Of these items from now on; ``said``: item id -> prediction. ``overlap.at_once`` may ask for more."""
    if not rows or (not project.skill_rules and project.overlap_people == 1):
        return
    config = project.label_config
    found = {row.id: need_of(project.skill_rules, row.data, said.get(row.id), config) for row in rows}
    if said:
        found = overlap.at_once(uow, project, found, said, now)
    uow.people.set_needs(project.id, found)
