"""The outermost layer: bounds bodies, names every request, and lets no traceback out."""

from __future__ import annotations

import logging
import re
import uuid
from collections.abc import Callable

from fastapi.responses import JSONResponse, Response
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger(__name__)

Page = Callable[[Scope, int, str, str], Response | None]
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


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
        await _Exchange(self._app, self._limit, self._page, scope, receive, send).run()


class _Exchange:
    """One request and its answer."""

    def __init__(self, app: ASGIApp, limit: int, page: Page | None, scope: Scope, receive: Receive, send: Send) -> None:
        self._app, self._limit, self._scope, self._receive, self._send = app, limit, scope, receive, send
        self._page = page
        headers = Headers(scope=scope)
        given = headers.get("x-request-id", "")
        self._id = given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        length = headers.get("content-length", "0")
        self._too_large = not (length.isascii() and length.isdigit()) or int(length[:20]) > limit
        scope.setdefault("state", {})["request_id"] = self._id
        self._read = 0
        self._answered = False

    async def run(self) -> None:
        if not self._too_large:
            try:
                await self._app(self._scope, self._next, self._answer)
            except Exception:
                if not self._too_large:
                    log.exception("a request failed", extra={"request": self._id, "path": self._scope["path"]})
        if self._answered:
            return
        if self._too_large:
            await self._refuse(413, "too_large", f"the body is larger than max_body_bytes ({self._limit})")
        else:
            await self._refuse(500, "internal", f"something went wrong here; the log has it as request {self._id}")

    async def _next(self) -> Message:
        """The next part of the body; once there is too much of it, the client counts as gone."""
        message = await self._receive()
        self._read += len(message.get("body", b""))
        if self._read > self._limit:
            self._too_large = True
            return {"type": "http.disconnect"}
        return message

    async def _answer(self, message: Message) -> None:
        if self._too_large and not self._answered:
            return
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers["x-request-id"] = self._id
            headers["x-content-type-options"] = "nosniff"
            self._answered = True
        await self._send(message)

    async def _refuse(self, status: int, code: str, message: str) -> None:
        answer = self._page(self._scope, status, code, message) if self._page is not None else None
        answer = answer or JSONResponse({"error": code, "message": message}, status_code=status)
        answer.headers.update({"x-request-id": self._id, "x-content-type-options": "nosniff"})
        await answer(self._scope, self._receive, self._send)
