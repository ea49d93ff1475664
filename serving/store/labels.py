"""Human annotations, and what they do to their items."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Subquery,
    case,
    exists,
    func,
    insert,
    or_,
    select,
    text,
)

from models.errors import NotFoundError
from models.types import Fold
from serving.store.outbox import cancel, take_back
from serving.store.records import LABEL_REJECTED, ItemRow, ItemState, LabelRole, LabelRow, NewLabel, OutboxKind
from serving.store.rows import to_item, to_label
from serving.store.sql import CLEAN, batches, lock_items, take_turn, update_all, update_each
from serving.store.tables import MAY_BE_DRAWN, item, label, project


def live(rows: FromClause) -> tuple[ColumnElement[bool], ...]:
    """Labels that say what their item is: not those that a review set aside, nor answers to gold items."""
    there = (rows.c.deleted.is_(False), rows.c.was_cancelled.is_(False), rows.c.set_aside.is_(False))
    return *there, rows.c.role != LabelRole.GOLD


LIVE = live(label)
TRAINABLE = (LabelRole.TRAIN, LabelRole.CORRECTION)
NEWER = ("completed_by", "regions", "was_cancelled", "lead_time", "loss", "remote_updated_at")
PREFIX = "label_"


class LabelRepository:
    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def upsert(self, project_id: int, labels: Sequence[NewLabel], now: float) -> list[int]:
        """Store annotations; any of them may come twice, late, or after it was deleted.

        An older ``remote_updated_at`` changes nothing. Role, inclusion and prediction of the first sight are kept; a
        loss against another prediction than the kept one is not stored. A label that was not skipped sets its item to
        ``labeled``; one that turned into a skip takes that back when no other is left. One that a review has set aside
        stays so, whatever its author makes of it. An answer to a gold item changes no item.

        Returns:
            Ids of the items that are newly labelled.

        Raises:
            NotFoundError: an item does not exist in this project; nothing is stored.
        """
        take_turn(self._conn)
        arrived = {new.annotation_id: new for new in sorted(labels, key=lambda new: new.remote_updated_at)}
        states = self._lock(project_id, {new.item_id for new in arrived.values()})
        known = self._known(project_id, list(arrived))
        fresh = [new for id, new in arrived.items() if id not in known]
        late = {
            id for id, new in arrived.items() if id in known and new.remote_updated_at < known[id].remote_updated_at
        }
        changes = [(known[id], new) for id, new in arrived.items() if id in known and _news(known[id], new)]
        if fresh:
            self._conn.execute(insert(label), [_row(project_id, new, now) for new in fresh])
        update_each(self._conn, label, NEWER, [_change(old, new) for old, new in changes], deleted=False)
        self._reopen([new.item_id for _, new in changes if new.was_cancelled], now)
        silent = late | {id for id, row in known.items() if row.set_aside}
        live = {new.item_id for id, new in arrived.items() if id not in silent and _says(new, known.get(id))}
        newly = sorted(id for id in live if states[id] != ItemState.LABELED)
        self._labelled(newly, now)
        return newly

    def remove(self, project_id: int, annotation_ids: Sequence[int], now: float) -> list[int]:
        """The annotations were deleted. An item with no label left goes back to the pipeline; ids of those items."""
        take_turn(self._conn)
        known = self._known(project_id, annotation_ids)
        lock_items(self._conn, {row.item_id for row in known.values()})
        update_all(self._conn, label, [row.id for row in known.values()], deleted=True)
        return self._reopen([row.item_id for row in known.values()], now)

    def set_aside(self, label_ids: Collection[int], now: float) -> list[int]:
        """These count no longer, though they are there; a review said so.

        An item with no label left goes back to the pipeline, and from there to people, whatever the gate says, also
        when the last one is deleted later: ids of those items.
        """
        take_turn(self._conn)
        items = self._items_of(label_ids)
        lock_items(self._conn, items)
        update_all(self._conn, label, label_ids, set_aside=True)
        update_all(self._conn, item, items, reason=LABEL_REJECTED)
        return self._reopen(items, now)

    def restore(self, label_ids: Collection[int], now: float, *, revision: int) -> list[int]:
        """These count again, of data of this revision. Ids of the items that are labelled by that."""
        take_turn(self._conn)
        same = (item.c.revision == revision, item.c.state.not_in((ItemState.LABELED, ItemState.GONE)))
        open_ = {row.id for row in lock_items(self._conn, self._items_of(label_ids), *same)}
        update_all(self._conn, label, label_ids, set_aside=False)
        query = select(label.c.item_id).where(label.c.id.in_(label_ids), *LIVE)
        newly = sorted(open_ & set(self._conn.scalars(query)))
        self._labelled(newly, now)
        return newly

    def get(self, label_id: int) -> LabelRow:
        """Raises NotFoundError."""
        row = self._conn.execute(select(label).where(label.c.id == label_id)).one_or_none()
        if row is None:
            raise NotFoundError(f"there is no label {label_id}")
        return to_label(row)

    def by_annotation(self, project_id: int, annotation_ids: Collection[int]) -> dict[int, LabelRow]:
        """Annotation id -> what is stored of it, skips and deleted ones among them; no key: nothing."""
        return {id: to_label(row) for id, row in self._known(project_id, annotation_ids).items()}

    def for_project(self, project_id: int, *, roles: Collection[LabelRole] | None = None) -> list[LabelRow]:
        """Labels that count (not deleted, not skipped, no answers to gold items), oldest first."""
        query = select(label).where(label.c.project_id == project_id, *LIVE).order_by(label.c.id)
        if roles is not None:
            query = query.where(label.c.role.in_(list(roles)))
        return [to_label(row) for row in self._conn.execute(query)]

    def audit_losses(self, project_id: int) -> list[tuple[int, int, float]]:
        """(Item id, who labelled it, loss) of every audit label that counts and has a loss, oldest first."""
        mine = (label.c.project_id == project_id, label.c.role == LabelRole.AUDIT, *LIVE, label.c.loss.is_not(None))
        query = select(label.c.item_id, label.c.completed_by, label.c.loss).where(*mine).order_by(label.c.id)
        return [(item_id, person, loss) for item_id, person, loss in self._conn.execute(query)]

    def corrected(self, project_id: int) -> tuple[int, int]:
        """Corrections that count and have a loss, and those of them that left the suggestion as it was."""
        mine = (label.c.project_id == project_id, label.c.role == LabelRole.CORRECTION, *LIVE)
        counts = (func.count(label.c.loss), func.count(case((label.c.loss == 0, 1))))
        compared, unchanged = self._conn.execute(select(*counts).where(*mine)).one()
        return compared, unchanged

    def counts(self, project_id: int) -> dict[LabelRole, int]:
        """Items with a label, by the label's role; several annotations of an item count once.

        Skips and what a review set aside are left out, answers to gold items are not.
        """
        there = (label.c.deleted.is_(False), label.c.was_cancelled.is_(False), label.c.set_aside.is_(False))
        query = select(label.c.role, func.count(label.c.item_id.distinct())).where(
            label.c.project_id == project_id, *there
        )
        return {LabelRole(role): n for role, n in self._conn.execute(query.group_by(label.c.role))}

    def set_losses(self, losses: Mapping[int, tuple[int, float]]) -> None:
        """Label id -> (prediction id, loss): what the label is compared with from now on."""
        take_turn(self._conn)
        rows = [
            {"row_id": id, "new_prediction_id": prediction_id, "new_loss": loss}
            for id, (prediction_id, loss) in losses.items()
        ]
        update_each(self._conn, label, ("prediction_id", "loss"), rows)

    def annotation_ids(
        self, project_id: int, task_ids: Sequence[int], *, before: float | None = None
    ) -> dict[int, set[int]]:
        """Task id -> ids of its annotations that are not deleted, skips among them; tasks without any are left out.

        ``before`` (epoch seconds): only those that were first seen before.
        """
        known = (label.c.deleted.is_(False), *(() if before is None else (label.c.created_at < before,)))
        found: dict[int, set[int]] = {}
        for batch in batches(task_ids):
            query = (
                select(item.c.task_id, label.c.annotation_id)
                .join(label, label.c.item_id == item.c.id)
                .where(item.c.project_id == project_id, item.c.task_id.in_(batch), *known)
            )
            for task_id, annotation_id in self._conn.execute(query):
                found.setdefault(task_id, set()).add(annotation_id)
        return found

    def training(self, project_id: int) -> list[tuple[ItemRow, LabelRow]]:
        """Items of the train fold, each with its newest label that counts (roles train and correction only)."""
        newest = _teaching(project_id)
        query = select(item, newest).join(newest, newest.c.label_item_id == item.c.id).where(*_trainable(project_id))
        return [(to_item(row), to_label(row, PREFIX)) for row in self._conn.execute(query.order_by(item.c.id))]

    def taught_by(self, project_id: int) -> dict[int, int]:
        """Item id -> who gave the label that ``training`` gives of it, by Label Studio's user id."""
        newest = _teaching(project_id)
        query = select(item.c.id, newest.c.label_completed_by).join(newest, newest.c.label_item_id == item.c.id)
        return {id: user for id, user in self._conn.execute(query.where(*_trainable(project_id)))}

    def training_count(self, project_id: int, fold: Fold = Fold.TRAIN) -> int:
        """How many items ``training`` would give; of the validation fold: how many labels like these teach nothing."""
        mine = (label.c.project_id == project_id, label.c.role.in_(TRAINABLE), *LIVE)
        labelled = exists().where(label.c.item_id == item.c.id, *mine)
        query = select(func.count()).select_from(item).where(*_trainable(project_id, fold), labelled)
        return self._conn.scalar(query) or 0

    def validation(self, project_id: int) -> list[tuple[ItemRow, LabelRow | None]]:
        """Items of the validation fold that were drawn, by id, each with its first label, or None.

        A skip (``was_cancelled``) is given only where there is no other.
        """
        drawn = (
            item.c.project_id == project_id,
            text(f"item.{MAY_BE_DRAWN}"),
            item.c.inclusion.is_not(None),
            item.c.state != ItemState.GONE,
        )
        there = (label.c.deleted.is_(False), label.c.set_aside.is_(False), label.c.role != LabelRole.GOLD)
        query = select(label).where(label.c.item_id.in_(select(item.c.id).where(*drawn)), *there)
        first: dict[int, Any] = {}
        for row in self._conn.execute(query.order_by(label.c.was_cancelled, label.c.id)):
            first.setdefault(row.item_id, row)
        items = [to_item(row) for row in self._conn.execute(select(item).where(*drawn).order_by(item.c.id))]
        return [(one, to_label(first[one.id]) if one.id in first else None) for one in items]

    def _labelled(self, item_ids: Sequence[int], now: float) -> None:
        update_all(self._conn, item, item_ids, state=ItemState.LABELED, updated_at=now, **CLEAN)
        cancel(self._conn, item_ids, now, keep=(OutboxKind.WITHDRAWAL,))  # a blind item shows no suggestion, also later
        take_back(self._conn, item_ids, now)

    def _items_of(self, label_ids: Collection[int]) -> set[int]:
        return set(self._conn.scalars(select(label.c.item_id).where(label.c.id.in_(label_ids))))

    def _lock(self, project_id: int, item_ids: Collection[int]) -> dict[int, str]:
        """Item id -> state, for items that are locked from now on."""
        mine = item.c.project_id == project_id
        states = {row.id: row.state for row in lock_items(self._conn, item_ids, mine, columns=(item.c.state,))}
        missing = sorted(set(item_ids) - set(states))
        if missing:
            raise NotFoundError(f"project {project_id} has no item {', '.join(map(str, missing[:5]))}")
        return states

    def _known(self, project_id: int, annotation_ids: Collection[int]) -> dict[int, Any]:
        known: dict[int, Any] = {}
        for batch in batches(annotation_ids):
            query = select(label).where(label.c.project_id == project_id, label.c.annotation_id.in_(batch))
            known |= {row.annotation_id: row for row in self._conn.execute(query)}
        return known

    def _reopen(self, item_ids: Collection[int], now: float) -> list[int]:
        """Labelled (locked) items that have lost their last label go back to where the active model has them."""
        left = exists().where(label.c.item_id == item.c.id, *LIVE)
        current = or_(project.c.active_model.is_(None), project.c.active_model == item.c.model_version)
        scored = item.c.prediction_id.is_not(None) & current
        columns = (item.c.id, case((scored, ItemState.SCORED), else_=ItemState.RECEIVED).label("to"))
        back: list[Any] = []
        for batch in batches(set(item_ids)):
            query = select(*columns).join(project, project.c.id == item.c.project_id)
            back += self._conn.execute(query.where(item.c.id.in_(batch), item.c.state == ItemState.LABELED, ~left))
        rows = [{"row_id": row.id, "new_state": row.to} for row in back]
        update_each(self._conn, item, ["state"], rows, updated_at=now, **CLEAN)
        return sorted(row.id for row in back)


def _first(order: Sequence[ColumnElement[Any]], *conditions: ColumnElement[bool]) -> Subquery:
    """The first label of each item in the given order; its columns are called ``label_...``."""
    rank = func.row_number().over(partition_by=label.c.item_id, order_by=order).label("rank")
    columns = [column.label(f"{PREFIX}{column.name}") for column in label.c]
    ranked = select(*columns, rank).where(*conditions).subquery("ranked")
    return select(*[c for c in ranked.c if c.name != "rank"]).where(ranked.c.rank == 1).subquery("first")


def _teaching(project_id: int) -> Subquery:
    """The label of each item that a model may learn from: the newest."""
    newest = (label.c.remote_updated_at.desc(), label.c.id.desc())
    return _first(newest, label.c.project_id == project_id, label.c.role.in_(TRAINABLE), *LIVE)


def _trainable(project_id: int, fold: Fold = Fold.TRAIN) -> tuple[ColumnElement[bool], ...]:
    return item.c.project_id == project_id, item.c.fold == fold, item.c.state != ItemState.GONE


def _says(new: NewLabel, old: Any | None) -> bool:
    """Whether an annotation says what its item is."""
    return not new.was_cancelled and (old.role if old is not None else new.role) != LabelRole.GOLD


def _news(old: Any, new: NewLabel) -> bool:
    """Whether an annotation says more than what is stored: it was edited, or is back from deletion."""
    stored: float = old.remote_updated_at
    return new.remote_updated_at > stored or (bool(old.deleted) and new.remote_updated_at == stored)


def _row(project_id: int, new: NewLabel, now: float) -> dict[str, Any]:
    values = {field.name: getattr(new, field.name) for field in fields(new)}
    return values | {"project_id": project_id, "deleted": False, "created_at": now}


def _change(old: Any, new: NewLabel) -> dict[str, Any]:
    change = {f"new_{name}": getattr(new, name) for name in NEWER}
    if new.prediction_id != old.prediction_id:
        change["new_loss"] = None
    return {"row_id": old.id, **change}
