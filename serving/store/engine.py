"""Opens the database, and hands out units of work: one transaction each, with every repository bound to it."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic_core import PydanticSerializationError, to_json
from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from models.errors import ConfigurationError, StoreError
from serving.store import host, schema
from serving.store.asking import AskingRepository
from serving.store.browsing import BrowseRepository
from serving.store.challenging import ChallengeRepository
from serving.store.changes import ChangeRepository
from serving.store.charting import ChartRepository
from serving.store.drafts import DraftRepository
from serving.store.effort import EffortRepository
from serving.store.gate import GateRepository
from serving.store.gold import GoldRepository
from serving.store.health import HealthRepository
from serving.store.items import ItemRepository
from serving.store.kept import KeptRepository
from serving.store.labels import LabelRepository
from serving.store.leases import LeaseRepository
from serving.store.model_versions import ModelVersionRepository
from serving.store.operations import OperationsRepository
from serving.store.opinions import OpinionRepository
from serving.store.outbox import OutboxRepository
from serving.store.own import OwnRepository
from serving.store.people import PeopleRepository
from serving.store.people_figures import PeopleFiguresRepository
from serving.store.projects import ProjectRepository
from serving.store.qualifications import QualificationRepository
from serving.store.reviews import ReviewRepository
from serving.store.series import SeriesRepository
from serving.store.sign_ins import SignInRepository
from serving.store.spending import SpendingRepository
from serving.store.stats import StatsRepository
from serving.store.sweeping import SweepRepository
from serving.store.watching import WatchRepository
from serving.store.work import WorkRepository

BUSY_TIMEOUT_S = 10.0
"""How long a SQLite writer waits for another process's transaction."""
NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")
"""An escaped NUL in JSON text, which PostgreSQL cannot store."""
READ_OPTIONS: dict[str, dict[str, Any]] = {
    "sqlite": {"sqlite_begin": "BEGIN"},
    "postgresql": {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True},
}


class UnitOfWork:
    """One transaction. Repositories never commit; ``Store.begin`` does."""

    def __init__(self, conn: Connection) -> None:
        self.projects = ProjectRepository(conn)
        self.items = ItemRepository(conn)
        self.outbox = OutboxRepository(conn)
        self.labels = LabelRepository(conn)
        self.opinions = OpinionRepository(conn)
        self.models = ModelVersionRepository(conn)
        self.gate = GateRepository(conn)
        self.gold = GoldRepository(conn)
        self.challenge = ChallengeRepository(conn)
        self.leases = LeaseRepository(conn)
        self.stats = StatsRepository(conn)
        self.series = SeriesRepository(conn)
        self.spending = SpendingRepository(conn)
        self.kept = KeptRepository(conn)
        self.sweep = SweepRepository(conn)
        self.watch = WatchRepository(conn)
        self.asking = AskingRepository(conn)
        self.people = PeopleRepository(conn)
        self.qualifications = QualificationRepository(conn)
        self.work = WorkRepository(conn)
        self.effort = EffortRepository(conn)
        self.reviews = ReviewRepository(conn)
        self.people_figures = PeopleFiguresRepository(conn)
        self.own = OwnRepository(conn)
        self.charts = ChartRepository(conn)
        self.browse = BrowseRepository(conn)
        self.health = HealthRepository(conn)
        self.operations = OperationsRepository(conn)
        self.changes = ChangeRepository(conn)
        self.sign_ins = SignInRepository(conn)
        self.drafts = DraftRepository(conn)


class Store:
    """All that Prelabel remembers. Safe to use from many threads and, on one host, from many processes."""

    def __init__(self, engine: Engine, this_host: str) -> None:
        self.engine = engine
        self.dialect = engine.dialect.name
        """``sqlite`` or ``postgresql``."""
        self._host = this_host
        self._writer = threading.Lock()

    @classmethod
    def open(cls, url: str, *, this_host: str | None = None) -> Store:
        """Open a database; nothing is created in it before ``migrate``.

        Args:
            url: ``sqlite:///path.db`` or ``postgresql://user:password@host/database``.
            this_host: fixed name of this machine, where its host name changes with every start (containers).

        Raises:
            ConfigurationError: the URL is of another kind.
        """
        return cls(_engine(_normalise(url)), this_host or host.this_host())

    @contextmanager
    def begin(self) -> Iterator[UnitOfWork]:
        """A transaction that may write: committed at the end, rolled back on any exception.

        On SQLite it takes the write lock at once (threads of this process take turns, other processes wait up to
        ``BUSY_TIMEOUT_S``), so it never fails half-way for a lock. Do not open a second one inside.

        Raises:
            StoreError: the database refused; nothing was written.
        """
        with self._turn(), _readable_errors(), self.engine.begin() as conn:
            yield UnitOfWork(conn)

    @contextmanager
    def read(self) -> Iterator[UnitOfWork]:
        """One consistent look at the data, without a write lock on SQLite. Writing in it is refused.

        Raises:
            StoreError: the database refused.
        """
        with _readable_errors(), self.engine.connect() as plain:
            conn = plain.execution_options(**READ_OPTIONS[self.dialect])
            with conn.begin():
                if self.dialect == "sqlite":
                    conn.exec_driver_sql("PRAGMA query_only = ON")
                try:
                    yield UnitOfWork(conn)
                finally:
                    if self.dialect == "sqlite":
                        conn.exec_driver_sql("PRAGMA query_only = OFF")

    def migrate(self) -> None:
        """Bring the schema up to date. Several processes may call it at once.

        Raises:
            StoreError: the file belongs to another host, or was written by a newer Prelabel.
        """
        with self._turn(), _readable_errors(), self.engine.begin() as conn:
            schema.upgrade(conn)
            if self.dialect == "sqlite":
                schema.keep_host(conn, self._host)

    def check(self) -> None:
        """Make sure that the database can be used as it is.

        Raises:
            StoreError: the schema is not the one this Prelabel knows, or the file belongs to another host.
        """
        with _readable_errors(), self.engine.connect() as plain:
            conn = plain.execution_options(**READ_OPTIONS[self.dialect])
            schema.check(conn)
            if self.dialect == "sqlite":
                schema.check_host(conn, self._host)

    def move_here(self) -> None:
        """Let this host own the SQLite file from now on. Only after the service on the other host was stopped."""
        with self._turn(), _readable_errors(), self.engine.begin() as conn:
            schema.move_host(conn, self._host)

    def close(self) -> None:
        self.engine.dispose()

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Threads of one process queue here instead of polling SQLite's lock."""
        if self.dialect != "sqlite":
            yield
            return
        if not self._writer.acquire(timeout=3 * BUSY_TIMEOUT_S):
            raise StoreError("another transaction of this process holds the store: a unit of work must be short")
        try:
            yield
        finally:
            self._writer.release()


@contextmanager
def _readable_errors() -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        cause = getattr(error, "orig", None) or error
        raise StoreError(f"the database refused: {str(cause).strip()}") from error


def _normalise(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise ConfigurationError(
            "the store's URL cannot be read: use sqlite:///path.db or postgresql://user:password@host/database"
        ) from error
    if parsed.drivername in ("postgres", "postgresql"):
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername not in ("sqlite", "postgresql+psycopg"):
        raise ConfigurationError(f"the store can be sqlite:/// or postgresql://, not {parsed.drivername}://")
    if parsed.drivername == "sqlite" and parsed.database in (None, "", ":memory:"):
        raise ConfigurationError("the store needs a file: sqlite:///path.db")
    return parsed


def _engine(url: URL) -> Engine:
    engine = create_engine(
        url,
        hide_parameters=True,
        json_serializer=_dump,
        json_deserializer=_leave,
        pool_size=8,
        max_overflow=24,
        pool_pre_ping=url.drivername != "sqlite",
    )
    if url.drivername == "sqlite":
        Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)
        event.listen(engine, "connect", _on_sqlite_connect)
        event.listen(engine, "begin", _on_sqlite_begin)
    return engine


def _dump(value: Any) -> str:
    if isinstance(value, BaseModel):
        text = value.model_dump_json()
    else:
        try:
            text = to_json(value, inf_nan_mode="null").decode()
        except PydanticSerializationError:  # half of a surrogate pair, from a text that was cut
            text = json.dumps(value, ensure_ascii=False).encode("utf-8", "replace").decode()
    return NUL.sub(r"\1\\ufffd", text) if "\\u0000" in text else text


def _leave(text: Any) -> Any:
    """JSON stays text; ``serving.store.rows`` gives it to pydantic as it is."""
    return text


def _on_sqlite_connect(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver must not begin transactions by itself
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {int(BUSY_TIMEOUT_S * 1000)}")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _on_sqlite_begin(conn: Connection) -> None:
    conn.exec_driver_sql(conn.get_execution_options().get("sqlite_begin", "BEGIN IMMEDIATE"))
