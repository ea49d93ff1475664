"""Assembles the routers into one FastAPI application around one ``Runtime``."""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from models.errors import PrelabelError
from serving.api import (
    errors,
    gold,
    health,
    hooks,
    metrics,
    ml_backend,
    people,
    people_figures,
    qualifications,
    reviews,
    v1,
)
from serving.api.guard import Guard
from serving.console import (
    items,
    models,
    own,
    pages,
    project,
    projects,
    qualification,
    review,
    session,
    speech,
    staff,
    train,
)
from serving.monitoring.metrics import Metrics
from serving.pipeline.runtime import Runtime


def create_app(runtime: Runtime) -> FastAPI:
    """The HTTP surface; handlers reach the composition through ``request.app.state.runtime``."""
    app = FastAPI(title="Prelabel", version="1", docs_url="/api/docs", openapi_url="/api/openapi.json", redoc_url=None)
    app.state.runtime = runtime
    app.state.metrics = Metrics(runtime)
    app.add_exception_handler(PrelabelError, errors.ours)
    app.add_exception_handler(HTTPException, errors.http)
    app.add_exception_handler(RequestValidationError, errors.invalid)
    session.install(app, runtime)
    app.add_middleware(speech.Speech)
    app.add_middleware(Guard, max_body_bytes=runtime.settings.max_body_bytes)
    probes = (health, metrics)
    programs = (hooks, ml_backend, v1, people, people_figures, gold, qualifications, reviews)
    console = (staff, speech, projects, project, items, models, train, own, qualification, review)
    for part in probes:
        app.include_router(part.router)
    for part in programs:
        app.include_router(part.router, responses=errors.OF_EVERY_ROUTE)
    for part in console:
        app.include_router(part.router)
    app.mount("/static", StaticFiles(directory=pages.STATIC), name="static")
    return app
