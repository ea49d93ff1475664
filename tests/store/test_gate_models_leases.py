from __future__ import annotations

from typing import Any

import pytest

from models.errors import NotFoundError
from models.types import GateState
from serving.store.records import CertificateRow, GateEvent
from tests.store.world import World, model_ref

CERTIFICATE: dict[str, Any] = {
    "model_version": "m1",
    "model_sha256": "f" * 64,
    "label_config_digest": "0" * 64,
    "open": True,
    "threshold": 0.8,
    "n": 120,
    "errors": 2,
    "n_validation": 200,
    "epsilon": 0.05,
    "delta": 0.1,
    "selective_upper": 0.043,
    "overall_upper": None,
    "coverage": 0.6,
    "needed_labels": 0,
    "reason": "certified",
}


def test_certificates_are_counted_and_the_latest_counts(world: World) -> None:
    with world.store.begin() as uow:
        assert uow.gate.latest(world.project) is None
        assert uow.gate.tests(world.project) == 0
        first = uow.gate.add_certificate(world.project, **CERTIFICATE, now=1.0)
        closed = {**CERTIFICATE, "open": False, "threshold": None, "selective_upper": None}
        second = uow.gate.add_certificate(world.project, **closed, now=2.0)
    assert first == CertificateRow(id=first.id, project_id=world.project, created_at=1.0, **CERTIFICATE)
    with world.store.read() as uow:
        assert uow.gate.latest(world.project) == second
        assert uow.gate.tests(world.project) == 2


def test_the_gate_leaves_a_trail(world: World) -> None:
    with world.store.begin() as uow:
        shadow = uow.gate.transition(
            world.project, GateState.SHADOW, reason="model", actor="prelabel", numbers={"n": 3}, now=1.0
        )
        uow.gate.transition(world.project, GateState.OPEN, reason="certified", actor="ann", numbers={}, now=2.0)
        with pytest.raises(NotFoundError):
            uow.gate.transition(4711, GateState.OPEN, reason="", actor="", numbers={}, now=2.0)
    assert shadow == GateEvent(world.project, GateState.COLD, GateState.SHADOW, "model", "prelabel", {"n": 3}, 1.0)
    with world.store.read() as uow:
        project = uow.projects.get(world.project)
        events = uow.gate.events(world.project)
    assert (project.gate_state, project.gate_reason) == (GateState.OPEN, "certified")
    assert events[0] == shadow
    assert [(e.before, e.after, e.actor) for e in events[1:]] == [(GateState.SHADOW, GateState.OPEN, "ann")]


def test_changes_are_read_on_from_the_last_one(world: World) -> None:
    other = World(world.store, "other", number=2)
    with world.store.begin() as uow:
        for project in (world.project, other.project):
            for reason in ("a", "b", "c"):
                uow.gate.transition(project, GateState.OPEN, reason=reason, actor="ann", numbers={"n": 1}, now=1.0)
    with world.store.read() as uow:
        first = uow.gate.news(world.project, after=0, limit=2)
        assert [event.reason for event in first.values()] == ["a", "b"]
        rest = uow.gate.news(world.project, after=max(first), limit=9)
        assert [event.reason for event in rest.values()] == ["c"]
        assert uow.gate.news(world.project, after=max(rest), limit=9) == {}


def test_a_model_version_is_stored_once(world: World) -> None:
    with world.store.begin() as uow:
        first = uow.models.add(world.project, model_ref("m1"), 100, {"accuracy": 0.9, "loss": float("nan")}, 1.0)
        assert uow.models.add(world.project, model_ref("m1"), 999, {}, 2.0) == first
        second = uow.models.add(world.project, model_ref("m2"), 150, {}, 3.0)
        assert uow.models.list(world.project) == [first, second]
    assert (first.ref, first.n_train, first.metrics) == (model_ref("m1"), 100, {"accuracy": 0.9, "loss": None})


def test_one_model_version_predicts(world: World) -> None:
    with world.store.begin() as uow:
        uow.models.add(world.project, model_ref("m1"), 100, {}, 1.0)
        uow.models.activate(world.project, "m1", 5.0)
        with pytest.raises(NotFoundError, match="no model version 'm9'; it has: m1"):
            uow.models.activate(world.project, "m9", 5.0)
    with world.store.read() as uow:
        assert uow.projects.get(world.project).active_model == "m1"
        assert uow.models.get(world.project, "m1").activated_at == 5.0


def test_a_named_lease_is_held_by_one(world: World) -> None:
    with world.store.begin() as uow:
        assert uow.leases.acquire("reconcile:1", "a", ttl_s=10.0, now=0.0)
        assert not uow.leases.acquire("reconcile:1", "b", ttl_s=10.0, now=5.0)
        assert uow.leases.acquire("learn:1", "b", ttl_s=10.0, now=5.0)
        assert uow.leases.acquire("reconcile:1", "a", ttl_s=10.0, now=9.0)
        assert not uow.leases.acquire("reconcile:1", "b", ttl_s=10.0, now=18.0)
        assert uow.leases.acquire("reconcile:1", "b", ttl_s=10.0, now=19.0)
        uow.leases.release("reconcile:1", "a")
        assert not uow.leases.acquire("reconcile:1", "a", ttl_s=10.0, now=20.0)
        uow.leases.release("reconcile:1", "b")
        assert uow.leases.acquire("reconcile:1", "a", ttl_s=10.0, now=20.0)


def test_stage_figures_add_up(world: World) -> None:
    with world.store.begin() as uow:
        uow.stats.add(world.project, "score", 64, 0.5)
        uow.stats.add(world.project, "score", 36, 0.25)
        uow.stats.add(world.project, "publish", 1, 1.0)
        assert uow.stats.totals(world.project) == {"publish": (1, 1.0), "score": (100, 0.75)}
