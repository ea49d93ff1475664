"""Who is signed in to the console with a token: what ends a session here, and not only in the browser."""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert, select

from serving.store.access_tables import sign_in


class SignInRepository:
    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def add(self, key: str, role: str, *, until: float, now: float) -> None:
        """Somebody signed in; sign-ins that are over go."""
        self._conn.execute(delete(sign_in).where(sign_in.c.until < now))
        self._conn.execute(insert(sign_in).values(key=key, role=role, until=until))

    def role(self, key: str, now: float) -> str | None:
        """Whose sign-in it is; None: it is over, or never was."""
        return self._conn.scalar(select(sign_in.c.role).where(sign_in.c.key == key, sign_in.c.until >= now))

    def end(self, key: str) -> None:
        self._conn.execute(delete(sign_in).where(sign_in.c.key == key))
