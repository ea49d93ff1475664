"""Model versions of a project by hand, for programs: which predicts, and which scores in its shadow."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Path

from models.specs import ModelSpec
from models.types import Frozen, GateState
from serving.api.dependencies import ProjectDep, RuntimeDep, require_operator
from serving.pipeline.standing import standing_of
from serving.projects import versions
from serving.store.records import ProjectRow
from serving.store.version_records import ModelVersionRow

router = APIRouter(prefix="/api/v1/projects/{slug}/models", tags=["models"], dependencies=[Depends(require_operator)])
Why = Annotated[str, Body(embed=True, min_length=3, max_length=500)]
Who = Annotated[str, Body(embed=True, min_length=1, max_length=200)]
Name = Annotated[str, Path(max_length=200)]


class Version(Frozen):
    """One model version."""

    version: str
    sha256: str
    spec: dict[str, Any]
    standing: str
    """``active``, ``challenger``, ``rejected``, ``former``, or nothing: it never predicted."""
    shadow: bool
    n_train: int
    """Labels that it was trained on."""
    metrics: dict[str, Any]
    created_at: float
    """Epoch seconds, like the next two."""
    activated_at: float | None
    rejected_at: float | None
    scored_items: int
    """Items of which its speed was measured."""
    scored_seconds: float


class Working(Frozen):
    """Which models work for a project, and where its gate stands."""

    active: str | None
    pinned: bool
    """A person chose it: nothing takes its place by itself."""
    challenger: str | None
    shadow: str | None
    gate: GateState
    reason: str


@router.get("")
def every(runtime: RuntimeDep, project: ProjectDep) -> list[Version]:
    """All versions, oldest first."""
    with runtime.store.read() as uow:
        return [_version(row, project) for row in uow.models.list(project.id)]


@router.post("")
def add(
    runtime: RuntimeDep,
    project: ProjectDep,
    spec: Annotated[ModelSpec, Body(embed=True)],
    reason: Why,
    by: Who = "operator",
) -> Version:
    """Make another model known, trained on the project's labels where it learns; nothing uses it yet."""
    return _version(versions.add(runtime, project, spec, reason=reason, actor=by), project)


@router.post("/rollback")
def roll_back(
    runtime: RuntimeDep,
    project: ProjectDep,
    reason: Why,
    to: Annotated[str | None, Body(embed=True, max_length=200)] = None,
    by: Who = "operator",
) -> Working:
    """Let a version predict again that predicted before; without ``to`` the one before."""
    return _working(versions.roll_back(runtime, project, to, reason=reason, actor=by))


@router.post("/shadow/drop")
def drop_shadow(runtime: RuntimeDep, project: ProjectDep, reason: Why, by: Who = "operator") -> Working:
    """Let nothing score beside the model that predicts any more."""
    return _working(versions.drop_shadow(runtime, project, reason=reason, actor=by))


@router.post("/release")
def release(runtime: RuntimeDep, project: ProjectDep, reason: Why, by: Who = "operator") -> Working:
    """Let go of a choice by hand."""
    return _working(versions.release(runtime, project, reason=reason, actor=by))


@router.post("/{version}/promote")
def promote(runtime: RuntimeDep, project: ProjectDep, version: Name, reason: Why, by: Who = "operator") -> Working:
    """Let a version predict from now on; nothing is accepted before it has a certificate."""
    return _working(versions.promote(runtime, project, version, reason=reason, actor=by))


@router.post("/{version}/shadow")
def shadow(runtime: RuntimeDep, project: ProjectDep, version: Name, reason: Why, by: Who = "operator") -> Working:
    """Let a version score beside the one that predicts: nothing of it is shown, tested or decided on."""
    return _working(versions.shadow(runtime, project, version, reason=reason, actor=by))


def _version(row: ModelVersionRow, project: ProjectRow) -> Version:
    return Version(
        version=row.ref.version,
        sha256=row.ref.sha256,
        spec=row.ref.spec.model_dump(mode="json"),
        standing=standing_of(row, project),
        shadow=row.ref.version == project.shadow,
        n_train=row.n_train,
        metrics=row.impersonal,
        created_at=row.created_at,
        activated_at=row.activated_at,
        rejected_at=row.rejected_at,
        scored_items=row.scored_items,
        scored_seconds=row.scored_seconds,
    )


def _working(project: ProjectRow) -> Working:
    return Working(
        active=project.active_model,
        pinned=project.pinned,
        challenger=project.challenger,
        shadow=project.shadow,
        gate=project.gate_state,
        reason=project.gate_reason,
    )
