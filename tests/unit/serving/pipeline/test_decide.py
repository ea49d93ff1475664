"""The decision: a pure function of one item and the gate."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.types import Fold, GateState, Route
from serving.pipeline import decide
from serving.pipeline.decide import Gate, gate_of
from serving.store.records import CertificateRow, ItemRow, ItemState, OutboxKind, ProjectRow, SuggestionBound
from tests.support.local_world import LocalWorld, easy

SECRET = b"sampling-secret-of-the-tests"


def item(**changes: Any) -> ItemRow:
    values: dict[str, Any] = {
        "id": 1,
        "project_id": 1,
        "task_id": 1,
        "digest": "0" * 64,
        "data": {},
        "fold": Fold.TRAIN,
        "draw": 0.5,
        "state": ItemState.SCORED,
        "revision": 1,
        "attempts": 1,
        "not_before": 0.0,
        "last_error": None,
        "route": None,
        "reason": None,
        "blind": False,
        "inclusion": None,
        "prediction_id": 7,
        "confidence": 0.9,
        "model_version": "m1",
        "received_at": 0.0,
        "updated_at": 0.0,
    }
    return ItemRow(**{**values, **changes})


def gate(**changes: Any) -> Gate:
    values: dict[str, Any] = {
        "state": GateState.OPEN,
        "threshold": 0.5,
        "model_version": "m1",
        "certificate_id": 3,
        "audit_rate": 0.0,
        "secret": SECRET,
    }
    return Gate(**{**values, **changes})


items = st.builds(
    item,
    task_id=st.integers(1, 2**40),
    revision=st.integers(1, 5),
    confidence=st.one_of(st.none(), st.floats(0, 1)),
    model_version=st.sampled_from(["m1", "m2"]),
    fold=st.sampled_from(Fold),
    route=st.sampled_from([None, *Route]),
    reason=st.sampled_from([None, "reopened", "blind_audit", "validation_sample", "below_threshold", "certified"]),
    blind=st.booleans(),
    inclusion=st.one_of(st.none(), st.floats(0, 1)),
)
gates = st.builds(
    gate,
    state=st.sampled_from(GateState),
    threshold=st.one_of(st.none(), st.floats(0, 1)),
    model_version=st.sampled_from(["m1", "m2"]),
    audit_rate=st.floats(0, 1, exclude_max=True),
)


@given(items, gates)
def test_only_what_the_gate_covers_is_accepted(one: ItemRow, at: Gate) -> None:
    made = decide.decide(one, at)
    if made.route is Route.ACCEPT:
        assert at.threshold is not None
        assert (one.confidence or 0.0) >= at.threshold
        assert one.model_version == at.model_version
        assert not one.blind
        assert made.certificate_id == at.certificate_id
        assert made.numbers["threshold"] == at.threshold
        assert made.numbers["confidence"] == one.confidence


@given(items, gates)
def test_blind_stays_blind(one: ItemRow, at: Gate) -> None:
    made = decide.decide(one, at)
    if one.blind:
        assert made.route is Route.AUDIT
        assert made.inclusion == one.inclusion
        assert made.reason == ("blind_audit" if one.reason == "blind_audit" else "validation_sample")
    assert made.blind == (made.route is Route.AUDIT)
    if made.blind:
        assert OutboxKind.SUGGESTION not in made.outbox


@pytest.mark.parametrize("reason", ["acceptance_deleted", "reopened"])
@given(items, gates)
def test_what_was_taken_back_stays_with_people(reason: str, one: ItemRow, at: Gate) -> None:
    made = decide.decide(replace(one, reason=reason, blind=False), at)
    assert (made.route, made.reason) == (Route.SUGGEST, reason)


@given(items, gates)
def test_what_is_written_follows_from_the_route(one: ItemRow, at: Gate) -> None:
    made = decide.decide(one, at)
    undone = (OutboxKind.RETRACTION,) if one.route is Route.ACCEPT or one.revision > 1 else ()
    wanted = {
        Route.ACCEPT: (OutboxKind.SUGGESTION, OutboxKind.ACCEPTANCE),
        Route.SUGGEST: (OutboxKind.SUGGESTION, *undone),
        Route.AUDIT: (OutboxKind.WITHDRAWAL, *undone),
    }
    assert made.outbox == wanted[made.route]


@given(items, gates, st.floats(0.0, 0.499), st.none() | st.floats(0.01, 1.0))
def test_the_lot_changes_nothing_but_what_is_shown_of_a_suggestion(
    one: ItemRow, at: Gate, rate: float, below: float | None
) -> None:
    plain = decide.decide(one, at)
    bound = SuggestionBound(below, 40, 30, 2.5, 0.0) if below is not None else None
    made = decide.decide(one, replace(at, control_rate=rate, bound=bound))
    if made.reason == plain.reason:
        assert made == plain
        return
    assert plain.route is made.route is Route.SUGGEST
    assert plain.reason not in ("acceptance_deleted", "reopened")
    assert rate > 0.0
    assert not made.blind
    assert made.inclusion is None, "its label certifies nothing"
    undone = tuple(kind for kind in plain.outbox if kind is OutboxKind.RETRACTION)
    shown = made.reason == "suggestion_spared"
    assert made.outbox == ((OutboxKind.SUGGESTION if shown else OutboxKind.WITHDRAWAL), *undone)
    unsure = below is not None and (one.confidence or 0.0) < below
    assert unsure == (made.reason in ("no_suggestion", "suggestion_spared"))
    lot = {"control_rate", "control_draw"}
    bounds = {"suggest_from", "saved_seconds", "labels_shown", "labels_hidden"} if unsure else set()
    assert made.numbers.keys() == plain.numbers.keys() | lot | bounds


@given(items, gates)
def test_the_same_question_has_the_same_answer(one: ItemRow, at: Gate) -> None:
    assert decide.decide(one, at) == decide.decide(replace(one, id=one.id, draw=0.1, attempts=9), at)


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_a_lower_threshold_never_accepts_less(confidence: float, first: float, second: float) -> None:
    low, high = sorted((first, second))
    strict = decide.decide(item(confidence=confidence), gate(threshold=high)).route
    loose = decide.decide(item(confidence=confidence), gate(threshold=low)).route
    assert (strict, loose) in {
        (Route.ACCEPT, Route.ACCEPT),
        (Route.SUGGEST, Route.ACCEPT),
        (Route.SUGGEST, Route.SUGGEST),
    }


@pytest.mark.parametrize("rate", [0.0, 0.05, 0.3])
def test_as_many_are_audited_as_was_asked_for(rate: float) -> None:
    n = 20_000
    routes = [decide.decide(item(task_id=task), gate(audit_rate=rate)).route for task in range(n)]
    share = routes.count(Route.AUDIT) / n
    assert routes.count(Route.SUGGEST) == 0
    assert abs(share - rate) <= 4 * (rate * (1 - rate) / n) ** 0.5


def test_an_audit_does_not_depend_on_what_the_item_holds() -> None:
    at = gate(audit_rate=0.5)
    for task in range(50):
        routes = {
            decide.decide(item(task_id=task, confidence=c, data={"text": str(c)}), at).route for c in (0.5, 0.7, 0.99)
        }
        assert len(routes) == 1


@pytest.mark.parametrize(
    ("state", "reason"),
    [(GateState.COLD, "gate_cold"), (GateState.SHADOW, "gate_shadow"), (GateState.CLOSED, "gate_closed")],
)
def test_the_reason_names_the_gate(state: GateState, reason: str) -> None:
    assert decide.decide(item(), gate(state=state, threshold=None)).reason == reason


def test_each_reason_has_its_numbers() -> None:
    low = decide.decide(item(confidence=0.2), gate())
    assert (low.reason, low.numbers) == ("below_threshold", {"confidence": 0.2, "threshold": 0.5})
    drawn = decide.decide(item(blind=True, inclusion=0.25), gate())
    assert (drawn.reason, drawn.numbers) == ("validation_sample", {"confidence": 0.9, "inclusion": 0.25})
    audited = decide.decide(item(), gate(audit_rate=0.999999))
    assert audited.reason == "blind_audit"
    assert set(audited.numbers) == {"confidence", "threshold", "audit_rate", "audit_draw"}


@pytest.fixture
def opened(world: LocalWorld) -> tuple[ProjectRow, CertificateRow]:
    world.open(easy(110))
    with world.store.read() as uow:
        certificate = uow.gate.latest(world.id)
    assert certificate is not None
    return world.project, certificate


def test_a_certificate_counts_only_for_what_it_was_made_for(opened: tuple[ProjectRow, CertificateRow]) -> None:
    project, certificate = opened
    for holds in (project, replace(project, gate_state=GateState.WATCH)):
        assert gate_of(holds, certificate, SECRET, audit_rate=0.1).threshold == certificate.threshold
    other_config = project.label_config.model_copy(update={"digest": "1" * 64})
    for wrong in (
        replace(project, gate_state=GateState.SHADOW),
        replace(project, gate_state=GateState.CLOSED),
        replace(project, active_model="moods-other"),
        replace(project, active_model=None),
        replace(project, label_config=other_config),
        replace(project, valid_since=certificate.created_at + 1),
    ):
        assert gate_of(wrong, certificate, SECRET, audit_rate=0.1).threshold is None
    assert gate_of(project, replace(certificate, open=False), SECRET, audit_rate=0.1).threshold is None
    assert gate_of(project, None, SECRET, audit_rate=0.1).threshold is None


def test_a_gate_that_was_closed_a_moment_ago_accepts_nothing(world: LocalWorld) -> None:
    world.open(easy(110))
    world.arrive(easy(20, seed=1))
    world.sync()
    before = world.project
    world.worker.score(before)
    with world.store.begin() as uow:
        uow.gate.transition(world.id, GateState.CLOSED, reason="enough", actor="operator", numbers={}, now=0.0)
    assert decide.run(world.runtime, before) == 20
    assert {i.reason for i in world.items() if i.state is ItemState.DECIDED} == {"gate_closed"}
