"""Arrow 3: a prediction -> a route with a reason code and the numbers behind it. Pure, but for ``run``."""

from __future__ import annotations

from dataclasses import dataclass

from models.gate.sampling import audit_draw
from models.people.showing import Showing, showing, showing_draw
from models.types import GateState, Route
from serving.pipeline.runtime import Runtime
from serving.pipeline.standing import holds
from serving.settings import Settings
from serving.store.records import (
    BLIND_AUDIT,
    LABEL_REJECTED,
    CertificateRow,
    Decision,
    ItemRow,
    ItemState,
    OutboxKind,
    ProjectRow,
    SuggestionBound,
)

SHOWN = (OutboxKind.SUGGESTION,)
ACCEPTED = (OutboxKind.SUGGESTION, OutboxKind.ACCEPTANCE)
HIDDEN = (OutboxKind.WITHDRAWAL,)

RETURNED = "acceptance_deleted"
"""Reason code of items whose accepted annotation was deleted in Label Studio: they stay with people."""
REOPENED = "reopened"
"""Reason code of items that were accepted after the change for which the monitor closed the gate: people get them."""
WITH_PEOPLE = (RETURNED, REOPENED, LABEL_REJECTED)


@dataclass(frozen=True, slots=True)
class Gate:
    """The gate as far as a decision needs it."""

    state: GateState
    threshold: float | None
    model_version: str | None
    certificate_id: int | None
    audit_rate: float
    secret: bytes
    control_rate: float = 0.0
    bound: SuggestionBound | None = None
    """Below which confidence no suggestion is shown."""


def audit_rate(project: ProjectRow, settings: Settings) -> float:
    """Probability with which an acceptable item is audited now: the project's own, raised while the gate is watched.

    Raising it only adds audits: the draw of an item stays what it is.
    """
    factor = settings.watch_audit_factor if project.gate_state is GateState.WATCH else 1.0
    return min(1.0, factor * project.audit_rate)


def gate_of(project: ProjectRow, certificate: CertificateRow | None, secret: bytes, *, audit_rate: float) -> Gate:
    """The gate of a project; a certificate counts only while the gate accepts and for its own model."""
    valid = certificate if project.gate_state.accepts and holds(certificate, project) else None
    return Gate(
        state=project.gate_state,
        threshold=valid.threshold if valid is not None else None,
        model_version=project.active_model,
        certificate_id=valid.id if valid is not None else None,
        audit_rate=audit_rate,
        secret=secret,
        control_rate=project.control_rate,
        bound=project.suggestion_bound,
    )


def decide(item: ItemRow, gate: Gate) -> Decision:
    """The route of one scored item.

    Reason codes: ``validation_sample`` (drawn for a blind label before anything was known of it), ``gate_cold``,
    ``gate_shadow``, ``gate_closed`` (nothing may be accepted now), ``below_threshold``, ``blind_audit`` (would have
    been accepted, drawn for a blind check), ``certified``, ``acceptance_deleted``, ``reopened``, ``label_rejected``;
    and in place of the reason for a suggestion ``no_suggestion`` (hidden: it would cost more time than it saves),
    ``suggestion_control`` (hidden by lot) and ``suggestion_spared`` (below the bound, shown by lot). What is blind once
    stays blind, and what people or the monitor took back once is not accepted again, and shown.
    """
    confidence = item.confidence if item.confidence is not None else 0.0
    numbers = {"confidence": confidence}
    if item.blind:
        inclusion = item.inclusion if item.inclusion is not None else 0.0
        return Decision(
            item_id=item.id,
            prediction_id=item.prediction_id,
            route=Route.AUDIT,
            reason=BLIND_AUDIT if item.reason == BLIND_AUDIT else "validation_sample",
            numbers=numbers | {"inclusion": inclusion},
            blind=True,
            inclusion=item.inclusion,
            outbox=HIDDEN + _undone(item),
        )
    if item.reason in WITH_PEOPLE:
        return _suggest(item, gate, item.reason, numbers)
    if gate.threshold is None or item.model_version != gate.model_version:
        return _suggest(item, gate, f"gate_{gate.state.value}", numbers)
    numbers |= {"threshold": gate.threshold}
    if item.confidence is None or confidence < gate.threshold:
        return _suggest(item, gate, "below_threshold", numbers, gate.certificate_id)
    audit = audit_draw(gate.secret, item.task_id, item.revision)
    numbers |= {"audit_rate": gate.audit_rate, "audit_draw": audit}
    audited = audit < gate.audit_rate
    return Decision(
        item_id=item.id,
        prediction_id=item.prediction_id,
        route=Route.AUDIT if audited else Route.ACCEPT,
        reason=BLIND_AUDIT if audited else "certified",
        numbers=numbers,
        blind=audited,
        inclusion=gate.audit_rate if audited else None,
        certificate_id=gate.certificate_id,
        outbox=HIDDEN + _undone(item) if audited else ACCEPTED,
    )


def _suggest(
    item: ItemRow, gate: Gate, reason: str, numbers: dict[str, float], certificate: int | None = None
) -> Decision:
    kind = Showing.SHOWN
    if reason not in WITH_PEOPLE and item.confidence is not None and gate.control_rate > 0.0:
        draw = showing_draw(gate.secret, item.task_id, item.revision)
        below = gate.bound.below if gate.bound is not None else None
        kind = showing(item.confidence, draw, rate=gate.control_rate, below=below)
        numbers = numbers | _why(kind, gate, draw)
    return Decision(
        item_id=item.id,
        prediction_id=item.prediction_id,
        route=Route.SUGGEST,
        reason=reason if kind is Showing.SHOWN else kind.value,
        numbers=numbers,
        blind=False,
        certificate_id=certificate,
        outbox=(HIDDEN if kind.hidden else SHOWN) + _undone(item),
    )


def _why(kind: Showing, gate: Gate, draw: float) -> dict[str, float]:
    """The numbers behind a suggestion that is hidden, or shown all the same."""
    if kind is Showing.SHOWN:
        return {}
    told = {"control_rate": gate.control_rate, "control_draw": draw}
    if kind is Showing.CONTROL or gate.bound is None:
        return told
    bound = gate.bound
    seen = {"labels_shown": float(bound.shown), "labels_hidden": float(bound.hidden)}
    return told | {"suggest_from": bound.below, "saved_seconds": bound.saved_seconds} | seen


def _undone(item: ItemRow) -> tuple[OutboxKind, ...]:
    """An acceptance that was decided before may have been written; so may one of the item's former data."""
    return (OutboxKind.RETRACTION,) if item.route is Route.ACCEPT or item.revision > 1 else ()


def run(runtime: Runtime, project: ProjectRow) -> int:
    """Decide one chunk: claim and decision in one transaction. Returns the number of items decided.

    The project is read again inside the transaction, so that no item is accepted after the gate was closed.
    """
    started = runtime.now()
    with runtime.store.begin() as uow:
        items = uow.items.claim(
            project.id,
            ItemState.SCORED,
            limit=runtime.settings.chunk_size * 4,
            owner=runtime.owner,
            lease_s=runtime.settings.lease_s,
            now=runtime.now(),
        )
        if not items:
            return 0
        current = uow.projects.get(project.id)
        gate = gate_of(
            current,
            uow.gate.latest(project.id),
            runtime.sampling_secret(current),
            audit_rate=audit_rate(current, runtime.settings),
        )
        done = len(uow.items.decide(runtime.owner, [decide(item, gate) for item in items], runtime.now()))
        uow.stats.add(project.id, "decide", done, runtime.now() - started)
        return done
