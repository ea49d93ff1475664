"""``/projects/{project}/items``: what came in, how it fared, and one item's whole history."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from models.errors import MissingDependencyError, NotFoundError
from models.types import Route
from serving.api.dependencies import Number, ProjectDep, RuntimeDep
from serving.console.drawing import Address, draw
from serving.console.item_story import REASONS, reason_in_words, story
from serving.console.item_view import current, named_user, view
from serving.console.pages import page_of
from serving.console.session import same_origin
from serving.console.staff import OperatorDep, Role, StaffDep
from serving.monitoring.label_errors import label_errors
from serving.pipeline.runtime import Runtime
from serving.retold import retold
from serving.store.browsing import END, Wanted
from serving.store.engine import UnitOfWork
from serving.store.records import ItemState, ProjectRow
from serving.workforce.consensus import judged
from serving.workforce.desk import link

Blank = Literal[""]
"""A field of the form that was left empty."""
Word = Annotated[str, Query(max_length=200)]
Share = Annotated[float, Query(ge=0.0, le=1.0)]
Id = Annotated[int, Query(ge=0, lt=END)]

router = APIRouter(prefix="/projects", tags=["console"], include_in_schema=False)


def wanted_of(
    state: ItemState | Blank = "",
    route: Route | Blank = "",
    reason: Word = "",
    label: Word = "",
    least: Share | Blank = "",
    most: Share | Blank = "",
    trainer: Id | Blank = "",
    model: Word = "",
    text: Word = "",
) -> Wanted:
    """The conditions of the form; a field that is empty is none."""
    return Wanted(
        state=state or None,
        route=route or None,
        reason=reason.strip() or None,
        label=label or None,
        least=least if least != "" else None,
        most=most if most != "" else None,
        trainer=trainer if trainer != "" else None,
        model_version=model or None,
        text=text.strip() or None,
    )


@router.get("/{slug}/items")
def index(
    request: Request,
    runtime: RuntimeDep,
    role: StaffDep,
    project: ProjectDep,
    wanted: Annotated[Wanted, Depends(wanted_of)],
    after: Annotated[int, Query(ge=0, le=END)] = END,
) -> HTMLResponse:
    """Items newest first, fifty a page."""
    with runtime.store.read() as uow:
        found = uow.browse.page(project.id, wanted, after=after)
        choices = _choices(uow, project)
    more = _query(request, found.after) if found.after is not None else None
    values: dict[str, Any] = {"wanted": wanted, "found": found, "more": more, "first": after == END, **choices}
    return _page(request, "console/items.html", project, role, **values)


@router.get("/{slug}/items/dead")
def dead(
    request: Request,
    runtime: RuntimeDep,
    role: StaffDep,
    project: ProjectDep,
    after: Annotated[int, Query(ge=0, le=END)] = END,
    again: Annotated[int | None, Query(ge=0)] = None,
) -> HTMLResponse:
    """Items that were given up, with the reason; ``again``: how many have just got another try."""
    with runtime.store.read() as uow:
        found = uow.browse.page(project.id, Wanted(state=ItemState.DEAD), after=after)
    more = _query(request, found.after) if found.after is not None else None
    return _page(request, "console/dead.html", project, role, found=found, more=more, again=again)


@router.post("/{slug}/items/dead/redrive", dependencies=[Depends(same_origin)])
def redrive_all(role: OperatorDep, runtime: RuntimeDep, project: ProjectDep) -> RedirectResponse:
    """Every dead item starts again."""
    return _redriven(runtime, project, None)


@router.post("/{slug}/items/dead/{item}/redrive", dependencies=[Depends(same_origin)])
def redrive(role: OperatorDep, runtime: RuntimeDep, project: ProjectDep, item: Number) -> RedirectResponse:
    """One dead item starts again."""
    return _redriven(runtime, project, [item])


@router.get("/{slug}/items/disagreements")
def disagreements(
    request: Request,
    runtime: RuntimeDep,
    role: StaffDep,
    project: ProjectDep,
    after: Annotated[int, Query(ge=0, le=END)] = END,
) -> HTMLResponse:
    """Labels that say something else than the model did, newest first."""
    with runtime.store.read() as uow:
        found = uow.browse.disagreements(project.id, after=after)
        people = _people(uow, project)
    more = _query(request, found.after) if found.after is not None else None
    return _page(request, "console/disagreements.html", project, role, found=found, more=more, people=people)


@router.get("/{slug}/items/likely-errors")
def likely_errors(
    request: Request,
    runtime: RuntimeDep,
    role: StaffDep,
    project: ProjectDep,
    control: Word = "",
    after: Annotated[int, Query(ge=0, le=END)] = END,
) -> HTMLResponse:
    """Labels that are likely to be wrong, most likely first."""
    found, problem = None, ""
    try:
        found = label_errors(runtime, project, control=control or None, after=after)
        with runtime.store.read() as uow:
            people = _people(uow, project)
    except (MissingDependencyError, NotFoundError) as error:
        problem, people = retold(str(error)), {}
    values: dict[str, Any] = {
        "found": found,
        "problem": problem,
        "people": people,
        "controls": judged(project.label_config),
    }
    more = _query(request, found.after) if found is not None and found.after is not None else None
    return _page(request, "console/label_errors.html", project, role, more=more, **values)


@router.get("/{slug}/items/{task}")
def one(request: Request, runtime: RuntimeDep, role: StaffDep, project: ProjectDep, task: Number) -> HTMLResponse:
    """Everything that happened to one item."""
    with runtime.store.read() as uow:
        told = uow.items.explain(project.id, task)
        people = _people(uow, project)
    values: dict[str, Any] = {
        "story": story(told, people),
        "seen": view(told, project.label_config, people),
        "plain": draw(told["item"]["data"], None, project.label_config, _address(project, task)),
        "drawing": draw(told["item"]["data"], current(told) or (), project.label_config, _address(project, task)),
    }
    return _page(request, "console/item.html", project, role, item=told["item"], url=link(project, task), **values)


def _address(project: ProjectRow, task: int) -> Address:
    """Where what a model reads of an item is served."""
    read = {one.field for one in project.label_config.read_inputs() if one.medium.fetched}
    return lambda field: f"/projects/{project.slug}/items/{task}/media/{field}" if field in read else None


def _page(request: Request, name: str, project: ProjectRow, role: Role, **values: Any) -> HTMLResponse:
    words: dict[str, Any] = {
        "when": when,
        "reason_in_words": reason_in_words,
        "named_user": named_user,
        "operator": role is Role.OPERATOR,
    }
    return page_of(request, name, project=project, role=role.value, **words, **values)


def _redriven(runtime: Runtime, project: ProjectRow, ids: list[int] | None) -> RedirectResponse:
    with runtime.store.begin() as uow:
        count = uow.items.redrive(project.id, ids, runtime.now())
    return RedirectResponse(f"/projects/{project.slug}/items/dead?again={count}", status_code=303)


def _choices(uow: UnitOfWork, project: ProjectRow) -> dict[str, Any]:
    """What the fields of the form offer."""
    labels = {name: None for control in project.label_config.controls for name in control.labels}
    return {
        "states": list(ItemState),
        "routes": list(Route),
        "reasons": REASONS,
        "labels": list(labels),
        "people": _people(uow, project),
        "versions": [row.ref.version for row in reversed(uow.models.list(project.id))],
    }


def _people(uow: UnitOfWork, project: ProjectRow) -> dict[int, str]:
    """Label Studio's user id -> name, of everybody who has a desk."""
    return {one.trainer.user_id: one.trainer.name or one.trainer.email for one in uow.people.desks(project.id)}


def _query(request: Request, after: int) -> str:
    """The same page's address, further on."""
    kept = [(name, held) for name, held in request.query_params.items() if name not in ("after", "again") and held]
    return f"?{urlencode([*kept, ('after', str(after))])}"


def when(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S")
