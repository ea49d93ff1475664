"""``/projects/{slug}``: how much is automated, how wrong that may be, and the gate with its history.

The page itself reads rows by key. What has to be counted or computed comes in parts of its own after it, as the
pipeline counted it last; each says when.
"""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from models.errors import ConfigurationError
from models.gate import Certificate
from models.types import GateState
from serving.api.dependencies import ProjectDep, RuntimeDep
from serving.console import charts, figures
from serving.console.pages import page_of
from serving.console.session import same_origin
from serving.console.staff import OperatorDep, Role, StaffDep, actor_of
from serving.language import gettext
from serving.monitoring.blind import Blind, what_if
from serving.monitoring.blind_figures import bins, points
from serving.monitoring.kept_figures import awaited, daily, reported, sampled
from serving.pipeline.runtime import Runtime
from serving.pipeline.standing import held
from serving.projects.gate import close, reopen, tolerate
from serving.retold import retold
from serving.store.records import CertificateRow, ProjectRow

router = APIRouter(prefix="/projects", tags=["console"], include_in_schema=False)

EVENTS: Final = 50
"""Of the history, newest first."""
BUDGETS: Final = (0.01, 0.02, 0.05, 0.1)
"""Looked at beside the project's own."""
Reason = Annotated[str, Form(min_length=3, max_length=500)]


@router.get("/{slug}")
def page(request: Request, runtime: RuntimeDep, role: StaffDep, project: ProjectDep) -> HTMLResponse:
    return _page(request, runtime, role, project)


@router.get("/{slug}/opening")
def awaits(request: Request, runtime: RuntimeDep, role: StaffDep, project: ProjectDep) -> HTMLResponse:
    """What a gate that accepts nothing waits for, and what stands accepted at another budget than that of now."""
    found = awaited(runtime, project)
    ahead, budgets = found.value
    fresh = ahead is not None and ahead.gate is project.gate_state
    return page_of(
        request,
        "console/opening.html",
        ahead=ahead if fresh else None,
        others=[one for one in budgets if one[0] != project.epsilon],
        at=found.at,
    )


@router.get("/{slug}/figures")
def numbers(request: Request, runtime: RuntimeDep, role: StaffDep, project: ProjectDep) -> HTMLResponse:
    """The automation report in words."""
    found = reported(runtime, project)
    return page_of(request, "console/figures.html", project=project, report=found.value, figures=figures, at=found.at)


@router.get("/{slug}/automation")
def automation(request: Request, runtime: RuntimeDep, role: StaffDep, project: ProjectDep) -> HTMLResponse:
    """Decisions by day, and how wrong the accepted ones may be, test by test."""
    found = daily(runtime, project)
    with runtime.store.read() as uow:
        tests = [row for row in uow.gate.certificates(project.id) if row.selective_upper is not None and not row.trial]
    drawn = [charts.automation(found.value)] if found.value else []
    drawn += [charts.certificates(tests)] if tests else []
    return page_of(
        request, "console/charts.html", charts=drawn, empty=gettext("Nothing has been decided yet."), at=found.at
    )


@router.get("/{slug}/sample")
def sample(request: Request, runtime: RuntimeDep, role: StaffDep, project: ProjectDep) -> HTMLResponse:
    """The active model on the blind sample: curve, reliability, confusion, losses by tag."""
    found = sampled(runtime, project)
    with runtime.store.read() as uow:
        certificate = uow.gate.latest(project.id)
    seen = found.value
    drawn = [_curve(seen, project, certificate), charts.reliability(bins(seen))] if seen.confidences.size else []
    drawn += [charts.confusion(control, counts) for control, counts in seen.confusion.items()]
    return page_of(request, "console/sample.html", charts=drawn, seen=seen, at=found.at)


@router.get("/{slug}/what-if")
def budgets(
    request: Request,
    runtime: RuntimeDep,
    role: StaffDep,
    project: ProjectDep,
    percent: Annotated[float, Query(gt=0.0, lt=100.0)],
) -> HTMLResponse:
    """What another error budget would buy. It certifies nothing."""
    epsilon, seen = round(percent / 100.0, 8), sampled(runtime, project).value
    found: dict[float, Certificate] = {}
    drawn = []
    if seen.confidences.size:
        for one in sorted({epsilon, project.epsilon, *BUDGETS}):
            found[one] = what_if(seen, epsilon=one, delta=project.delta)
        chosen = found[epsilon].threshold
        drawn = [
            charts.coverage_risk(points(seen), epsilon=epsilon, chosen=chosen, waiting=seen.waiting, supposed=True)
        ]
    return page_of(
        request, "console/what_if.html", project=project, seen=seen, found=found, epsilon=epsilon, charts=drawn
    )


@router.post("/{slug}/gate/close", dependencies=[Depends(same_origin)])
def close_gate(
    request: Request, runtime: RuntimeDep, role: OperatorDep, project: ProjectDep, reason: Reason
) -> Response:
    close(runtime, project, reason=reason, actor=actor_of(request))
    return _back(project)


@router.post("/{slug}/gate/reopen", dependencies=[Depends(same_origin)])
def reopen_gate(
    request: Request, runtime: RuntimeDep, role: OperatorDep, project: ProjectDep, reason: Reason
) -> Response:
    try:
        reopen(runtime, project, reason=reason, actor=actor_of(request))
    except ConfigurationError as error:
        return _page(request, runtime, role, project, problem=retold(str(error)))
    return _back(project)


@router.post("/{slug}/gate/tolerance", dependencies=[Depends(same_origin)])
def change_tolerance(
    request: Request,
    runtime: RuntimeDep,
    role: OperatorDep,
    project: ProjectDep,
    reason: Reason,
    epsilon_percent: Annotated[float, Form(gt=0.0, lt=100.0)],
    delta_percent: Annotated[float, Form(gt=0.0, lt=100.0)],
) -> Response:
    new = {"epsilon": round(epsilon_percent / 100.0, 8), "delta": round(delta_percent / 100.0, 8)}
    try:
        tolerate(runtime, project, **new, reason=reason, actor=actor_of(request))
    except ConfigurationError as error:
        return _page(request, runtime, role, project, problem=retold(str(error)))
    return _back(project)


def _page(request: Request, runtime: Runtime, role: Role, project: ProjectRow, problem: str = "") -> HTMLResponse:
    with runtime.store.read() as uow:
        events, certificates = uow.gate.events(project.id), uow.gate.certificates(project.id)
        by_hand = held(uow, project)
    return page_of(
        request,
        "console/project.html",
        status=422 if problem else 200,
        role=role,
        may_change=role is Role.OPERATOR,
        project=project,
        problem=problem,
        events=events[::-1][:EVENTS],
        all_events=len(events),
        certificates=certificates[::-1],
        certificate=next((one for one in reversed(certificates) if not one.trial), None),
        by_hand=by_hand,
        closed=project.gate_state is GateState.CLOSED,
    )


def _curve(seen: Blind, project: ProjectRow, certificate: CertificateRow | None) -> charts.Chart:
    accepts = project.gate_state in (GateState.OPEN, GateState.WATCH) and certificate is not None
    chosen = certificate.threshold if accepts and certificate is not None else None
    return charts.coverage_risk(points(seen), epsilon=project.epsilon, chosen=chosen, waiting=seen.waiting)


def _back(project: ProjectRow) -> RedirectResponse:
    return RedirectResponse(f"/projects/{project.slug}", status_code=303)
