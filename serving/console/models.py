"""``/projects/{project}/models``: the model versions of a project side by side, and which of them predicts, by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from models.errors import PrelabelError
from models.specs import learns
from serving.api.dependencies import ProjectDep, RuntimeDep
from serving.console.model_facts import compare
from serving.console.pages import page_of
from serving.console.session import same_origin
from serving.console.staff import OperatorDep, Role, StaffDep, actor_of
from serving.language import gettext
from serving.monitoring.kept_figures import Beside, advanced, beside, compared
from serving.pipeline.runtime import Runtime
from serving.projects import versions
from serving.retold import retold
from serving.store.records import ProjectRow

SIDE_BY_SIDE: Final = 6
Skip = Annotated[int, Query(ge=0, le=100_000)]
Reason = Annotated[str, Form(min_length=3, max_length=500)]
Chosen = Annotated[str, Form(min_length=1, max_length=200)]

router = APIRouter(prefix="/projects", tags=["console"], include_in_schema=False)


@router.get("/{slug}/models")
def index(request: Request, runtime: RuntimeDep, role: StaffDep, project: ProjectDep, skip: Skip = 0) -> HTMLResponse:
    """The newest versions, or those behind the newest ``skip``."""
    return _page(request, runtime, role, project, skip=skip)


@router.get("/{slug}/models/same-items")
def same_items(request: Request, runtime: RuntimeDep, role: StaffDep, project: ProjectDep) -> HTMLResponse:
    """What tested versions would accept of the same blind items, and how wrong that is."""
    found = compared(runtime, project)
    return page_of(request, "console/model_items.html", project=project, seen=found.value, at=found.at)


@router.post("/{slug}/models/promote", dependencies=[Depends(same_origin)])
def promote(
    request: Request, runtime: RuntimeDep, role: OperatorDep, project: ProjectDep, version: Chosen, reason: Reason
) -> Response:
    """A version that predicted before is rolled back to."""

    def act() -> object:
        with runtime.store.read() as uow:
            former = uow.models.get(project.id, version).activated_at is not None
        place = versions.roll_back if former else versions.promote
        return place(runtime, project, version, reason=reason, actor=actor_of(request))

    return _done(request, runtime, role, project, act)


@router.post("/{slug}/models/shadow", dependencies=[Depends(same_origin)])
def let_score(
    request: Request, runtime: RuntimeDep, role: OperatorDep, project: ProjectDep, version: Chosen, reason: Reason
) -> Response:
    def act() -> object:
        return versions.shadow(runtime, project, version, reason=reason, actor=actor_of(request))

    return _done(request, runtime, role, project, act)


@router.post("/{slug}/models/shadow/drop", dependencies=[Depends(same_origin)])
def drop(request: Request, runtime: RuntimeDep, role: OperatorDep, project: ProjectDep, reason: Reason) -> Response:
    def act() -> object:
        return versions.drop_shadow(runtime, project, reason=reason, actor=actor_of(request))

    return _done(request, runtime, role, project, act)


@router.post("/{slug}/models/release", dependencies=[Depends(same_origin)])
def release(request: Request, runtime: RuntimeDep, role: OperatorDep, project: ProjectDep, reason: Reason) -> Response:
    def act() -> object:
        return versions.release(runtime, project, reason=reason, actor=actor_of(request))

    return _done(request, runtime, role, project, act)


def _done(request: Request, runtime: Runtime, role: Role, project: ProjectRow, act: Callable[[], object]) -> Response:
    """Back to the page after the act; the page with what was wrong where it was refused."""
    try:
        act()
    except PrelabelError as error:
        return _page(request, runtime, role, project, problem=error)
    return _back(project)


def _page(
    request: Request,
    runtime: Runtime,
    role: Role,
    project: ProjectRow,
    *,
    skip: int = 0,
    problem: PrelabelError | None = None,
) -> HTMLResponse:
    with runtime.store.read() as uow:
        project = uow.projects.get(project.id)
        rows = list(reversed(uow.models.list(project.id)))
        certificates, events = uow.gate.certificates(project.id), uow.gate.events(project.id)
    trial, shadow = _advanced(runtime, project)
    shown = rows[skip : skip + SIDE_BY_SIDE]
    fitting = [row for row in rows if row.ref.version != project.active_model and versions.fits(row.ref, project)]
    return page_of(
        request,
        "console/models.html",
        status=problem.status if problem is not None else 200,
        project=project,
        role=role.value,
        may_change=role is Role.OPERATOR,
        problem=_in_words(problem),
        versions=shown,
        facts=compare(shown, project, certificates, events),
        trial=trial,
        beside=shadow,
        former=[row for row in fitting if row.activated_at is not None],
        unused=[row for row in fitting if row.activated_at is None],
        may_shadow=[row for row in fitting if row.ref.version not in (project.challenger, project.shadow)],
        count=len(rows),
        skip=skip,
        more=skip + SIDE_BY_SIDE if len(rows) > skip + SIDE_BY_SIDE else None,
        learns=learns(project.spec),
    )


def _advanced(runtime: Runtime, project: ProjectRow) -> Beside:
    """How far trial and shadow are: as it is kept, or counted now where others have begun since."""
    known = advanced(runtime, project).value
    same = tuple(one.version if one is not None else None for one in known) == (project.challenger, project.shadow)
    return known if same else beside(runtime, project)


def _in_words(problem: PrelabelError | None) -> str:
    reason = "" if problem is None else retold(str(problem))
    return reason and gettext("That did not work, and nothing has changed: {reason}", reason=reason)


def _back(project: ProjectRow) -> RedirectResponse:
    return RedirectResponse(f"/projects/{project.slug}/models", status_code=303)
