"""The audit log, for programs and operators."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from models.types import Frozen
from serving.api.dependencies import RuntimeDep, require_operator
from serving.store.changes import END

router = APIRouter(prefix="/api/v1", tags=["changes"], dependencies=[Depends(require_operator)])


class ChangeView(Frozen):
    """One change."""

    id: int
    at: float
    """Epoch seconds."""
    role: str
    """``operator``, ``engineer``, ``trainer``, ``api`` or ``cli``."""
    actor: str | None
    """The person, where a proxy or the command line says who it was."""
    trainer_id: int | None
    trainer: str | None
    """Name or email; null: none, or forgotten."""
    action: str
    """Such as ``gate.close``."""
    project: str | None
    subject: str | None
    """Such as ``user 21``."""
    params: dict[str, Any]
    reason: str | None
    """Empty: the words were forgotten."""
    request: str | None
    """Its ``x-request-id``."""


@router.get("/changes")
def changes(
    runtime: RuntimeDep,
    project: Annotated[str | None, Query(max_length=200, description="Its name; default: all.")] = None,
    before: Annotated[int, Query(ge=0, le=END, description="Go on behind this id.")] = END,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> list[ChangeView]:
    """What was changed, by whom, newest first; also of projects that are gone."""
    with runtime.store.read() as uow:
        rows = uow.changes.page(project, before=before, limit=limit)
    return [ChangeView(**{name: getattr(row, name) for name in ChangeView.model_fields}) for row in rows]
