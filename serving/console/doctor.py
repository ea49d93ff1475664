"""``/projects/{slug}/doctor``: whether the connection holds, live, with the setting to change for each finding."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from models.errors import PrelabelError
from serving.api.dependencies import ProjectDep, RuntimeDep
from serving.console.going import wants_part
from serving.console.pages import page_of
from serving.console.session import same_origin
from serving.console.staff import OperatorDep, Role, StaffDep
from serving.pipeline.runtime import Runtime
from serving.projects.checks import CHECKS
from serving.projects.doctor import examine
from serving.retold import retold
from serving.store.records import ProjectRow

router = APIRouter(prefix="/projects", tags=["console"], include_in_schema=False)


@router.get("/{slug}/doctor")
def page(request: Request, role: StaffDep, project: ProjectDep) -> HTMLResponse:
    """The findings come after the page: they take as long as Label Studio does."""
    return page_of(request, "console/doctor.html", role=role, project=project)


@router.get("/{slug}/doctor/findings")
def findings(request: Request, runtime: RuntimeDep, role: StaffDep, project: ProjectDep) -> HTMLResponse:
    return _findings(request, runtime, role, project, fix=False)


@router.post("/{slug}/doctor/fix", dependencies=[Depends(same_origin)])
def fix(request: Request, runtime: RuntimeDep, role: OperatorDep, project: ProjectDep) -> Response:
    """Mend what can be mended from here: the webhook, and the version that annotators see."""
    told = _findings(request, runtime, role, project, fix=True)
    return told if wants_part(request) else RedirectResponse(f"/projects/{project.slug}/doctor", status_code=303)


def _findings(request: Request, runtime: Runtime, role: Role, project: ProjectRow, *, fix: bool) -> HTMLResponse:
    found, problem = [], ""
    try:
        found = examine(runtime, project, fix=fix)
    except PrelabelError as error:
        problem = retold(str(error))
    wrong = [one for one in found if not one.ok]
    mended = {check.name for check in CHECKS if check.fix}
    return page_of(
        request,
        "console/findings.html",
        project=project,
        findings=wrong + [one for one in found if one.ok],
        wrong=len(wrong),
        checks={check.name: check.title for check in CHECKS},
        may_fix=role is Role.OPERATOR and any(one.check in mended for one in wrong),
        fixed=fix,
        problem=problem,
        at=runtime.now(),
    )
