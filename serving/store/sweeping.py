"""What should stand in Label Studio by now, and how an item is taken up again where it does not."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, exists, insert, or_, select, update

from models.types import Route
from serving.store.deciding import history
from serving.store.outbox import UNSEEN, send_again, take_back
from serving.store.records import Decision, ItemState, OutboxKind, OutboxState, Stand
from serving.store.sql import batches, lock_items, take_turn, update_all
from serving.store.tables import decision, item, outbox

COLUMNS = (item.c.project_id, item.c.revision, item.c.model_version, item.c.prediction_id, item.c.state)


class SweepRepository:
    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def tasks(self, project_id: int, stand: Stand, *, version: str, before: float) -> set[int]:
        """Tasks for which ``stand`` has to hold in Label Studio, of items untouched since ``before``.

        Args:
            project_id: whose items.
            stand: what has to hold.
            version: the active model; of ``SHOWN`` whichever is asked about.
            before: epoch seconds. What was written since may not have been seen by whoever asked Label Studio.
        """
        query = select(item.c.task_id).where(*_conditions(project_id, stand, version, before))
        return set(self._conn.scalars(query))

    def accepted_by_others(self, project_id: int, version: str, *, before: float) -> dict[str, set[int]]:
        """Model version -> tasks of items, untouched since ``before``, that were accepted by another than this one."""
        mine = (*_conditions(project_id, Stand.ACCEPTED, version, before), item.c.model_version != version)
        found: dict[str, set[int]] = {}
        for row in self._conn.execute(select(item.c.model_version, item.c.task_id).where(*mine)):
            found.setdefault(row.model_version, set()).add(row.task_id)
        return found

    def mend(
        self, project_id: int, stand: Stand, tasks: Collection[int], *, version: str, before: float, now: float
    ) -> int:
        """What has to stand is sent again, what must not is removed; how many items, of those still concerned.

        A prediction that is there already is found there and not doubled (its row was tried before).
        """
        rows = self._lock(project_id, stand, tasks, version, before)
        ids = [row.id for row in rows]
        if stand is Stand.UNLABELED:
            take_back(self._conn, ids, now)
        else:
            kind = OutboxKind.SUGGESTION if stand is Stand.SHOWN else OutboxKind.WITHDRAWAL
            send_again(self._conn, [_outbox(row) for row in rows], kind, now)
        published = [row.id for row in rows if row.state == ItemState.PUBLISHED]
        update_all(self._conn, item, published, state=ItemState.DECIDED, updated_at=now)
        return len(rows)

    def give_back(
        self, project_id: int, tasks: Collection[int], *, reason: str, version: str, before: float, now: float
    ) -> int:
        """These are accepted no longer: people get them, as suggestions. How many were still accepted."""
        rows = self._lock(project_id, Stand.ACCEPTED, tasks, version, before)
        ids = [row.id for row in rows]
        if rows:
            made = [Decision(row.id, row.prediction_id, Route.SUGGEST, reason, {}, blind=False) for row in rows]
            self._conn.execute(insert(decision), [history(row, one, now) for row, one in zip(rows, made, strict=True)])
        for batch in batches(ids):
            accepted = (outbox.c.item_id.in_(batch), outbox.c.kind == OutboxKind.ACCEPTANCE)
            cancelled = {"state": OutboxState.CANCELLED, "updated_at": now}
            self._conn.execute(update(outbox).where(*accepted).values(cancelled))
        return update_all(self._conn, item, ids, route=Route.SUGGEST, reason=reason, updated_at=now)

    def _lock(
        self, project_id: int, stand: Stand, tasks: Collection[int], version: str, before: float
    ) -> list[Row[Any]]:
        take_turn(self._conn)
        conditions = _conditions(project_id, stand, version, before)
        found: list[int] = []
        for batch in batches(tasks):
            found += self._conn.scalars(select(item.c.id).where(*conditions, item.c.task_id.in_(batch)))
        return lock_items(self._conn, found, columns=COLUMNS)


def _conditions(project_id: int, stand: Stand, version: str, before: float) -> list[ColumnElement[bool]]:
    mine = [item.c.project_id == project_id, item.c.updated_at < before]
    published = item.c.state == ItemState.PUBLISHED
    if stand is Stand.SHOWN:
        routes = item.c.route.in_((Route.SUGGEST, Route.ACCEPT))
        return [*mine, published, routes, item.c.blind.is_(False), ~UNSEEN, item.c.model_version == version]
    if stand is Stand.HIDDEN:
        return [*mine, published, or_(item.c.blind.is_(True), UNSEEN), item.c.prediction_id.is_not(None)]
    if stand is Stand.ACCEPTED:
        return [*mine, published, item.c.route == Route.ACCEPT]
    acceptances = (outbox.c.project_id == project_id, outbox.c.kind == OutboxKind.ACCEPTANCE, outbox.c.attempts > 0)
    tried = item.c.id.in_(select(outbox.c.item_id).where(*acceptances))
    waiting = exists().where(outbox.c.item_id == item.c.id, outbox.c.state == OutboxState.PENDING)
    refused = or_(item.c.state == ItemState.LABELED, and_(published, item.c.route != Route.ACCEPT))
    return [*mine, refused, tried, ~waiting]


def _outbox(row: Row[Any]) -> dict[str, Any]:
    """The columns of an outbox row that say what is sent."""
    return {
        "project_id": row.project_id,
        "item_id": row.id,
        "revision": row.revision,
        "model_version": row.model_version,
        "prediction_id": row.prediction_id,
    }
