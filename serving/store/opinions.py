"""Several people's answers to one item, blind or not: who gave them, and how many are wanted."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, ScalarSelect, Select, TextClause, exists, func, or_, select, text

from serving.store.labels import LIVE
from serving.store.records import BLIND_AUDIT, ItemState, LabelRole, LabelRow
from serving.store.review_tables import OPEN, review
from serving.store.rows import to_label
from serving.store.sql import batches, take_turn, update_all, update_each
from serving.store.tables import SEVERAL_WANTED, item, label

ANSWERS = (label.c.role.in_([role for role in LabelRole if role.blind]), label.c.deleted.is_(False))
"""Labels that answer a blind item; a skip is an answer too."""


class OpinionRepository:
    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def answers(self, item_ids: Collection[int]) -> dict[int, list[LabelRow]]:
        """Item id -> its blind answers, one a person, in the order in which they came; no key: nobody has answered.

        Of several labels of one person the first counts that is not a skip.
        """
        found: dict[int, dict[int, LabelRow]] = {}
        for batch in batches(item_ids):
            query = select(label).where(label.c.item_id.in_(batch), *ANSWERS)
            for row in map(to_label, self._conn.execute(query.order_by(label.c.was_cancelled, label.c.id))):
                found.setdefault(row.item_id, {}).setdefault(row.completed_by, row)
        return {id: sorted(rows.values(), key=lambda row: row.id) for id, rows in found.items()}

    def answered_by(self, item_ids: Collection[int]) -> dict[int, list[int]]:
        """Item id -> platform user ids of those who answered it blind, rising; items without an answer are left out."""
        found: dict[int, list[int]] = {}
        for batch in batches(item_ids):
            query = select(label.c.item_id, label.c.completed_by).where(label.c.item_id.in_(batch), *ANSWERS)
            for id, person in self._conn.execute(query.distinct().order_by(label.c.item_id, label.c.completed_by)):
                found.setdefault(id, []).append(person)
        return found

    def said(self, item_ids: Collection[int]) -> dict[int, list[LabelRow]]:
        """Item id -> its answers, skips apart, one a person, the newest of each; no key: none."""
        found: dict[int, dict[int, LabelRow]] = {}
        for batch in batches(item_ids):
            query = select(label).where(label.c.item_id.in_(batch), *LIVE).order_by(label.c.id)
            for row in map(to_label, self._conn.execute(query)):
                found.setdefault(row.item_id, {})[row.completed_by] = row
        return {id: list(rows.values()) for id, rows in found.items()}

    def unsettled(self, item_ids: Collection[int]) -> set[int]:
        """Those of which people's accuracies have not learned yet, and no review is open that may change them."""
        found: set[int] = set()
        reviewed = exists().where(review.c.item_id == item.c.id, text(f"review.{OPEN}"))
        for batch in batches(item_ids):
            mine = (item.c.id.in_(batch), item.c.settled.is_(False), ~reviewed)
            found |= set(self._conn.scalars(select(item.c.id).where(*mine)))
        return found

    def settle(self, item_ids: Collection[int]) -> None:
        """People's accuracies have learned of these items; they do so once."""
        take_turn(self._conn)
        update_all(self._conn, item, item_ids, settled=True)

    def ask(self, people: Mapping[int, int]) -> None:
        """Item id -> how many different people are to answer it from now on; 1 takes a question back."""
        take_turn(self._conn)
        update_each(self._conn, item, ["opinions"], [{"row_id": id, "new_opinions": n} for id, n in people.items()])

    def asked(self, project_id: int, *, audits: bool) -> dict[int, int]:
        """Item id -> how many different people are to answer it, where that is more than one.

        ``audits``: of audits alone, else of validation items alone.
        """
        query = select(item.c.id, item.c.opinions).where(*_several(project_id), _audited(audits)).order_by(item.c.id)
        return {id: n for id, n in self._conn.execute(query)}

    def waiting(self, project_id: int, model_version: str, *, audits: bool) -> int:
        """Items of which people were asked for another answer because of this model, and have not given it."""
        mine = (*_several(project_id), _audited(audits), because_of(model_version))
        query = select(func.count()).select_from(item).where(*mine, wanting())
        return self._conn.scalar(query) or 0

    def people(self, project_id: int) -> int:
        """How many different people have labelled anything in the project."""
        mine = (label.c.project_id == project_id, label.c.deleted.is_(False))
        return self._conn.scalar(select(func.count(label.c.completed_by.distinct())).where(*mine)) or 0


def several_labels(project_id: int) -> Select[tuple[int]]:
    """Ids of labelled items that more than one person was asked about."""
    mine = (item.c.project_id == project_id, text(SEVERAL_WANTED), item.c.state == ItemState.LABELED)
    return select(item.c.id).where(*mine)


def _several(project_id: int) -> tuple[ColumnElement[bool] | TextClause, ...]:
    there = item.c.state.not_in((ItemState.GONE, ItemState.DEAD))
    return item.c.project_id == project_id, item.c.blind.is_(True), text(SEVERAL_WANTED), there


def _audited(audits: bool) -> ColumnElement[bool]:
    audit = item.c.reason == BLIND_AUDIT
    return audit if audits else or_(item.c.reason.is_(None), ~audit)


def because_of(model_version: str | ScalarSelect[Any]) -> ColumnElement[bool]:
    """Whether an item was last judged for this model. Spelt so that no index on models is taken for the few items."""
    return func.coalesce(item.c.model_version, "") == model_version


def wanting() -> ColumnElement[bool]:
    """Whether fewer people have answered an item than are wanted."""
    return _people() < item.c.opinions


def wanting_more() -> ColumnElement[bool]:
    """The same of an item that is not blind; a skip is no answer to it."""
    return _people(LIVE) < item.c.opinions


def _people(answers: tuple[ColumnElement[bool], ...] = ANSWERS) -> ScalarSelect[int]:
    answered = select(func.count(label.c.completed_by.distinct())).where(label.c.item_id == item.c.id, *answers)
    return answered.correlate(item).scalar_subquery()
