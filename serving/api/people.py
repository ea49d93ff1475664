"""People who label: who they are, what they can do, and the item that each is to do now. For programs and operators."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, HTTPException
from pydantic import Field

from models.errors import NotFoundError
from models.skills import TOP, FieldOfWork, Skill, SkillSource
from models.types import Frozen
from serving.api.dependencies import Number, ProjectDep, RuntimeDep, require_operator
from serving.monitoring.own import Own, own
from serving.pipeline.runtime import Runtime
from serving.store.people_records import DeskRow, Nothing, WorkRow, WorkState
from serving.store.records import ProjectRow
from serving.workforce.desk import link
from serving.workforce.hand_out import extend, give_back, next_for

router = APIRouter(prefix="/api/v1", tags=["people"], dependencies=[Depends(require_operator)])
Word = Annotated[str, Field(max_length=64)]
RETRY_S = 5.0
"""After how long to ask again."""


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
    """Most items in 24 hours; null: any number."""
    skills: tuple[SkillView, ...] = ()
    """These are set; others stay. Level 0 takes one away."""


class PersonView(Frozen):
    """Somebody who labels in a project."""

    user: int
    """Label Studio's id."""
    email: str
    name: str
    daily_cap: int | None
    skills: tuple[SkillView, ...]
    signed_in: bool
    offered: float
    """Items offered, on the queue's scale: whoever was away starts where the others are."""
    waits_since: float | None
    holds: int | None
    """Label Studio's id of the task that this person holds."""


class Work(Frozen):
    """An item in a person's hands."""

    lease: int
    item: int
    task: int
    url: str
    """Opens the task in Label Studio."""
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
    with runtime.store.read() as uow:
        desks = uow.people.desks(project.id)
        held = {one.trainer.id: uow.work.held(project.id, one.trainer.id) for one in desks}
        tasks = {row.id: row.task_id for row in uow.items.rows([work.item_id for work in held.values() if work])}
    return [_person(one, held[one.trainer.id], tasks) for one in desks]


@router.put("/projects/{slug}/people/{user}")
def seat(runtime: RuntimeDep, project: ProjectDep, user: Number, person: Person) -> PersonView:
    """Somebody labels in this project from now on, or has other skills or another cap."""
    now = runtime.now()
    with runtime.store.begin() as uow:
        row = uow.people.add(project.platform_url, user, email=person.email, name=person.name, now=now)
        uow.people.seat(project.id, row.id, daily_cap=person.daily_cap)
        uow.people.grant(row.id, [_skill(one) for one in person.skills], now)
    return _person(desk_of(runtime, project, user), None, {})


@router.delete("/projects/{slug}/people/{user}", status_code=204)
def forget(runtime: RuntimeDep, project: ProjectDep, user: Number) -> None:
    """Forget a person, in all projects: token, skills and leases. Labels stay, under Label Studio's user id."""
    person = desk_of(runtime, project, user)
    with runtime.store.begin() as uow:
        uow.people.erase(person.trainer.id)


@router.get("/projects/{slug}/people/{user}/export")
def export(runtime: RuntimeDep, project: ProjectDep, user: Number) -> dict[str, Any]:
    """All that is kept of a person, but for the token."""
    person = desk_of(runtime, project, user)
    with runtime.store.read() as uow:
        rows = uow.work.of_trainer(person.trainer.id, limit=1_000_000)
    return {
        "person": _person(person, None, {}),
        "created_at": person.trainer.created_at,
        "work": [{name: getattr(row, name) for name in WorkRow.__slots__} for row in rows],
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
        found = next((one for one in uow.people.desks(project.id) if one.trainer.user_id == user), None)
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
        url=link(project, task),
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


def _person(one: DeskRow, held: WorkRow | None, tasks: dict[int, int]) -> PersonView:
    return PersonView(
        user=one.trainer.user_id,
        email=one.trainer.email,
        name=one.trainer.name,
        daily_cap=one.daily_cap,
        skills=tuple(
            SkillView(
                domain=skill.field.domain,
                language=skill.field.language,
                task=skill.field.task,
                level=skill.level,
                source=skill.source,
            )
            for skill in one.skills
        ),
        signed_in=one.trainer.token is not None,
        offered=one.offered,
        waits_since=one.waits_since,
        holds=tasks.get(held.item_id) if held is not None else None,
    )
