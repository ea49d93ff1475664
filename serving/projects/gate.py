"""What an operator does to a gate by hand; every act is an event with who and why."""

from __future__ import annotations

from models.errors import ConfigurationError
from models.gate.noise import MOST_PEOPLE
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


def extend(runtime: Runtime, project: ProjectRow, *, labels: int = 0, people: int | None = None) -> ProjectRow:
    """Ask for more blind labels, or more people for each; the gate is then certified again with what is left of delta.

    Args:
        runtime: the composition.
        project: whose gate.
        labels: how many more blind items, >= 0.
        people: how many different people may be asked about one blind item from now on; None: as many as now.

    Raises:
        ConfigurationError: nothing more is asked for, or fewer people than now: their answers are there.
    """
    if labels < 0 or (labels == 0 and people is None):
        raise ConfigurationError("ask for at least one more label, or for more people")
    with runtime.store.begin() as uow:
        current = uow.projects.hold(project.id)
        now = current.validation_people
        if people is not None and not now < people <= MOST_PEOPLE:
            raise ConfigurationError(f"{now} people may be asked now: take a number from {now + 1} to {MOST_PEOPLE}")
        target = current.validation_target + labels
        return uow.projects.update(project.id, validation_target=target, validation_people=people or now)
