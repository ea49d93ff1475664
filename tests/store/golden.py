"""Gold items and people who answer them, for tests of marks and qualifications."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

from connectors.base import RemoteAnnotation
from models.skills import FieldOfWork, Need
from models.types import Choices, Region
from serving.pipeline import ingest
from serving.pipeline.runtime import Runtime
from serving.settings import Settings
from serving.store.gold_records import GoldAnswerRow, GoldRow
from serving.store.people_records import WorkRow
from serving.workforce.gold_set import put_in
from tests.store.people import SETTINGS, Desks
from tests.store.world import World, task

LAW = FieldOfWork(domain="law")
AUTHOR = 99
"""Labelled what is gold now."""


class NoVault:
    """Secrets as they are."""

    def decrypt(self, data: bytes) -> bytes:
        return data.ljust(16)


class Golden(Desks):
    """A world's people, with gold items whose answer is "a"."""

    def __init__(self, world: World, settings: Settings = SETTINGS) -> None:
        super().__init__(world, settings)
        with world.store.begin() as uow:
            uow.projects.update(world.project, active_model="m1")

    @property
    def runtime(self) -> Runtime:
        return replace(super().runtime, vault=cast(Any, NoVault()))

    def gold(self, *numbers: int, field: FieldOfWork = LAW) -> list[GoldRow]:
        """New tasks, labelled blind by the author, and gold from now on."""
        world = self.world
        world.receive(*(task(number) for number in numbers))
        for number in numbers:
            self.annotations += 1
            world.label(number, self.annotations, completed_by=AUTHOR, regions=said("a"), prediction_id=None, loss=None)
        with world.store.begin() as uow:
            if field != FieldOfWork():
                uow.people.set_needs(world.project, dict.fromkeys(world.ids(*numbers), Need(field)))
            rows = uow.items.rows(world.ids(*numbers))
            return [put_in(uow, self.project, row, regions=None, field=None, now=world.now) for row in rows]

    def answer(self, user: int, work: WorkRow, label: str, *, skipped: bool = False) -> None:
        """The person's annotation arrives, as it does from Label Studio."""
        world = self.world
        self.annotations += 1
        world.now += 1.0
        with world.store.begin() as uow:
            number = uow.items.get(work.item_id).task_id
            value = {"choices": [label]}
            one = RemoteAnnotation(
                id=self.annotations,
                task_id=number,
                completed_by=user,
                result=[{"from_name": "label", "to_name": "text", "type": "choices", "value": value}],
                was_cancelled=skipped,
                lead_time=None,
                updated_at=world.now,
            )
            ingest.receive_annotations(self.runtime, uow, self.project, [one])

    def answers(self, user: int) -> list[GoldAnswerRow]:
        with self.world.store.read() as uow:
            return uow.gold.answers(trainer_id=self.desk(user).trainer.id)

    def level(self, user: int, source: str, field: FieldOfWork = LAW) -> int:
        found = [one.level for one in self.desk(user).skills if (one.field, one.source.value) == (field, source)]
        return found[0] if found else 0


def said(label: str) -> tuple[Region, ...]:
    return (Region(control="label", value=Choices(labels=(label,))),)


def always(rate: float = 0.5, **more: Any) -> Settings:
    """Gold as often as can be."""
    return SETTINGS.model_copy(update={"gold_rate": rate, **more})
