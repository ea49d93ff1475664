"""Operators and engineers: they sign in with a token of the service, or at a proxy that is believed.

Operators may change things, engineers look.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from serving.api.audit import refused
from serving.api.dependencies import RuntimeDep
from serving.console.attempts import Attempts
from serving.console.going import AfterForm, AfterQuery, form_at, own_path
from serving.console.pages import page_of
from serving.console.proxy import Proxied, client_of
from serving.console.session import LASTS_S, restart, same_origin
from serving.language import N_, gettext
from serving.pipeline.runtime import Runtime
from serving.secrets import operator_token, viewer_token

STAFF = "staff"
SIGN_IN = "sign-in"
"""In the session: the secret of this very sign-in, which ends here when somebody signs out."""


class Role(StrEnum):
    """What somebody may do."""

    OPERATOR = "operator"
    ENGINEER = "engineer"
    """Reads everything, changes nothing."""


@dataclass(frozen=True, slots=True)
class Staff:
    """Whoever looks at the console."""

    role: Role
    name: str | None = None
    """Of the person, where the proxy says it; a token says none."""


class NotSignedIn(HTTPException):
    """A page that has to be signed in for: browsers are sent to the form, which leads back."""

    def __init__(self, request: Request) -> None:
        super().__init__(status_code=303, headers={"Location": form_at("/sign-in", request)})


NAMES = {Role.OPERATOR: N_("operator"), Role.ENGINEER: N_("engineer")}

router = APIRouter(tags=["console"], include_in_schema=False)
_failures = Attempts()


def staff_of(request: Request, runtime: RuntimeDep) -> Staff:
    """Who asks: whom the proxy names, else whoever signed in with a token.

    Raises:
        NotSignedIn: nobody did, or the sign-in is over.
        HTTPException: 403, the person is in no group that may look.
    """
    proxied: Proxied | None = getattr(request.state, "proxied", None)
    if proxied is not None:
        if proxied.role is None:
            raise HTTPException(status_code=403, detail=N_("the proxy knows you, but none of your groups may look"))
        found = Staff(Role(proxied.role), proxied.name)
    else:
        with runtime.store.read() as uow:
            known = uow.sign_ins.role(_key(request), runtime.now())
        if known not in list(Role) or known != request.session.get(STAFF):
            raise NotSignedIn(request)
        found = Staff(Role(known))
    request.state.staff = found
    return found


def role_of(staff: Annotated[Staff, Depends(staff_of)]) -> Role:
    return staff.role


def require_operator_page(role: Annotated[Role, Depends(role_of)]) -> Role:
    if role is not Role.OPERATOR:
        raise HTTPException(status_code=403, detail=N_("engineers look, and change nothing: sign in as an operator"))
    return role


def actor_of(request: Request) -> str:
    """Who stands in the trail of a gate: the person where the proxy names one, else what the token says."""
    staff: Staff = request.state.staff
    return f"{staff.name}, {staff.role.value}" if staff.name else f"console, {staff.role.value}"


StaffDep = Annotated[Role, Depends(role_of)]
"""Of every page."""
OperatorDep = Annotated[Role, Depends(require_operator_page)]
"""Of every page that changes something; with ``same_origin``."""


@router.get("/sign-in")
def form(request: Request, after: AfterQuery = "") -> HTMLResponse:
    return _form(request, after)


@router.post("/sign-in", dependencies=[Depends(same_origin)])
def enter(
    request: Request, runtime: RuntimeDep, token: Annotated[str, Form(max_length=4096)], after: AfterForm = ""
) -> Response:
    """The token says who it is: that of the API is the operator's, the other one only looks."""
    now, address = runtime.now(), client_of(request)
    if _failures.too_many(address, now):
        return _form(request, after, problem=gettext("Too many wrong tokens. Wait a minute."), status=429)
    known = {Role.OPERATOR: operator_token(runtime.settings), Role.ENGINEER: viewer_token(runtime.settings)}
    given = token.strip().encode()
    role = next((one for one, own in known.items() if hmac.compare_digest(given, own.encode())), None)
    if role is None:
        _failures.wrong(address, now)
        return _form(request, after, problem=gettext("No such token: look into api.token."), status=401)
    begin(request, runtime, role)
    return RedirectResponse(own_path(after), status_code=303)


def begin(request: Request, runtime: Runtime, role: Role) -> None:
    """A new session, whatever was in the browser before; the one before it ends."""
    end(request, runtime)
    request.session[SIGN_IN] = secrets.token_urlsafe(32)
    request.session[STAFF] = role.value
    now = runtime.now()
    with runtime.store.begin() as uow:
        uow.sign_ins.add(_key(request), role.value, until=now + LASTS_S, now=now)


def end(request: Request, runtime: Runtime) -> None:
    """The session is over, for whoever has a copy of the cookie, too."""
    if SIGN_IN in request.session:
        with runtime.store.begin() as uow:
            uow.sign_ins.end(_key(request))
    restart(request)


@router.post("/sign-out", dependencies=[Depends(same_origin)])
def leave(request: Request, runtime: RuntimeDep) -> Response:
    """Out of the session; whoever came by the proxy signs out there."""
    if STAFF not in request.session and getattr(request.state, "proxied", None) is None:
        refused(request.scope)
    end(request, runtime)
    proxied = getattr(request.state, "proxied", None) is not None
    away = runtime.settings.proxy_sign_out if proxied else None
    return RedirectResponse(away or "/sign-in", status_code=303)


def _form(request: Request, after: str, *, problem: str = "", status: int = 200) -> HTMLResponse:
    return page_of(request, "console/sign_in.html", status=status, problem=problem, after=own_path(after))


def _key(request: Request) -> str:
    return hashlib.sha256(str(request.session.get(SIGN_IN, "")).encode()).hexdigest()
