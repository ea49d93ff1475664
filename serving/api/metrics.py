"""Metrics for Prometheus, for whoever shows the operator's or the viewer's token."""

from __future__ import annotations

import hmac

from fastapi import APIRouter, HTTPException, Request, Response

from serving.api.dependencies import RuntimeDep
from serving.api.errors import Problem
from serving.monitoring.metrics import Metrics
from serving.secrets import operator_token, viewer_token
from serving.settings import Settings

router = APIRouter(tags=["health"])


def may_look(request: Request, settings: Settings) -> bool:
    """Whether the bearer token is the operator's or the viewer's; compared in constant time."""
    kind, _, given = request.headers.get("authorization", "").partition(" ")
    known = [token(settings).encode() for token in (operator_token, viewer_token)]
    matches = [hmac.compare_digest(given.strip().encode(), own) for own in known]
    return kind.lower() == "bearer" and any(matches)


@router.get("/metrics", responses={401: {"model": Problem, "description": "The token is missing or wrong"}})
def metrics(request: Request, runtime: RuntimeDep) -> Response:
    """The text format of Prometheus, or OpenMetrics where the scrape asks for it."""
    if not runtime.settings.metrics_open and not may_look(request, runtime.settings):
        raise HTTPException(
            status_code=401,
            detail="send 'Authorization: Bearer <token>', with view_token (the file view.token) or api_token",
            headers={"WWW-Authenticate": "Bearer"},
        )
    own: Metrics = request.app.state.metrics
    body, content_type = own.exposition(request.headers.get("accept", ""))
    return Response(body, headers={"content-type": content_type})
