"""A decision and the outbox rows that it needs, in one transaction."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, insert, select

from models.types import Route
from serving.store.records import Decision, ItemState, OutboxKind, OutboxState
from serving.store.sql import CLEAN, batches, leased, lock_items, update_all, update_each
from serving.store.tables import decision, item, outbox

COLUMNS = (item.c.project_id, item.c.revision, item.c.prediction_id, item.c.model_version)
OVERTAKEN = (OutboxState.CANCELLED, OutboxState.DEAD)
AGAINST = {
    OutboxKind.SUGGESTION: OutboxKind.WITHDRAWAL,
    OutboxKind.WITHDRAWAL: OutboxKind.SUGGESTION,
}
"""Writes that undo each other: the later one holds."""


@dataclass(slots=True)
class Plan:
    """What has to happen to the outbox, by row id where the row is there already."""

    insert: list[dict[str, Any]] = field(default_factory=list)
    revive: list[dict[str, Any]] = field(default_factory=list)
    cancel: list[int] = field(default_factory=list)
    waiting: set[int] = field(default_factory=set)
    """Items with something left to send."""


def decide(conn: Connection, owner: str, decisions: Sequence[Decision], now: float) -> list[int]:
    """See ``ItemRepository.decide``."""
    wanted = {d.item_id: d for d in decisions}
    fence = (*leased(owner, now), item.c.state == ItemState.SCORED)
    rows = [
        row
        for row in lock_items(conn, wanted, *fence, columns=COLUMNS)
        if wanted[row.id].prediction_id in (None, row.prediction_id)
    ]
    if not rows:
        return []
    conn.execute(insert(decision), [history(row, wanted[row.id], now) for row in rows])
    plan = _plan(rows, wanted, _outbox_of(conn, [row.id for row in rows]), now)
    _carry_out(conn, plan, now)
    _move_on(conn, rows, wanted, plan.waiting, now)
    return [row.id for row in rows]


def history(row: Any, made: Decision, now: float) -> dict[str, Any]:
    """The row of ``decision`` that keeps what was decided of an item with this id, revision and prediction."""
    return {
        "item_id": row.id,
        "revision": row.revision,
        "prediction_id": row.prediction_id,
        "certificate_id": made.certificate_id,
        "route": made.route,
        "reason": made.reason,
        "numbers": made.numbers,
        "blind": _blind(made),
        "inclusion": made.inclusion,
        "created_at": now,
    }


def _blind(made: Decision) -> bool:
    return made.blind or made.route is Route.AUDIT


def _outbox_of(conn: Connection, item_ids: Sequence[int]) -> dict[int, list[Any]]:
    names = ("id", "item_id", "revision", "kind", "model_version", "state", "attempts", "updated_at")
    columns = [outbox.c[name] for name in names]
    found: dict[int, list[Any]] = defaultdict(list)
    for batch in batches(item_ids):
        for row in conn.execute(select(*columns).where(outbox.c.item_id.in_(batch))):
            found[row.item_id].append(row)
    return found


def _plan(rows: Sequence[Any], wanted: dict[int, Decision], there: dict[int, list[Any]], now: float) -> Plan:
    plan = Plan()
    for row in rows:
        needed = {(row.revision, kind.value, row.model_version): kind for kind in wanted[row.id].outbox}
        undone = _undone(there.get(row.id, ()))
        for old in there.get(row.id, ()):
            kind = needed.pop((old.revision, old.kind, old.model_version), None)
            if kind is None:
                if old.state == OutboxState.PENDING:
                    plan.cancel.append(old.id)
            elif old.state in OVERTAKEN or kind is OutboxKind.RETRACTION or old.id in undone:
                plan.revive.append({"row_id": old.id, "new_prediction_id": row.prediction_id})
                plan.waiting.add(row.id)
            elif old.state == OutboxState.PENDING:
                plan.waiting.add(row.id)
        plan.insert += [_new(row, kind, now) for kind in needed.values()]
        if needed:
            plan.waiting.add(row.id)
    return plan


def _undone(rows: Sequence[Any]) -> set[int]:
    """Of an item's rows, suggestions that were withdrawn since they were sent, and withdrawals that came before one.

    What waits and was tried may be on its way: it counts as sent at any time.
    """
    last = dict.fromkeys(AGAINST, -math.inf)
    for row in rows:
        if row.kind in AGAINST and _tried(row):
            at = math.inf if row.state == OutboxState.PENDING else row.updated_at
            last[row.kind] = max(last[row.kind], at)
    return {row.id for row in rows if row.kind in AGAINST and last[AGAINST[row.kind]] >= row.updated_at}


def _tried(row: Any) -> bool:
    """Whether it was sent, or may have been."""
    return bool(row.state == OutboxState.SENT or row.attempts > 0)


def _new(row: Any, kind: OutboxKind, now: float) -> dict[str, Any]:
    return {
        "project_id": row.project_id,
        "item_id": row.id,
        "revision": row.revision,
        "kind": kind,
        "model_version": row.model_version,
        "prediction_id": row.prediction_id,
        "state": OutboxState.PENDING,
        "created_at": now,
        "updated_at": now,
    }


def _carry_out(conn: Connection, plan: Plan, now: float) -> None:
    """A revived row keeps its attempts and its lease: it may have been sent, or be on its way, already."""
    update_all(conn, outbox, plan.cancel, state=OutboxState.CANCELLED, updated_at=now)
    again = {"state": OutboxState.PENDING, "not_before": 0.0, "last_error": None, "updated_at": now}
    update_each(conn, outbox, ["prediction_id"], plan.revive, **again)
    if plan.insert:
        conn.execute(insert(outbox), plan.insert)


def _move_on(conn: Connection, rows: Sequence[Any], wanted: dict[int, Decision], waiting: set[int], now: float) -> None:
    columns = ("route", "reason", "blind", "inclusion", "state")
    changes = [
        {
            "row_id": row.id,
            "new_route": wanted[row.id].route,
            "new_reason": wanted[row.id].reason,
            "new_blind": _blind(wanted[row.id]),
            "new_inclusion": wanted[row.id].inclusion,
            "new_state": ItemState.DECIDED if row.id in waiting else ItemState.PUBLISHED,
        }
        for row in rows
    ]
    update_each(conn, item, columns, changes, updated_at=now, **CLEAN)
