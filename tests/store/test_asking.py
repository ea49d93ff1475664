"""The list of what people are asked for: who gets onto it, in which order it is worked off, what came of it."""

from __future__ import annotations

from models.types import Fold, Route
from serving.store.asking import Answers
from serving.store.records import Arm, LabelRole
from tests.store.world import SHOWN, World, task


def put(world: World, *numbers: int) -> None:
    with world.store.begin() as uow:
        uow.asking.put(world.project, world.ids(*numbers))


def queue(world: World, *, train: bool = False) -> list[int]:
    with world.store.read() as uow:
        return [row.task_id for row in uow.items.wanted(world.project, limit=100, now=world.now, train=train)]


def waiting(world: World, *, train: bool = False) -> set[int]:
    with world.store.read() as uow:
        return uow.asking.waiting(world.project, train=train)


def answers(world: World, *, control_from: float = 0.9) -> dict[Arm, Answers]:
    with world.store.read() as uow:
        return uow.asking.answers(world.project, control_from=control_from)


def test_what_is_listed_comes_first_in_its_order(world: World) -> None:
    world.published(1, 2, 3, 4)
    put(world, 3, 1)
    assert queue(world) == [3, 1, 2, 4]
    assert waiting(world) == set(world.ids(1, 3))
    assert [world.item(n).asked for n in (1, 2, 3, 4)] == [1, None, 0, None]


def test_seeds_are_listed_while_there_is_no_model(world: World) -> None:
    world.receive(*(task(n) for n in (1, 2, 3)))
    put(world, 2)
    assert queue(world, train=True) == [2, 1, 3]
    assert queue(world) == []
    assert (waiting(world, train=True), waiting(world)) == (set(world.ids(2)), set())


def test_a_new_list_takes_the_place_of_the_old_one(world: World) -> None:
    world.published(1, 2, 3)
    put(world, 1, 2)
    world.label(1, 10)
    put(world, 3)
    assert queue(world) == [3, 2]
    assert world.item(1).asked == 0, "a label remembers how it was asked for"
    with world.store.begin() as uow:
        uow.asking.clear(world.project)
    assert [world.item(n).asked for n in (1, 2, 3)] == [0, None, None]


def test_only_open_items_of_the_train_fold_that_are_not_blind_get_onto_it(world: World) -> None:
    world.published(1)
    world.published(2, fold=Fold.VALIDATION, draw=0.4)
    world.receive(task(3))
    world.score()
    world.decide(Route.AUDIT, ())
    world.published(4, 5)
    world.label(4, 10)
    put(world, 2, 3, 4, 1, 5)
    assert [world.item(n).asked for n in (1, 2, 3, 4, 5)] == [0, None, None, None, 1]


def test_a_list_is_of_one_project(world: World) -> None:
    other = World(world.store, "other", number=2)
    world.published(1, 2)
    other.published(1, 2)
    put(world, 2)
    put(other, 1)
    with world.store.begin() as uow:
        uow.asking.clear(other.project)
    assert [world.item(n).asked for n in (1, 2)] == [None, 0]


def test_changed_data_is_asked_for_anew(world: World) -> None:
    world.published(1)
    put(world, 1)
    world.receive(task(1, text="other"))
    assert world.item(1).asked is None


def test_what_a_list_is_made_from(world: World) -> None:
    draws = {1: 0.7, 2: 0.6, 3: 0.95, 4: 0.91}
    for number, draw in draws.items():
        world.published(number, draw=draw)
    world.published(5, fold=Fold.VALIDATION, draw=0.3)
    world.published(6, draw=0.65)
    world.label(6, 10)
    world.receive(task(7, draw=0.61))
    world.score()
    world.decide(Route.ACCEPT, SHOWN)
    world.send()
    world.receive(task(8, draw=0.8), task(9, draw=0.75), task(10, draw=0.92), task(11, fold=Fold.VALIDATION, draw=0.1))
    with world.store.read() as uow:
        unsure = uow.asking.unsure(world.project, below=0.9, limit=10)
        control = uow.asking.control(world.project, above=0.9, limit=10)
        seeds = uow.asking.seeds(world.project, below=0.9, limit=10)
        rows = uow.items.rows([world.item(2).id, 10**9, world.item(1).id])
        assert len(uow.asking.unsure(world.project, below=0.9, limit=1)) == 1
    assert [(one.task_id, one.confidence) for one in unsure] == [(2, 0.9), (1, 0.9)]
    assert control == world.ids(4, 3)
    assert [row.task_id for row in seeds] == [9, 8]
    assert [row.task_id for row in rows] == [2, 1]


def test_answers_are_counted_by_how_they_were_asked_for(world: World) -> None:
    for number, draw in {1: 0.5, 2: 0.6, 3: 0.95, 4: 0.7, 5: 0.8}.items():
        world.published(number, draw=draw)
    world.published(6, fold=Fold.VALIDATION, draw=0.1)
    put(world, 1, 2, 3)
    world.label(1, 10, loss=1.0)
    world.label(1, 11, loss=0.0)
    world.label(2, 12, loss=0.0)
    world.label(3, 13, loss=0.5)
    world.label(4, 14, role=LabelRole.TRAIN, loss=1.0)
    world.label(5, 15, loss=None, prediction_id=None)
    world.label(6, 16, loss=1.0)
    assert answers(world) == {
        Arm.INFORMATIVE: Answers(labels=2, compared=2, errors=1),
        Arm.RANDOM: Answers(labels=1, compared=1, errors=1),
        Arm.UNLISTED: Answers(labels=2, compared=0, errors=0),
    }
    assert Arm.RANDOM not in answers(world, control_from=0.99)


def test_skipped_deleted_and_gone_labels_are_no_answers(world: World) -> None:
    world.published(1, 2, 3, draw=0.5)
    world.label(1, 10, was_cancelled=True)
    world.label(2, 11)
    world.label(3, 12)
    with world.store.begin() as uow:
        uow.labels.remove(world.project, [11], world.now)
        uow.items.mark_gone(world.project, [3], world.now)
    assert answers(world) == {}
