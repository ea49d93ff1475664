"""``/connect``: a project is connected in five steps, each checked while it is typed.

1 address and token, 2 project and model (``connect_project``, ``rehearsal``), 3 budget and 4 costs
(``connect_terms``), 5 go (``connect_go``). What was typed is kept on the server (``serving.projects.drafts``), under a
random id that only the signed session holds: the token is in no page, no address and no cookie. Each request changes
what it is about in the newest draft, since others of the same draft may run at its side.
"""

from __future__ import annotations

import secrets
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from connectors.label_studio.address import address_of
from serving.api.audit import refused
from serving.api.dependencies import RuntimeDep
from serving.console.going import wants_part
from serving.console.pages import page_of
from serving.console.session import same_origin
from serving.console.staff import OperatorDep, Role
from serving.language import N_, gettext
from serving.projects import drafts
from serving.projects.drafts import Draft
from serving.projects.reaching import Problem, account_of, reach

DRAFT: Final = "draft"
STEPS: Final = (
    ("/connect", N_("Label Studio")),
    ("/connect/project", N_("Project and model")),
    ("/connect/budget", N_("Error budget")),
    ("/connect/costs", N_("Costs")),
    ("/connect/go", N_("Connect")),
)

DONE: Final = "/connect/done"

router = APIRouter(tags=["console"], include_in_schema=False)
Typed = Annotated[str, Form(max_length=4096)]


def draft_id(request: Request) -> str:
    """The id of this sign-in's draft, made when it is first asked for."""
    if DRAFT not in request.session:
        request.session[DRAFT] = secrets.token_urlsafe(32)
    return str(request.session[DRAFT])


def draft_of(request: Request, runtime: RuntimeDep) -> Draft:
    """What this sign-in has typed so far; empty where it has not begun, or waited for too long."""
    return drafts.load(runtime, request.session.get(DRAFT))


DraftDep = Annotated[Draft, Depends(draft_of)]


def lacking(draft: Draft, step: int) -> str | None:
    """The page that has to be filled in before this step (from 1); None: go on."""
    if step > 1 and not draft.email:
        return "/connect"
    return "/connect/project" if step > 2 and not draft.mapped else None


def sent_back(request: Request, draft: Draft, step: int) -> Response | None:
    """Where a step goes that lacks an earlier one."""
    before = lacking(draft, step)
    return elsewhere(request, before) if before is not None else None


def elsewhere(request: Request, path: str) -> Response:
    """Another page, which htmx opens instead of putting it into this one; nothing was done here."""
    refused(request.scope)
    if wants_part(request):
        return Response(headers={"HX-Redirect": path})
    return RedirectResponse(path, status_code=303)


def keep(request: Request, runtime: RuntimeDep, *, about: int | None = None, **typed: Any) -> Draft:
    """The newest draft with what was typed.

    Without it where there is no account in it, since it was forgotten or connected; or no longer the project that it is
    ``about``, if any.
    """

    def with_it(newest: Draft) -> Draft | None:
        meant = lacking(newest, 2) is None and about in (None, newest.project)
        return newest.model_copy(update=typed) if meant else None

    return drafts.change(runtime, draft_id(request), with_it)


def overtaken() -> Problem:
    """What Label Studio said is not kept."""
    text = gettext(
        "Something else was typed meanwhile, in another tab perhaps, or all was forgotten: what was typed here is not "
        "kept. Reload the page to see what is."
    )
    return Problem("draft", text)


def step_page(
    request: Request, role: Role, draft: Draft, name: str, step: int, *, status: int = 200, **values: Any
) -> HTMLResponse:
    """The page of one step, with its place among the others."""
    open_to = [path for number, (path, _) in enumerate(STEPS, start=1) if lacking(draft, number) is None]
    held = draft.model_copy(update={"token": ""})  # no template can show it, not even by mistake
    return page_of(
        request, f"connect/{name}.html", status=status, role=role, draft=held, step=step, steps=STEPS,
        open_to=open_to, **values,
    )  # fmt: skip


@router.get("/connect", response_model=None)
def begin(request: Request, role: OperatorDep, draft: DraftDep, runtime: RuntimeDep) -> Response:
    """Or the password of what was connected, where nobody has seen it. All that is typed from here on has one id."""
    if draft.connected:
        return elsewhere(request, DONE)
    draft_id(request)
    return step_page(request, role, draft, "studio", 1, **_known(request, draft, runtime))


@router.post("/connect/account", dependencies=[Depends(same_origin)], response_model=None)
def check_account(
    request: Request, role: OperatorDep, runtime: RuntimeDep, url: Typed = "", token: Typed = ""
) -> Response:
    """Address and token as they are typed; kept once Label Studio has accepted them."""
    seen: dict[str, Any] = {"reached": None, "account": None, "problem": None, "asked": bool(url.strip())}
    draft = _checking(request, runtime)
    if draft.connected:
        return elsewhere(request, DONE)
    kept = draft.token if address_of(url) == draft.url else ""  # never sent to another address
    token = token.strip() or kept
    try:
        if seen["asked"]:
            seen["reached"] = reach(url)
        if seen["reached"] is not None and token:
            seen["account"] = account_of(seen["reached"].url, token)
    except Problem as problem:
        seen["problem"] = problem
    if seen["account"] is not None:
        email, reached = seen["account"].user.email, seen["reached"]
        found = {"url": reached.url, "token": token, "email": email, "version": reached.version}
        draft = _found(request, runtime, draft.account_mark, found)
        if (draft.url, draft.token) != (reached.url, token):
            seen |= {"account": None, "problem": overtaken()}
    values = seen | {"connected": connected_at(runtime, draft.url), "unchecked": False}
    if wants_part(request):
        return page_of(request, "connect/account.html", role=role, draft_email=draft.email, **values)
    return step_page(request, role, draft, "studio", 1, **values)


@router.post("/connect/forget", dependencies=[Depends(same_origin)])
def forget(request: Request, role: OperatorDep, runtime: RuntimeDep) -> Response:
    """Begin anew: the draft goes, its token with it."""
    if DRAFT in request.session:
        drafts.remove(runtime, str(request.session.pop(DRAFT)))
    return RedirectResponse("/connect", status_code=303)


def connected_at(runtime: RuntimeDep, url: str) -> dict[int, str]:
    """Label Studio's project number -> name here, of what is connected at this address."""
    with runtime.store.read() as uow:
        return {one.platform_project: one.slug for one in uow.projects.list() if one.platform_url == url}


def _checking(request: Request, runtime: RuntimeDep) -> Draft:
    """The newest draft, with a mark of the check that begins; one that is connected stays as it is."""

    def marked(newest: Draft) -> Draft | None:
        return None if newest.connected else newest.model_copy(update={"account_mark": drafts.new_mark()})

    return drafts.change(runtime, draft_id(request), marked)


def _found(request: Request, runtime: RuntimeDep, mark: str, found: dict[str, str]) -> Draft:
    """The newest draft, with this account if the check of this mark is still the last."""

    def accepted(newest: Draft) -> Draft | None:
        return _accepted(newest, found) if newest.account_mark == mark else None

    return drafts.change(runtime, draft_id(request), accepted)


def _accepted(draft: Draft, found: dict[str, str]) -> Draft:
    """With this account; what was chosen of another Label Studio is forgotten, and what another account sees of it."""
    if draft.url != found["url"]:
        draft = Draft(numbers=draft.numbers, costs=draft.costs, account_mark=draft.account_mark)
    elif draft.token != found["token"]:
        draft = draft.model_copy(update={"project_mark": ""})
    return draft.model_copy(update=found)


def _known(request: Request, draft: Draft, runtime: RuntimeDep) -> dict[str, Any]:
    """Nothing is asked of Label Studio before somebody types."""
    return {
        "reached": None, "account": None, "problem": None, "asked": False, "unchecked": bool(draft.email),
        "connected": {},
    }  # fmt: skip
