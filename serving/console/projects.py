"""``/``: the connected projects."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from serving.api.dependencies import ProjectDep, RuntimeDep
from serving.console.pages import page_of
from serving.console.staff import StaffDep
from serving.monitoring.kept_figures import counted
from serving.store.records import ItemState

router = APIRouter(tags=["console"], include_in_schema=False)


@router.get("/")
def page(request: Request, runtime: RuntimeDep, role: StaffDep) -> HTMLResponse:
    """Every project with its gate and model; what has to be counted follows project by project."""
    with runtime.store.read() as uow:
        projects = uow.projects.list()
    return page_of(request, "console/projects.html", role=role, projects=projects)


@router.get("/projects/{slug}/counts")
def counts(request: Request, runtime: RuntimeDep, role: StaffDep, project: ProjectDep) -> HTMLResponse:
    """Automation rate and queue, in place of the words that said so."""
    found = counted(runtime, project)
    states, accepted = found.value
    return page_of(
        request,
        "console/counts.html",
        accepted=accepted,
        arrived=sum(n for state, n in states.items() if state is not ItemState.GONE),
        states={state.value: n for state, n in states.items()},
        at=found.at,
    )
