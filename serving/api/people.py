"""People who label: who they are, what they can do, and the item that each is to do now. For programs and operators."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, HTTPException
from pydantic import Field

from models.errors import NotFoundError
from models.fair_queue import Kind
from models.people.skill import Skill as Accuracy
from models.skills import TOP, FieldOfWork, Skill, SkillSource
from models.types import Frozen
from serving.api.dependencies import Number, ProjectDep, RuntimeDep, require_operator
from serving.monitoring.own import own
from serving.monitoring.own_figures import Own
from serving.pipeline.runtime import Runtime
from serving.store.engine import UnitOfWork
from serving.store.gold import TESTS
from serving.store.gold_records import GoldAnswerRow, QualificationRow
from serving.store.people_records import DeskRow, Nothing, WorkRow, WorkState
from serving.store.records import ProjectRow
from serving.workforce import pause
from serving.workforce.desk import link, offer, stream
from serving.workforce.hand_out import extend, give_back, next_for
from serving.workforce.review_view import kept_of

router = APIRouter(prefix="/api/v1", tags=["people"], dependencies=[Depends(require_operator)])
Word = Annotated[str, Field(max_length=64)]
RETRY_S = 5.0
"""After how long to ask again."""
ANSWERED = (Kind.OPINION, Kind.FURTHER, *TESTS)
"""Kinds of work that somebody else has answered before."""


class SkillView(Frozen):
    """A field of work, and how well a person knows it; an empty word is any."""

    domain: Word = ""
    language: Word = ""
    task: Word = ""
    level: int = Field(ge=0, le=TOP)
    source: SkillSource = SkillSource.OPERATOR


class Person(Frozen):
    """Somebody who is to label in a project."""

    email: Annotated[str, Field(min_length=3, max_length=320)]
    name: Annotated[str, Field(max_length=200)] = ""
    daily_cap: Annotated[int, Field(ge=1)] | None = None
    """Most items and reviews in 24 hours; null: any number."""
    reviews: bool | None = None
    """May judge others' labels; null: as before, at first no."""
    skills: tuple[SkillView, ...] = ()
    """These are set; others stay. Level 0 takes one away."""


class AccuracyView(Frozen):
    """How often a person is right in a field, as far as is known."""

    field: str
    """Domain, language and task."""
    items: float
    """How many items of known truth it is worth."""
    mean: float
    low: float
    """Lower end of the 95 % interval."""
    high: float


class PauseView(Frozen):
    """Why a person is given nothing."""

    at: float
    reason: str
    measured: bool
    """Whether it rests on the numbers alone."""
    field: str
    numbers: dict[str, float]


class MayPause(Frozen):
    """Whether answers to gold items allow a pause in a field: a permission, which nobody has to use."""

    field: str
    allowed: bool
    reason: str
    """``few_items``, ``good_enough``, ``not_shown`` or ``below_required``."""
    numbers: dict[str, float]


class PersonView(Frozen):
    """Somebody who labels in a project."""

    user: int
    """Label Studio's id."""
    email: str
    name: str
    daily_cap: int | None
    reviews: bool
    skills: tuple[SkillView, ...]
    signed_in: bool
    offered: float
    """Items offered, on the queue's scale: whoever was away starts where the others are."""
    waits_since: float | None
    holds: int | None
    """Label Studio's id of the task that this person holds."""
    accuracies: tuple[AccuracyView, ...]
    pause: PauseView | None
    may_pause: tuple[MayPause, ...]


class Work(Frozen):
    """An item in a person's hands."""

    lease: int
    item: int
    task: int
    url: str
    """Opens the task in Label Studio; where others have answered it, the label stream, which does not show that."""
    why: dict[str, Any]
    """Reason code and numbers."""
    until: float
    """When the lease ends, epoch seconds."""
    extended: bool
    state: WorkState


class Next(Frozen):
    """What a person is to do now."""

    work: Work | None
    nothing: Nothing | None
    """Why there is nothing."""
    retry_after_s: float | None


@router.get("/projects/{slug}/people")
def people(runtime: RuntimeDep, project: ProjectDep) -> list[PersonView]:
    """Who labels: skills, cap, what they hold, accuracies with intervals, and whether a pause is allowed."""
    with runtime.store.read() as uow:
        desks = uow.people.desks(project.id)
        return [_person(uow, one, runtime.settings.required_accuracy) for one in desks]


@router.put("/projects/{slug}/people/{user}")
def seat(runtime: RuntimeDep, project: ProjectDep, user: Number, person: Person) -> PersonView:
    """Somebody labels in this project from now on, or has other skills or another cap."""
    now = runtime.now()
    with runtime.store.begin() as uow:
        row = uow.people.add(project.platform_url, user, email=person.email, name=person.name, now=now)
        uow.people.seat(project.id, row.id, daily_cap=person.daily_cap, reviews=person.reviews)
        uow.people.grant(row.id, [_skill(one) for one in person.skills], now)
    return person_view(runtime, desk_of(runtime, project, user))


@router.delete("/projects/{slug}/people/{user}", status_code=204)
def forget(runtime: RuntimeDep, project: ProjectDep, user: Number) -> None:
    """Forget a person, in all projects: token, skills, leases, marks, and what they wrote in reviews and appeals.

    Labels stay, under Label Studio's user id; so do decisions on labels, under nobody's.
    """
    person = desk_of(runtime, project, user)
    with runtime.store.begin() as uow:
        here = {one.id: one.slug for one in uow.projects.list() if one.platform_url == project.platform_url}
        uow.reviews.forget_words(list(here), person.trainer.id, user)
        uow.changes.forget(list(here.values()), person.trainer.id, user)
        uow.people.erase(person.trainer.id)


@router.get("/projects/{slug}/people/{user}/export")
def export(runtime: RuntimeDep, project: ProjectDep, user: Number) -> dict[str, Any]:
    """All that is kept of a person, but for the token."""
    person = desk_of(runtime, project, user)
    with runtime.store.read() as uow:
        rows = uow.work.of_trainer(person.trainer.id, limit=1_000_000)
        reviews, turns = uow.reviews.of_person(project.id, person.trainer.id, user)
        marks = uow.gold.answers(trainer_id=person.trainer.id)
        tried = uow.qualifications.of_trainer(person.trainer.id)
        changes = uow.changes.of_person([project.slug], person.trainer.id, user)
    return {
        "person": person_view(runtime, person),
        "created_at": person.trainer.created_at,
        "work": [{name: getattr(row, name) for name in WorkRow.__slots__} for row in rows],
        "reviews": [kept_of(row, person.trainer) for row in reviews],
        "review_turns": [asdict(turn) for turn in turns],
        "gold_answers": [{name: getattr(row, name) for name in GoldAnswerRow.__slots__} for row in marks],
        "qualifications": [{name: getattr(row, name) for name in QualificationRow.__slots__} for row in tried],
        "changes": [asdict(row) for row in changes],
        "own": own(runtime, project, person).model_dump(mode="json"),
    }


@router.get("/projects/{slug}/people/{user}/own")
def own_figures(runtime: RuntimeDep, project: ProjectDep, user: Number) -> Own:
    """The figures that the person sees of their own work."""
    return own(runtime, project, desk_of(runtime, project, user))


@router.post("/projects/{slug}/next")
def next_item(runtime: RuntimeDep, project: ProjectDep, user: Annotated[int, Body(embed=True, ge=0, lt=2**63)]) -> Next:
    """The item that this person is to do now; nobody else gets it while the lease lasts."""
    found = next_for(runtime, project, desk_of(runtime, project, user))
    if isinstance(found, Nothing):
        return Next(work=None, nothing=found, retry_after_s=RETRY_S)
    if found.kind in ANSWERED:
        offer(runtime, project, found)
    return Next(work=view(runtime, project, found), nothing=None, retry_after_s=None)


@router.post("/leases/{lease}/beat")
def beat(runtime: RuntimeDep, lease: Number) -> Work:
    """The person is still at it."""
    with runtime.store.begin() as uow:
        uow.work.get(lease)
        uow.work.beat(lease, runtime.now())
    return _again(runtime, lease)


@router.post("/leases/{lease}/extend")
def extend_lease(runtime: RuntimeDep, lease: Number) -> Work:
    """As much time again, once."""
    if not extend(runtime, _work(runtime, lease)):
        raise HTTPException(status_code=409, detail="the lease is over, or was extended before")
    return _again(runtime, lease)


@router.post("/leases/{lease}/give-back")
def give_back_lease(
    runtime: RuntimeDep, lease: Number, reason: Annotated[str, Body(embed=True, min_length=3, max_length=500)]
) -> Work:
    """Somebody else gets the item; the reason is kept."""
    if not give_back(runtime, _work(runtime, lease), reason):
        raise HTTPException(status_code=409, detail="the lease is over")
    return _again(runtime, lease)


def desk_of(runtime: Runtime, project: ProjectRow, user: int) -> DeskRow:
    """The person with this Label Studio id at this project. Raises NotFoundError."""
    with runtime.store.read() as uow:
        found = uow.people.desk_of_user(project.id, user)
    if found is None:
        raise NotFoundError(
            f"user {user} does not label in {project.slug!r}: PUT /projects/{project.slug}/people/{user}"
        )
    return found


def view(runtime: Runtime, project: ProjectRow, row: WorkRow) -> Work:
    """A lease, with where to do the work."""
    with runtime.store.read() as uow:
        task = uow.items.get(row.item_id).task_id
    return Work(
        lease=row.id,
        item=row.item_id,
        task=task,
        url=stream(project) if row.kind in ANSWERED else link(project, task),
        why=row.why,
        until=row.until,
        extended=row.extended,
        state=row.state,
    )


def _work(runtime: Runtime, lease: int) -> WorkRow:
    with runtime.store.read() as uow:
        return uow.work.get(lease)


def _again(runtime: Runtime, lease: int) -> Work:
    row = _work(runtime, lease)
    with runtime.store.read() as uow:
        project = uow.projects.get(row.project_id)
    return view(runtime, project, row)


def _skill(one: SkillView) -> Skill:
    return Skill(FieldOfWork(one.domain, one.language, one.task), one.level, one.source)


def person_view(runtime: Runtime, one: DeskRow) -> PersonView:
    """As programs see a person."""
    with runtime.store.read() as uow:
        return _person(uow, one, runtime.settings.required_accuracy)


def _person(uow: UnitOfWork, one: DeskRow, required: float) -> PersonView:
    trainer = one.trainer
    held = uow.work.held(one.project_id, trainer.id)
    known = uow.people.accuracies([trainer.id])
    return PersonView(
        user=trainer.user_id,
        email=trainer.email,
        name=trainer.name,
        daily_cap=one.daily_cap,
        reviews=one.reviews,
        skills=tuple(_skill_view(skill) for skill in one.skills),
        signed_in=trainer.token is not None,
        offered=one.offered,
        waits_since=one.waits_since,
        holds=uow.items.get(held.item_id).task_id if held is not None else None,
        accuracies=tuple(_accuracy(field, known[trainer.id, field]) for _, field in sorted(known, key=str)),
        pause=None if one.pause is None else PauseView(**asdict(one.pause)),
        may_pause=tuple(
            MayPause(field=str(field), allowed=found.allowed, reason=found.reason, numbers=found.numbers)
            for field, found in pause.permissions(uow, [trainer.id], required).get(trainer.id, {}).items()
        ),
    )


def _accuracy(field: FieldOfWork, known: Accuracy) -> AccuracyView:
    low, high = known.interval()
    return AccuracyView(field=str(field), items=known.evidence, mean=known.mean, low=low, high=high)


def _skill_view(skill: Skill) -> SkillView:
    words = {"domain": skill.field.domain, "language": skill.field.language, "task": skill.field.task}
    return SkillView(**words, level=skill.level, source=skill.source)
