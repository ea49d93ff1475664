"""Where somebody was going when the sign-in form came between, and whether a page is asked for or a part of one."""

from __future__ import annotations

import re
from typing import Annotated, Final
from urllib.parse import quote, urlencode, urlsplit

from fastapi import Form, Query, Request

LONGEST: Final = 2000
PATH: Final = re.compile(r"/(?!/)(?:[\x21-\x2e\x30-\x5b\x5d-\x7e]|/(?!/))*")
"""Printable ASCII without a backslash, one slash at a time: browsers take ``//``, ``/\\``, ``/<tab>/`` for a host."""

AfterQuery = Annotated[str, Query(alias="next")]
AfterForm = Annotated[str, Form(alias="next")]


def own_path(given: str, otherwise: str = "/") -> str:
    """A path of this application as it was given; anything else is ``otherwise``."""
    return given if len(given) <= LONGEST and PATH.fullmatch(given) else otherwise


def form_at(form: str, request: Request) -> str:
    """The address of a sign-in form that leads back to the page that is asked for, or asks."""
    page = own_path(_page_of(request))
    return form if page in ("/", form) else f"{form}?{urlencode({'next': page}, safe='/')}"


def wants_part(request: Request) -> bool:
    """Whether htmx asks, for a part of the page that is open; else a browser by itself, for a whole one."""
    return request.headers.get("hx-request") == "true"


def _page_of(request: Request) -> str:
    """With its query; '' where none can be told. What is no page itself names the page that it is asked for by."""
    headers, part = request.headers, wants_part(request)
    if request.method == "GET" and not part and "text/html" in headers.get("accept", ""):
        return quote(request.url.path) + (f"?{request.url.query}" if request.url.query else "")
    try:
        at = urlsplit(headers.get("hx-current-url" if part else "referer", ""))
    except ValueError:
        return ""
    return at.path + (f"?{at.query}" if at.query else "")
