"""The hot queries go by an index, on both databases, whatever the number of items.

Each call is made on 40,000 items in two projects; every statement that it sends is then explained by the database.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import Connection, event

from models.types import Fold, Route
from serving.store.browsing import END, Wanted
from serving.store.engine import Store, UnitOfWork
from serving.store.people_figures import Moment
from serving.store.people_records import DeskRow, TrainerRow
from serving.store.records import ItemState, OutboxKind, Stand
from serving.store.review_records import ReviewState
from tests.store.conftest import TEMPLATE
from tests.store.world import World, decision, prediction, task
from tests.support.postgres import fresh_database

ITEMS = 20_000
LATER = (
    "UPDATE item SET state = 'published', route = 'suggest', confidence = draw, model_version = 'm0'"
    " WHERE mod(id, 3) = 0",
    "UPDATE outbox SET state = 'sent' WHERE mod(id, 50) <> 0",
    "INSERT INTO label (project_id, item_id, annotation_id, completed_by, regions, was_cancelled, deleted, role,"
    " remote_updated_at, created_at) SELECT project_id, id, id, 3, '[]', false, false, 'train', 0, 0 FROM item"
    " WHERE mod(id, 4) = 0",
    "INSERT INTO trainer (platform_url, user_id, email, name, created_at)"
    " SELECT 'http://127.0.0.1:8080', id, 'x', 'x', 0 FROM item WHERE id <= 300",
    "INSERT INTO review (project_id, item_id, label_id, author, revision, state, drawn_at, due_at, reviewer_id, note,"
    " answer, closed_at) SELECT project_id, item_id, id, 3 + mod(id, 50), 1,"
    " CASE mod(id, 100) WHEN 0 THEN 'pending' WHEN 1 THEN 'rejected' WHEN 2 THEN 'appealed' ELSE 'accepted' END,"
    " 0, id, 1, '', '', CASE WHEN mod(id, 100) < 3 THEN NULL ELSE 1 END FROM label",
    "INSERT INTO review_turn (project_id, item_id, review_id, trainer_id, appeal, state, granted_at, until, why)"
    " SELECT project_id, item_id, id, 1 + mod(id, 300), false, CASE WHEN id < 200 THEN 'held' ELSE 'done' END, id, id,"
    " '' FROM review",
    "INSERT INTO desk (project_id, trainer_id, seen_at)"
    " SELECT CASE WHEN id <= 20 THEN 1 ELSE 2 END, id, 0 FROM trainer WHERE id <= 40",
    "INSERT INTO work (project_id, item_id, trainer_id, kind, state, why, granted_at, until, beat_at, extended,"
    " ended_at) SELECT project_id, id, CASE WHEN project_id = 1 THEN 1 ELSE 21 END + mod(id, 20), 'suggestion',"
    " CASE mod(id, 400) WHEN 0 THEN 'held' WHEN 1 THEN 'released' WHEN 2 THEN 'expired' ELSE 'done' END,"
    " '{\"waited_s\": 1.5}', id, id + 100, id, false, id + 50 FROM item",
    "INSERT INTO gold (project_id, item_id, domain, language, task, revision, regions, source, uses, created_at)"
    " SELECT project_id, id, '', '', '', 1, '[]', 'label', 0, 0 FROM item WHERE mod(id, 4) = 0",
    "INSERT INTO gold_answer (gold_id, trainer_id, regions, is_right, counts, answered_at)"
    " SELECT id, mod(id, 300) + 1, '[]', true, true, 0 FROM gold",
)
"""How the store looks after a while; sent, labelled and published items are many, what waits is little."""
BIG = {"item", "outbox", "prediction", "label", "decision", "work", "review", "review_turn", "gold", "gold_answer"}
SMALL = "ix_review_turn_held"
"""An index of what is in people's hands now: it may be read as a whole."""


@dataclass(frozen=True)
class Crowd:
    """A full store, and a way to ask it for plans."""

    world: World
    other: World


@pytest.fixture(scope="module", params=["sqlite", "sqlite analyzed", "postgresql"])
def crowd(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crowd]:
    if request.param.startswith("sqlite"):
        path = tmp_path_factory.mktemp("plans") / "store.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield from _fill(f"sqlite:///{path}", "ANALYZE" if request.param == "sqlite analyzed" else None)
        return
    with fresh_database(request.getfixturevalue("postgres_template"), TEMPLATE) as url:
        yield from _fill(url, "VACUUM ANALYZE")


def _fill(url: str, analyze: str | None) -> Iterator[Crowd]:
    store = Store.open(url)
    crowd = Crowd(World(store), World(store, "other", number=2))
    for world in (crowd.world, crowd.other):
        world.receive(
            *(
                task(n, fold=Fold.VALIDATION if n % 2 else Fold.TRAIN, draw=(n * 7919 % 20011) / 20011)
                for n in range(ITEMS)
            )
        )
        for _ in range(4):
            world.score(limit=500)
            world.decide(limit=500)
        world.send()
    with store.engine.begin() as conn:
        for statement in LATER:
            conn.exec_driver_sql(statement)
    if analyze is not None:
        with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
            conn.exec_driver_sql(analyze)
    yield crowd
    store.close()


def plans(store: Store, call: Callable[[UnitOfWork], object], *, seqscan: str = "on") -> list[str]:
    """Run ``call`` in a unit of work, and explain each statement that it sends.

    ``seqscan`` "off" asks PostgreSQL whether an index can serve at all, where reading half of a table is fair.
    """
    sent: list[tuple[str, Any]] = []

    def remember(
        conn: Connection, cursor: Any, statement: str, parameters: Any, context: Any, executemany: bool
    ) -> None:
        if statement.split()[0] in ("SELECT", "UPDATE", "DELETE"):
            sent.append((statement, parameters[0] if executemany else parameters))

    event.listen(store.engine, "before_cursor_execute", remember)
    try:
        with store.begin() as uow:
            call(uow)
    finally:
        event.remove(store.engine, "before_cursor_execute", remember)
    assert sent
    with store.engine.begin() as conn:
        explain = _explain_sqlite if store.dialect == "sqlite" else _explain_postgres
        if store.dialect == "postgresql":
            conn.exec_driver_sql(f"SET LOCAL enable_seqscan = {seqscan}")
        return [step for statement, parameters in sent for step in explain(conn, statement, parameters)]


def _explain_sqlite(conn: Connection, statement: str, parameters: Any) -> list[str]:
    rows = conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
    return [f"{row.detail} <- {statement}" for row in rows if re.match("SCAN|SEARCH", row.detail)]


def _explain_postgres(conn: Connection, statement: str, parameters: Any) -> list[str]:
    [(plan,)] = conn.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters)
    found = json.loads(plan) if isinstance(plan, (str, bytes)) else plan
    return [f"{step} <- {statement}" for step in _steps(found[0]["Plan"])]


def _steps(node: dict[str, Any]) -> Iterator[str]:
    kind, table = node["Node Type"], node.get("Relation Name", "")
    if kind == "Bitmap Index Scan":
        table = "item"  # the index alone is named; its table is that of the node above, a big one
    if kind.endswith("Scan") and kind != "Bitmap Heap Scan":
        searched = "Index Cond" in node
        yield f"{'SEARCH' if searched else 'SCAN'} {table} {kind} {node.get('Index Name', '')}"
    for child in node.get("Plans", ()):
        yield from _steps(child)


def assert_searched(steps: list[str], index: str | None = None) -> None:
    scans = [step for step in steps if step.split()[0] == "SCAN" and step.split()[1] in BIG and SMALL not in step]
    assert scans == []
    assert any(step.split()[0] == "SEARCH" for step in steps)
    if index is not None:
        assert any(index in step.split("<-")[0] for step in steps), steps


def lease(world: World) -> dict[str, Any]:
    return {"limit": 64, "owner": "w", "lease_s": 60.0, "now": world.now}


@pytest.mark.parametrize("state", [ItemState.RECEIVED, ItemState.SCORED])
def test_claim(crowd: Crowd, state: ItemState) -> None:
    steps = plans(crowd.world.store, lambda uow: uow.items.claim(crowd.world.project, state, **lease(crowd.world)))
    assert_searched(steps, "ix_item_queue")
    assert not any("USE TEMP B-TREE" in step or step.startswith("Sort") for step in steps)


def test_completion(crowd: Crowd) -> None:
    world = crowd.world
    rows = world.claim(ItemState.RECEIVED, limit=64, owner="completion")
    said = [(row.id, prediction(row.id)) for row in rows]
    assert_searched(plans(world.store, lambda uow: uow.items.store_predictions("completion", said, world.now)))
    with world.store.begin() as uow:
        uow.items.release_leases("completion")
    claimed = {row.id: row for row in world.claim(ItemState.SCORED, limit=5000, owner="completion")}
    made = [decision(claimed[row.id]) for row in rows]
    assert len(made) == 64
    assert_searched(plans(world.store, lambda uow: uow.items.decide("completion", made, world.now)))


@pytest.mark.parametrize("kind", OutboxKind)
def test_outbox(crowd: Crowd, kind: OutboxKind) -> None:
    world = crowd.world
    steps = plans(world.store, lambda uow: uow.outbox.claim(world.project, kind, **lease(world)))
    assert_searched(steps, "ix_outbox_queue")


def test_sending(crowd: Crowd) -> None:
    world = crowd.world
    world.now += 3600.0
    ids = [row.id for row in world.claim_outbox(owner="outbox")]
    assert len(ids) > 10
    assert_searched(plans(world.store, lambda uow: uow.outbox.sent("outbox", ids, world.now)))


def test_counts(crowd: Crowd) -> None:
    project = crowd.world.project
    served: dict[Callable[[UnitOfWork], object], str] = {
        lambda uow: uow.items.counts(project): "ix_item_",
        lambda uow: uow.items.route_counts(project): "ix_item_route",
        lambda uow: uow.items.accepted(project): "ix_item_route",
        lambda uow: uow.outbox.counts(project): "ix_outbox_queue",
        lambda uow: uow.outbox.oldest_pending(project): "ix_outbox_queue",
    }
    for call, index in served.items():
        assert_searched(plans(crowd.world.store, call, seqscan="off"), index)


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


def test_asking(crowd: Crowd) -> None:
    """What a list is made from, what is still on it, and what came of it."""
    project = crowd.world.project
    served: dict[Callable[[UnitOfWork], object], str] = {
        lambda uow: uow.asking.waiting(project, train=False): "ix_item_asked",
        lambda uow: uow.asking.waiting(project, train=True): "ix_item_asked",
        lambda uow: uow.asking.seeds(project, below=0.9, limit=300): "ix_item_training",
        lambda uow: uow.asking.unsure(project, below=0.9, limit=20_000): "ix_item_route",
        lambda uow: uow.asking.control(project, above=0.95, limit=50): "ix_item_route",
        lambda uow: uow.asking.answers(project, control_from=0.95): "label_",
        lambda uow: uow.asking.put(project, range(2, 300)): "ix_item_asked",
    }
    for call, index in served.items():
        assert_searched(plans(crowd.world.store, call, seqscan="off"), index)


def test_draws(crowd: Crowd) -> None:
    world = crowd.world
    steps = plans(world.store, lambda uow: uow.items.drawn(world.project, cut=0.01, limit=50))
    assert_searched(steps, "ix_item_draw")
    steps = plans(world.store, lambda uow: uow.items.set_blind(world.project, cut=0.002, now=world.now))
    assert_searched(steps, "ix_item_draw")


def test_lookups(crowd: Crowd) -> None:
    world = crowd.world
    tasks = [task(n) for n in range(100)]
    assert_searched(plans(world.store, lambda uow: uow.items.by_task(world.project, [1, 2, 3])))
    assert_searched(plans(world.store, lambda uow: uow.items.receive(world.project, tasks, world.now)))
    assert_searched(plans(world.store, lambda uow: uow.items.mark_gone(world.project, [19_999], world.now)))
    assert_searched(plans(world.store, lambda uow: uow.items.history(1)))
    assert_searched(plans(world.store, lambda uow: uow.items.release_leases("nobody")), "ix_item_lease")
    assert_searched(plans(world.store, lambda uow: uow.outbox.release_leases("nobody")), "ix_outbox_lease")
    assert_searched(plans(world.store, lambda uow: uow.items.confidences(world.project, "m1")), "ix_item_model")


def test_labels(crowd: Crowd) -> None:
    world = crowd.world
    assert_searched(plans(world.store, lambda uow: uow.labels.annotation_ids(world.project, [1, 2])))
    assert_searched(plans(world.store, lambda uow: uow.labels.remove(world.project, [100, 104], world.now)))


def test_own_figures(crowd: Crowd) -> None:
    project = crowd.world.project
    served: dict[Callable[[UnitOfWork], object], str] = {
        lambda uow: uow.own.pieces(project, 1): "ix_work_trainer",
        lambda uow: uow.own.given(project, 3): "label_",
        lambda uow: uow.own.reviewed(project, 3): "ix_review_author",
        lambda uow: uow.own.marked(project, 1): "gold_answer_",
        lambda uow: uow.labels.taught_by(project): "label_",
    }
    for call, index in served.items():
        assert_searched(plans(crowd.world.store, call, seqscan="off"), index)


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


def test_monitor(crowd: Crowd) -> None:
    world = crowd.world
    recent: dict[str, Any] = {"after": 100, "limit": 500}
    reopen: dict[str, Any] = {"after": 100, "reason": "reopened", "now": world.now}
    served: dict[Callable[[UnitOfWork], object], str | None] = {
        lambda uow: uow.watch.audits([1, 2]): "ix_decision_audit",
        lambda uow: uow.watch.regions([1, 2]): None,
        lambda uow: uow.watch.reopen(world.project, [1, 2], **reopen): None,
        lambda uow: uow.watch.reference(world.project, "m1", since=5.0): None,
        lambda uow: uow.watch.recent(world.project, "m0", **recent): None,
    }
    for call, index in served.items():
        assert_searched(plans(world.store, call, seqscan="off"), index)
    late: dict[str, Any] = {"cut": 1.0, "limit": 50, "since": world.now + 1}
    steps = plans(world.store, lambda uow: uow.items.drawn(world.project, **late))
    assert_searched(steps, "ix_item_draw")


def test_challenger(crowd: Crowd) -> None:
    world = crowd.world
    said = [(id, prediction(id, version="m9")) for id in (1, 2)]
    served: tuple[Callable[[UnitOfWork], object], ...] = (
        lambda uow: uow.challenge.pool(world.project, "m0", limit=500),
        lambda uow: uow.items.rows([1, 2]),
        lambda uow: uow.challenge.said([1, 2], "m0"),
        lambda uow: uow.challenge.others([1, 2], "m0"),
        lambda uow: uow.challenge.scored([1, 2], "m0"),
        lambda uow: uow.challenge.record(said, world.now),
    )
    for call in served:
        assert_searched(plans(world.store, call, seqscan="off"))


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


@pytest.mark.parametrize("stand", Stand)
def test_sweep(crowd: Crowd, stand: Stand) -> None:
    world = crowd.world
    call: dict[str, Any] = {"version": "m0", "before": world.now + 1}
    read = plans(world.store, lambda uow: uow.sweep.tasks(world.project, stand, **call), seqscan="off")
    assert_searched(read, "ix_outbox_queue" if stand is Stand.UNLABELED else "ix_item_")


def test_a_full_scan_would_be_noticed(crowd: Crowd) -> None:
    """The check itself: a query that no index serves fails it."""
    store = crowd.world.store

    def slow(uow: UnitOfWork) -> None:
        uow.items._conn.exec_driver_sql("SELECT count(*) FROM item WHERE digest = 'x'")

    with pytest.raises(AssertionError):
        assert_searched(plans(store, slow))
