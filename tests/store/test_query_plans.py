"""The hot queries go by an index, on both databases, whatever the number of items.

Each call is made on 40,000 items in two projects; every statement that it sends is then explained by the database.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from serving.store.engine import UnitOfWork
from serving.store.records import ItemState, OutboxKind, Stand
from tests.store.crowd import Crowd, assert_searched, plans
from tests.store.world import World, decision, prediction, task


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
        lambda uow: uow.charts.accepted_by_budget(project): "ix_decision_item_id",
        lambda uow: uow.outbox.counts(project): "ix_outbox_queue",
        lambda uow: uow.outbox.oldest_pending(project): "ix_outbox_queue",
        lambda uow: uow.outbox.first_suggestion(project, "m1"): "ix_outbox_queue",
    }
    for call, index in served.items():
        assert_searched(plans(crowd.world.store, call, seqscan="off"), index)


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


def test_monitor(crowd: Crowd) -> None:
    world = crowd.world
    recent: dict[str, Any] = {"after": 100, "limit": 500}
    reopen: dict[str, Any] = {"after": 100, "reason": "reopened", "now": world.now}
    served: dict[Callable[[UnitOfWork], object], str | None] = {
        lambda uow: uow.watch.audits([1, 2]): "ix_decision_audit",
        lambda uow: uow.watch.regions([1, 2]): None,
        lambda uow: uow.watch.reopen(world.project, [1, 2], **reopen): None,
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
        lambda uow: uow.challenge.others([1, 2], "m0"),
        lambda uow: uow.challenge.others([1, 2], "m0", apart=["m2"]),
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


def test_drafts(crowd: Crowd) -> None:
    with crowd.world.store.begin() as uow:
        for n in range(2000):
            uow.drafts.keep(str(n), b"x", until=crowd.world.now + n, now=0.0)
    store, now = crowd.world.store, crowd.world.now
    assert_searched(plans(store, lambda uow: uow.drafts.get("7", now)))
