"""Drafts of projects that are about to be connected: a row each, encrypted by whoever writes it, until it expires."""

from __future__ import annotations

from sqlalchemy import Connection, delete, select, update

from serving.store.draft_tables import draft
from serving.store.sql import upsert


class DraftRepository:
    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def get(self, id: str, now: float) -> bytes | None:
        """The draft; None: there is none, or no more."""
        return self._conn.scalar(select(draft.c.body).where(draft.c.id == id, draft.c.until > now))

    def keep(self, id: str, body: bytes, *, until: float, now: float) -> None:
        """Write a draft anew; those that have expired (epoch seconds) go."""
        self._conn.execute(delete(draft).where(draft.c.until <= now))
        insert = upsert(self._conn, draft).values(id=id, body=body, until=until)
        self._conn.execute(
            insert.on_conflict_do_update(index_elements=[draft.c.id], set_={"body": body, "until": until})
        )

    def swap(self, id: str, was: bytes | None, body: bytes, *, until: float, now: float) -> bool:
        """Write a draft over the one that was read, None being none; False: it is no longer what is there."""
        self._conn.execute(delete(draft).where(draft.c.until <= now))
        if was is None:
            insert = upsert(self._conn, draft).values(id=id, body=body, until=until)
            return self._conn.scalar(insert.on_conflict_do_nothing().returning(draft.c.id)) is not None
        mine = (draft.c.id == id, draft.c.body == was)
        return self._conn.execute(update(draft).where(*mine).values(body=body, until=until)).rowcount == 1

    def remove(self, id: str) -> None:
        self._conn.execute(delete(draft).where(draft.c.id == id))

    def purge(self, now: float) -> int:
        """Remove those that have expired; how many."""
        return self._conn.execute(delete(draft).where(draft.c.until <= now)).rowcount
