"""Tasks as they arrive, once or many times: one bulk upsert."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, case, exists, or_, select, update

from serving.store.labels import LIVE
from serving.store.outbox import cancel
from serving.store.records import ItemState, NewItem, ReceiveResult
from serving.store.sql import CLEAN, batches, upsert
from serving.store.tables import item, label

UNDECIDED: dict[str, Any] = {
    "route": None,
    "reason": None,
    "blind": False,
    "inclusion": None,
    "opinions": 1,
    "settled": False,
    "prediction_id": None,
    "confidence": None,
    "model_version": None,
    "asked": None,
}


def receive(conn: Connection, project_id: int, tasks: Sequence[NewItem], now: float) -> ReceiveResult:
    """See ``ItemRepository.receive``."""
    arrived = {task.task_id: task for task in sorted(tasks, key=lambda task: task.task_id)}
    known = _known(conn, project_id, list(arrived))
    new = [task for id, task in arrived.items() if id not in known]
    changed = [task for id, task in arrived.items() if id in known and known[id].digest != task.digest]
    same = [id for id, task in arrived.items() if id in known and known[id].digest == task.digest]
    back = [id for id in same if known[id].state == ItemState.GONE]
    _store(conn, project_id, new + changed + [arrived[id] for id in back], now)
    cancel(conn, [known[task.task_id].id for task in changed], now)
    _still_labelled(conn, [known[id].id for id in back])
    return ReceiveResult(new=len(new), changed=len(changed), unchanged=len(same))


def _known(conn: Connection, project_id: int, task_ids: Sequence[int]) -> dict[int, Any]:
    known: dict[int, Any] = {}
    for batch in batches(task_ids):
        query = (
            select(item.c.id, item.c.task_id, item.c.digest, item.c.state)
            .where(item.c.project_id == project_id, item.c.task_id.in_(batch))
            .order_by(item.c.id)
            .with_for_update(key_share=True)
        )
        known |= {row.task_id: row for row in conn.execute(query)}
    return known


def _store(conn: Connection, project_id: int, tasks: Sequence[NewItem], now: float) -> None:
    """Insert, or start again; the conflict clause holds even when another process inserts the same task meanwhile."""
    if not tasks:
        return
    statement = upsert(conn, item)
    new = statement.excluded
    other = item.c.digest != new.digest
    again: dict[str, Any] = {
        "data": new.data,
        "digest": new.digest,
        "revision": case((other, item.c.revision + 1), else_=item.c.revision),
        "state": ItemState.RECEIVED,
        "priority": 0,
        "updated_at": now,
        **CLEAN,
        **UNDECIDED,
    }
    statement = statement.on_conflict_do_update(
        index_elements=["project_id", "task_id"], set_=again, where=or_(other, item.c.state == ItemState.GONE)
    )
    conn.execute(
        statement,
        [
            {
                "project_id": project_id,
                "task_id": task.task_id,
                "digest": task.digest,
                "data": task.data,
                "fold": task.fold,
                "draw": task.draw,
                "state": ItemState.RECEIVED,
                "revision": 1,
                "blind": False,
                "received_at": now,
                "updated_at": now,
            }
            for task in tasks
        ],
    )


def _still_labelled(conn: Connection, ids: Sequence[int]) -> None:
    """A task that was gone by mistake keeps its labels; it must not be asked for, or accepted, a second time."""
    live = exists().where(label.c.item_id == item.c.id, *LIVE)
    for batch in batches(ids):
        conn.execute(update(item).where(item.c.id.in_(batch), live).values(state=ItemState.LABELED))
