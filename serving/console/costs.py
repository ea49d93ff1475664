"""``/projects/{slug}/costs``: what an hour of a person and of the machine costs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import ValidationError

from models.costs import Costs
from serving.api.dependencies import ProjectDep, RuntimeDep
from serving.console.pages import page_of
from serving.console.session import same_origin
from serving.console.staff import OperatorDep, Role, StaffDep
from serving.language import N_, gettext
from serving.projects.costs import in_words, set_costs
from serving.projects.reaching import Problem
from serving.store.records import ProjectRow

router = APIRouter(prefix="/projects", tags=["console"], include_in_schema=False)

Typed = Annotated[str, Form(max_length=40)]
NAMES = tuple(Costs.model_fields)
OUT: Final = {
    "person_hour": N_("An hour of a person costs a number from 0 to 1,000,000,000."),
    "compute_hour": N_("An hour of the machine costs a number from 0 to 1,000,000,000."),
    "currency": N_("The currency is text of 1 to 12 characters, such as EUR."),
    "item_seconds": N_("The seconds that an item takes are a number above 0, at most 1,000,000."),
}
"""Field -> what it takes, where something else was typed."""


@router.get("/{slug}/costs")
def page(
    request: Request, runtime: RuntimeDep, role: StaffDep, project: ProjectDep, saved: bool = False
) -> HTMLResponse:
    return _page(request, role, project, typed_of(project.costs), saved=saved)


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
        set_costs(runtime, project, typed_costs(given(typed)))
    except Problem as problem:
        return _page(request, role, project, typed, problem=problem.text)
    return RedirectResponse(f"/projects/{project.slug}/costs?saved=true", status_code=303)


def typed_of(costs: Costs | None) -> dict[str, str]:
    """Costs as they stand in the fields of a form; what is not known is empty."""
    known = (costs or Costs()).model_dump()
    return {name: one if isinstance(one, str) else "" if one is None else f"{one:g}" for name, one in known.items()}


def given(typed: dict[str, str]) -> dict[str, str]:
    """What was filled in."""
    return {name: one.strip() for name, one in typed.items() if one.strip()}


def typed_costs(filled: Mapping[str, str]) -> Costs:
    """Raises Problem: a value is out of its range; says of each such field what it takes."""
    try:
        return Costs.model_validate(filled)
    except ValidationError as error:
        fields = dict.fromkeys(str(one["loc"][0]) for one in error.errors())
        raise Problem("costs", " ".join(gettext(OUT[name]) for name in fields)) from None


def _page(
    request: Request, role: Role, project: ProjectRow, typed: dict[str, str], *, saved: bool = False, problem: str = ""
) -> HTMLResponse:
    return page_of(
        request,
        "console/costs.html",
        status=422 if problem else 200,
        role=role,
        may_change=role is Role.OPERATOR,
        project=project,
        typed=typed,
        words=in_words(project.costs),
        saved=saved,
        problem=problem,
    )
