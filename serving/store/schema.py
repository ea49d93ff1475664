"""Migrations, and the questions that must have an answer before the store is used."""

from __future__ import annotations

import threading
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, delete, func, inspect, select

from models.errors import StoreError
from serving.store.sql import upsert
from serving.store.tables import meta

MIGRATIONS = Path(__file__).parent / "migrations"
ADVISORY_KEY = 0x7072656C6162  # any number that nobody else locks on the same PostgreSQL database
_alembic = threading.Lock()  # alembic keeps the migration at hand in module-level proxies


def upgrade(conn: Connection) -> None:
    """Run what migrations are missing, inside the caller's transaction: all of them or none."""
    if conn.dialect.name == "postgresql":
        conn.execute(select(func.pg_advisory_xact_lock(ADVISORY_KEY)))
    with _alembic:
        config = _config()
        _refuse_newer(conn, ScriptDirectory.from_config(config))
        config.attributes["connection"] = conn
        command.upgrade(config, "head")


def check(conn: Connection) -> None:
    """Raises StoreError unless the schema is exactly the one that this code knows."""
    with _alembic:
        scripts = ScriptDirectory.from_config(_config())
        _refuse_newer(conn, scripts)
        current, head = _revision(conn), scripts.get_current_head()
    if current != head:
        raise StoreError(
            f"the database is at schema {current or 'none'}, this Prelabel needs {head}: "
            "start `prelabel serve` once, which migrates it, or call Store.migrate()"
        )


def keep_host(conn: Connection, this_host: str) -> None:
    """Write down whose file this is; the first host that migrates it owns it."""
    conn.execute(upsert(conn, meta).values(key="host", value=this_host).on_conflict_do_nothing())
    check_host(conn, this_host)


def check_host(conn: Connection, this_host: str) -> None:
    """Raises StoreError when the SQLite file was put to use on another host."""
    owner = conn.scalar(select(meta.c.value).where(meta.c.key == "host")) if inspect(conn).has_table("meta") else None
    if owner is not None and owner != this_host:
        raise StoreError(
            f"this SQLite file belongs to host {owner.split()[0]!r}, and this is {this_host.split()[0]!r}: "
            "SQLite means one host. Use postgresql:// for several. If the file was moved for good, "
            "stop Prelabel on the other host and call Store.move_here()"
        )


def move_host(conn: Connection, this_host: str) -> None:
    conn.execute(delete(meta).where(meta.c.key == "host"))
    conn.execute(meta.insert().values(key="host", value=this_host))


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _revision(conn: Connection) -> str | None:
    return MigrationContext.configure(conn).get_current_revision()


def _refuse_newer(conn: Connection, scripts: ScriptDirectory) -> None:
    current = _revision(conn)
    if current is not None and current not in {script.revision for script in scripts.walk_revisions()}:
        raise StoreError(
            f"the database has schema {current}, which this Prelabel does not know: install a newer Prelabel"
        )
