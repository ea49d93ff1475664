"""What an operator does to a gate by hand; every act is an event with who and why."""

from __future__ import annotations

from models.errors import ConfigurationError
from models.gate.noise import MOST_PEOPLE
from models.types import GateState, Route
from serving.language import gettext
from serving.pipeline.runtime import Runtime
from serving.pipeline.standing import SELF, fall_back, held, move, standing
from serving.retold import retold
from serving.store.engine import UnitOfWork
from serving.store.records import GateEvent, ItemState, ProjectRow


def close(runtime: Runtime, project: ProjectRow, *, reason: str, actor: str) -> GateEvent:
    """Stop acceptance at once: what was decided but not yet written is decided again, without a gate.

    Raises:
        ConfigurationError: the name is not a person's.
    """
    check_name(actor)
    with runtime.store.begin() as uow:
        event = uow.gate.transition(
            project.id, GateState.CLOSED, reason=reason, actor=actor, numbers={}, now=runtime.now()
        )
        _undo(uow, project.id, runtime.now())
    return event


def reopen(runtime: Runtime, project: ProjectRow, *, reason: str, actor: str) -> GateEvent:
    """Let go of a gate that a person closed: it opens if its certificate still holds, else it waits for a new one.

    Raises:
        ConfigurationError: no person closed it, or the name is not a person's.
    """
    check_name(actor)
    with runtime.store.begin() as uow:
        current = uow.projects.hold(project.id)
        if held(uow, current) is None:
            raise ConfigurationError(
                gettext(
                    "no person closed this gate; it is {state}: {reason}",
                    state=gettext(current.gate_state.value),
                    reason=retold(current.gate_reason),
                )
            )
        return move(uow, current, standing(uow, current), reason=reason, numbers={}, now=runtime.now(), actor=actor)


def tolerate(
    runtime: Runtime,
    project: ProjectRow,
    *,
    epsilon: float | None = None,
    delta: float | None = None,
    reason: str,
    actor: str,
) -> ProjectRow:
    """Change the error budget, or the probability with which it may be missed; None: as now.

    The gate falls back to shadow until a certificate is made for the new tolerance, with what is left of delta: the
    labels have been looked at before. What was accepted stays accepted.

    Raises:
        ConfigurationError: out of range, nothing changes, or the name is not a person's.
    """
    check_name(actor)
    with runtime.store.begin() as uow:
        current, now = uow.projects.hold(project.id), runtime.now()
        new = (current.epsilon if epsilon is None else epsilon, current.delta if delta is None else delta)
        if not all(0.0 < value < 1.0 for value in new):
            raise ConfigurationError(gettext("epsilon and delta lie between 0 and 1"))
        if new == (current.epsilon, current.delta):
            raise ConfigurationError(
                gettext("epsilon is {epsilon:.2%} and delta {delta:.2%} already", epsilon=new[0], delta=new[1])
            )
        after = uow.projects.update(project.id, epsilon=new[0], delta=new[1], tolerance_since=now)
        why = (
            f"the tolerance changed: epsilon {current.epsilon:.2%} to {new[0]:.2%}, delta {current.delta:.2%} to "
            f"{new[1]:.2%}; nothing is accepted before a certificate for it. {reason}"
        )
        numbers = {"epsilon": new[0], "delta": new[1], "epsilon_before": current.epsilon, "delta_before": current.delta}
        fall_back(uow, after, reason=why, actor=actor, numbers=numbers, now=now)
        _undo(uow, project.id, now)
        return uow.projects.get(project.id)


def check_name(actor: str) -> None:
    """Raises ConfigurationError where it is no person's."""
    if not actor.strip() or actor == SELF:
        raise ConfigurationError(f"say who you are: {actor!r} is no person")


def _undo(uow: UnitOfWork, project_id: int, now: float) -> None:
    """Decide again what was to be accepted, and is not yet written."""
    uow.items.restart(project_id, states=(ItemState.DECIDED,), to=ItemState.SCORED, now=now, route=Route.ACCEPT)


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
