"""The whole story of one item, for ``prelabel explain``."""

from __future__ import annotations

from typing import Any

from pydantic_core import from_json
from sqlalchemy import Connection, Table, select

from serving.store.review_tables import review
from serving.store.tables import decision, label, outbox, prediction, trainer, work

JSON_COLUMNS = ("prediction", "numbers", "regions", "evidence", "judged")


def history(conn: Connection, item_id: int) -> dict[str, list[dict[str, Any]]]:
    """See ``ItemRepository.history``."""
    tables = {"predictions": prediction, "decisions": decision, "outbox": outbox, "labels": label, "reviews": review}
    return {name: _rows(conn, table, item_id) for name, table in tables.items()} | {"work": _handed_out(conn, item_id)}


def _rows(conn: Connection, table: Table, item_id: int) -> list[dict[str, Any]]:
    made = table.c.drawn_at if table is review else table.c.created_at
    query = select(table).where(table.c.item_id == item_id).order_by(made, table.c.id)
    return [{key: _plain(key, value) for key, value in row.items()} for row in conn.execute(query).mappings()]


def _handed_out(conn: Connection, item_id: int) -> list[dict[str, Any]]:
    """Each time that a person had it, by Label Studio's user id; people who were forgotten had nothing."""
    columns = (work.c.kind, work.c.state, work.c.granted_at, work.c.until, work.c.ended_at, work.c.extended)
    why = (work.c.why["code"].as_string().label("code"), work.c.why["given_back"].as_string().label("given_back"))
    query = select(trainer.c.user_id, *columns, *why).join(trainer, trainer.c.id == work.c.trainer_id)
    query = query.where(work.c.item_id == item_id).order_by(work.c.granted_at, work.c.id)
    return [dict(row) for row in conn.execute(query).mappings()]


def _plain(key: str, value: Any) -> Any:
    return from_json(value) if key in JSON_COLUMNS and value is not None else value
