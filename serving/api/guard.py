"""The outermost layer: bounds bodies, names every request, and lets no traceback out."""

from __future__ import annotations

import logging
import re
import uuid
from collections.abc import Callable

from fastapi.responses import JSONResponse, Response
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from models.errors import written
from serving.logs import log_context
from serving.tracing import TRACEPARENT, Handle, span, trace_id

log = logging.getLogger(__name__)

Page = Callable[[Scope, int, str, str], Response | None]
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
UNTRACED = ("/healthz", "/readyz", "/metrics", "/static/")
"""Probes, scrapes and files: many, and each like the other."""


class Guard:
    """Plain ASGI, so that a body without a length is counted while it is read.

    Args:
        app: what is guarded.
        max_body_bytes: largest request body, bytes; a larger one is answered with 413 and read no further.
        page: makes the answer of a failure for a browser (scope, status, code, message); None: the answer is JSON.
    """

    def __init__(self, app: ASGIApp, *, max_body_bytes: int, page: Page | None = None) -> None:
        self._app = app
        self._limit = max_body_bytes
        self._page = page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See the ASGI specification."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if scope["path"].startswith(UNTRACED):
            await self._exchange(scope, receive, send).run()
            return
        with span(scope["method"], "server", parent=Headers(scope=scope).get(TRACEPARENT)) as request:
            exchange = self._exchange(scope, receive, send)
            await exchange.run()
            exchange.tell(request)

    def _exchange(self, scope: Scope, receive: Receive, send: Send) -> _Exchange:
        return _Exchange(self._app, self._limit, self._page, scope, receive, send)


class _Exchange:
    """One request and its answer."""

    def __init__(self, app: ASGIApp, limit: int, page: Page | None, scope: Scope, receive: Receive, send: Send) -> None:
        self._app, self._limit, self._scope, self._receive, self._send = app, limit, scope, receive, send
        self._page = page
        headers = Headers(scope=scope)
        given = headers.get("x-request-id", "")
        self._id = given if REQUEST_ID.fullmatch(given) else trace_id() or uuid.uuid4().hex
        length = headers.get("content-length", "0")
        self._too_large = not (length.isascii() and length.isdigit()) or int(length[:20]) > limit
        scope.setdefault("state", {})["request_id"] = self._id
        self._read = 0
        self._answered = False
        self._status = 0

    async def run(self) -> None:
        if not self._too_large:
            try:
                with log_context(request=self._id):
                    await self._app(self._scope, self._next, self._answer)
            except ClientDisconnect:
                if not self._too_large:
                    return  # nobody is there to be answered
            except Exception:
                if not self._too_large:
                    log.exception("a request failed", extra={"request": self._id, "path": self._scope["path"]})
        if self._answered:
            return
        if self._too_large:
            await self._refuse(413, "too_large", written(f"the body is larger than max_body_bytes ({self._limit})"))
        else:
            await self._refuse(500, "internal", f"something went wrong here; the log has it as request {self._id}")

    def tell(self, request: Handle) -> None:
        """What the span of the request says of it: the route, never the query or a header."""
        method, route = self._scope["method"], getattr(self._scope.get("route"), "path", "")
        request.rename(f"{method} {route}".strip())
        request.standard({"http.request.method": method, "http.route": route, "url.path": self._scope["path"]})
        request.standard({"http.response.status_code": self._status})
        request.note(request=self._id)
        if self._status >= 500:
            request.fail(str(self._status))

    async def _next(self) -> Message:
        """The next part of the body; once there is too much of it, or none can be had, the client counts as gone."""
        try:
            message = await self._receive()
        except Exception as error:  # Ray Serve raises one of its own when the client of a stream has left
            log.info("the client has left", extra={"path": self._scope["path"], "why": type(error).__name__})
            return {"type": "http.disconnect"}
        self._read += len(message.get("body", b""))
        if self._read > self._limit:
            self._too_large = True
            return {"type": "http.disconnect"}
        return message

    async def _answer(self, message: Message) -> None:
        if self._too_large and not self._answered:
            return
        if message["type"] == "http.response.start":
            self._status = message["status"]
            headers = MutableHeaders(scope=message)
            headers["x-request-id"] = self._id
            headers["x-content-type-options"] = "nosniff"
            self._answered = True
        await self._send(message)

    async def _refuse(self, status: int, code: str, message: str) -> None:
        self._status = status
        answer = self._page(self._scope, status, code, message) if self._page is not None else None
        answer = answer or JSONResponse({"error": code, "message": message}, status_code=status)
        answer.headers.update({"x-request-id": self._id, "x-content-type-options": "nosniff"})
        await answer(self._scope, self._receive, self._send)
