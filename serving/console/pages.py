"""What all pages are made with: templates under a strict policy, parts of them, and the project that a path names."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi import HTTPException, Request
from fastapi.responses import HTMLResponse
from fastapi.templating import Jinja2Templates

from serving import language
from serving.api.audit import refused
from serving.console.moments import duration, moment, percent, spelled, whole
from serving.pipeline.runtime import Runtime
from serving.projects.doctor import supported
from serving.retold import retold
from serving.store.people_records import DeskRow, TrainerRow
from serving.store.records import ProjectRow
from serving.workforce.desk import projects_of

HERE = Path(__file__).parent
STATIC = HERE / "static"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

templates = Jinja2Templates(directory=HERE / "templates")
templates.env.filters |= {
    "duration": duration,
    "moment": moment,
    "percent": percent,
    "retold": retold,
    "spelled": spelled,
    "whole": whole,
}
templates.env.globals |= {"language": language.language, "languages": language.LANGUAGES, "supported": supported}
templates.env.add_extension("jinja2.ext.i18n")
templates.env.install_gettext_callables(language.gettext, language.ngettext_plain, newstyle=True)  # type: ignore[attr-defined]
templates.env.policies["ext.i18n.trimmed"] = True


@dataclass(frozen=True, slots=True)
class Part:
    """What htmx gets by itself, and a browser that has sent the form by itself within its page."""

    name: str
    """The template."""
    values: dict[str, Any]
    status: int = 200
    """Of the page; htmx gets 200, since it is to show what the part says."""


def page_of(request: Request, name: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """A template under the policy; nothing is kept by browsers. One that tells of a problem has changed nothing."""
    if values.get("problem"):
        refused(request.scope)
    headers = {"Content-Security-Policy": POLICY, "Referrer-Policy": "same-origin", "Cache-Control": "no-store"}
    return templates.TemplateResponse(request, name, values, status_code=status, headers=headers)


def place_of(runtime: Runtime, person: TrainerRow, slug: str) -> tuple[ProjectRow, DeskRow]:
    """A project where the person has a desk; 404 otherwise."""
    found = next((pair for pair in projects_of(runtime, person) if pair[0].slug == slug), None)
    if found is None:
        raise HTTPException(status_code=404, detail=language.N_("you have no desk at this project"))
    return found
