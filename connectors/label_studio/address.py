"""The address of a Label Studio, of what somebody copied out of the browser."""

from __future__ import annotations

import ipaddress
import re
from typing import Final
from urllib.parse import urlsplit

PAGES: Final = frozenset({"projects", "user", "people", "organization", "api"})
"""First segments of Label Studio's own paths: the address ends before them."""
NEAR: Final = (".localhost", ".local", ".lan", ".internal", ".home.arpa")
"""Ends of names that stand in no public DNS."""


def address_of(typed: str) -> str:
    """The server's address, with the path that it is served under; what is no address comes back as it is.

    Without a scheme it is ``http`` on this machine and in private networks, ``https`` elsewhere.
    """
    typed = typed.strip()
    try:
        parts = urlsplit(typed if "://" in typed or re.match(r"https?:", typed, re.IGNORECASE) else _schemed(typed))
    except ValueError:
        return typed
    if parts.scheme not in ("http", "https") or not parts.netloc:
        return typed
    segments = parts.path.split("/")
    end = next((place for place, one in enumerate(segments) if one in PAGES), len(segments))
    return f"{parts.scheme}://{parts.netloc}{'/'.join(segments[:end]).rstrip('/')}"


def _schemed(typed: str) -> str:
    host = urlsplit(f"//{typed}").hostname or ""
    return f"{'http' if _is_near(host) else 'https'}://{typed}"


def _is_near(host: str) -> bool:
    """Raises nothing: a name that is no IP address is judged by its end."""
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return "." not in host or host.endswith(NEAR)
