"""What an operator does to a gate by hand; every act is an event with who and why."""

from __future__ import annotations

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
