"""Pauses: nobody is paused by the service. It says where the numbers allow it, and an operator decides.

The numbers are answers to gold items alone: what others said of an item is no known truth, and the odds of
``models.people.skill.may_pause`` are proved for that only. Against the numbers, or without any, a pause takes a reason
in writing. One that rests on the numbers ends by itself when they no longer allow it, because gold was withdrawn.
"""

from __future__ import annotations

from collections.abc import Collection

from models.errors import ConflictError, fragment
from models.people.skill import Pause, may_pause
from models.skills import FieldOfWork
from serving.store.engine import UnitOfWork
from serving.store.people_records import DeskRow, Paused

BELOW = "below_required"
"""What is kept as the reason of a pause that rests on the numbers."""


def permissions(uow: UnitOfWork, trainer_ids: Collection[int], required: float) -> dict[int, dict[FieldOfWork, Pause]]:
    """Trainer id -> field -> whether the numbers allow a pause; fields without an answer to gold are left out."""
    found: dict[int, dict[FieldOfWork, Pause]] = {}
    for (trainer, field), known in uow.people.marks(trainer_ids).items():
        found.setdefault(trainer, {})[field] = may_pause(known, required)
    return found


def pause(
    uow: UnitOfWork, person: DeskRow, field: FieldOfWork | None, reason: str | None, *, required: float, now: float
) -> Paused:
    """The person is given nothing in the project from now on; what they hold they may finish.

    Args:
        uow: the transaction.
        person: whom it is about.
        field: the numbers of this field; None: of the first that allows it, if any does.
        reason: an operator's, in writing; None: the numbers have to allow it.
        required: accuracy in (0, 1).
        now: epoch seconds.

    Raises:
        ConflictError: the numbers do not allow it, and there is no reason.
    """
    known = permissions(uow, [person.trainer.id], required).get(person.trainer.id, {})
    allowed = [one for one, permission in known.items() if permission.allowed and field in (None, one)]
    about = allowed[0] if allowed else field
    if not allowed and reason is None:
        each = [f"{one}: {_told(permission)}" for one, permission in known.items()]
        told = "; ".join(each) or fragment("no answers to gold items")
        raise ConflictError(f"the numbers do not allow a pause ({told}): give a reason in writing")
    made = Paused(
        at=now,
        reason=reason or BELOW,
        measured=reason is None,
        field=str(about) if about is not None else "",
        numbers=known[about].numbers if about is not None and about in known else {},
    )
    uow.people.pause(person.project_id, person.trainer.id, made)
    return made


def _told(permission: Pause) -> str:
    numbers = permission.numbers
    return f"{permission.reason}, {numbers['evidence']:.0f} items, {numbers['lower']:.2f} to {numbers['upper']:.2f}"


def resume(uow: UnitOfWork, person: DeskRow) -> None:
    """The person is given work again.

    Raises:
        ConflictError: the person is not paused.
    """
    if person.pause is None:
        raise ConflictError("this person is not paused")
    uow.people.pause(person.project_id, person.trainer.id, None)


def lift(uow: UnitOfWork, project_id: int, trainer_ids: Collection[int]) -> list[int]:
    """Gold was withdrawn: pauses of these people that rested on it end; whose."""
    rested = [
        one
        for one in uow.people.desks(project_id)
        if one.trainer.id in trainer_ids and one.pause is not None and one.pause.measured
    ]
    ended = []
    for person in rested:
        assert person.pause is not None
        known = permissions(uow, [person.trainer.id], person.pause.numbers["required"]).get(person.trainer.id, {})
        if not any(one.allowed for field, one in known.items() if str(field) == person.pause.field):
            uow.people.pause(project_id, person.trainer.id, None)
            ended.append(person.trainer.id)
    return ended
