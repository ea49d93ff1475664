"""Named rights that one process holds at a time, such as the reconcile turn of a project."""

from __future__ import annotations

from sqlalchemy import Connection, delete, or_

from serving.store.sql import upsert
from serving.store.tables import lease


class LeaseRepository:
    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def acquire(self, name: str, owner: str, *, ttl_s: float, now: float) -> bool:
        """Take or renew the lease; False while somebody else's is live."""
        statement = upsert(self._conn, lease).values(name=name, owner=owner, until=now + ttl_s)
        result = self._conn.execute(
            statement.on_conflict_do_update(
                index_elements=["name"],
                set_={"owner": owner, "until": now + ttl_s},
                where=or_(lease.c.owner == owner, lease.c.until <= now),
            ).returning(lease.c.name)
        )
        return result.one_or_none() is not None

    def release(self, name: str, owner: str) -> None:
        """Give the lease back; nothing happens when it is not the owner's any more."""
        self._conn.execute(delete(lease).where(lease.c.name == name, lease.c.owner == owner))
