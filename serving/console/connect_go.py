"""``/connect/go``: connect, show what is needed once, and what there is left to do."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from models.errors import NotFoundError, PlatformError, PrelabelError
from serving.api.audit import about
from serving.api.dependencies import ProjectDep, RuntimeDep
from serving.console.connect import DONE, DRAFT, DraftDep, draft_id, sent_back, step_page
from serving.console.connect_project import trouble_of
from serving.console.connect_terms import scarce, terms
from serving.console.pages import page_of
from serving.console.session import same_origin
from serving.console.staff import OperatorDep, Role
from serving.pipeline.runtime import Runtime
from serving.projects import connect as connecting
from serving.projects import drafts
from serving.projects.costs import in_words
from serving.projects.drafts import Draft
from serving.projects.promise import OF, promise
from serving.projects.reaching import Problem
from serving.retold import retold
from serving.store.records import ItemState

CONNECTED: Final = "connected"
"""In the session: the name of the project that was connected last."""

router = APIRouter(prefix="/connect", tags=["console"], include_in_schema=False)


@router.get("/go", response_model=None)
def summary(request: Request, role: OperatorDep, draft: DraftDep) -> Response:
    """All that was chosen, before anything is written."""
    return sent_back(request, draft, 5) or _summary(request, role, draft)


@router.post("/go", dependencies=[Depends(same_origin)], response_model=None)
def go(request: Request, role: OperatorDep, draft: DraftDep, runtime: RuntimeDep) -> Response:
    """All is checked once more; then the project is stored and its webhook made. The pipeline reads the tasks."""
    if (elsewhere := sent_back(request, draft, 5)) is not None:
        return elsewhere
    try:
        done = connecting.connect(runtime, draft.wish(), read=False)
    except PrelabelError as error:
        return _summary(request, role, draft, problem=trouble_of(error, draft.url))
    told = {"platform_project": draft.project, "epsilon": done.project.epsilon, "delta": done.project.delta}
    about(request.scope, slug=done.project.slug, **told)
    own = connecting.not_counting(done.by_account, done.account)
    kept = Draft(connected=done.project.slug, warnings=(*done.warnings, *filter(None, [own])))
    drafts.save(runtime, draft_id(request), kept)  # whatever has become of the draft: the password is in no other
    drafts.remove_media(runtime, draft_id(request))
    request.session[CONNECTED] = done.project.slug
    return RedirectResponse(DONE, status_code=303)


@router.get("/done", response_model=None)
def done(request: Request, role: OperatorDep, draft: DraftDep, runtime: RuntimeDep) -> Response:
    """What is left to do. The password for "Connect Model" is shown at the first look alone.

    The draft knows what was connected even where a late answer has put an older session into the browser.
    """
    slug = draft.connected or request.session.get(CONNECTED)
    if not slug:
        return RedirectResponse("/connect", status_code=303)
    try:
        with runtime.store.read() as uow:
            project = uow.projects.by_slug(slug)
    except NotFoundError:  # disconnected since
        _over(request, runtime, draft)
        request.session.pop(CONNECTED, None)
        return RedirectResponse("/connect", status_code=303)
    password = ""
    if draft.connected:
        password = runtime.vault.decrypt(project.webhook_secret).decode()
        _over(request, runtime, draft)
        request.session[CONNECTED] = slug
    return page_of(
        request,
        "connect/done.html",
        role=role,
        project=project,
        password=password,
        warnings=draft.warnings if password else (),
        backend=f"{runtime.settings.public_url}/ml/{project.slug}",
    )


def _over(request: Request, runtime: Runtime, draft: Draft) -> None:
    """Whoever connects another project begins with nothing."""
    if draft.connected:
        drafts.remove(runtime, draft_id(request))
        request.session.pop(DRAFT, None)


@router.get("/arrived/{slug}")
def arrived(request: Request, role: OperatorDep, runtime: RuntimeDep, project: ProjectDep) -> HTMLResponse:
    """How many tasks have been read; asked for again until all are there."""
    with runtime.store.read() as uow:
        counts = uow.items.counts(project.id)
    have = sum(n for state, n in counts.items() if state is not ItemState.GONE)
    wanted, problem = None, ""
    try:
        wanted = runtime.platform(project).project().task_count
    except PlatformError as error:
        problem = retold(str(error))
    over = wanted is not None and have >= wanted
    return page_of(
        request, "connect/arrived.html", project=project, have=have, wanted=wanted, over=over, problem=problem
    )


def _summary(request: Request, role: Role, draft: Draft, problem: Problem | None = None) -> HTMLResponse:
    known = terms(draft)
    values: dict[str, Any] = {
        "terms": known,
        "promise": promise(
            epsilon=known["epsilon"], delta=known["delta"], validation_target=known["validation_target"]
        ),
        "of": OF,
        "costs": in_words(draft.costs),
        "problem": problem,
        "own": connecting.not_counting(draft.by_account, draft.email),
        "scarce": scarce(draft),
    }
    return step_page(request, role, draft, "go", 5, status=422 if problem else 200, **values)
