"""The JSON API of programs and operators; everything behind the operators' bearer token."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Query
from pydantic import Field

from models.types import Frozen, GateState, Route
from serving.api.dependencies import Number, ProjectDep, RuntimeDep, require_operator
from serving.monitoring.automation import AutomationReport, report
from serving.pipeline import learn
from serving.projects.gate import close, extend, reopen
from serving.store.records import ItemState

router = APIRouter(prefix="/api/v1", tags=["api"], dependencies=[Depends(require_operator)])


Id = Annotated[int, Field(ge=0, lt=2**63)]


class ProjectSummary(Frozen):
    """One connected project."""

    slug: str
    label_studio_url: str
    label_studio_project: int
    gate: GateState
    gate_reason: str
    model_version: str | None
    challenger: str | None
    """Model version that is tried beside it."""
    paused: bool


class QueuedItem(Frozen):
    """One item that a person should label next."""

    item: int
    task: int
    """Label Studio's task id."""
    url: str
    """Opens the task in Label Studio."""
    blind: bool
    """No suggestion is shown."""
    confidence: float | None
    why: str
    """Reason code of the route; ``seed`` before there is a model."""


class ItemView(Frozen):
    """One item as a list shows it."""

    item: int
    task: int
    state: ItemState
    route: Route | None
    reason: str | None
    confidence: float | None
    model_version: str | None
    last_error: str | None


@router.get("/projects")
def projects(runtime: RuntimeDep) -> list[ProjectSummary]:
    with runtime.store.read() as uow:
        rows = uow.projects.list()
    return [
        ProjectSummary(
            slug=p.slug,
            label_studio_url=p.platform_url,
            label_studio_project=p.platform_project,
            gate=p.gate_state,
            gate_reason=p.gate_reason,
            model_version=p.active_model,
            challenger=p.challenger,
            paused=p.paused,
        )
        for p in rows
    ]


@router.get("/projects/{slug}/report")
def project_report(runtime: RuntimeDep, project: ProjectDep) -> AutomationReport:
    return report(runtime, project)


@router.get("/projects/{slug}/queue")
def queue(
    runtime: RuntimeDep, project: ProjectDep, limit: Annotated[int, Query(ge=1, le=1000)] = 50
) -> list[QueuedItem]:
    """What people should label next: blind samples first, then seeds while there is no model, then the least sure."""
    with runtime.store.read() as uow:
        rows = uow.items.wanted(project.id, limit=limit, now=runtime.now(), train=project.active_model is None)
    base = f"{project.platform_url}/projects/{project.platform_project}/data?task="
    return [
        QueuedItem(
            item=row.id,
            task=row.task_id,
            url=f"{base}{row.task_id}",
            blind=row.blind,
            confidence=None if row.blind else row.confidence,
            why="blind" if row.blind else row.reason or "seed",
        )
        for row in rows
    ]


@router.get("/projects/{slug}/items")
def items(
    runtime: RuntimeDep,
    project: ProjectDep,
    state: ItemState | None = None,
    after: Annotated[int, Query(ge=0, lt=2**63)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> list[ItemView]:
    with runtime.store.read() as uow:
        rows = uow.items.page(project.id, state=state, after_id=after, limit=limit)
    return [
        ItemView(
            item=row.id,
            task=row.task_id,
            state=row.state,
            route=row.route,
            reason=row.reason,
            confidence=row.confidence,
            model_version=row.model_version,
            last_error=row.last_error,
        )
        for row in rows
    ]


@router.get("/projects/{slug}/tasks/{task}")
def explain(runtime: RuntimeDep, project: ProjectDep, task: Number) -> dict[str, Any]:
    """Everything that happened to one task."""
    with runtime.store.read() as uow:
        return uow.items.explain(project.id, task)


@router.post("/projects/{slug}/redrive")
def redrive(
    runtime: RuntimeDep, project: ProjectDep, items: Annotated[list[Id] | None, Body(embed=True)] = None
) -> dict[str, int]:
    """Give dead items another try: those named, or all."""
    with runtime.store.begin() as uow:
        return {"redriven": uow.items.redrive(project.id, items, runtime.now())}


@router.post("/projects/{slug}/train")
def train(runtime: RuntimeDep, project: ProjectDep) -> dict[str, str | None]:
    """Train a head now. While the gate accepts, it is tried beside the one that predicts."""
    ref = learn.train(runtime, project, actor="operator")
    return {"model_version": ref.version if ref is not None else None}


@router.post("/projects/{slug}/gate/close")
def close_gate(
    runtime: RuntimeDep, project: ProjectDep, reason: Annotated[str, Body(embed=True, min_length=3)]
) -> dict[str, str]:
    """Stop acceptance at once."""
    event = close(runtime, project, reason=reason, actor="operator")
    return {"gate": event.after.value, "reason": event.reason}


@router.post("/projects/{slug}/gate/reopen")
def reopen_gate(
    runtime: RuntimeDep, project: ProjectDep, reason: Annotated[str, Body(embed=True, min_length=3)]
) -> dict[str, str]:
    """Let go of a gate that a person closed: it opens if its certificate still holds, else waits for a new one."""
    event = reopen(runtime, project, reason=reason, actor="operator")
    return {"gate": event.after.value, "reason": event.reason}


@router.post("/projects/{slug}/gate/extend")
def extend_gate(
    runtime: RuntimeDep, project: ProjectDep, labels: Annotated[int, Body(embed=True, ge=1, le=1_000_000)]
) -> dict[str, int]:
    """Ask for more blind labels; the gate is certified again when they are in."""
    return {"validation_target": extend(runtime, project, labels=labels).validation_target}
