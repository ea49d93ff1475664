"""A model that a person lets score beside the active one: what it says is stored, and nothing follows from it.

It scores the blind sample and a random part of the waiting items, as a challenger does (``challenge``). It is not
tested, so it spends no delta; it takes nobody's place, changes no route, and asks for nobody's skill. It stays until a
person drops it, or lets it predict.
"""

from __future__ import annotations

from dataclasses import dataclass

from serving.pipeline import certifying, challenge
from serving.pipeline.runtime import Runtime
from serving.store.engine import UnitOfWork
from serving.store.records import ProjectRow


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a shadow is; new items make it more."""

    version: str
    scored: int
    items: int
    """Blind sample and waiting items that it has to score."""


def advance(runtime: Runtime, project: ProjectRow) -> bool:
    """Score some chunks. Returns whether it said anything new.

    Raises:
        PlatformUnavailable: its files, or the media, are not there; try again.
    """
    if project.shadow is None or project.active_model is None:
        return False
    with runtime.store.read() as uow:
        ref = uow.models.get(project.id, project.shadow).ref
        left = challenge.missing(runtime, uow, project, ref, wanted(uow, project))
    return bool(left) and challenge.score_some(runtime, project, ref, left)


def progress(runtime: Runtime, uow: UnitOfWork, project: ProjectRow) -> Progress | None:
    """How far it is; None where none scores."""
    if project.shadow is None:
        return None
    ids = wanted(uow, project)
    left = challenge.missing(runtime, uow, project, uow.models.get(project.id, project.shadow).ref, ids)
    return Progress(project.shadow, len(ids) - len(left), len(ids))


def wanted(uow: UnitOfWork, project: ProjectRow) -> list[int]:
    """Ids of the blind sample and of a random part of what waits."""
    sample = certifying.validation_sample(uow, project)
    return certifying.ids_of(sample) + challenge.pool_of(uow, project, sample)
