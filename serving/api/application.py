"""Assembles the routers into one FastAPI application around one ``Runtime``."""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from models.errors import PrelabelError
from serving.api import (
    changes,
    errors,
    gold,
    health,
    hooks,
    metrics,
    ml_backend,
    people,
    people_figures,
    qualifications,
    reports,
    reviews,
    v1,
    versions,
)
from serving.api.audit import Audit
from serving.api.guard import Guard
from serving.console import changes as changes_page
from serving.console import (
    connect,
    connect_go,
    connect_project,
    connect_terms,
    costs,
    doctor,
    items,
    live,
    media,
    models,
    over_time,
    own,
    pages,
    problems,
    project,
    projects,
    qualification,
    rehearsal,
    report,
    review,
    session,
    speech,
    staff,
    train,
)
from serving.console.proxy import ProxyHeaders
from serving.monitoring.metrics import Metrics
from serving.pipeline.runtime import Runtime

PROBES = (health, metrics)
PROGRAMS = (
    hooks,
    ml_backend,
    v1,
    versions,
    people,
    people_figures,
    gold,
    qualifications,
    reviews,
    changes,
    reports,
)
CONSOLE = (
    staff,
    speech,
    projects,
    project,
    report,
    over_time,
    live,
    costs,
    doctor,
    items,
    media,
    models,
    changes_page,
    train,
    own,
    qualification,
    review,
    connect,
    connect_project,
    rehearsal,
    connect_terms,
    connect_go,
)
"""Routers, in the order in which paths are looked up."""


def create_app(runtime: Runtime) -> FastAPI:
    """The HTTP surface; handlers reach the composition through ``request.app.state.runtime``."""
    app = FastAPI(title="Prelabel", version="1", docs_url="/api/docs", openapi_url="/api/openapi.json", redoc_url=None)
    app.state.runtime = runtime
    app.state.metrics = Metrics(runtime)
    app.state.live = live.Live(runtime)
    app.add_exception_handler(PrelabelError, problems.ours)
    app.add_exception_handler(HTTPException, problems.http)
    app.add_exception_handler(RequestValidationError, problems.invalid)
    app.add_middleware(Audit, runtime=runtime)
    app.add_middleware(ProxyHeaders, settings=runtime.settings)
    session.install(app, runtime)
    app.add_middleware(speech.Speech)
    app.add_middleware(Guard, max_body_bytes=runtime.settings.max_body_bytes, page=problems.outermost)
    for part in PROBES:
        app.include_router(part.router)
    for part in PROGRAMS:
        app.include_router(part.router, responses=errors.OF_EVERY_ROUTE)
    for part in CONSOLE:
        app.include_router(part.router)
    app.mount("/static", StaticFiles(directory=pages.STATIC), name="static")
    return app
