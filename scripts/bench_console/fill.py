"""Fills an empty, migrated store with a project of so many items: rows go in by whole tables, indexes after them.

A second project stands beside it: what does not ask for its own project reads both.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Index, insert, select, text, update

from models.base import ModelRef
from models.specs import HeadSpec
from models.types import GateState
from scripts.bench_console import history, items, people
from serving.secrets import Vault
from serving.store.engine import Store, UnitOfWork
from serving.store.records import ProjectRow
from serving.store.tables import metadata, need, project, stage_stat
from tests.support.local_world import new_project

SPAN_S = 86_400.0 * items.DAYS
SLUG, OTHER = "crowd", "other"
SHADOW = "m3"
"""Scores beside the active version."""
URL = "http://127.0.0.1:9"
Say = Callable[[str], None]


def fill(store: Store, vault: Vault, n: int, say: Say, *, beside: int | None = None) -> None:
    """Both projects, of ``n`` items and of ``beside``, a fiftieth of that unless it is given; the store is empty."""
    now = time.time()
    small = max(100, n // 50) if beside is None else beside
    with store.begin() as uow:
        ids = [_project(uow, vault, slug, number, now) for number, slug in enumerate((SLUG, OTHER), 1)]
    with store.engine.begin() as conn:
        _fast(conn)
        for index in _indexes():
            index.drop(conn)
        for id, size, first in zip(ids, (n, small), (0, n), strict=True):
            say(f"{size:,} items")
            _rows(conn, _values(conn, id, size, first, now))
        say("decisions")
        for statement in (items.DECISIONS, items.AGAIN):
            conn.exec_driver_sql(statement.format(**_words(conn), certificate=items.CERTIFICATE, now=now))
        say("indexes")
        for index in _indexes():
            index.create(conn)
        _sequences(conn)
    _settle(store)


def _project(uow: UnitOfWork, vault: Vault, slug: str, number: int, now: float) -> int:
    """Its id."""
    row = uow.projects.add(new_project(vault, slug=slug, platform_url=URL, platform_project=number), now - SPAN_S)
    for step, version in enumerate(("m1", "m2")):
        at = now - SPAN_S * (0.99 - 0.7 * step)
        ref = _version(uow, row, version, at)
        uow.models.activate(row.id, version, at)
        made = uow.gate.add_certificate(
            row.id,
            model_version=version,
            model_sha256=ref.sha256,
            label_config_digest=row.label_config.digest,
            open=True,
            threshold=items.THRESHOLD,
            n=1400,
            errors=60,
            n_validation=2000,
            epsilon=row.epsilon,
            delta=row.delta / 4,
            selective_upper=0.06,
            overall_upper=0.05,
            coverage=0.7,
            needed_labels=0,
            reason="Open: at most 6 % of what is accepted is wrong.",
            now=at + 60,
        )
        numbers = {"certificate": made.id, "n": 1400, "errors": 60}
        uow.gate.transition(row.id, GateState.OPEN, reason=made.reason, actor="prelabel", numbers=numbers, now=at + 60)
    _version(uow, row, SHADOW, now - SPAN_S / 10)
    return row.id


def _version(uow: UnitOfWork, row: ProjectRow, version: str, at: float) -> ModelRef:
    control = row.label_config.controls[0]
    ref = ModelRef(spec=HeadSpec(encoder="ngram"), control=control, version=version, sha256="f" * 64, path="/x")
    by = {str(people.FIRST_USER + person): 10 + person for person in range(people.PEOPLE)}
    metrics = {"accuracy": 0.88 + int(version[1:]) / 50, "labels_by": by, "history": 0, "seconds": 40.0}
    uow.models.add(row.id, ref, 3000, metrics, at)
    return ref


def _values(conn: Connection, project_id: int, n: int, first: int, now: float) -> dict[str, Any]:
    """What the statements name."""
    target = max(60, min(2000, n // 100))
    cut = min(0.5, target / (0.1 * n))
    conn.execute(update(project).where(project.c.id == project_id).values(validation_cut=cut, shadow=SHADOW))
    words = {"project_id": project_id, "domain": "", "language": "en", "task": ""}
    conn.execute(insert(need), [{**words, "level": level} for level in (1, 2)])
    needed = conn.scalars(select(need.c.id).where(need.c.project_id == project_id).order_by(need.c.id)).first()
    stages = {"score": n, "decide": n, "publish": n // 2}
    conn.execute(
        insert(stage_stat),
        [{"project_id": project_id, "stage": one, "items": k, "seconds": k / 120} for one, k in stages.items()],
    )
    return {
        **_words(conn),
        "project": project_id,
        "n": n,
        "first": first,
        "cut": cut,
        "need": needed,
        "now": now,
        "span": SPAN_S,
        "url": URL,
        "digest": "d" * 64,
        "corpus": items.CORPUS * 2,
        "corpus_length": len(items.CORPUS),
        "words": items.WORDS,
        "dead": items.DEAD,
        "gone": items.GONE,
        "corrected": items.CORRECTED,
        "trainer": 1,
        "user": people.FIRST_USER,
        "people": people.PEOPLE,
        "reviewers": people.REVIEWERS,
        "gold": people.GOLD,
        "slug": SLUG if first == 0 else OTHER,
        "changes": history.CHANGES,
        "windows": history.WINDOWS,
        "fine": history.FINE,
        "coarse": history.COARSE,
        "shadow": SHADOW,
    }


def _words(conn: Connection) -> dict[str, Any]:
    """What each database calls what both have."""
    postgres = conn.dialect.name == "postgresql"
    return {
        "big": "bigint" if postgres else "integer",
        "true": "true" if postgres else "1",
        "false": "false" if postgres else "0",
        "json_open": "CAST(" if postgres else "",
        "json_close": " AS jsonb)" if postgres else "",
        "threshold": items.THRESHOLD,
    }


def _rows(conn: Connection, values: dict[str, Any]) -> None:
    def run(statement: str, **more: Any) -> None:
        conn.exec_driver_sql(statement.format(**values, **more))

    for statement in (items.ITEMS, items.PREDICTIONS):
        run(statement)
    for kind, routes in (("suggestion", "'suggest', 'accept'"), ("acceptance", "'accept'")):
        run(items.OUTBOX, kind=kind, routes=routes)
    run(items.LABELS, offset=0, later=0, opinions=1)
    run(items.LABELS, offset=10_000_000, later=7200, opinions=2)
    if values["first"] == 0:
        for statement in people.ONCE:
            run(statement)
    last = conn.scalar(text("SELECT max(id) FROM label"))
    for statement in people.STATEMENTS:
        run(statement, last=last)
    for number, version in enumerate(("m1", "m2", SHADOW), 1):
        run(history.BESIDE, version=version, offset=number * history.SAID_BESIDE)
    for statement in history.STATEMENTS:
        run(statement)


def _indexes() -> list[Index]:
    return [index for table in metadata.sorted_tables for index in sorted(table.indexes, key=lambda one: str(one.name))]


def _fast(conn: Connection) -> None:
    if conn.dialect.name == "sqlite":
        conn.exec_driver_sql("PRAGMA cache_size = -1000000")
    else:
        conn.exec_driver_sql("SET LOCAL work_mem = '256MB'")
        conn.exec_driver_sql("SET LOCAL maintenance_work_mem = '512MB'")


def _sequences(conn: Connection) -> None:
    """Rows that had their id given are passed over by the next one that has not."""
    if conn.dialect.name != "postgresql":
        return
    for name in ("item", "prediction", "trainer"):
        conn.exec_driver_sql(f"SELECT setval('{name}_id_seq', (SELECT max(id) FROM {name}))")


def _settle(store: Store) -> None:
    """As a server leaves it over night; SQLite has nobody who would, and so no statistics."""
    if store.dialect == "postgresql":
        with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
            conn.exec_driver_sql("VACUUM ANALYZE")
