"""Why learning came to nothing the last time, kept for whoever asks what a gate waits for."""

from __future__ import annotations

from contextlib import suppress
from enum import StrEnum

from pydantic_core import from_json

from models.errors import NotFoundError
from serving.pipeline.runtime import Runtime
from serving.store.engine import UnitOfWork
from serving.store.records import ProjectRow


class Part(StrEnum):
    """What came to nothing; what its reason is kept under."""

    TRAINING = "trouble_training"
    """The labels did not allow it."""
    TURN = "trouble_turn"
    """An error ended the whole turn, such as media that did not answer."""


def keep(runtime: Runtime, project: ProjectRow, part: Part, why: str) -> None:
    """The reason of the last time, in English; empty: it went well.

    Nothing is written where it is the same as before, or the project is gone.
    """
    with runtime.store.read() as uow:
        same = last(uow, project.id, part) == why
    if same:
        return
    with suppress(NotFoundError), runtime.store.begin() as uow:
        uow.projects.hold(project.id)
        uow.kept.put(project.id, part, why, seconds=0.0, at=runtime.now())


def last(uow: UnitOfWork, project_id: int, part: Part) -> str:
    """The reason as it is kept; empty: it went well, or was never tried."""
    held = uow.kept.value(project_id, part)
    return "" if held is None else str(from_json(held))
