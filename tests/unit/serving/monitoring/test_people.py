"""The operators' figures, each counted again from the rows of the store by other means."""

from __future__ import annotations

import json
from statistics import median
from typing import Any

import pytest
from sqlalchemy import text

from models.fair_queue import Kind
from models.people import gini
from models.skills import FieldOfWork, Need, Skill
from models.types import Route
from serving.monitoring.people import DAY_S, PeopleFigures, figures
from serving.store.people_records import DeskRow, Nothing, WorkRow
from serving.store.records import ItemState
from serving.workforce.hand_out import give_back, next_for
from tests.support.local_world import LocalWorld, easy, hard

ANNA, BERT, CARL, LAZY = 21, 22, 23, 24
LAW = FieldOfWork(domain="law")


def seat(world: LocalWorld, user: int, *skills: Skill) -> None:
    with world.store.begin() as uow:
        person = uow.people.add("http://127.0.0.1:8080", user, email=f"{user}@x", name=f"p{user}", now=world.clock())
        uow.people.seat(world.id, person.id, daily_cap=None)
        uow.people.grant(person.id, skills, world.clock())


def desk(world: LocalWorld, user: int) -> DeskRow:
    with world.store.read() as uow:
        return next(one for one in uow.people.desks(world.id) if one.trainer.user_id == user)


def take(world: LocalWorld, user: int) -> WorkRow:
    found = next_for(world.runtime, world.project, desk(world, user))
    assert isinstance(found, WorkRow), found
    return found


def hand_in(world: LocalWorld, user: int, work: WorkRow, *, after: float) -> None:
    world.later(after)
    with world.store.read() as uow:
        task = uow.items.get(work.item_id).task_id
    world.label(task, user=user)
    world.sync()


@pytest.fixture
def busy(world: LocalWorld) -> LocalWorld:
    """Three people at work for an hour, after a day on which Anna did one item; a fourth who never got any."""
    world.open(easy(110))
    world.arrive(hard(60, seed=3) + easy(20, seed=3))
    world.sync()
    world.settle()
    seat(world, LAZY, Skill(LAW, 1))
    for user in (ANNA, BERT, CARL):
        seat(world, user)
    hand_in(world, ANNA, take(world, ANNA), after=10.0)
    world.later(DAY_S)
    for step, user in enumerate((ANNA, BERT, CARL, ANNA, BERT, ANNA, BERT, ANNA, BERT, ANNA) * 2):
        work = take(world, user)
        if step % 7 == 3:
            world.later(60.0)
            give_back(world.runtime, work, "Not  my field" if step < 9 else "not my field")
        else:
            hand_in(world, user, work, after=60.0 + 30.0 * (step % 5))
    lost, late = take(world, BERT), take(world, CARL)
    world.later(1000.0)
    assert isinstance(next_for(world.runtime, world.project, desk(world, ANNA)), WorkRow)  # ends what is over
    hand_in(world, CARL, late, after=1.0)
    assert lost.id != late.id
    world.later(400.0)
    return world


def rows(world: LocalWorld, query: str) -> list[Any]:
    with world.store.engine.connect() as conn:
        return [row._mapping for row in conn.execute(text(query))]


def work_since(world: LocalWorld, since: float) -> list[dict[str, Any]]:
    """Rows of work, with the end of what was active, and the state that a lease over by now comes to."""
    silent = world.clock() - world.runtime.settings.people_silent_s
    found = []
    for row in rows(world, f"SELECT * FROM work WHERE granted_at >= {since} ORDER BY id"):
        over = row["until"] <= world.clock() or row["beat_at"] <= silent
        state = "expired" if row["state"] == "held" and over else row["state"]
        end = row["beat_at"] if state in ("held", "expired", "late") else row["ended_at"]
        found.append({**row, "state": state, "why": json.loads(row["why"]), "active": end - row["granted_at"]})
    return found


def test_each_number_can_be_counted_again(busy: LocalWorld) -> None:
    found = figures(busy.runtime, busy.project, days=0.9)
    since = busy.clock() - 0.9 * DAY_S
    work = work_since(busy, since)
    done = [row for row in work if row["state"] in ("done", "late")]
    ended = [row for row in work if row["state"] != "held"]
    hours = sum(row["active"] for row in work) / 3600
    assert len(work) == 23 == found.handed_out
    assert found.handed_in == len(done)
    assert found.active_h == pytest.approx(hours)
    lost = [row for row in ended if row["state"] in ("expired", "late")]
    assert found.lease_loss.value == pytest.approx(len(lost) / len(ended))
    assert found.lease_loss.n == len(ended)
    assert (found.late.value, found.late.n) == (1 / len(done), len(done))
    assert found.answers_per_hour.value == pytest.approx(len(done) / hours)
    assert found.effective_items_per_hour.value == pytest.approx(len({row["item_id"] for row in done}) / hours)
    assert {one.reason: one.n for one in found.given_back} == {"not my field": 3}
    waits = [row["why"]["waited_s"] for row in work]
    assert (found.wait_in_line.n, found.wait_in_line.median_s) == (len(waits), median(waits))
    assert found.first_item.n == 2, "Anna's was the day before"
    assert found.waiting_for_first == 0, "who never asked does not wait"


def test_people_and_how_evenly_they_get_work(busy: LocalWorld) -> None:
    found = figures(busy.runtime, busy.project, days=0.9)
    work = work_since(busy, found.since)
    users = {row["id"]: row["user_id"] for row in rows(busy, "SELECT id, user_id FROM trainer")}
    sure = {row["id"]: row["confidence"] for row in rows(busy, "SELECT id, confidence FROM item")}
    cut = sorted(sure[row["item_id"]] for row in work)[len(work) // 3]
    assert found.hard_below == cut
    rates = []
    for one in found.people:
        mine = [row for row in work if users[row["trainer_id"]] == one.user]
        hours = sum(row["active"] for row in mine) / 3600
        assert one.handed_out == len(mine)
        assert one.active_h == pytest.approx(hours)
        hard_ones = [row for row in mine if sure[row["item_id"]] <= cut]
        assert (one.hard.value, one.hard.n) == (len(hard_ones) / len(mine) if mine else None, len(mine))
        counts = (one.handed_in, one.lost, one.skipped, one.given_back, one.holds)
        assert sum(counts) == one.handed_out
        rates += [len(mine) / hours] if hours >= 0.1 else []
    assert [one.user for one in found.people] == [LAZY, ANNA, BERT, CARL]
    assert found.people[0].handed_out == 0
    assert len(rates) >= 2
    assert found.offered_gini.value == pytest.approx(gini(rates))
    assert found.offered_gini.n == len(rates)


def test_lines_say_who_could_do_what_waits(busy: LocalWorld) -> None:
    shown = [one.id for one in busy.items() if (one.state, one.route) == (ItemState.PUBLISHED, Route.SUGGEST)]
    easier, harder = dict.fromkeys(shown[:2], Need(LAW, 1)), dict.fromkeys(shown[2:5], Need(LAW, 5))
    with busy.store.begin() as uow:
        uow.people.set_needs(busy.id, easier | harder)
    found = {(one.kind, one.needs): one for one in figures(busy.runtime, busy.project, days=0.9).lines}
    lazy = [one for (_, needs), one in found.items() if needs == "law/any/any from level 1"]
    nobody = [one for (_, needs), one in found.items() if needs == "law/any/any from level 5"]
    assert sum(one.open for one in lazy) == 2
    assert {(one.able, one.present, one.alarm) for one in lazy} == {(1, 0, "nobody_there")}
    assert sum(one.open for one in nobody) == 3
    assert {(one.able, one.alarm, one.eta_h.value) for one in nobody} == {(0, "nobody_can", None)}
    plain = [one for (_, needs), one in found.items() if needs is None]
    assert all(one.able == 4 for one in plain)
    moved = next(one for one in plain if one.handed_in and one.open)
    hours = 0.9 * DAY_S / 3600
    assert moved.eta_h.value == pytest.approx((moved.open + moved.held) / (moved.handed_in / hours))
    assert sum(one.open for one in found.values()) == _open(busy)


def _open(world: LocalWorld) -> int:
    """What the queue would give, and nobody holds."""
    held = {row["item_id"] for row in work_since(world, 0.0) if row["state"] == "held"}
    return len({item.id for item in world.wanted(10_000)} - held)


def test_of_nothing(world: LocalWorld) -> None:
    found = figures(world.runtime, world.project, days=7.0)
    assert (found.handed_out, found.lines, found.people, found.given_back) == (0, (), (), ())
    assert {found.offered_gini.value, found.lease_loss.value, found.effective_items_per_hour.value} == {None}
    assert PeopleFigures.model_validate_json(found.model_dump_json()) == found


def test_who_asked_in_vain_waits_for_a_first_item(world: LocalWorld) -> None:
    seat(world, ANNA)
    assert next_for(world.runtime, world.project, desk(world, ANNA)) is Nothing.EMPTY
    assert figures(world.runtime, world.project, days=1.0).waiting_for_first == 1
    world.arrive(easy(3))
    world.sync()
    found = figures(world.runtime, world.project, days=1.0)
    assert {one.kind for one in found.lines} <= {Kind.TEACHING, Kind.VALIDATION}
    assert {(one.able, one.present, one.handed_in, one.alarm) for one in found.lines} == {(1, 1, 0, None)}
    world.later(4000.0)
    assert {one.alarm for one in figures(world.runtime, world.project, days=1.0).lines} == {"nobody_there"}


def test_who_holds_an_item_is_there_however_short_the_window(world: LocalWorld) -> None:
    world.arrive(easy(3))
    world.sync()
    seat(world, ANNA)
    take(world, ANNA)
    world.later(200.0)
    found = figures(world.runtime, world.project, days=0.001)
    assert found.handed_out == 0
    assert {one.present for one in found.lines} == {1}
    assert sum(one.held for one in found.lines) == 1
