"""The list of train items that people are asked for, and what came of asking in that order.

An item's place on the list stays with it when it is labelled: that is how the report knows which labels were asked for.
The validation fold is never on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, case, exists, func, select, text

from models.types import Fold, Route
from serving.store.labels import LIVE, TRAINABLE, live
from serving.store.records import WAITING, Arm, ItemRow, ItemState, LabelRole
from serving.store.rows import to_item
from serving.store.sql import lock_items, take_turn, update_all, update_each
from serving.store.tables import AWAITS_TRAINING, LISTED, item, label

OPEN = (ItemState.RECEIVED, *WAITING)
SHOWN = (item.c.state == ItemState.PUBLISHED, item.c.route == Route.SUGGEST, item.c.blind.is_(False))
"""Suggestions that people see."""


class Unsure(NamedTuple):
    """A suggestion that may be asked for."""

    id: int
    task_id: int
    confidence: float


@dataclass(frozen=True, slots=True)
class Answers:
    """Labels of the train fold that were asked for in one way."""

    labels: int
    compared: int
    """Of these, corrections of a suggestion: what the model said before it learned from them is known."""
    errors: int
    """Suggestions among these that were not wholly right."""


def listed(project_id: int, *, train: bool) -> tuple[ColumnElement[bool], ...]:
    """Conditions of what is on the list and can be labelled now; ``train``: there is no model yet."""
    now = and_(text(AWAITS_TRAINING)) if train else and_(*SHOWN)
    return item.c.project_id == project_id, and_(text(LISTED)), item.c.blind.is_(False), now


class AskingRepository:
    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def waiting(self, project_id: int, *, train: bool) -> set[int]:
        """Ids of the listed items that can be labelled now."""
        query = select(item.c.id).where(*listed(project_id, train=train)).order_by(item.c.asked)  # names the index
        return set(self._conn.scalars(query))

    def seeds(self, project_id: int, *, below: float, limit: int) -> list[ItemRow]:
        """Untouched items of the train fold with a draw below ``below``, lowest draws first."""
        mine = (item.c.project_id == project_id, text(AWAITS_TRAINING), item.c.blind.is_(False), item.c.draw < below)
        rows = self._conn.execute(select(item).where(*mine).order_by(item.c.draw).limit(limit))
        return [to_item(row) for row in rows]

    def unsure(self, project_id: int, *, below: float, limit: int) -> list[Unsure]:
        """Suggestions of the train fold with a draw below ``below``, lowest draws first."""
        columns = (item.c.id, item.c.task_id, item.c.confidence)
        mine = (*_shown(project_id), item.c.draw < below, item.c.confidence.is_not(None))
        rows = self._conn.execute(select(*columns).where(*mine).order_by(item.c.draw).limit(limit))
        return [Unsure(*row) for row in rows]

    def control(self, project_id: int, *, above: float, limit: int) -> list[int]:
        """Suggestions of the train fold with a draw of ``above`` or more, lowest draws first; their ids."""
        mine = (*_shown(project_id), item.c.draw >= above)
        return list(self._conn.scalars(select(item.c.id).where(*mine).order_by(item.c.draw).limit(limit)))

    def put(self, project_id: int, ids: Sequence[int]) -> None:
        """Ask for these items from now on, in this order, in place of what is still on the list.

        Items that somebody has labelled meanwhile, or that turned blind, do not come onto it.
        """
        self.clear(project_id)
        mine = (item.c.project_id == project_id, item.c.state.in_(OPEN), item.c.blind.is_(False))
        free = {row.id for row in lock_items(self._conn, ids, *mine, item.c.fold == Fold.TRAIN)}
        places = [{"row_id": id, "new_asked": place} for place, id in enumerate(id for id in ids if id in free)]
        update_each(self._conn, item, ("asked",), places)

    def clear(self, project_id: int) -> None:
        """Empty the list; labelled items keep their place."""
        take_turn(self._conn)
        found = self._conn.scalars(select(item.c.id).where(item.c.project_id == project_id, text(LISTED))).all()
        ids = [row.id for row in lock_items(self._conn, found, item.c.state.in_(OPEN))]
        update_all(self._conn, item, ids, asked=None)

    def answers(self, project_id: int, *, control_from: float) -> dict[Arm, Answers]:
        """Labelled items of the train fold by how they were asked for, each with its first label that counts.

        Losses against a suggestion that nobody saw are not compared.
        """
        counted = (label.c.project_id == project_id, label.c.role.in_(TRAINABLE), *LIVE)
        mine = (item.c.project_id == project_id, item.c.fold == Fold.TRAIN, item.c.state != ItemState.GONE)
        before = label.alias("before")
        first = ~exists().where(
            before.c.project_id == project_id,
            before.c.item_id == label.c.item_id,
            before.c.id < label.c.id,
            before.c.role.in_(TRAINABLE),
            *live(before),
        )
        arm = case(
            (item.c.asked.is_(None), Arm.UNLISTED.value),
            (item.c.draw >= control_from, Arm.RANDOM.value),
            else_=Arm.INFORMATIVE.value,
        ).label("arm")
        loss = case((label.c.role == LabelRole.CORRECTION, label.c.loss))
        query = (
            select(arm, func.count(), func.count(loss), func.count(case((loss > 0, 1))))
            .select_from(label)
            .join(item, item.c.id == label.c.item_id)
            .where(*counted, first, *mine)
            .group_by(arm)
        )
        return {Arm(name): Answers(*counts) for name, *counts in self._conn.execute(query)}


def _shown(project_id: int) -> tuple[ColumnElement[bool], ...]:
    return item.c.project_id == project_id, *SHOWN, item.c.fold == Fold.TRAIN
