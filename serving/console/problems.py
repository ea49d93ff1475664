"""What a browser gets when something is refused or fails: a page, or a sentence where htmx wants a part of one.

Programs get JSON (``serving.api.errors``). The status decides what the page says to do; what went wrong follows it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException
from starlette.routing import Match
from starlette.types import Scope

from models.errors import PrelabelError
from serving.api import errors
from serving.console.going import form_at, wants_part
from serving.console.pages import page_of
from serving.console.speech import PROGRAMS, spoken
from serving.language import N_, gettext, speaking
from serving.retold import retold
from serving.validation import one_wrong

TITLES: Final = {
    401: N_("Nobody is signed in"),
    403: N_("This is not yours to do"),
    404: N_("There is no such page"),
    405: N_("There is no such page"),
    409: N_("This cannot be done now"),
    413: N_("That is too much at once"),
    422: N_("Something in the form is not right"),
    429: N_("Too many tries"),
    500: N_("Something went wrong here"),
    502: N_("Label Studio does not answer"),
    503: N_("The service cannot do that now"),
}
"""Status -> the page's title; of any other the one of 500."""
ADVICE: Final = {
    401: N_("Sign in, and open the page again."),
    403: N_("Go back. If you need to do this, ask an operator, or sign in as somebody who may."),
    404: N_("Look whether the address is complete, or begin at the list of projects."),
    405: N_("Look whether the address is complete, or begin at the list of projects."),
    409: N_("Go back, look how things stand now, and try again if it is still needed."),
    413: N_("Send less of it."),
    422: N_("Go back: the form still has what you wrote. Correct what is named here, and send it again."),
    429: N_("Wait a minute, and try again."),
    500: N_("Try again. If it stays, tell an operator the number below: the service's log has the cause under it."),
    502: N_("Try again in a minute. If it stays, an operator runs the doctor, which says what to change."),
    503: N_("Try again in a minute. If it stays, an operator runs the doctor, which says what to change."),
}
"""Status -> what to do."""


def ours(request: Request, error: Exception) -> Response:
    """Our errors: their message is safe to show."""
    answer = errors.ours(request, error)
    assert isinstance(error, PrelabelError)
    return _page(request, answer.status_code, [retold(str(error))]) if is_page(request.scope) else answer


def http(request: Request, error: Exception) -> Response:
    """Errors of the framework and of our authentication; a redirect is one for htmx, too."""
    answer = errors.http(request, error)
    assert isinstance(error, HTTPException)
    headers = error.headers or {}
    if not is_page(request.scope):
        return answer
    if error.status_code == 405 and request.method == "GET" and (page := _page_above(request)) is not None:
        return RedirectResponse(page, status_code=303)
    if error.status_code < 400:
        return _elsewhere(headers["Location"]) if _fragment(request.scope) else answer
    if error.status_code == 401 and _fragment(request.scope):
        return _elsewhere(form_at("/train", request))
    said = (
        []
        if error.status_code in (404, 405) and error.detail in ("Not Found", "Method Not Allowed")
        else [error.detail]
    )
    return _page(request, error.status_code, [retold(gettext(str(one))) for one in said], headers)


def invalid(request: Request, error: Exception) -> Response:
    """A form that is not right: names each field, and quotes nothing of it."""
    answer = errors.invalid(request, error)
    assert isinstance(error, RequestValidationError)
    if not is_page(request.scope):
        return answer
    fault = next((one for one in error.errors() if one["loc"][0] == "path"), None)
    if fault is not None:
        return _page(request, 404, [])
    fields = {one["loc"][1:2]: one for one in reversed(error.errors())}
    return _page(request, 422, [one_wrong(place, fields[place]) for place in reversed(fields)])


def outermost(scope: Scope, status: int, code: str, message: str) -> Response | None:
    """The answer of the outermost layer, where no other is left to give one; None: JSON will do."""
    if not is_page(scope):
        return None
    with speaking(spoken(scope)):
        number = scope.get("state", {}).get("request_id", "")
        said = [gettext("Request {number}", number=number)] if status >= 500 else [retold(message)]
        return _page(Request(scope), status, said)


def is_page(scope: Scope) -> bool:
    """Whether a browser, and no program, asks."""
    if scope["path"].startswith(PROGRAMS) or scope["path"] in ("/healthz", "/readyz"):
        return False
    return _fragment(scope) or "text/html" in Request(scope).headers.get("accept", "")


def _page_above(request: Request) -> str | None:
    """The page whose form is sent to this address: what is opened once more, or after a sign-in, is asked for."""
    parts = request.scope["path"].split("/")
    for n in range(len(parts) - 1, 1, -1):
        path = "/".join(parts[:n])
        if any(one.matches({**request.scope, "path": path})[0] is Match.FULL for one in request.app.routes):
            return path
    return None


def _fragment(scope: Scope) -> bool:
    return wants_part(Request(scope))


def _elsewhere(path: str) -> Response:
    """Has htmx open another page, instead of putting it into this one."""
    return Response(status_code=200, headers={"HX-Redirect": path})


def _page(request: Request, status: int, said: Sequence[str], headers: Mapping[str, str] | None = None) -> Response:
    known = status if status in TITLES else 500
    words: dict[str, Any] = {"title": gettext(TITLES[known]), "advice": gettext(ADVICE[known]), "said": said}
    if _fragment(request.scope):
        return _part(request, status, words)
    train = request.scope["path"].startswith("/train")
    answer = page_of(request, "console/problem.html", status=status, problem=True, train=train, **words)
    answer.headers.update(headers or {})
    return answer


def _part(request: Request, status: int, words: dict[str, Any]) -> Response:
    """A sentence in place of what htmx asked for; what asks again and again goes on asking after a failure."""
    asked = getattr(request.scope.get("route"), "path", "") if status >= 500 else ""
    slug = request.path_params.get("slug")
    target = {"/train/{slug}/next": f"#place-{slug}", "/train/{slug}/review/next": "#review-place"}.get(asked)
    answer = page_of(request, "console/problem_part.html", status=status, problem=True, target=target, **words)
    if asked.endswith("/beat"):
        answer.headers["HX-Reswap"] = "none"
    return answer
