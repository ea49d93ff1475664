"""What an operator does to a gate by hand; every act is an event with who and why."""

from __future__ import annotations

from models.errors import ConfigurationError
from models.types import GateState, Route
from serving.pipeline.runtime import Runtime
from serving.store.records import GateEvent, ItemState, ProjectRow


def close(runtime: Runtime, project: ProjectRow, *, reason: str, actor: str) -> GateEvent:
    """Stop acceptance at once: what was decided but not yet written is decided again, without a gate."""
    with runtime.store.begin() as uow:
        event = uow.gate.transition(
            project.id, GateState.CLOSED, reason=reason, actor=actor, numbers={}, now=runtime.now()
        )
        uow.items.restart(
            project.id, states=(ItemState.DECIDED,), to=ItemState.SCORED, now=runtime.now(), route=Route.ACCEPT
        )
    return event


def extend(runtime: Runtime, project: ProjectRow, *, labels: int) -> ProjectRow:
    """Ask for more blind labels; when they are in, the gate is certified again with what is left of delta.

    Raises:
        ConfigurationError: not a positive number.
    """
    if labels < 1:
        raise ConfigurationError("ask for at least one more label")
    with runtime.store.begin() as uow:
        current = uow.projects.get(project.id)
        return uow.projects.update(project.id, validation_target=current.validation_target + labels)
