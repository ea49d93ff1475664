"""Assembles the routers into one FastAPI application around one ``Runtime``."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Awaitable, Callable

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from models.errors import PrelabelError
from serving.api import health, hooks, ml_backend, v1
from serving.pipeline.runtime import Runtime

log = logging.getLogger(__name__)


def create_app(runtime: Runtime) -> FastAPI:
    """The HTTP surface; handlers reach the composition through ``request.app.state.runtime``."""
    app = FastAPI(title="Prelabel", version="1", docs_url="/api/docs", openapi_url="/api/openapi.json", redoc_url=None)
    app.state.runtime = runtime
    app.add_exception_handler(PrelabelError, refuse)
    app.middleware("http")(guard)
    for router in (health.router, hooks.router, ml_backend.router, v1.router):
        app.include_router(router)
    return app


async def refuse(request: Request, error: Exception) -> JSONResponse:
    """Our errors, with their status, a stable code and a message that is safe to show."""
    assert isinstance(error, PrelabelError)
    return JSONResponse({"error": error.code, "message": str(error)}, status_code=error.status)


async def guard(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    """Refuses bodies that are too large, and gives every answer a request id."""
    runtime: Runtime = request.app.state.runtime
    request_id = request.headers.get("x-request-id", uuid.uuid4().hex)[:64]
    limit = runtime.settings.max_body_bytes
    length = request.headers.get("content-length", "0")
    if not length.isdigit() or int(length) > limit:
        return JSONResponse(
            {"error": "too_large", "message": f"the body is larger than max_body_bytes ({limit})"}, status_code=413
        )
    response = await call_next(request)
    response.headers["x-request-id"] = request_id
    response.headers["x-content-type-options"] = "nosniff"
    return response
