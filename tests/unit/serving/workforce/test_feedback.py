"""What a person is told of answers to gold items is of that person, that project and that qualification alone."""

from __future__ import annotations

from models.skills import FieldOfWork
from models.types import Choices, Region
from serving.store.gold_records import GoldSource
from serving.workforce.feedback import of_person
from tests.support.local_world import LocalWorld, easy


def said(label: str) -> tuple[Region, ...]:
    return (Region(control="mood", value=Choices(labels=(label,))),)


def test_newest_first_with_what_differs(world: LocalWorld) -> None:
    tasks = world.arrive(easy(2))
    world.sync()
    with world.store.begin() as uow:
        anna, bert = (uow.people.add("x", n, email="", name="", now=0.0).id for n in (1, 2))
        field = FieldOfWork(domain="law")
        golds = [
            uow.gold.add(
                world.id,
                world_item.id,
                field=field,
                revision=1,
                regions=said("good"),
                source=GoldSource.OPERATOR,
                now=0.0,
            )
            for world_item in uow.items.page(world.id, state=None)
        ]
        for person, gold, attempt, label in ((anna, 0, None, "good"), (anna, 1, 5, "bad"), (bert, 0, None, "bad")):
            uow.gold.answer(
                golds[gold],
                person,
                qualification_id=attempt,
                regions=said(label),
                is_right=label == "good",
                now=1.0,
            )
    with world.store.read() as uow:
        second, first = of_person(uow, world.project, anna)
        assert [one.task for one in (first, second)] == tasks
        assert (first.mark.is_right, first.differences, first.field) == (True, (), field)
        assert [(one.control, one.said, one.answer) for one in second.differences] == [("mood", "bad", "good")]
        assert [one.task for one in of_person(uow, world.project, anna, qualification=5)] == tasks[1:]
