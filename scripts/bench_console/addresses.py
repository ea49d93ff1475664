"""Which addresses are asked for: every page route of the application, and more of those that take conditions.

A route with a part that is not known here ends the run: a new page is measured, or it is said why it is not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote, urlencode

from fastapi import FastAPI
from fastapi.routing import APIRoute
from sqlalchemy import text

from scripts.bench_console.fill import SLUG
from scripts.bench_console.people import FIRST_USER, REVIEWERS
from serving.monitoring.series import SPANS
from serving.store.engine import Store

Who = Literal["nobody", "staff", "trainer", "reviewer"]
USERS: Mapping[Who, int] = {"reviewer": FIRST_USER, "trainer": FIRST_USER + REVIEWERS}
SAMPLED = 20
FILTERS: Mapping[str, str] = {
    "state": "labeled",
    "route": "suggest",
    "reason": "below_threshold",
    "label": "good",
    "least": "0.2",
    "most": "0.9",
    "trainer": str(FIRST_USER + 1),
    "model": "m2",
    "text": "parcel",
}
COMBINED = (
    {"state": "dead"},
    {"state": "published", "route": "suggest", "least": "0.6"},
    {"text": "no item says this"},
    {"label": "good", "text": "no item says this"},
    {"trainer": "1"},
    FILTERS,
    {**FILTERS, "trainer": "", "text": "no item says this"},
)
"""Conditions in combination; some that nothing meets, since those look at the most."""
QUERIES: Mapping[str, Sequence[Mapping[str, str]]] = {
    "/projects/{slug}/items": ({}, *({name: held} for name, held in FILTERS.items()), *COMBINED, {"after": "{middle}"}),
    "/projects/{slug}/what-if": ({"percent": "5"},),
    "/projects/{slug}/series": tuple({"span": span} for span in SPANS),
    "/projects/{slug}/report.{form}": ({}, {"language": "zh-Hans"}),
    "/projects/{slug}/changes": ({}, {"before": "{change}"}),
    "/changes": ({}, {"project": SLUG}, {"project": "no project is called this"}, {"before": "{change}"}),
}
"""Route -> conditions; of a route that is not here: none."""
LEFT_OUT: Mapping[str, str] = {
    "/connect/projects": "takes as long as Label Studio does: its projects are listed",
    "/connect/project": "takes as long as Label Studio does: the projects, and the chosen one's label config",
    "/connect/rehearsal": "takes as long as Label Studio and the model do",
    "/connect/media/{task}/{field}": "takes as long as the server that holds the file",
    "/connect/done": "is there once a project was connected, and needs Label Studio for that; reads one row",
    "/connect/arrived/{slug}": "takes as long as Label Studio does: it says how many tasks there are",
    "/projects/{slug}/doctor/findings": "takes as long as Label Studio does: the page comes first, the findings after",
    "/projects/{slug}/live": "is a stream of events without an end; what they say is what /progress reads",
    "/projects/{slug}/items/{task}/media/{field}": "takes as long as the server that holds the file; here are none",
}
"""Route -> why it is not measured."""
DRAWN = "/projects/{slug}/report.html and .pdf: a file whose charts are drawn anew takes seconds, whatever the items"
"""Said of the forms of a report that are not measured."""
TRAINERS = "/train"


@dataclass(frozen=True, slots=True)
class Page:
    """One line of the table."""

    path: str
    """The route, with its conditions."""
    who: Who
    addresses: tuple[str, ...]
    """Asked for in turn."""


def pages(app: FastAPI, store: Store) -> list[Page]:
    """Raises LookupError for a route of which it is not known how it is asked for."""
    values = _values(store)
    found = []
    for path in (path for path in routes(app) if path not in LEFT_OUT):
        people: Sequence[Who] = ("reviewer", "trainer") if path.startswith(TRAINERS) else ("staff",)
        if path in (TRAINERS, "/sign-in"):
            people = (*people, "nobody")
        for query in QUERIES.get(path, ({},)):
            name = f"{path}?{unquote(urlencode(query))}" if query else path
            told = {
                key: held.format(**{part: known[0] for part, known in values.items()}) for key, held in query.items()
            }
            addresses = tuple(
                _filled(path, values, n) + (f"?{urlencode(told)}" if told else "") for n in range(SAMPLED)
            )
            found += [Page(name, who, tuple(dict.fromkeys(addresses))) for who in people]
    return found


def routes(app: FastAPI) -> list[str]:
    """Paths of the pages that are read: those that are no part of the API."""
    read = (route for route in _routes(app) if route.methods is not None and "GET" in route.methods)
    return sorted({route.path for route in read if not route.include_in_schema})


def _routes(app: FastAPI) -> Iterator[APIRoute]:
    for one in app.routes:
        router = getattr(one, "original_router", None)
        inner = [one] if router is None else router.routes
        yield from (route for route in inner if isinstance(route, APIRoute))


def _filled(path: str, values: Mapping[str, Sequence[str]], n: int) -> str:
    def value(match: re.Match[str]) -> str:
        name = match[1].partition(":")[0]
        if name not in values:
            raise LookupError(f"{path}: say in scripts/bench_console/addresses.py what {match[0]} may be")
        return values[name][n % len(values[name])]

    return re.sub(r"\{([^}]+)\}", value, path)


def _values(store: Store) -> dict[str, list[str]]:
    """Part of a path -> what it may be."""
    with store.engine.connect() as conn:
        id = conn.scalar(text("SELECT id FROM project WHERE slug = :slug"), {"slug": SLUG})
        last = conn.scalar(text("SELECT max(task_id) FROM item WHERE project_id = :id"), {"id": id})
        change = conn.scalar(text("SELECT max(id) FROM change"))
        tasks = [str(1 + (last - 1) * n // (SAMPLED - 1)) for n in range(SAMPLED)]
    return {
        "slug": [SLUG],
        "task": tasks,
        "version": ["m2", "m1"],
        "form": ["csv", "json"],
        "middle": [str(last // 2)],
        "change": [str(change // 2)],
    }
