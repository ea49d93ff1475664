"""Liveness and readiness, for probes: no secrets, no authentication."""

from __future__ import annotations

from fastapi import APIRouter, Response

from serving.api.dependencies import RuntimeDep

router = APIRouter(tags=["health"])


@router.get("/healthz")
def healthz(runtime: RuntimeDep, response: Response) -> dict[str, str]:
    """200 when the store answers, 503 when it does not."""
    try:
        with runtime.store.read() as uow:
            uow.projects.list()
    except Exception:
        response.status_code = 503
        return {"status": "the store does not answer"}
    return {"status": "ok"}
