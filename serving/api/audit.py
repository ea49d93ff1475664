"""One layer that writes down each change: a request that is not a look, was not refused, and is not left out.

It holds the answer back until the row is written: whoever hears that something was done finds it in the log.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final
from urllib.parse import parse_qsl

from fastapi.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.api.audited import ACTIONS, LEFT_OUT
from serving.pipeline.runtime import Runtime
from serving.trail import Action, change_of, keep

LOOKS: Final = ("GET", "HEAD", "OPTIONS")
MOST_BYTES: Final = 64 * 2**10
"""Of a body; what is sent beyond is told as ``too_long``, and none of it is kept."""
REFUSED: Final = "refused"
"""In the state of a request: its answer says that nothing was done, whatever its status."""
ABOUT: Final = "about"
"""In the same place: parameters that no path or body has."""


def refused(scope: Scope) -> None:
    """The answer of this request says why nothing was done: the log leaves it out."""
    scope.setdefault("state", {})[REFUSED] = True


def about(scope: Scope, **params: Any) -> None:
    """What the log is to know of this request beside what was sent, such as ``slug`` of a project that is new."""
    scope.setdefault("state", {}).setdefault(ABOUT, {}).update(params)


class Audit:
    """Plain ASGI, inside the session and outside the routes."""

    def __init__(self, app: ASGIApp, *, runtime: Runtime) -> None:
        self._app = app
        self._runtime = runtime

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See the ASGI specification."""
        if scope["type"] != "http" or scope["method"] in LOOKS:
            await self._app(scope, receive, send)
            return
        await _Watched(self._app, self._runtime, scope, receive, send).run()


class _Watched:
    """One request that may change something."""

    def __init__(self, app: ASGIApp, runtime: Runtime, scope: Scope, receive: Receive, send: Send) -> None:
        self._app, self._runtime, self._scope, self._receive, self._send = app, runtime, scope, receive, send
        self._before = dict(scope.get("session") or {})
        self._body = b""
        self._too_long = False

    async def run(self) -> None:
        await self._app(self._scope, self._next, self._answer)

    async def _next(self) -> Message:
        message = await self._receive()
        part = message.get("body", b"")
        self._too_long = self._too_long or len(self._body) + len(part) > MOST_BYTES
        self._body = b"" if self._too_long else self._body + part
        return message

    async def _answer(self, message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] < 400:
            state = self._scope.get("state") or {}
            route: str = getattr(self._scope.get("route"), "path", "")
            key = (self._scope["method"], route)
            if route and not state.get(REFUSED) and key not in LEFT_OUT:
                await run_in_threadpool(self._write, key, state)
        await self._send(message)

    def _write(self, key: tuple[str, str], state: Mapping[str, Any]) -> None:
        action = ACTIONS.get(key) or Action(" ".join(key), subject=self._scope["path"])
        params = self._sent() | dict(self._scope.get("path_params") or {}) | dict(state.get(ABOUT) or {})
        new = change_of(action, params, request=state.get("request_id"), **self._who(state))
        keep(self._runtime, replace(new, params={"too_long": True}) if self._too_long else new)

    def _sent(self) -> dict[str, Any]:
        """The fields of the body: JSON, or a form; no files."""
        kind = Headers(scope=self._scope).get("content-type", "").partition(";")[0].strip().lower()
        try:
            if kind == "application/x-www-form-urlencoded":
                return dict(parse_qsl(self._body.decode(), max_num_fields=200))
            held = json.loads(self._body) if self._body else {}
        except (ValueError, RecursionError):
            return {}
        return held if isinstance(held, dict) else {}

    def _who(self, state: Mapping[str, Any]) -> dict[str, Any]:
        """Role, person and trainer: by the proxy, the token of the API, or the session before or after."""
        after = dict(self._scope.get("session") or {})
        session = after if "staff" in after or "trainer" in after else self._before
        if self._scope["path"].startswith("/api/"):
            return {"role": "api"}
        if (person := state.get("staff")) is not None:
            return {"role": person.role.value, "actor": person.name}
        if "trainer" in session:
            return {"role": "trainer", "trainer_id": session["trainer"]}
        return {"role": str(session.get("staff", "nobody"))}
