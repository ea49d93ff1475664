"""People at their desks, for tests of the queue: who they are, what they ask for and hand in."""

from __future__ import annotations

from typing import Any, cast

from models.skills import FieldOfWork, Skill
from serving.pipeline.runtime import Runtime
from serving.settings import Settings
from serving.store.engine import Store
from serving.store.people_records import DeskRow, Nothing, WorkRow
from serving.store.records import ProjectRow
from serving.store.work import HandedIn
from serving.workforce.hand_out import next_for
from tests.store.world import World

SETTINGS = Settings(people_lease_s=100.0, people_silent_s=1000.0, people_present_s=30.0)


class Desks:
    """A world's people, and its clock."""

    def __init__(self, world: World, settings: Settings = SETTINGS) -> None:
        self.world = world
        self.settings = settings
        self.annotations = 1000

    @property
    def runtime(self) -> Runtime:
        return runtime(self.world.store, self.settings, lambda: self.world.now)

    @property
    def project(self) -> ProjectRow:
        with self.world.store.read() as uow:
            return uow.projects.get(self.world.project)

    def join(self, user: int, *skills: Skill, cap: int | None = None) -> DeskRow:
        with self.world.store.begin() as uow:
            person = uow.people.add("http://127.0.0.1:8080", user, email=f"{user}@x", name=f"p{user}", now=0.0)
            uow.people.seat(self.world.project, person.id, daily_cap=cap)
            uow.people.grant(person.id, skills, 0.0)
        return self.desk(user)

    def desk(self, user: int) -> DeskRow:
        with self.world.store.read() as uow:
            return next(one for one in uow.people.desks(self.world.project) if one.trainer.user_id == user)

    def ask(self, user: int) -> WorkRow | Nothing:
        return next_for(self.runtime, self.project, self.desk(user))

    def given(self, user: int) -> WorkRow:
        """What the person gets; that there is something is asserted."""
        found = self.ask(user)
        assert isinstance(found, WorkRow), found
        return found

    def hand_in(self, user: int, work: WorkRow, *, skipped: bool = False) -> None:
        """The person's annotation arrives."""
        self.annotations += 1
        with self.world.store.read() as uow:
            number = uow.items.get(work.item_id).task_id
        self.world.label(number, self.annotations, completed_by=user, was_cancelled=skipped)
        with self.world.store.begin() as uow:
            uow.work.handed_in(self.world.project, [HandedIn(work.item_id, user, skipped)], self.world.now)


def runtime(store: Store, settings: Settings, clock: Any) -> Runtime:
    """A runtime of a store alone: the queue asks for nothing else."""
    nothing = cast(Any, None)
    return Runtime(
        store=store,
        settings=settings,
        vault=nothing,
        scorer=nothing,
        media=nothing,
        platform=nothing,
        annotator=nothing,
        owner="queue",
        clock=clock,
    )


def skill(level: int = 1, **words: str) -> Skill:
    return Skill(FieldOfWork(**words), level)
