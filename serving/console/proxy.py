"""Who an authenticating proxy says that somebody is (oauth2-proxy, Authelia ...): off unless the settings name it.

Its headers are believed from nobody but the proxy: by its address, by a secret that it sends, or by both. A session
that was signed in while the proxy named somebody else, or nobody, ends.
"""

from __future__ import annotations

import hmac
import logging
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Final

from fastapi import Request
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from serving.settings import Settings

log = logging.getLogger(__name__)

NAMED: Final = "proxied"
"""In the session: whom the proxy named when it began. In the state of a request: who it names now."""
LONGEST: Final = 320
OPERATOR: Final = "operator"
ENGINEER: Final = "engineer"


@dataclass(frozen=True, slots=True)
class Proxied:
    """Somebody who has signed in at the proxy."""

    user: str
    email: str | None
    role: str | None
    """``operator`` or ``engineer``; None: in no group that may look."""

    @property
    def name(self) -> str:
        """As the audit log has it."""
        return f"{self.user} ({self.email})" if self.email and self.email != self.user else self.user


class ProxyHeaders:
    """Plain ASGI, inside the session: says who it is, and ends a session that was somebody else's."""

    def __init__(self, app: ASGIApp, *, settings: Settings) -> None:
        self._app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See the ASGI specification."""
        if scope["type"] == "http":
            state = scope.setdefault("state", {})
            state["from_proxy"] = believed(self._settings, scope)
            state[NAMED] = found = named(self._settings, scope) if state["from_proxy"] else None
            session = scope.get("session")
            now = found.user if found is not None else None
            if session is not None and session.get(NAMED) != now:
                session.clear()
                if now is not None:
                    session[NAMED] = now
        await self._app(scope, receive, send)


def believed(settings: Settings, scope: Scope) -> bool:
    """Whether the request comes from the proxy of the settings; without one, never."""
    secret, header = settings.proxy_secret, settings.proxy_secret_header
    if not settings.proxy_trusted and secret is None:
        return False
    if settings.proxy_trusted and not _within(scope, settings.proxy_trusted):
        return False
    if secret is None or header is None:
        return True
    given = Headers(scope=scope).getlist(header)
    return len(given) == 1 and hmac.compare_digest(given[0].encode(), secret.get_secret_value().encode())


def named(settings: Settings, scope: Scope) -> Proxied | None:
    """Whom the headers of a request that is believed name; None: nobody, or not clearly."""
    headers = Headers(scope=scope)
    user, email, groups = (
        _one(headers, name)
        for name in (settings.proxy_user_header, settings.proxy_email_header, settings.proxy_groups_header)
    )
    if not user:
        return None
    mine = {part.strip() for part in (groups or "").split(",")} - {""}
    role = None
    if mine & set(settings.proxy_operator_groups):
        role = OPERATOR
    elif mine & set(settings.proxy_engineer_groups):
        role = ENGINEER
    return Proxied(user, email or None, role)


def client_of(request: Request) -> str:
    """The address of whoever asks: the peer's, or the one that the proxy has seen last."""
    hops = request.headers.getlist("x-forwarded-for")
    if getattr(request.state, "from_proxy", False) and hops:
        return hops[-1].rpartition(",")[2].strip()[:64]
    return request.client.host if request.client is not None else ""


def _within(scope: Scope, networks: tuple[str, ...]) -> bool:
    peer = scope.get("client")
    try:
        address = ip_address(peer[0]) if peer else None
    except ValueError:
        return False
    if address is None:
        return False
    mapped = getattr(address, "ipv4_mapped", None) or address
    return any(mapped in ip_network(one) for one in networks)


def _one(headers: Headers, name: str | None) -> str | None:
    """A header that came once, and can be read; a doubled one names nobody."""
    found = headers.getlist(name) if name is not None else []
    if len(found) > 1:
        log.warning("a header of the proxy came twice, and is not believed", extra={"header": name})
    if len(found) != 1:
        return None
    try:
        text = found[0].encode("latin-1").decode("utf-8").strip()
    except UnicodeError:
        text = found[0].strip()
    return text if text.isprintable() and len(text) <= LONGEST else None
