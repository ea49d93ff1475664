"""``/projects/{slug}/costs``: what an hour of a person and of the machine costs."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from models.errors import ConfigurationError
from serving.api.dependencies import ProjectDep, RuntimeDep
from serving.console.pages import page_of
from serving.console.session import same_origin
from serving.console.staff import OperatorDep, Role, StaffDep
from serving.projects.costs import costs_of, in_words, set_costs

router = APIRouter(prefix="/projects", tags=["console"], include_in_schema=False)

Typed = Annotated[str, Form(max_length=40)]
NAMES = ("person_hour", "compute_hour", "currency", "item_seconds")


@router.get("/{slug}/costs")
def page(
    request: Request, runtime: RuntimeDep, role: StaffDep, project: ProjectDep, saved: bool = False
) -> HTMLResponse:
    known = project.costs.model_dump() if project.costs is not None else {}
    typed = {name: "" if known.get(name) is None else f"{known[name]:g}" for name in NAMES if name != "currency"}
    typed["currency"] = str(known.get("currency", "EUR"))
    return page_of(
        request,
        "console/costs.html",
        role=role,
        may_change=role is Role.OPERATOR,
        project=project,
        typed=typed,
        words=in_words(project.costs),
        saved=saved,
        problem="",
    )


@router.post("/{slug}/costs", dependencies=[Depends(same_origin)])
def change(
    request: Request,
    runtime: RuntimeDep,
    role: OperatorDep,
    project: ProjectDep,
    person_hour: Typed = "",
    compute_hour: Typed = "",
    currency: Typed = "EUR",
    item_seconds: Typed = "",
) -> Response:
    """An empty field is not known."""
    typed = dict(zip(NAMES, (person_hour, compute_hour, currency, item_seconds), strict=True))
    try:
        set_costs(runtime, project, costs_of(given(typed)))
    except ConfigurationError as error:
        return page_of(
            request,
            "console/costs.html",
            status=422,
            role=role,
            may_change=True,
            project=project,
            typed=typed,
            words=in_words(project.costs),
            saved=False,
            problem=str(error),
        )
    return RedirectResponse(f"/projects/{project.slug}/costs?saved=true", status_code=303)


def given(typed: dict[str, str]) -> dict[str, str]:
    """What was filled in."""
    return {name: one.strip() for name, one in typed.items() if one.strip()}
