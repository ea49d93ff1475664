"""Pages speak the language that the browser asks for, or that somebody chose on a page."""

from __future__ import annotations

from http.cookies import CookieError, SimpleCookie
from typing import Annotated, Final
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from serving.console.session import same_origin
from serving.language import LANGUAGES, preferred, speaking

COOKIE: Final = "prelabel-language"
LASTS_S: Final = 365 * 24 * 3600
PROGRAMS: Final = ("/api", "/ml", "/hooks", "/metrics")
"""Paths that programs ask: their answers are English."""

router = APIRouter(tags=["console"], include_in_schema=False)


class Speech:
    """Plain ASGI, so that handlers in threads have the language, too."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See the ASGI specification."""
        if scope["type"] != "http" or scope["path"].startswith(PROGRAMS):
            await self._app(scope, receive, send)
            return
        with speaking(spoken(scope)):
            await self._app(scope, receive, send)


@router.post("/language", dependencies=[Depends(same_origin)])
def choose(request: Request, language: Annotated[str, Form(max_length=16)]) -> Response:
    """Keep the choice in the browser, and go back to the page that it was made on."""
    back = RedirectResponse(_page_of(request), status_code=303)
    if language in LANGUAGES:
        back.set_cookie(COOKIE, language, max_age=LASTS_S, httponly=True, samesite="lax")
    return back


def _page_of(request: Request) -> str:
    """The path of the page that sent this; never another site."""
    came = urlsplit(request.headers.get("referer", ""))
    path = "/" + came.path.lstrip("/")
    if came.netloc != request.url.netloc:
        return "/"
    return f"{path}?{came.query}" if came.query else path


def spoken(scope: Scope) -> str:
    """The language of a request."""
    headers = Headers(scope=scope)
    chosen = _chosen(headers.get("cookie", ""))
    return chosen if chosen in LANGUAGES else preferred(headers.get("accept-language", ""))


def _chosen(cookies: str) -> str:
    try:
        found = SimpleCookie(cookies).get(COOKIE)
    except CookieError:
        return ""
    return found.value if found is not None else ""
