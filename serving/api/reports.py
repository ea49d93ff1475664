"""The automation report as a file, for programs; the console hands out the same."""

from __future__ import annotations

from email.utils import formatdate
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from serving.api.dependencies import ProjectDep, RuntimeDep, require_operator
from serving.language import ENGLISH, LANGUAGES
from serving.pipeline.runtime import Runtime
from serving.reports.files import Form, file_of
from serving.store.records import ProjectRow

router = APIRouter(prefix="/api/v1", tags=["api"], dependencies=[Depends(require_operator)])
Language = Annotated[str | None, Query(pattern=f"^({'|'.join(LANGUAGES)})$")]


@router.get("/projects/{slug}/report.{form}")
def report_file(runtime: RuntimeDep, project: ProjectDep, form: Form, language: Language = None) -> Response:
    """``csv``, ``json``, ``html`` or ``pdf``, to be stored; 501 where the extra ``report`` is missing."""
    return download(runtime, project, form, language or ENGLISH)


def download(runtime: Runtime, project: ProjectRow, form: Form, language: str, *, kept: bool = False) -> Response:
    """A file to be stored, not a page of ours: it is under a policy of its own, and runs nothing.

    ``Last-Modified`` is when its numbers were counted; ``kept``: as pages show them.
    """
    made = file_of(runtime, project, form, language, kept=kept)
    headers = {
        "Content-Disposition": f'attachment; filename="{made.name}"',
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
        "Cache-Control": "no-store",
        "Last-Modified": formatdate(made.at, usegmt=True),
    }
    return Response(made.body, media_type=made.media_type, headers=headers)
