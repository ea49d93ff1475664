"""Items as operators look for them: every condition, page after page, and how far was looked."""

from __future__ import annotations

from typing import Any

import pytest

from models.types import Choices, Region, Route
from serving.store.browsing import END, Found, Wanted
from serving.store.records import ItemRow, ItemState
from tests.store.world import World, task


@pytest.fixture
def six(world: World) -> World:
    """Suggested 1-3 by m1 (label a, 0.9), labelled 2 by user 3 as b; received 4-5; dead 6."""
    world.published(1, 2, 3)
    world.label(2, 77)
    world.receive(task(4, text='say "ünder" 100%'), task(5), task(6))
    with world.store.begin() as uow:
        uow.items.bury_tasks(world.project, {6: "broken"}, world.now)
    return world


def found(world: World, after: int = END, limit: int = 50, look: int = 5000, **wanted: Any) -> Found[ItemRow]:
    with world.store.read() as uow:
        return uow.browse.page(world.project, Wanted(**wanted), after=after, limit=limit, look=look)


def tasks(world: World, **wanted: Any) -> list[int]:
    return [row.task_id for row in found(world, **wanted).rows]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, [6, 5, 4, 3, 2, 1]),
        ({"state": ItemState.RECEIVED}, [5, 4]),
        ({"state": ItemState.DEAD}, [6]),
        ({"route": Route.SUGGEST}, [3, 2, 1]),
        ({"route": Route.SUGGEST, "state": ItemState.PUBLISHED}, [3, 1]),
        ({"reason": "test"}, [3, 2, 1]),
        ({"reason": "other"}, []),
        ({"label": "a"}, [3, 2, 1]),
        ({"label": "b"}, []),
        ({"label": "label"}, []),
        ({"least": 0.9}, [3, 2, 1]),
        ({"most": 0.89}, []),
        ({"trainer": 3}, [2]),
        ({"trainer": 4}, []),
        ({"trainer": 3, "state": ItemState.DEAD}, []),
        ({"model_version": "m1"}, [3, 2, 1]),
        ({"text": '"ünder" 100%'}, [4]),
        ({"text": "SAY"}, [4]),
        ({"text": "%"}, [4]),
    ],
)
def test_each_condition(six: World, wanted: dict[str, object], expected: list[int]) -> None:
    assert tasks(six, **wanted) == expected


def test_pages_follow_each_other_without_gap_or_double(six: World) -> None:
    for wanted in ({"reason": None}, {"route": Route.SUGGEST}):
        seen: list[int] = []
        after: int | None = END
        while after is not None:
            page = found(six, after=after, limit=2, look=2, **wanted)
            seen += [row.task_id for row in page.rows]
            after = page.after
        assert seen == tasks(six, **wanted)


def test_a_page_says_how_far_it_looked(six: World) -> None:
    page = found(six, look=2, route=Route.SUGGEST)
    assert (page.rows, page.looked) == ([], 2)
    assert page.after is not None
    assert found(six, look=6, route=Route.SUGGEST).after is None


def test_another_projects_items_are_not_found(six: World) -> None:
    other = World(six.store, "other", 2)
    other.published(1)
    assert (tasks(other), tasks(six, model_version="m1")) == ([1], [3, 2, 1])


def test_a_blind_item_is_not_found_by_what_the_model_says(world: World) -> None:
    world.receive(task(1))
    world.score()
    world.decide(Route.AUDIT, ())
    assert (tasks(world, route=Route.AUDIT), tasks(world, label="a")) == ([1], [])


def test_labels_that_differ_from_their_prediction(six: World) -> None:
    said = six.item(1).prediction_id
    agreed = (Region(control="label", value=Choices(labels=("a",))),)
    six.label(1, 78, regions=agreed, prediction_id=said, loss=0.0)
    six.label(3, 79, prediction_id=six.item(3).prediction_id, loss=1.0)
    with six.store.read() as uow:
        page = uow.browse.disagreements(six.project)
        compared = uow.browse.compared(six.project, look=10)
    assert [(label.annotation_id, row.task_id) for label, row in page.rows] == [(79, 3), (77, 2)]
    assert [label.annotation_id for label, _ in compared.rows] == [79, 78, 77]
    assert {said.prediction.model_version for _, said in compared.rows} == {"m1"}
    with six.store.read() as uow:
        first = uow.browse.compared(six.project, look=2)
        assert first.after is not None
        rest = uow.browse.compared(six.project, look=2, after=first.after)
    assert [label.annotation_id for page in (first, rest) for label, _ in page.rows] == [79, 78, 77]
    assert rest.after is None
