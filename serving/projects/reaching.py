"""Whether an address and a token are good, while somebody types them.

The token goes only to an address where a Label Studio has answered without one, so that half-typed addresses never
see it. Link-local addresses, where clouds keep their credentials, are not asked at all.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlsplit

from connectors.base import RemoteProject, User
from connectors.label_studio.address import address_of
from connectors.label_studio.auth import check_token, list_projects, version_of
from connectors.media.addresses import Resolver, is_public, system_resolver
from models.errors import AuthenticationError, PlatformError, PlatformUnavailable
from serving.language import gettext
from serving.retold import retold

T = TypeVar("T")

ANSWERS_IN_S = 5.0
"""Longest wait while somebody types, seconds."""


class Problem(Exception):
    """Something that was typed will not do.

    Args:
        field: which: ``url``, ``token``, ``project`` ...
        text: what is wrong, and what to change; in the language of now.
        detail: the error that came of it, in English with what the other side said; pages retell it.
    """

    def __init__(self, field: str, text: str, detail: str = "") -> None:
        super().__init__(text)
        self.field, self.text, self.detail = field, text, detail


@dataclass(frozen=True, slots=True)
class Reached:
    """A Label Studio."""

    url: str
    """Of the server, as ``address_of`` made it of what was typed."""
    addresses: tuple[str, ...]
    """IP addresses of the host."""
    public: bool
    """They lie in the public internet."""
    version: str


@dataclass(frozen=True, slots=True)
class Account:
    """Whose token it is, and what it shows."""

    user: User
    projects: tuple[RemoteProject, ...]
    """Oldest first."""


def reach(url: str, *, resolver: Resolver = system_resolver) -> Reached:
    """See whether a Label Studio answers at an address; no token is sent.

    Raises:
        Problem: it is no address, leads where nothing is asked, or something else answers, or nothing.
    """
    url = address_of(url)
    host, port = _place(url)
    try:
        addresses = tuple(resolver(host, port))
    except (OSError, UnicodeError):
        raise Problem("url", gettext("There is no host {host}: check the name.", host=host)) from None
    if any(map(_forbidden, addresses)):
        raise Problem(
            "url",
            gettext("{host} is a link-local or reserved address: no Label Studio is asked there.", host=host),
        )
    try:
        version = version_of(url, timeout_s=ANSWERS_IN_S)
    except AuthenticationError as error:
        text = gettext("Something at {url} wants a sign-in of its own: give an address without one.", url=url)
        raise Problem("url", text, str(error)) from None
    except PlatformError as error:
        raise problem_of(error, url) from None
    return Reached(url, addresses, all(map(is_public, addresses)), version)


def account_of(url: str, token: str) -> Account:
    """Whose token it is, and the projects that it shows.

    Raises:
        Problem: the token will not do, or Label Studio does not answer.
    """
    return _asked(url, lambda: Account(check_token(url, token), tuple(list_projects(url, token))))


def problem_of(error: PlatformError, url: str) -> Problem:
    """What an error of the connector means to somebody who types."""
    said = str(error)
    if isinstance(error, AuthenticationError):
        return Problem("token", retold(said))
    if isinstance(error, PlatformUnavailable):
        text = gettext("Nothing answers at {url}: check that Label Studio runs there, and the address.", url=url)
        return Problem("url", text, said)
    if "sends on to" in said:
        text = gettext("{url} sends on to another address: give the one that it ends at.", url=url)
    else:
        text = gettext("What answers at {url} is not a Label Studio: check the address.", url=url)
    return Problem("url", text, said)


def _asked(url: str, ask: Callable[[], T]) -> T:
    try:
        return ask()
    except PlatformError as error:
        raise problem_of(error, url) from None


def _place(url: str) -> tuple[str, int]:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, None, urlsplit("")
    if parts.scheme not in ("http", "https") or not host:
        raise Problem("url", gettext("Write the address as http://host:port or https://host."))
    if parts.username or parts.password:
        raise Problem("url", gettext("Leave user and password out of the address: the token says who you are."))
    return host, port or (443 if parts.scheme == "https" else 80)


def _forbidden(address: str) -> bool:
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return True
    carried = getattr(ip, "ipv4_mapped", None)
    ip = carried or ip
    return ip.is_link_local or ip.is_multicast or ip.is_unspecified or (ip.is_reserved and not ip.is_loopback)
