"""Where the gate stands between two tests, whether a person holds it closed, and which model predicts."""

from __future__ import annotations

from typing import Any

from models.base import ModelRef
from models.types import GateState, Route
from serving.store.engine import UnitOfWork
from serving.store.records import ACT, CertificateRow, GateEvent, ItemState, ProjectRow
from serving.store.version_records import ModelVersionRow

SELF = "prelabel"
"""The actor of what happens by itself."""


def held(uow: UnitOfWork, project: ProjectRow) -> GateEvent | None:
    """The act by which a person closed the gate, unless a person did something else to it since.

    What a person closed, nothing opens by itself: neither a certificate, nor a new model, nor a new label config.
    """
    for event in reversed(uow.gate.events(project.id)):
        if event.actor != SELF and event.of_gate:
            return event if event.after is GateState.CLOSED else None
    return None


def holds(certificate: CertificateRow | None, project: ProjectRow) -> bool:
    """Whether the certificate is open, for this very model and label config, and from after the last change."""
    return certificate is not None and certificate.open and speaks(certificate, project)


def speaks(certificate: CertificateRow, project: ProjectRow) -> bool:
    """Whether a certificate, open or not, is of the active model, for the label config, budget and stream of now."""
    return certificate.model_version == project.active_model and for_now(certificate, project)


def for_now(certificate: CertificateRow, project: ProjectRow) -> bool:
    """Whether a certificate, of whichever model, is for the label config, budget and stream of now."""
    return certificate.label_config_digest == project.label_config.digest and certificate.created_at >= max(
        project.valid_since, project.tolerance_since
    )


def standing_of(row: ModelVersionRow, project: ProjectRow) -> str:
    """``active``, ``challenger`` (on trial), ``rejected`` (was on trial), ``former`` (was active), or nothing."""
    if row.ref.version == project.active_model:
        return "active"
    if row.ref.version == project.challenger:
        return "challenger"
    if row.rejected_at is not None and row.rejected_at > (row.activated_at or 0.0):
        return "rejected"
    return "former" if row.activated_at is not None else ""


def standing(uow: UnitOfWork, project: ProjectRow) -> GateState:
    """Open while the newest certificate holds; else shadow, or cold."""
    if project.active_model is None:
        return GateState.COLD
    return GateState.OPEN if holds(uow.gate.latest(project.id), project) else GateState.SHADOW


def fall_back(
    uow: UnitOfWork,
    project: ProjectRow,
    *,
    reason: str,
    numbers: dict[str, Any],
    now: float,
    actor: str = SELF,
    after: GateState | None = None,
) -> GateEvent:
    """Move the gate to where it stands now; one that a person closed stays closed, for that person's reason.

    ``after``: another state than that of ``standing``.
    """
    closed = held(uow, project)
    if closed is not None:
        numbers = {**numbers, "asked_by": actor, "why": reason}
        return uow.gate.transition(
            project.id, GateState.CLOSED, reason=closed.reason, actor=SELF, numbers=numbers, now=now
        )
    return move(uow, project, after or standing(uow, project), reason=reason, numbers=numbers, now=now, actor=actor)


def move(
    uow: UnitOfWork,
    project: ProjectRow,
    after: GateState,
    *,
    reason: str,
    numbers: dict[str, Any],
    now: float,
    actor: str = SELF,
) -> GateEvent:
    """Set the gate's state; when it opens, what was suggested is decided again."""
    event = uow.gate.transition(project.id, after, reason=reason, actor=actor, numbers=numbers, now=now)
    if after is GateState.OPEN:
        _suggestions_again(uow, project, ItemState.SCORED, now)
    return event


def activate(
    uow: UnitOfWork,
    project: ProjectRow,
    ref: ModelRef,
    *,
    actor: str,
    numbers: dict[str, Any],
    now: float,
    act: str = "activate",
    why: str = "",
) -> None:
    """Let a model version predict from now on; the gate goes where its certificates put it, suggestions are made again.

    Without a certificate of its own it falls back to shadow. One that was made before for the same label config, budget
    and stream holds still, open or closed, and spends nothing again (docs/decisions/0021). Items that were accepted
    under the certificate of their time stay accepted. Nothing challenges it yet.
    """
    before = project.active_model
    uow.models.activate(project.id, ref.version, now)
    shadow = None if project.shadow == ref.version else project.shadow
    current = uow.projects.update(project.id, challenger=None, shadow=shadow)
    known = uow.gate.take_up(project.id, ref.version)
    certificate = known if known is not None and speaks(known, current) else None
    told = {"model_version": ref.version, "before": before, **numbers, ACT: act}
    if certificate is not None:
        told["certificate"] = certificate.id
    fall_back(
        uow,
        current,
        reason=f"{in_words(ref.version, before, certificate)} {why}".rstrip(),
        actor=actor,
        numbers=told,
        now=now,
        after=_goes_to(project, certificate),
    )
    score_again(uow, project, now=now)


def in_words(version: str, before: str | None, certificate: CertificateRow | None) -> str:
    """What it means that a version predicts from now on, in place of the one before; ``certificate``: its own."""
    place = f" in place of {before}" if before not in (None, version) else ""
    if certificate is None:
        follows = "nothing is accepted before it is certified."
    elif certificate.open:
        follows = f"its certificate {certificate.id} holds still, and spends nothing again."
    else:
        follows = f"it was tested before: {certificate.reason}"
    return f"model {version} predicts{place}; {follows}"


def _goes_to(project: ProjectRow, certificate: CertificateRow | None) -> GateState:
    """A watch goes on: the audits that led to it are of what is accepted still."""
    if certificate is None:
        return GateState.SHADOW
    if not certificate.open:
        return GateState.CLOSED
    return GateState.WATCH if project.gate_state is GateState.WATCH else GateState.OPEN


def score_again(uow: UnitOfWork, project: ProjectRow, *, now: float) -> None:
    """Another model predicts now: what waits for a decision, and what is suggested, is scored by it.

    What people are asked for next is listed anew.
    """
    uow.asking.clear(project.id)
    uow.items.restart(project.id, states=(ItemState.SCORED,), to=ItemState.RECEIVED, now=now)
    _suggestions_again(uow, project, ItemState.RECEIVED, now)


def _suggestions_again(uow: UnitOfWork, project: ProjectRow, to: ItemState, now: float) -> None:
    states = (ItemState.DECIDED, ItemState.PUBLISHED)
    uow.items.restart(project.id, states=states, to=to, now=now, route=Route.SUGGEST)
