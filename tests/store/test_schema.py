from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, text

from models.errors import ConfigurationError, StoreError
from serving.store import schema
from serving.store.engine import Store
from serving.store.tables import metadata
from tests.store.world import World
from tests.support.postgres import fresh_database


def test_migrations_make_exactly_the_tables(store: Store) -> None:
    with store.engine.connect() as conn:
        context = MigrationContext.configure(conn, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []


def test_indexes_have_the_conditions_of_the_tables(store: Store) -> None:
    """Alembic does not compare the conditions of partial indexes."""
    dialect = f"{store.dialect}_where"
    wanted = {
        index.name: index.dialect_options[store.dialect]["where"] is not None
        for table in metadata.sorted_tables
        for index in table.indexes
    }
    found = {
        index["name"]: dialect in index.get("dialect_options", {})
        for table in metadata.sorted_tables
        for index in inspect(store.engine).get_indexes(table.name)
        if index["name"] in wanted
    }
    assert found == wanted
    assert sum(wanted.values()) == 17


def test_migrating_twice_changes_nothing(store: Store) -> None:
    store.migrate()
    store.check()


def test_an_older_store_is_brought_up_to_date(store: Store) -> None:
    world = World(store)
    with store.engine.begin() as conn:
        config = schema._config()
        config.attributes["connection"] = conn
        command.downgrade(config, "0001")
    with pytest.raises(StoreError, match="at schema 0001"):
        store.check()
    store.migrate()
    store.check()
    with store.read() as uow:
        project = uow.projects.get(world.project)
    assert (project.slug, project.valid_since, project.announced) == ("reviews", 0.0, 0)


def test_an_empty_database_is_refused_with_what_to_do(empty_url: str) -> None:
    store = Store.open(empty_url)
    with pytest.raises(StoreError, match=r"at schema none.*migrate"):
        store.check()
    store.close()


def test_a_newer_schema_is_refused(store: Store) -> None:
    with store.engine.begin() as conn:
        conn.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for refused in (store.check, store.migrate):
        with pytest.raises(StoreError, match="install a newer Prelabel"):
            refused()


def test_several_processes_may_migrate_at_once(empty_url: str) -> None:
    spawn = multiprocessing.get_context("spawn")
    with spawn.Pool(3) as pool:
        assert pool.map(_migrate, [empty_url] * 6) == ["ok"] * 6


def _migrate(url: str) -> str:
    store = Store.open(url)
    store.migrate()
    store.check()
    store.close()
    return "ok"


def test_a_sqlite_file_belongs_to_one_host(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/store.db"
    first, second = Store.open(url, this_host="alpha 1"), Store.open(url, this_host="beta 2")
    first.migrate()
    first.check()
    for refused in (second.check, second.migrate):
        with pytest.raises(StoreError, match=r"belongs to host 'alpha'.*this is 'beta'.*postgresql://"):
            refused()
    second.move_here()
    second.check()
    with pytest.raises(StoreError, match="belongs to host 'beta'"):
        first.check()
    first.close()
    second.close()


def test_postgresql_may_be_used_from_several_hosts(postgres_url: str) -> None:
    with fresh_database(postgres_url) as url:
        for host in ("alpha", "beta"):
            store = Store.open(url, this_host=host)
            store.migrate()
            store.check()
            store.close()


def test_sqlite_is_set_up_for_many_processes(tmp_path: Path) -> None:
    store = Store.open(f"sqlite:///{tmp_path}/new/folder/store.db")
    with store.engine.connect() as conn:
        pragmas = {
            name: conn.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert pragmas == {"journal_mode": "wal", "synchronous": 1, "foreign_keys": 1, "busy_timeout": 10000}
    store.close()


@pytest.mark.parametrize("url", ["mysql://x/y", "sqlite://", "sqlite:///:memory:", "no url"])
def test_other_databases_are_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="sqlite:///"):
        Store.open(url)


def test_an_unreachable_server_is_a_store_error(tmp_path: Path) -> None:
    store = Store.open(f"postgresql://nobody@/nothing?host={tmp_path}&connect_timeout=1")
    with pytest.raises(StoreError, match="the database refused"):
        store.check()
    store.close()
