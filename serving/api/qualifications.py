"""Qualifications of a person, and pauses. For programs and operators."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Depends
from pydantic import Field

from models.errors import ConflictError
from models.skills import FieldOfWork
from models.types import Frozen
from serving.api.dependencies import Number, ProjectDep, RuntimeDep, require_operator
from serving.api.people import PersonView, Word, desk_of, person_view
from serving.store.gold_records import QualificationRow
from serving.workforce import pause as pauses
from serving.workforce import qualification
from serving.workforce.qualification import Progress

router = APIRouter(
    prefix="/api/v1/projects/{slug}/people/{user}", tags=["people"], dependencies=[Depends(require_operator)]
)


class Field_(Frozen):
    """A field of work; an empty word is any."""

    domain: Word = ""
    language: Word = ""
    task: Word = ""

    @property
    def field(self) -> FieldOfWork:
        return FieldOfWork(self.domain, self.language, self.task)


class Attempt(Frozen):
    """One attempt at a skill."""

    id: int
    field: str
    of: int
    """Items it has."""
    over: int
    """Items that are done with."""
    right: int
    wrong: int
    passed_over: int
    """Skipped, or given back: not right, for the level."""
    started_at: float
    ended_at: float | None
    level: int | None
    """What it came to; null: it is under way, or was given up."""


class Qualifications(Frozen):
    """What a person may try, and has tried."""

    open: dict[str, int]
    """Field -> gold items in it that this person has not seen; 4 make a set."""
    attempts: tuple[Attempt, ...]


class PauseWish(Frozen):
    """To give somebody nothing more for now."""

    field: Field_ | None = None
    """Whose numbers are meant; null: of the first field that allows it."""
    reason: Annotated[str, Field(min_length=10, max_length=1000)] | None = None
    """In writing; null: the numbers have to allow it. The person reads it."""


@router.get("/qualifications")
def qualifications(runtime: RuntimeDep, project: ProjectDep, user: Number) -> Qualifications:
    """What the person may try, and what came of earlier attempts, newest first."""
    person = desk_of(runtime, project, user)
    with runtime.store.read() as uow:
        tried = [one for one in uow.qualifications.of_trainer(person.trainer.id) if one.project_id == project.id]
        found = tuple(attempt(one, qualification.progress(uow, one)) for one in reversed(tried))
        open_ = qualification.open_fields(uow, person, runtime.settings)
    return Qualifications(open={str(field): n for field, n in open_.items()}, attempts=found)


@router.post("/qualifications")
def start(runtime: RuntimeDep, project: ProjectDep, user: Number, wish: Field_) -> Attempt:
    """The person's next items are a set of gold items in the field, with feedback after each."""
    person = desk_of(runtime, project, user)
    with runtime.store.begin() as uow:
        one = qualification.start(uow, person, wish.field, runtime.settings, runtime.now())
        return attempt(one, qualification.progress(uow, one))


@router.delete("/qualifications", status_code=204)
def give_up(runtime: RuntimeDep, project: ProjectDep, user: Number) -> None:
    """The one that is under way; it gives no level, and its answers stay."""
    person = desk_of(runtime, project, user)
    with runtime.store.begin() as uow:
        one = uow.qualifications.under_way(project.id, person.trainer.id)
        if one is None:
            raise ConflictError("no qualification is under way")
        qualification.give_up(uow, one, runtime.now())


@router.post("/pause")
def pause(runtime: RuntimeDep, project: ProjectDep, user: Number, wish: Annotated[PauseWish, Body()]) -> PersonView:
    """The person is given nothing from now on, on numbers that allow it or for a reason in writing."""
    person = desk_of(runtime, project, user)
    field = None if wish.field is None else wish.field.field
    required = runtime.settings.required_accuracy
    with runtime.store.begin() as uow:
        pauses.pause(uow, person, field, wish.reason, required=required, now=runtime.now())
    return person_view(runtime, desk_of(runtime, project, user))


@router.post("/resume")
def resume(runtime: RuntimeDep, project: ProjectDep, user: Number) -> PersonView:
    """The person is given work again."""
    with runtime.store.begin() as uow:
        person = uow.people.desk_of_user(project.id, user)
        pauses.resume(uow, person or desk_of(runtime, project, user))
    return person_view(runtime, desk_of(runtime, project, user))


def attempt(one: QualificationRow, far: Progress) -> Attempt:
    """As programs see it."""
    return Attempt(
        id=one.id,
        field=str(one.field),
        of=one.wanted,
        over=far.over,
        right=far.right,
        wrong=far.wrong,
        passed_over=far.passed_over,
        started_at=one.started_at,
        ended_at=one.ended_at,
        level=one.level,
    )
