"""``/changes`` and ``/projects/{project}/changes``: what was changed, by whom and why, newest first."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from serving.api.dependencies import ProjectDep, RuntimeDep
from serving.console.moments import spelled
from serving.console.pages import page_of
from serving.console.staff import StaffDep
from serving.language import N_, gettext
from serving.pipeline.runtime import Runtime
from serving.store.changes import END, FORGOTTEN, ChangeRow

PAGE = 50
ROLES = {
    "operator": N_("operator"),
    "engineer": N_("engineer"),
    "trainer": N_("trainer"),
    "api": N_("program, with the operators' token"),
    "cli": N_("command line"),
}

router = APIRouter(tags=["console"], include_in_schema=False)
Before = Annotated[int, Query(ge=0, le=END)]


@router.get("/changes")
def everything(
    request: Request,
    runtime: RuntimeDep,
    role: StaffDep,
    project: Annotated[str, Query(max_length=200)] = "",
    before: Before = END,
) -> HTMLResponse:
    """Of the whole service; ``project``: of one, also of one that is gone."""
    with runtime.store.read() as uow:
        slugs = [one.slug for one in uow.projects.list()]
    asked = project.strip()
    return _page(request, runtime, asked or None, before, role=role.value, slugs=slugs, asked=asked)


@router.get("/projects/{slug}/changes")
def of_project(
    request: Request, runtime: RuntimeDep, role: StaffDep, project: ProjectDep, before: Before = END
) -> HTMLResponse:
    """Of one project."""
    return _page(request, runtime, project.slug, before, role=role.value, project=project)


def who(row: ChangeRow) -> str:
    """Whoever did it, in words."""
    role = gettext(ROLES.get(row.role, row.role))
    nobody = gettext("somebody who was forgotten") if row.role == "trainer" else ""
    name = row.trainer or row.actor or nobody
    return f"{role}: {name}" if name else role


def why(row: ChangeRow) -> str:
    """The reason as it was given."""
    return gettext("the words were forgotten") if row.reason == FORGOTTEN else row.reason or ""


def _page(request: Request, runtime: Runtime, of: str | None, before: int, **values: Any) -> HTMLResponse:
    with runtime.store.read() as uow:
        rows = uow.changes.page(of, before=before, limit=PAGE + 1)
    more = rows[PAGE - 1].id if len(rows) > PAGE else None
    words: dict[str, Any] = {"who": who, "why": why, "spelled": spelled}
    return page_of(request, "console/changes.html", rows=rows[:PAGE], more=more, **words, **values)
