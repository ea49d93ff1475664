"""The same tests on SQLite (a file, WAL) and on a real PostgreSQL server."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from serving.store.engine import Store
from tests.store.crowd import Crowd, fill
from tests.store.world import World
from tests.support.postgres import database_url, fresh_database, postgres_url

__all__ = ["postgres_url"]

TEMPLATE = "prelabel_template"


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "store.db"
    store = Store.open(f"sqlite:///{path}")
    store.migrate()
    store.close()
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres_url: str) -> str:
    """The server's URL, once it has a migrated database to copy from."""
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{TEMPLATE}"'.encode())
    store = Store.open(database_url(postgres_url, TEMPLATE))
    store.migrate()
    store.close()
    return postgres_url


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without any table."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/store.db"
        return
    with fresh_database(request.getfixturevalue("postgres_url")) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A migrated database of the test's own."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "store.db")
        yield f"sqlite:///{tmp_path}/store.db"
        return
    with fresh_database(request.getfixturevalue("postgres_template"), TEMPLATE) as fresh:
        yield fresh


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    opened = Store.open(url)
    yield opened
    opened.close()


@pytest.fixture
def world(store: Store) -> World:
    return World(store)


@pytest.fixture(scope="module", params=["sqlite", "sqlite analyzed", "postgresql"])
def crowd(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crowd]:
    if request.param.startswith("sqlite"):
        path = tmp_path_factory.mktemp("plans") / "store.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield from fill(f"sqlite:///{path}", "ANALYZE" if request.param == "sqlite analyzed" else None)
        return
    with fresh_database(request.getfixturevalue("postgres_template"), TEMPLATE) as url:
        yield from fill(url, "VACUUM ANALYZE")
