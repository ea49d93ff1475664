"""Cycles of the store on both databases against raw sqlite3 that writes as many rows in as many transactions."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from scripts.bench.measure import Line, Say, Series, turns
from serving.store.engine import Store
from tests.bench.test_store import CHUNK, decide, publish, score
from tests.store.world import World, task
from tests.support.postgres import fresh_database, postgres_server

ROWS_WRITTEN = (1, 2, 4, 1, 2)
"""Rows that one item costs in each transaction of a cycle: claim; prediction; claim, decision, outbox; claim; sent."""
TEXT = "words of a task " * 20


def storing(folder: Path, say: Say, *, n: int, rounds: int) -> Line:
    """Whole cycles a second on SQLite ÷ raw sqlite3; PostgreSQL beside it."""
    chunks = max(1, n // CHUNK // rounds)
    items = chunks * CHUNK
    raw = Raw(folder / "raw.db", items * rounds)

    def measured(what: str, chunk: Callable[[], None]) -> Callable[[], float]:
        def measure() -> float:
            began = time.perf_counter()
            for _ in range(chunks):
                chunk()
            found = items / (time.perf_counter() - began)
            say(f"store: {what} {found:.0f} items/s")
            return found

        return measure

    with (
        world(f"sqlite:///{folder}/bench.db", items * rounds) as on_sqlite,
        postgres_server() as server,
        fresh_database(server) as url,
        world(url, items * rounds) as on_postgres,
    ):
        found = turns(
            rounds,
            measured("SQLite", lambda: cycle(on_sqlite)),
            measured("raw sqlite3", raw.chunk),
            measured("PostgreSQL", lambda: cycle(on_postgres)),
        )
    raw.close()
    return Line(
        "store",
        ours=Series("cycles on SQLite: claim, predict, decide, claim outbox, sent", found[0]),
        base=Series(f"raw sqlite3: {sum(ROWS_WRITTEN)} rows of one table updated in as many transactions", found[1]),
        others=(Series("the same cycles on PostgreSQL", found[2]),),
        unit="items/s",
        n=items,
        notes=(f"chunks of {CHUNK}, one caller; PostgreSQL over a socket, without fsync",),
    )


def cycle(world: World) -> None:
    """One chunk all the way."""
    score(world)
    decide(world)
    publish(world)


@contextmanager
def world(url: str, items: int) -> Iterator[World]:
    """A store with as many received items."""
    store = Store.open(url)
    try:
        store.migrate()
        made = World(store)
        made.receive(*(task(number, text=f"{TEXT}{number}") for number in range(items)))
        yield made
    finally:
        store.close()


class Raw:
    """The least that SQLite can be asked for."""

    def __init__(self, path: Path, rows: int) -> None:
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.execute("CREATE TABLE item (id INTEGER PRIMARY KEY, data TEXT, state TEXT, until REAL)")
        self._db.execute("BEGIN")
        self._db.executemany("INSERT INTO item VALUES (?, ?, 'new', 0.0)", ((n, TEXT) for n in range(rows)))
        self._db.execute("COMMIT")
        self._next = 0

    def chunk(self) -> None:
        """What a cycle of one chunk writes."""
        ids = range(self._next, self._next + CHUNK)
        self._next += CHUNK
        for step, times in enumerate(ROWS_WRITTEN):
            self._db.execute("BEGIN IMMEDIATE")
            for _ in range(times):
                rows = ((f"state {step}", float(step), id) for id in ids)
                self._db.executemany("UPDATE item SET state = ?, until = ? WHERE id = ?", rows)
            self._db.execute("COMMIT")

    def close(self) -> None:
        self._db.close()
