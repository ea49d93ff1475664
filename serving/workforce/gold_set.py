"""The set of gold items: how an item comes in and goes out, and which ones would do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from models.errors import ConflictError
from models.people.gold import is_right
from models.skills import FieldOfWork
from models.types import Region
from serving.store.engine import UnitOfWork
from serving.store.gold_records import GoldRow, GoldSource
from serving.store.records import ItemRow, ItemState, LabelRow, ProjectRow
from serving.workforce import gold as marks

AGREEING = 2
"""People whose labels have to agree before an item is proposed."""
LOOKED_AT = 1000
"""Items that are looked at for a proposal."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """An item that would do as gold."""

    item: ItemRow
    people: int
    """How many said the same, and nobody said otherwise."""
    regions: tuple[Region, ...]


def put_in(
    uow: UnitOfWork,
    project: ProjectRow,
    item: ItemRow,
    *,
    regions: Sequence[Region] | None,
    field: FieldOfWork | None,
    now: float,
) -> GoldRow:
    """The item is gold from now on. What it was gold with before, it is no longer; another answer was a wrong one.

    Args:
        uow: the transaction.
        project: whose item.
        item: labelled by somebody.
        regions: the answer; None: the item's newest label.
        field: in what it tests people; None: in what it needs.
        now: epoch seconds.

    Raises:
        ConflictError: no person has labelled the item: others would be asked for what they then are tested on.
    """
    said = uow.opinions.said([item.id]).get(item.id, [])
    if item.state is not ItemState.LABELED or not said:
        raise ConflictError(f"task {item.task_id} has no label by a person yet: label it first")
    need = uow.people.needed([item.id]).get(item.id)
    source = GoldSource.OPERATOR
    if regions is None:
        regions = said[-1].regions
        source = GoldSource.AGREEMENT if len(said) >= AGREEING and _agree(said, project) else GoldSource.LABEL
    if (before := uow.gold.of_items([item.id]).get(item.id)) is not None:
        if is_right(before.regions, regions, project.label_config):
            uow.gold.retire(before.id, "replaced, with the same answer", now)
        else:
            marks.withdraw(uow, before, "replaced by another answer", now)
    id = uow.gold.add(
        project.id,
        item.id,
        field=field or (need.field if need is not None else FieldOfWork()),
        revision=item.revision,
        regions=regions,
        source=source,
        now=now,
    )
    return uow.gold.get(id)


def proposals(uow: UnitOfWork, project: ProjectRow, *, limit: int) -> list[Proposal]:
    """Items on which several people agree, all of them, and that were never gold; the most people first."""
    ids = uow.gold.candidates(project.id, limit=LOOKED_AT)
    said = uow.opinions.said(ids)
    agreed = {id: labels for id, labels in said.items() if len(labels) >= AGREEING and _agree(labels, project)}
    rows = uow.items.rows(sorted(agreed, key=lambda id: (-len(agreed[id]), id))[:limit])
    return [Proposal(row, len(agreed[row.id]), agreed[row.id][-1].regions) for row in rows]


def _agree(labels: Sequence[LabelRow], project: ProjectRow) -> bool:
    newest = labels[-1].regions
    return all(is_right(label.regions, newest, project.label_config) for label in labels)
