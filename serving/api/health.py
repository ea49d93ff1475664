"""Liveness and readiness, for probes: no secrets, no authentication."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from serving.api.dependencies import RuntimeDep
from serving.api.metrics import may_look
from serving.monitoring.readiness import Status, examine, for_anybody, worst

router = APIRouter(tags=["health"])


@router.get("/healthz", responses={503: {"description": "The store does not answer"}})
def healthz(runtime: RuntimeDep, response: Response) -> dict[str, str]:
    """200 when the store answers, 503 when it does not."""
    try:
        with runtime.store.read() as uow:
            uow.projects.list()
    except Exception:
        response.status_code = 503
        return {"status": "the store does not answer"}
    return {"status": "ok"}


@router.get("/readyz", responses={503: {"description": "It cannot do its work; the checks say why"}})
def readyz(request: Request, runtime: RuntimeDep, response: Response) -> dict[str, Any]:
    """200 when the service can do its work, degraded or not; 503 when it cannot. Projects are named to operators."""
    checks = examine(runtime)
    status = worst(checks)
    if status is Status.NOT_READY:
        response.status_code = 503
    told = checks if may_look(request, runtime.settings) else for_anybody(checks)
    return {"status": status, "checks": [one.model_dump(exclude_defaults=True) for one in told]}
