"""A full store on both databases, and how its queries are carried out."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, event

from models.types import Fold
from serving.store.engine import Store, UnitOfWork
from tests.store.world import World, task

ITEMS = 20_000
LATER = (
    "UPDATE item SET state = 'published', route = 'suggest', confidence = draw, model_version = 'm0'"
    " WHERE mod(id, 3) = 0",
    "UPDATE outbox SET state = 'sent' WHERE mod(id, 50) <> 0",
    "INSERT INTO label (project_id, item_id, annotation_id, completed_by, regions, was_cancelled, deleted, role,"
    " remote_updated_at, created_at) SELECT project_id, id, id, 3, '[]', false, false, 'train', 0, 0 FROM item"
    " WHERE mod(id, 4) = 0",
    "INSERT INTO trainer (platform_url, user_id, email, name, created_at)"
    " SELECT 'http://127.0.0.1:8080', id, 'x', 'x', 0 FROM item WHERE id <= 300",
    "INSERT INTO review (project_id, item_id, label_id, author, revision, state, drawn_at, due_at, reviewer_id, note,"
    " answer, closed_at) SELECT project_id, item_id, id, 3 + mod(id, 50), 1,"
    " CASE mod(id, 100) WHEN 0 THEN 'pending' WHEN 1 THEN 'rejected' WHEN 2 THEN 'appealed' ELSE 'accepted' END,"
    " 0, id, 1, '', '', CASE WHEN mod(id, 100) < 3 THEN NULL ELSE 1 END FROM label",
    "INSERT INTO review_turn (project_id, item_id, review_id, trainer_id, appeal, state, granted_at, until, why)"
    " SELECT project_id, item_id, id, 1 + mod(id, 300), false, CASE WHEN id < 200 THEN 'held' ELSE 'done' END, id, id,"
    " '' FROM review",
    "INSERT INTO desk (project_id, trainer_id, seen_at)"
    " SELECT CASE WHEN id <= 20 THEN 1 ELSE 2 END, id, 0 FROM trainer WHERE id <= 40",
    "INSERT INTO work (project_id, item_id, trainer_id, kind, state, why, granted_at, until, beat_at, extended,"
    " ended_at) SELECT project_id, id, CASE WHEN project_id = 1 THEN 1 ELSE 21 END + mod(id, 20), 'suggestion',"
    " CASE mod(id, 400) WHEN 0 THEN 'held' WHEN 1 THEN 'released' WHEN 2 THEN 'expired' ELSE 'done' END,"
    " '{\"waited_s\": 1.5}', id, id + 100, id, false, id + 50 FROM item",
    "INSERT INTO gold (project_id, item_id, domain, language, task, revision, regions, source, uses, created_at)"
    " SELECT project_id, id, '', '', '', 1, '[]', 'label', 0, 0 FROM item WHERE mod(id, 4) = 0",
    "INSERT INTO gold_answer (gold_id, trainer_id, regions, is_right, counts, answered_at)"
    " SELECT id, mod(id, 300) + 1, '[]', true, true, 0 FROM gold",
    "INSERT INTO change (at, role, trainer_id, action, project, subject)"
    " SELECT id, 'trainer', CASE mod(id, 7) WHEN 0 THEN mod(id, 300) + 1 END, 'sign-in',"
    " CASE mod(id, 200) WHEN 0 THEN 'reviews' ELSE 'other' END, CASE mod(id, 200) WHEN 0 THEN 'user 21' END FROM item",
)
"""How the store looks after a while; sent, labelled and published items are many, what waits is little."""
BIG = {
    "item",
    "outbox",
    "prediction",
    "label",
    "decision",
    "work",
    "review",
    "review_turn",
    "gold",
    "gold_answer",
    "change",
}
SMALL = "ix_review_turn_held"
"""An index of what is in people's hands now: it may be read as a whole."""


@dataclass(frozen=True)
class Crowd:
    """A full store, and a way to ask it for plans."""

    world: World
    other: World


def fill(url: str, analyze: str | None) -> Iterator[Crowd]:
    store = Store.open(url)
    crowd = Crowd(World(store), World(store, "other", number=2))
    for world in (crowd.world, crowd.other):
        world.receive(
            *(
                task(n, fold=Fold.VALIDATION if n % 2 else Fold.TRAIN, draw=(n * 7919 % 20011) / 20011)
                for n in range(ITEMS)
            )
        )
        for _ in range(4):
            world.score(limit=500)
            world.decide(limit=500)
        world.send()
    with store.engine.begin() as conn:
        for statement in LATER:
            conn.exec_driver_sql(statement)
    if analyze is not None:
        with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
            conn.exec_driver_sql(analyze)
    yield crowd
    store.close()


def plans(store: Store, call: Callable[[UnitOfWork], object], *, seqscan: str = "on") -> list[str]:
    """Run ``call`` in a unit of work, and explain each statement that it sends.

    ``seqscan`` "off" asks PostgreSQL whether an index can serve at all, where reading half of a table is fair.
    """
    sent: list[tuple[str, Any]] = []

    def remember(
        conn: Connection, cursor: Any, statement: str, parameters: Any, context: Any, executemany: bool
    ) -> None:
        if statement.split()[0] in ("SELECT", "UPDATE", "DELETE"):
            sent.append((statement, parameters[0] if executemany else parameters))

    event.listen(store.engine, "before_cursor_execute", remember)
    try:
        with store.begin() as uow:
            call(uow)
    finally:
        event.remove(store.engine, "before_cursor_execute", remember)
    assert sent
    with store.engine.begin() as conn:
        explain = _explain_sqlite if store.dialect == "sqlite" else _explain_postgres
        if store.dialect == "postgresql":
            conn.exec_driver_sql(f"SET LOCAL enable_seqscan = {seqscan}")
        return [step for statement, parameters in sent for step in explain(conn, statement, parameters)]


def _explain_sqlite(conn: Connection, statement: str, parameters: Any) -> list[str]:
    rows = conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
    return [f"{row.detail} <- {statement}" for row in rows if re.match("SCAN|SEARCH", row.detail)]


def _explain_postgres(conn: Connection, statement: str, parameters: Any) -> list[str]:
    [(plan,)] = conn.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters)
    found = json.loads(plan) if isinstance(plan, (str, bytes)) else plan
    return [f"{step} <- {statement}" for step in _steps(found[0]["Plan"])]


def _steps(node: dict[str, Any]) -> Iterator[str]:
    kind, table = node["Node Type"], node.get("Relation Name", "")
    if kind == "Bitmap Index Scan":
        table = "item"  # the index alone is named; its table is that of the node above, a big one
    if kind.endswith("Scan") and kind != "Bitmap Heap Scan":
        searched = "Index Cond" in node
        yield f"{'SEARCH' if searched else 'SCAN'} {table} {kind} {node.get('Index Name', '')}"
    for child in node.get("Plans", ()):
        yield from _steps(child)


def assert_searched(steps: list[str], index: str | None = None) -> None:
    scans = [step for step in steps if step.split()[0] == "SCAN" and step.split()[1] in BIG and SMALL not in step]
    assert scans == []
    assert any(step.split()[0] == "SEARCH" for step in steps)
    if index is not None:
        assert any(index in step.split("<-")[0] for step in steps), steps
