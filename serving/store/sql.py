"""What the repositories share: upserts on both databases, long id lists, and who waits for whom.

SQLite has one writer at a time. On PostgreSQL, steps of the pipeline (claim, complete, release) run side by side: they
hold the turn *shared*, and lock only rows that they lease, items before outbox rows, by rising id. Whatever may touch
any item of a project (arrivals, labels, draws, restarts, a project's own row) *takes* the turn, and so may do several
such things in one transaction. A transaction that shared the turn must not take it afterwards: two that do would wait
for each other, and PostgreSQL would end one of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final, TypeVar

from sqlalchemy import ColumnElement, Connection, Table, bindparam, func, literal_column, null, select, update
from sqlalchemy.dialects import postgresql, sqlite

from serving.store.tables import item

T = TypeVar("T")

TURN: Final = 0x7072656C6163
"""Key of the advisory lock; see ``serving.store.schema.ADVISORY_KEY`` for the other one."""
BATCH: Final = 1000
"""Ids in one IN list; both databases take far more, but the statement has to be parsed."""


def upsert(conn: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that knows ``on_conflict_do_update``, for the database at hand."""
    return sqlite.insert(table) if conn.dialect.name == "sqlite" else postgresql.insert(table)


def batches(values: Iterable[T], size: int = BATCH) -> Iterator[list[T]]:
    iterator = iter(values)
    while batch := list(islice(iterator, size)):
        yield batch


def take_turn(conn: Connection) -> None:
    """No step of the pipeline, and nobody else who takes the turn, runs until this transaction ends."""
    if conn.dialect.name == "postgresql":
        conn.execute(select(func.pg_advisory_xact_lock(TURN)))


def share_turn(conn: Connection) -> None:
    """Nobody takes the turn until this transaction ends; others may share it."""
    if conn.dialect.name == "postgresql":
        conn.execute(select(func.pg_advisory_xact_lock_shared(TURN)))


def lock_items(
    conn: Connection, ids: Collection[int], *conditions: ColumnElement[bool], columns: Sequence[ColumnElement[Any]] = ()
) -> list[Any]:
    """Lock the items among ``ids`` that meet the conditions, by rising id; rows of (id, *columns)."""
    rows: list[Any] = []
    for batch in batches(sorted(set(ids))):
        query = select(item.c.id, *columns).where(item.c.id.in_(batch), *conditions).order_by(item.c.id)
        rows += conn.execute(query.with_for_update(key_share=True)).all()
    return rows


def update_each(
    conn: Connection, table: Table, columns: Iterable[str], rows: Sequence[Mapping[str, Any]], **common: Any
) -> None:
    """Set ``columns`` of many rows, each to its own values, and ``common`` in all of them.

    Every row has the keys ``row_id`` and ``new_<column>``.
    """
    if not rows:
        return
    own: dict[str, Any] = {name: bindparam(f"new_{name}") for name in columns}
    conn.execute(update(table).where(table.c.id == bindparam("row_id")).values({**own, **common}), rows)


def update_all(conn: Connection, table: Table, ids: Collection[int], **values: Any) -> int:
    """Set the same values in all rows ``ids``; how many rows there were."""
    done = 0
    for batch in batches(ids):
        done += conn.execute(update(table).where(table.c.id.in_(batch)).values(values)).rowcount
    return done


def readable(text: str) -> str:
    """Text that both databases take: PostgreSQL stores no NUL."""
    return text.replace("\x00", "\ufffd")


def leased(owner: str, now: float) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """The fence: only the owner of a live lease may complete an item."""
    return item.c.lease_owner == owner, item.c.lease_until > now


ZERO: Final[ColumnElement[int]] = literal_column("0")
NO_LEASE: Final[Mapping[str, Any]] = {"lease_owner": null(), "lease_until": ZERO}
CLEAN: Final[Mapping[str, Any]] = {**NO_LEASE, "attempts": ZERO, "not_before": ZERO, "last_error": null()}
"""A row as if nobody had ever tried it. Constants in the statement's text: parameters cost time for every row."""
