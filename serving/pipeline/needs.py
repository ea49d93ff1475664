"""What items need of whoever labels them, by the project's rules: from their data, then from what a model says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from models.skills import need_of
from models.types import Prediction
from serving.store.engine import UnitOfWork
from serving.store.records import WAITING, ItemRow, ItemState, ProjectRow
from serving.store.version_records import ModelVersionRow
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
    others = _others(uow, project, said)
    found = {
        row.id: need_of(project.skill_rules, row.data, said.get(row.id), config, others.get(row.id)) for row in rows
    }
    if said:
        found = overlap.at_once(uow, project, found, said, now)
    uow.people.set_needs(project.id, found)


def of_challenged(uow: UnitOfWork, project: ProjectRow, item_ids: Sequence[int], now: float) -> None:
    """Of these items, of which a challenger has said something; only where a rule asks for it."""
    if not any(rule.models_disagree for rule in project.skill_rules):
        return
    rows = [row for row in uow.items.rows(item_ids) if row.state in WAITING and row.prediction_id is not None]
    said = uow.items.predictions([row.prediction_id for row in rows if row.prediction_id is not None])
    keep(uow, project, rows, {row.id: said[row.prediction_id or 0].prediction for row in rows}, now)


def _others(uow: UnitOfWork, project: ProjectRow, said: Mapping[int, Prediction]) -> dict[int, Prediction]:
    """Item id -> what the model before, or a challenger, said of the same data; read only where a rule asks for it."""
    if not any(rule.models_disagree for rule in project.skill_rules):
        return {}
    found: dict[int, Prediction] = {}
    silent = [row.ref.version for row in uow.models.list(project.id) if _silent(row, project)]
    for version in {one.model_version for one in said.values()}:
        ids = [id for id, one in said.items() if one.model_version == version]
        found |= uow.challenge.others(ids, version, apart=silent)
    return found


def _silent(row: ModelVersionRow, project: ProjectRow) -> bool:
    """Whether it has only scored in the shadow: nothing follows from what it said."""
    return row.activated_at is None and row.rejected_at is None and row.ref.version != project.challenger
