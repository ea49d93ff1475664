"""The same of what people, the console and the metrics ask the store for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from models.types import Route
from serving.store.browsing import END, Wanted
from serving.store.engine import UnitOfWork
from serving.store.people_figures import Moment
from serving.store.people_records import DeskRow, TrainerRow
from serving.store.records import ItemState
from serving.store.review_records import ReviewState
from tests.store.crowd import BIG, ITEMS, Crowd, assert_searched, plans


def test_peoples_queue(crowd: Crowd) -> None:
    world = crowd.world
    with world.store.begin() as uow:
        uow.items.set_blind(world.project, cut=0.001, now=world.now)
    call: dict[str, Any] = {"limit": 20_000, "now": world.now, "train": True, "exclude": (1, 2, 3)}
    steps = plans(world.store, lambda uow: uow.items.wanted(world.project, **call))
    for index in ("ix_item_blind", "ix_item_asked", "ix_item_training", "ix_item_route"):
        assert_searched(steps, index)
    for more in ({}, {"by": 7}):
        again = plans(world.store, lambda uow, m=more: uow.items.wanted(world.project, **call, **m), seqscan="off")  # type: ignore[misc]
        assert_searched(again, "ix_item_opinions")


def test_opinions(crowd: Crowd) -> None:
    world = crowd.world
    for call in (
        lambda uow: uow.opinions.asked(world.project, audits=False),
        lambda uow: uow.opinions.waiting(world.project, "m1", audits=True),
    ):
        assert_searched(plans(world.store, call, seqscan="off"), "ix_item_opinions")
    for few in (
        lambda uow: uow.opinions.answers([1, 2, 3]),
        lambda uow: uow.opinions.said([1, 2, 3]),
        lambda uow: uow.opinions.unsettled([1, 2, 3]),
        lambda uow: uow.opinions.settle([1, 2, 3]),
        lambda uow: uow.people.needed([1, 2, 3]),
    ):
        assert_searched(plans(world.store, few, seqscan="off"))
    line = plans(world.store, lambda uow: uow.people.waiting(world.project), seqscan="off")
    for index in ("ix_item_route", "ix_item_opinions"):
        assert_searched(line, index)
    known = plans(world.store, lambda uow: uow.people.accuracies([1, 2]), seqscan="off")
    assert not any("SCAN accuracy" in step for step in known)


def test_heads_by_need(crowd: Crowd) -> None:
    """What a person may be given, where some needs are scarce."""
    world = crowd.world
    project = world.project
    person = DeskRow(TrainerRow(1, "http://x", 7, "a@x", "a", None, 0.0), (), project, 0.0, None, 0.0, None)
    call: dict[str, Any] = {"train": False, "limit": 12, "scarce": {1}, "person": person, "needs": [1, 2]}
    steps = plans(world.store, lambda uow: uow.work.heads(project, **call), seqscan="off")
    steps += plans(world.store, lambda uow: uow.work.heads(project, train=False, limit=12, scarce={1}), seqscan="off")
    for index in ("ix_item_route", "ix_item_opinions", "ix_item_blind"):
        assert any("SEARCH item" in step and index in step.split("<-")[0] for step in steps), index
    assert not [step for step in steps if step.startswith("SCAN item")]


def test_reviews(crowd: Crowd) -> None:
    world, project = crowd.world, crowd.world.project
    with world.store.begin() as uow:
        uow.people.seat(project, 1, daily_cap=None, reviews=True)
        person = next(one for one in uow.people.desks(project) if one.trainer.id == 1)
        [row] = uow.reviews.page(project, state=ReviewState.PENDING, limit=1)
    served: dict[Callable[[UnitOfWork], object], str | None] = {
        lambda uow: uow.reviews.first_for(person, [1, 2], 1.0): "ix_review_due",
        lambda uow: uow.reviews.due(project, 1e9, limit=500): "ix_review_due",
        lambda uow: uow.reviews.void(row): None,
        lambda uow: uow.reviews.barred([1, 2, 3]): "ix_review_",
        lambda uow: uow.reviews.open_labels([1, 2, 3]): "ix_review_",
        lambda uow: uow.reviews.seen_by([1, 2, 3]): "ix_review_turn_",
        lambda uow: uow.reviews.turn_of(row.id, 1, appeal=False): "ix_review_turn_",
        lambda uow: uow.reviews.held(project, 1): "ix_review_turn_",
        lambda uow: uow.reviews.taken(row.id, but=1): "ix_review_turn_",
        lambda uow: uow.reviews.expire(project, 1.0): "ix_review_turn_until",
        lambda uow: uow.reviews.expire(project, 1.0, review_id=row.id): "ix_review_turn_",
        lambda uow: uow.reviews.of_author(project, 7, limit=100): "ix_review_author",
        lambda uow: uow.reviews.set_aside_by([1, 2, 3]): None,
        lambda uow: uow.reviews.page(project, after=100, limit=100): None,
        lambda uow: uow.reviews.page(project, state=ReviewState.VOID, limit=100): "ix_review_project",
        lambda uow: uow.labels.by_annotation(project, [100, 104]): None,
        lambda uow: uow.labels.get(1): None,
        lambda uow: uow.work.been_through([1, 2, 3]): None,
        lambda uow: uow.work.given(project, 1, since=0.0): None,
    }
    for call, index in served.items():
        assert_searched(plans(world.store, call, seqscan="off"), index)
    label = row.label_id
    assert_searched(plans(world.store, lambda uow: uow.labels.set_aside([label], world.now), seqscan="off"))
    assert_searched(plans(world.store, lambda uow: uow.labels.restore([label], world.now, revision=1), seqscan="off"))


def test_gold(crowd: Crowd) -> None:
    """Which answers are to gold items is asked with every delivery of labels; which gold is next, with every item."""
    world = crowd.world
    with world.store.begin() as uow:
        person = uow.people.get(7)
        desk = next(one for one in uow.people.desks(world.project) if one.trainer.id == person.id)
    served: dict[Callable[[UnitOfWork], object], str | None] = {
        lambda uow: uow.gold.unseen(world.project, desk, most=9, limit=9): None,
        lambda uow: uow.gold.given([1, 2, 3]): "ix_work_item",
        lambda uow: uow.gold.of_items([1, 2, 3]): "ix_gold_item",
        lambda uow: uow.gold.people_on(1): "ix_label_item_id",
        lambda uow: uow.gold.candidates(world.project, limit=9): "ix_item_",
        lambda uow: uow.gold.answers(trainer_id=person.id): "gold_answer",
        lambda uow: uow.gold.answers(qualification_id=1): "ix_gold_answer_qualification",
        lambda uow: uow.gold.tallies([1]): "ix_gold_answer_gold_id",
        lambda uow: uow.people.marks([person.id]): None,
    }
    for call, index in served.items():
        assert_searched(plans(world.store, call, seqscan="off"), index)


def test_own_figures(crowd: Crowd) -> None:
    project = crowd.world.project
    served: dict[Callable[[UnitOfWork], object], str] = {
        lambda uow: uow.own.handed(project, 1, Moment(2.0, 1.0), since=0.0): "ix_work_trainer",
        lambda uow: uow.own.given(project, 3): "ix_label_person",
        lambda uow: uow.own.reviewed(project, 3): "ix_review_author",
        lambda uow: uow.own.marked(project, 1): "gold_answer_",
        lambda uow: uow.labels.taught_by(project): "label_",
    }
    for call, index in served.items():
        assert_searched(plans(crowd.world.store, call, seqscan="off"), index)


def test_people_figures(crowd: Crowd) -> None:
    """Of the newest hundred of 20,000 pieces of work in each project."""
    project, recent = crowd.world.project, {"since": 2.0 * ITEMS - 100.0}
    at = Moment(1e9, 0.0)
    served: dict[Callable[[UnitOfWork], object], str] = {
        lambda uow: uow.people_figures.waiting(project, at, train=False): "ix_item_route",
        lambda uow: uow.people_figures.waiting(project, at, train=True): "ix_item_",
        lambda uow: uow.people_figures.held(project, at): "ix_work_",
        lambda uow: uow.people_figures.holders(project, at): "ix_work_",
        lambda uow: uow.people_figures.handed_in(project, **recent): "ix_work_",
        lambda uow: uow.people_figures.pieces(project, at, **recent): "ix_work_",
        lambda uow: uow.people_figures.effective(project, **recent): "ix_work_",
        lambda uow: uow.people_figures.given_back(project, **recent): "ix_work_",
        lambda uow: uow.people_figures.confidences(project, **recent): "ix_work_",
        lambda uow: uow.people_figures.waited(project, **recent): "ix_work_",
        lambda uow: uow.people_figures.firsts(project): "ix_work_",
        lambda uow: uow.people_figures.answered(project): "ix_label_role",
    }
    for call, index in served.items():
        assert_searched(plans(crowd.world.store, call, seqscan="off"), index)
    for call in list(served)[4:10]:
        steps = [step.split("<-")[0] for step in plans(crowd.world.store, call, seqscan="off") if " work " in step]
        if crowd.world.store.dialect == "sqlite":  # PostgreSQL's plan names no conditions
            assert any("granted_at>" in step or "until>" in step for step in steps), steps


def test_effort(crowd: Crowd) -> None:
    """The newest labels first, without sorting; and how many have come since."""
    world = crowd.world
    steps = plans(world.store, lambda uow: uow.effort.times(world.project, limit=500), seqscan="off")
    assert_searched(steps, "ix_label_newest")
    assert not any("USE TEMP B-TREE" in step for step in steps)
    for call in (lambda uow: uow.effort.since(world.project, 9_000), lambda uow: uow.effort.newest(world.project)):
        assert_searched(plans(world.store, call, seqscan="off"), "ix_label_newest")
    moved = plans(
        world.store,
        lambda uow: uow.effort.decide_again(world.project, start=0.2, end=0.2001, now=world.now),
        seqscan="off",
    )
    assert_searched(moved, "ix_item")


def test_charts(crowd: Crowd) -> None:
    """Decisions by day are read by key, what waits by its draw."""
    project = crowd.world.project
    served: dict[Callable[[UnitOfWork], object], str | None] = {
        lambda uow: uow.charts.decided(project, after=200, upto=400): None,
        lambda uow: uow.charts.decided_before(5.0): None,
        lambda uow: uow.charts.decided_at(7): None,
        lambda uow: uow.charts.pool(project, "m0", start=0.5, end=0.505): "ix_item_route",
        lambda uow: uow.labels.validation(project): "ix_item_draw",
    }
    for call, index in served.items():
        assert_searched(plans(crowd.world.store, call, seqscan="off"), index)


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        ({}, "ix_item_queue"),
        ({"state": ItemState.DEAD}, "ix_item_queue"),
        ({"state": ItemState.PUBLISHED, "route": Route.SUGGEST, "least": 0.5, "reason": "x"}, "ix_item_queue"),
        ({"route": Route.ACCEPT, "model_version": "m0", "most": 0.5, "text": "never"}, "ix_item_queue"),
        ({"label": "b"}, "ix_item_queue"),
        ({"trainer": 3}, "ix_label_newest"),
        ({"trainer": 4, "state": ItemState.LABELED}, "ix_label_newest"),
    ],
)
def test_browsing(crowd: Crowd, wanted: dict[str, Any], index: str) -> None:
    """A page of items, from the top and from the middle; what no index serves looks at a bounded number of rows."""
    world = crowd.world
    for after in (END, 9000):

        def call(uow: UnitOfWork, after: int = after) -> object:
            return uow.browse.page(world.project, Wanted(**wanted), after=after, look=1000)

        assert_searched(plans(world.store, call, seqscan="off"), index)


def test_one_items_history(crowd: Crowd) -> None:
    world = crowd.world
    assert_searched(plans(world.store, lambda uow: uow.items.explain(world.project, 500), seqscan="off"))


def test_ready_made_lists(crowd: Crowd) -> None:
    project = crowd.world.project
    for call in (
        lambda uow: uow.browse.disagreements(project, look=1000),
        lambda uow: uow.browse.compared(project, look=1000),
    ):
        assert_searched(plans(crowd.world.store, call, seqscan="off"), "ix_label_newest")


def test_operations(crowd: Crowd) -> None:
    """A scrape of the metrics; held leases are read from the partial indexes that hold nothing else."""
    world, project = crowd.world, crowd.world.project
    served: dict[Callable[[UnitOfWork], object], str] = {
        lambda uow: uow.operations.states(project): "ix_item_",
        lambda uow: uow.operations.oldest(project, ItemState.RECEIVED): "ix_item_queue",
        lambda uow: uow.operations.outbox(project): "ix_outbox_queue",
        lambda uow: uow.operations.oldest_write(project): "ix_outbox_queue",
        lambda uow: uow.operations.people(project, due=1.0): "ix_item_route",
        lambda uow: uow.operations.handed_out(project, 1.0): "ix_work_",
        lambda uow: uow.operations.gate_moved_at(project): "ix_gate_event",
    }
    for call, index in served.items():
        steps = plans(world.store, call, seqscan="off")
        assert any("SEARCH" in step and index in step.split("<-")[0] for step in steps), steps
        assert not [step for step in steps if step.split()[0] == "SCAN" and step.split()[1] in BIG], steps
    people = plans(world.store, lambda uow: uow.operations.people(project, due=1.0), seqscan="off")
    for index in ("ix_item_blind", "ix_item_training"):
        assert any(index in step.split("<-")[0] for step in people), people
    held = plans(world.store, lambda uow: uow.operations.held(world.now), seqscan="off")
    for index in ("ix_item_lease", "ix_outbox_lease"):
        assert any(index in step.split("<-")[0] for step in held), held
