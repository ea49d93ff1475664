"""The hot queries go by an index, on both databases, whatever the number of items.

Each call is made on 40,000 items in two projects; every statement that it sends is then explained by the database.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import Connection, event

from models.types import Fold
from serving.store.engine import Store, UnitOfWork
from serving.store.records import ItemState, OutboxKind, Stand
from tests.store.conftest import TEMPLATE
from tests.store.world import World, decision, prediction, task
from tests.support.postgres import fresh_database

ITEMS = 20_000
LATER = (
    "UPDATE item SET state = 'published', route = 'suggest', confidence = draw, model_version = 'm0'"
    " WHERE mod(id, 3) = 0",
    "UPDATE outbox SET state = 'sent' WHERE mod(id, 50) <> 0",
    "INSERT INTO label (project_id, item_id, annotation_id, completed_by, regions, was_cancelled, deleted, role,"
    " remote_updated_at, created_at) SELECT project_id, id, id, 3, '[]', false, false, 'train', 0, 0 FROM item"
    " WHERE mod(id, 4) = 0",
)
"""How the store looks after a while; sent, labelled and published items are many, what waits is little."""
BIG = {"item", "outbox", "prediction", "label", "decision", "work"}


@dataclass(frozen=True)
class Crowd:
    """A full store, and a way to ask it for plans."""

    world: World
    other: World


@pytest.fixture(scope="module", params=["sqlite", "sqlite analyzed", "postgresql"])
def crowd(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crowd]:
    if request.param.startswith("sqlite"):
        path = tmp_path_factory.mktemp("plans") / "store.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield from _fill(f"sqlite:///{path}", "ANALYZE" if request.param == "sqlite analyzed" else None)
        return
    with fresh_database(request.getfixturevalue("postgres_template"), TEMPLATE) as url:
        yield from _fill(url, "VACUUM ANALYZE")


def _fill(url: str, analyze: str | None) -> Iterator[Crowd]:
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
    scans = [step for step in steps if step.split()[0] == "SCAN" and step.split()[1] in BIG]
    assert scans == []
    assert any(step.split()[0] == "SEARCH" for step in steps)
    if index is not None:
        assert any(index in step.split("<-")[0] for step in steps), steps


def lease(world: World) -> dict[str, Any]:
    return {"limit": 64, "owner": "w", "lease_s": 60.0, "now": world.now}


@pytest.mark.parametrize("state", [ItemState.RECEIVED, ItemState.SCORED])
def test_claim(crowd: Crowd, state: ItemState) -> None:
    steps = plans(crowd.world.store, lambda uow: uow.items.claim(crowd.world.project, state, **lease(crowd.world)))
    assert_searched(steps, "ix_item_queue")
    assert not any("USE TEMP B-TREE" in step or step.startswith("Sort") for step in steps)


def test_completion(crowd: Crowd) -> None:
    world = crowd.world
    rows = world.claim(ItemState.RECEIVED, limit=64, owner="completion")
    said = [(row.id, prediction(row.id)) for row in rows]
    assert_searched(plans(world.store, lambda uow: uow.items.store_predictions("completion", said, world.now)))
    with world.store.begin() as uow:
        uow.items.release_leases("completion")
    claimed = {row.id: row for row in world.claim(ItemState.SCORED, limit=5000, owner="completion")}
    made = [decision(claimed[row.id]) for row in rows]
    assert len(made) == 64
    assert_searched(plans(world.store, lambda uow: uow.items.decide("completion", made, world.now)))


@pytest.mark.parametrize("kind", OutboxKind)
def test_outbox(crowd: Crowd, kind: OutboxKind) -> None:
    world = crowd.world
    steps = plans(world.store, lambda uow: uow.outbox.claim(world.project, kind, **lease(world)))
    assert_searched(steps, "ix_outbox_queue")


def test_sending(crowd: Crowd) -> None:
    world = crowd.world
    world.now += 3600.0
    ids = [row.id for row in world.claim_outbox(owner="outbox")]
    assert len(ids) > 10
    assert_searched(plans(world.store, lambda uow: uow.outbox.sent("outbox", ids, world.now)))


def test_counts(crowd: Crowd) -> None:
    project = crowd.world.project
    served: dict[Callable[[UnitOfWork], object], str] = {
        lambda uow: uow.items.counts(project): "ix_item_",
        lambda uow: uow.items.route_counts(project): "ix_item_route",
        lambda uow: uow.items.accepted(project): "ix_item_route",
        lambda uow: uow.outbox.counts(project): "ix_outbox_queue",
        lambda uow: uow.outbox.oldest_pending(project): "ix_outbox_queue",
    }
    for call, index in served.items():
        assert_searched(plans(crowd.world.store, call, seqscan="off"), index)


def test_peoples_queue(crowd: Crowd) -> None:
    world = crowd.world
    with world.store.begin() as uow:
        uow.items.set_blind(world.project, cut=0.001, now=world.now)
    call: dict[str, Any] = {"limit": 20_000, "now": world.now, "train": True, "exclude": (1, 2, 3)}
    steps = plans(world.store, lambda uow: uow.items.wanted(world.project, **call))
    for index in ("ix_item_blind", "ix_item_asked", "ix_item_training", "ix_item_route"):
        assert_searched(steps, index)
    for more in ({}, {"by": 7}):
        again = plans(world.store, lambda uow, m=more: uow.items.wanted(world.project, **call, **m), seqscan="off")  # type: ignore[misc]
        assert_searched(again, "ix_item_opinions")


def test_opinions(crowd: Crowd) -> None:
    world = crowd.world
    for call in (
        lambda uow: uow.opinions.asked(world.project, audits=False),
        lambda uow: uow.opinions.waiting(world.project, "m1", audits=True),
    ):
        assert_searched(plans(world.store, call, seqscan="off"), "ix_item_opinions")
    for few in (
        lambda uow: uow.opinions.answers([1, 2, 3]),
        lambda uow: uow.opinions.said([1, 2, 3]),
        lambda uow: uow.opinions.unsettled([1, 2, 3]),
        lambda uow: uow.opinions.settle([1, 2, 3]),
        lambda uow: uow.people.needed([1, 2, 3]),
    ):
        assert_searched(plans(world.store, few, seqscan="off"))
    assert_searched(plans(world.store, lambda uow: uow.opinions.answered_by([1, 2, 3])))


def test_asking(crowd: Crowd) -> None:
    """What a list is made from, what is still on it, and what came of it."""
    project = crowd.world.project
    served: dict[Callable[[UnitOfWork], object], str] = {
        lambda uow: uow.asking.waiting(project, train=False): "ix_item_asked",
        lambda uow: uow.asking.waiting(project, train=True): "ix_item_asked",
        lambda uow: uow.asking.seeds(project, below=0.9, limit=300): "ix_item_training",
        lambda uow: uow.asking.unsure(project, below=0.9, limit=20_000): "ix_item_route",
        lambda uow: uow.asking.control(project, above=0.95, limit=50): "ix_item_route",
        lambda uow: uow.asking.answers(project, control_from=0.95): "label_",
        lambda uow: uow.asking.put(project, range(2, 300)): "ix_item_asked",
    }
    for call, index in served.items():
        assert_searched(plans(crowd.world.store, call, seqscan="off"), index)


def test_draws(crowd: Crowd) -> None:
    world = crowd.world
    steps = plans(world.store, lambda uow: uow.items.drawn(world.project, cut=0.01, limit=50))
    assert_searched(steps, "ix_item_draw")
    steps = plans(world.store, lambda uow: uow.items.set_blind(world.project, cut=0.002, now=world.now))
    assert_searched(steps, "ix_item_draw")


def test_lookups(crowd: Crowd) -> None:
    world = crowd.world
    tasks = [task(n) for n in range(100)]
    assert_searched(plans(world.store, lambda uow: uow.items.by_task(world.project, [1, 2, 3])))
    assert_searched(plans(world.store, lambda uow: uow.items.receive(world.project, tasks, world.now)))
    assert_searched(plans(world.store, lambda uow: uow.items.mark_gone(world.project, [19_999], world.now)))
    assert_searched(plans(world.store, lambda uow: uow.items.history(1)))
    assert_searched(plans(world.store, lambda uow: uow.items.release_leases("nobody")), "ix_item_lease")
    assert_searched(plans(world.store, lambda uow: uow.outbox.release_leases("nobody")), "ix_outbox_lease")
    assert_searched(plans(world.store, lambda uow: uow.items.confidences(world.project, "m1")), "ix_item_model")


def test_labels(crowd: Crowd) -> None:
    world = crowd.world
    assert_searched(plans(world.store, lambda uow: uow.labels.annotation_ids(world.project, [1, 2])))
    assert_searched(plans(world.store, lambda uow: uow.labels.remove(world.project, [100, 104], world.now)))


def test_own_figures(crowd: Crowd) -> None:
    project = crowd.world.project
    served: dict[Callable[[UnitOfWork], object], str] = {
        lambda uow: uow.own.pieces(project, 1): "ix_work_trainer",
        lambda uow: uow.own.given(project, 3): "label_",
        lambda uow: uow.labels.taught_by(project): "label_",
    }
    for call, index in served.items():
        assert_searched(plans(crowd.world.store, call, seqscan="off"), index)


def test_monitor(crowd: Crowd) -> None:
    world = crowd.world
    recent: dict[str, Any] = {"after": 100, "limit": 500}
    reopen: dict[str, Any] = {"after": 100, "reason": "reopened", "now": world.now}
    served: dict[Callable[[UnitOfWork], object], str | None] = {
        lambda uow: uow.watch.audits(1): "ix_decision_audit",
        lambda uow: uow.watch.regions([1, 2]): None,
        lambda uow: uow.watch.reopen(world.project, 1, **reopen): None,
        lambda uow: uow.watch.reference(world.project, "m1", since=5.0): None,
        lambda uow: uow.watch.recent(world.project, "m0", **recent): None,
    }
    for call, index in served.items():
        assert_searched(plans(world.store, call, seqscan="off"), index)
    late: dict[str, Any] = {"cut": 1.0, "limit": 50, "since": world.now + 1}
    steps = plans(world.store, lambda uow: uow.items.drawn(world.project, **late))
    assert_searched(steps, "ix_item_draw")


def test_challenger(crowd: Crowd) -> None:
    world = crowd.world
    said = [(id, prediction(id, version="m9")) for id in (1, 2)]
    served: tuple[Callable[[UnitOfWork], object], ...] = (
        lambda uow: uow.challenge.pool(world.project, "m0", limit=500),
        lambda uow: uow.items.rows([1, 2]),
        lambda uow: uow.challenge.said([1, 2], "m0"),
        lambda uow: uow.challenge.scored([1, 2], "m0"),
        lambda uow: uow.challenge.record(said, world.now),
    )
    for call in served:
        assert_searched(plans(world.store, call, seqscan="off"))


@pytest.mark.parametrize("stand", Stand)
def test_sweep(crowd: Crowd, stand: Stand) -> None:
    world = crowd.world
    call: dict[str, Any] = {"version": "m0", "before": world.now + 1}
    read = plans(world.store, lambda uow: uow.sweep.tasks(world.project, stand, **call), seqscan="off")
    assert_searched(read, "ix_outbox_queue" if stand is Stand.UNLABELED else "ix_item_")


def test_a_full_scan_would_be_noticed(crowd: Crowd) -> None:
    """The check itself: a query that no index serves fails it."""
    store = crowd.world.store

    def slow(uow: UnitOfWork) -> None:
        uow.items._conn.exec_driver_sql("SELECT count(*) FROM item WHERE digest = 'x'")

    with pytest.raises(AssertionError):
        assert_searched(plans(store, slow))
