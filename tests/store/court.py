"""Reviewers and whoever is reviewed, for tests of reviews and appeals."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from connectors.memory import MemoryPlatform
from models.people.reviews import Answer, Code, Outcome, Rule
from models.skills import FieldOfWork
from models.types import Choices, Region
from serving.pipeline.runtime import Runtime
from serving.settings import Settings
from serving.store.gold_records import GoldSource
from serving.store.people_records import Nothing
from serving.store.review_records import ReviewRow
from serving.workforce import reviewing
from serving.workforce.reviewing import Decision
from tests.store.people import Desks
from tests.store.world import World

ANNA, BERT, CARL, DORA = 11, 12, 13, 14
DAY = 86_400.0
SETTINGS = Settings(people_lease_s=100.0, people_silent_s=1e9, people_present_s=30.0)
XML = '<View><Text name="text" value="$text"/><Choices name="label" toName="text"><Choice value="a"/></Choices></View>'
RULE = Rule(text="3.2: irony is negative")


class Court(Desks):
    """People at their desks, of whom Bert, Carl and Dora may review; Anna labels."""

    def __init__(self, world: World) -> None:
        super().__init__(world, SETTINGS)
        self.platform = MemoryPlatform(XML)
        self.join(ANNA)
        for user in (BERT, CARL, DORA):
            self.join(user)
            self.may_review(user)

    @property
    def runtime(self) -> Runtime:
        return replace(super().runtime, platform=lambda _: self.platform)

    def may_review(self, user: int, may: bool = True) -> None:
        with self.world.store.begin() as uow:
            uow.people.seat(self.world.project, self.desk(user).trainer.id, daily_cap=None, reviews=may)

    def labelled(self, number: int, user: int = ANNA, label: str = "b", **more: Any) -> int:
        """A person's label, drawn for review; its id."""
        self.annotations += 1
        self.world.label(number, self.annotations, completed_by=user, regions=said(label), **more)
        with self.world.store.begin() as uow:
            row = uow.labels.by_annotation(self.world.project, [self.annotations])[self.annotations]
            uow.reviews.draw([(row, 1)], due_at=self.world.now + 3 * DAY, now=self.world.now)
        return row.id

    def known(self, number: int) -> None:
        """The right answer to the task is known."""
        with self.world.store.begin() as uow:
            [item] = self.world.ids(number)
            one: dict[str, Any] = {"field": FieldOfWork(), "revision": 1, "regions": said("a")}
            uow.gold.add(self.world.project, item, source=GoldSource.OPERATOR, now=self.world.now, **one)

    def own(self, number: int, user: int, label: str = "a") -> int:
        """A reviewer's own answer in Label Studio; the label's id."""
        self.annotations += 1
        self.world.now += 1.0
        self.world.label(number, self.annotations, completed_by=user, regions=said(label))
        with self.world.store.read() as uow:
            return uow.labels.by_annotation(self.world.project, [self.annotations])[self.annotations].id

    def next(self, user: int) -> ReviewRow | Nothing:
        return reviewing.next_review(self.runtime, self.project, self.desk(user))

    def given(self, user: int) -> ReviewRow:  # type: ignore[override]
        found = self.next(user)
        assert isinstance(found, ReviewRow), found
        return found

    def decide(self, user: int, row: ReviewRow, outcome: Outcome = Outcome.REJECT, **more: Any) -> ReviewRow:
        with self.world.store.read() as uow:
            seen = uow.labels.get(row.label_id).remote_updated_at
        values: dict[str, Any] = {"seen": seen}
        if outcome is Outcome.REJECT:
            values |= {"code": Code.WRONG_LABEL, "evidence": RULE}
        made = Decision(outcome, **values | more)
        return reviewing.decide(self.runtime, self.project, self.desk(user), row.id, made)

    def appeal(self, row: ReviewRow, user: int = ANNA) -> ReviewRow:
        return reviewing.appeal(self.runtime, self.project, self.desk(user), row.id, "irony is not meant here")

    def answer(self, user: int, row: ReviewRow, said: Answer = Answer.OVERTURN) -> ReviewRow:
        return reviewing.answer(self.runtime, self.project, self.desk(user), row.id, said, "I agree")

    def pass_by(self, seconds: float) -> int:
        self.world.now += seconds
        return reviewing.close_due(self.runtime, self.project)

    def row(self, row: ReviewRow) -> ReviewRow:
        with self.world.store.read() as uow:
            return uow.reviews.get(row.id)

    def counted(self) -> list[int]:
        """Ids of the labels that count."""
        with self.world.store.read() as uow:
            return [label.id for label in uow.labels.for_project(self.world.project)]

    def offered(self, user: int) -> set[int]:
        """Tasks that the person may still be given."""
        person = self.desk(user)
        with self.world.store.read() as uow:
            heads = uow.work.heads(self.world.project, train=False, limit=99, person=person)
            return {item.task_id for item in uow.items.rows([one.id for one in heads])}


def said(label: str) -> tuple[Region, ...]:
    return (Region(control="label", value=Choices(labels=(label,))),)
