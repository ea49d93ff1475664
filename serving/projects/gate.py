"""What an operator does to a gate by hand; every act is an event with who and why."""

from __future__ import annotations

from models.errors import ConfigurationError
from models.types import GateState, Route
from serving.pipeline.runtime import Runtime
from serving.pipeline.standing import held, move, standing
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


def reopen(runtime: Runtime, project: ProjectRow, *, reason: str, actor: str) -> GateEvent:
    """Let go of a gate that a person closed: it opens if its certificate still holds, else it waits for a new one.

    Raises:
        ConfigurationError: no person closed it.
    """
    with runtime.store.begin() as uow:
        current = uow.projects.hold(project.id)
        if held(uow, current) is None:
            raise ConfigurationError(
                f"no person closed this gate; it is {current.gate_state.value}: {current.gate_reason}"
            )
        return move(uow, current, standing(uow, current), reason=reason, numbers={}, now=runtime.now(), actor=actor)


def extend(runtime: Runtime, project: ProjectRow, *, labels: int) -> ProjectRow:
    """Ask for more blind labels; when they are in, the gate is certified again with what is left of delta.

    Raises:
        ConfigurationError: not a positive number.
    """
    if labels < 1:
        raise ConfigurationError("ask for at least one more label")
    with runtime.store.begin() as uow:
        current = uow.projects.hold(project.id)
        return uow.projects.update(project.id, validation_target=current.validation_target + labels)
