"""``/projects/{slug}/report.{form}``: the automation report to take along, for who may look at the project."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from serving import language as spoken
from serving.api.dependencies import ProjectDep, RuntimeDep
from serving.api.reports import Language, download
from serving.console.staff import StaffDep
from serving.reports.files import Form

router = APIRouter(prefix="/projects", tags=["console"], include_in_schema=False)


@router.get("/{slug}/report.{form}")
def report_file(
    runtime: RuntimeDep, role: StaffDep, project: ProjectDep, form: Form, language: Language = None
) -> Response:
    """The figures that pages show, as of when these say; in the language of the page, unless another is asked for."""
    return download(runtime, project, form, language or spoken.language(), kept=True)
