"""The JSON API of programs and operators; everything behind the operators' bearer token."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Query
from pydantic import Field

from models.people.showing import Showing
from models.types import Frozen, GateState, Route
from serving.api.dependencies import Number, ProjectDep, RuntimeDep, require_operator
from serving.monitoring.automation import AutomationReport, report
from serving.pipeline import learn
from serving.projects.gate import close, extend, reopen, tolerate
from serving.projects.suggestions import set_control_rate, set_tabs
from serving.store.records import ItemRow, ItemState, ProjectRow
from serving.workforce.desk import link, stream

router = APIRouter(prefix="/api/v1", tags=["api"], dependencies=[Depends(require_operator)])
Why = Annotated[str, Body(embed=True, min_length=3)]
Who = Annotated[str, Body(embed=True, min_length=1)]


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
    """Opens the task in Label Studio; a second opinion, the label stream, which shows no other person's answer."""
    blind: bool
    """No suggestion is shown."""
    confidence: float | None
    why: str
    """Reason code of the route; ``seed`` before there is a model, ``second_opinion`` where others have answered, and
    ``no_suggestion`` also of the control, which is to be worked on like the rest."""
    not_by: list[int]
    """Label Studio user ids of those who have answered it already, where another person is to answer."""


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
    """The connected projects: gate, model version, challenger, whether one is paused."""
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
    """The automation rate with its proof: what `prelabel report --json` prints."""
    return report(runtime, project)


@router.get("/projects/{slug}/queue")
def queue(
    runtime: RuntimeDep,
    project: ProjectDep,
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
    by: Annotated[int | None, Query(ge=0, lt=2**63, description="Label Studio user id of who asks.")] = None,
) -> list[QueuedItem]:
    """What people should label next: blind samples first, then what teaches the model most, then the others.

    With ``by``, second opinions on what this person has answered are left out.
    """
    with runtime.store.read() as uow:
        train = project.active_model is None
        rows = uow.items.wanted(project.id, limit=limit, now=runtime.now(), train=train, by=by)
        several = [row.id for row in rows if row.opinions > 1]
        said = uow.opinions.said([row.id for row in rows if row.opinions > 1 and not row.blind])
        answered = uow.opinions.answered_by(several)
        answered |= {id: sorted(row.completed_by for row in labels) for id, labels in said.items()}
    return [_queued(project, row, answered.get(row.id, [])) for row in rows]


def _queued(project: ProjectRow, row: ItemRow, answered: list[int]) -> QueuedItem:
    """Opened in the data manager a task shows every annotation; in the label stream only those of whoever looks."""
    own = Showing.HIDDEN.value if row.unaided else row.reason or "seed"
    why = "second_opinion" if answered else "blind" if row.blind else own
    return QueuedItem(
        item=row.id,
        task=row.task_id,
        url=stream(project) if answered else link(project, row.task_id),
        blind=row.blind or row.unaided,
        confidence=None if row.blind or row.unaided else row.confidence,
        why=why,
        not_by=answered,
    )


@router.get("/projects/{slug}/items")
def items(
    runtime: RuntimeDep,
    project: ProjectDep,
    state: ItemState | None = None,
    after: Annotated[int, Query(ge=0, lt=2**63)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> list[ItemView]:
    """Items by their number, a page at a time: the last one's number is the next page's `after`."""
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


@router.post("/projects/{slug}/suggestions")
def change_suggestions(
    runtime: RuntimeDep, project: ProjectDep, control_rate: Annotated[float, Body(embed=True, ge=0, lt=0.5)]
) -> dict[str, float]:
    """The share of suggestions that goes by lot; 0 shows all of them."""
    return {"control_rate": set_control_rate(runtime, project, control_rate).control_rate}


@router.post("/projects/{slug}/tabs")
def change_tabs(runtime: RuntimeDep, project: ProjectDep, on: Annotated[bool, Body(embed=True)]) -> dict[str, bool]:
    """A tab of Label Studio for each queue, or none."""
    return {"tabs": set_tabs(runtime, project, on=on).tabs}


@router.post("/projects/{slug}/gate/close")
def close_gate(runtime: RuntimeDep, project: ProjectDep, reason: Why, by: Who = "operator") -> dict[str, str]:
    """Stop acceptance at once."""
    event = close(runtime, project, reason=reason, actor=by)
    return {"gate": event.after.value, "reason": event.reason}


@router.post("/projects/{slug}/gate/reopen")
def reopen_gate(runtime: RuntimeDep, project: ProjectDep, reason: Why, by: Who = "operator") -> dict[str, str]:
    """Let go of a gate that a person closed: it opens if its certificate still holds, else waits for a new one."""
    event = reopen(runtime, project, reason=reason, actor=by)
    return {"gate": event.after.value, "reason": event.reason}


@router.post("/projects/{slug}/gate/tolerance")
def change_tolerance(
    runtime: RuntimeDep,
    project: ProjectDep,
    reason: Why,
    epsilon: Annotated[float | None, Body(gt=0, lt=1)] = None,
    delta: Annotated[float | None, Body(gt=0, lt=1)] = None,
    by: Who = "operator",
) -> dict[str, str]:
    """Change the error budget; nothing is accepted before a certificate for it."""
    after = tolerate(runtime, project, epsilon=epsilon, delta=delta, reason=reason, actor=by)
    return {"gate": after.gate_state.value, "reason": after.gate_reason}


@router.post("/projects/{slug}/gate/extend")
def extend_gate(
    runtime: RuntimeDep,
    project: ProjectDep,
    labels: Annotated[int, Body(ge=0, le=1_000_000)] = 0,
    people: Annotated[int | None, Body(ge=1)] = None,
) -> dict[str, int]:
    """Ask for more blind labels, or for more people's; the gate is certified again when they are in."""
    after = extend(runtime, project, labels=labels, people=people)
    return {"validation_target": after.validation_target, "validation_people": after.validation_people}
