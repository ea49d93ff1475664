"""Operators and engineers: they sign in with a token of the service. Operators may change things, engineers look."""

from __future__ import annotations

import hmac
from collections import deque
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from serving.api.dependencies import RuntimeDep
from serving.console.pages import page_of
from serving.console.session import same_origin
from serving.language import N_, gettext
from serving.secrets import operator_token, viewer_token

STAFF = "staff"
FAILURES, WINDOW_S = 10, 60.0
"""So many wrong tokens in so many seconds, by everybody together, and a process takes no further one for a while."""


class Role(StrEnum):
    """What somebody may do."""

    OPERATOR = "operator"
    ENGINEER = "engineer"
    """Reads everything, changes nothing."""


class NotSignedIn(HTTPException):
    """A page that has to be signed in for: browsers are sent to the form."""

    def __init__(self) -> None:
        super().__init__(status_code=303, headers={"Location": "/sign-in"})


NAMES = {Role.OPERATOR: N_("operator"), Role.ENGINEER: N_("engineer")}

router = APIRouter(tags=["console"], include_in_schema=False)
_failures: deque[float] = deque(maxlen=FAILURES)


def role_of(request: Request) -> Role:
    """Raises NotSignedIn."""
    known = request.session.get(STAFF)
    if known not in list(Role):
        raise NotSignedIn
    return Role(known)


def require_operator_page(role: Annotated[Role, Depends(role_of)]) -> Role:
    if role is not Role.OPERATOR:
        raise HTTPException(
            status_code=403, detail=gettext("engineers look, and change nothing: sign in as an operator")
        )
    return role


StaffDep = Annotated[Role, Depends(role_of)]
"""Of every page."""
OperatorDep = Annotated[Role, Depends(require_operator_page)]
"""Of every page that changes something; with ``same_origin``."""


@router.get("/sign-in")
def form(request: Request) -> HTMLResponse:
    return page_of(request, "console/sign_in.html", problem="")


@router.post("/sign-in", dependencies=[Depends(same_origin)])
def enter(request: Request, runtime: RuntimeDep, token: Annotated[str, Form(max_length=4096)]) -> Response:
    """The token says who it is: that of the API is the operator's, the other one only looks."""
    now = runtime.now()
    if len(_failures) == FAILURES and now - _failures[0] < WINDOW_S:
        return page_of(
            request, "console/sign_in.html", status=429, problem=gettext("Too many wrong tokens. Wait a minute.")
        )
    known = {Role.OPERATOR: operator_token(runtime.settings), Role.ENGINEER: viewer_token(runtime.settings)}
    given = token.strip().encode()
    role = next((one for one, own in known.items() if hmac.compare_digest(given, own.encode())), None)
    if role is None:
        _failures.append(now)
        return page_of(
            request, "console/sign_in.html", status=401, problem=gettext("No such token: look into api.token.")
        )
    request.session.clear()
    request.session[STAFF] = role.value
    return RedirectResponse("/", status_code=303)


@router.post("/sign-out", dependencies=[Depends(same_origin)])
def leave(request: Request) -> Response:
    request.session.clear()
    return RedirectResponse("/sign-in", status_code=303)
