"""A person's own figures, counted from rows."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from models.people.skill import Skill as Accuracy
from models.skills import FieldOfWork
from serving.monitoring.own import DAYS, PEERS, Rows, accuracies, daily, learned, own, window
from serving.pipeline import learn
from serving.store.own import Given, Handed, Marked, Reviewed
from serving.store.people_records import WorkState
from serving.store.records import LABELS_BY, LabelRole
from serving.store.review_records import ReviewState
from serving.store.version_records import ModelVersionRow
from tests.store.world import model_ref
from tests.support.local_world import LocalWorld, easy

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC).timestamp()
DAY = 86_400.0
LAW, ANY = FieldOfWork(domain="law"), FieldOfWork()
ANNA, BERT = 21, 22


def piece(state: WorkState, *, code: str = "teaching", reason: str | None = None, n: int = 1) -> Handed:
    return Handed(state, code=code, reason=reason, unasked=False, recent=True, n=n)


def given(item: int, **more: Any) -> Given:
    one = Given(item, skipped=False, role=LabelRole.CORRECTION, lead_time=10.0, loss=0.0, saved_at=NOW)
    return one._replace(**more)


def test_work_by_how_it_ended() -> None:
    states = [*WorkState, WorkState.DONE]
    pieces = [piece(state, reason="Not  my field" if state is WorkState.RELEASED else None) for state in states]
    pieces += [piece(WorkState.RELEASED, reason="not my field", code="quality")]
    pieces += [
        replace(piece(WorkState.RELEASED, reason="label studio: gone"), unasked=True),
        replace(piece(WorkState.DONE, n=3), recent=False),
    ]
    found = window(Rows(pieces), since=NOW - 7 * DAY, cap_s=100.0).work
    assert (found.offered, found.checks, found.held) == (9, 1, 1)
    assert (found.done, found.late, found.skipped, found.expired) == (3, 1, 1, 1)
    assert (found.given_back, found.unavailable) == (2, 1), "what could not be opened was not given back"
    assert [(one.reason, one.n) for one in found.reasons] == [("not my field", 2)]
    assert window(Rows(pieces), since=0.0, cap_s=100.0).work.offered == 12


def test_rare_reasons_stand_together() -> None:
    pieces = [piece(WorkState.RELEASED, reason=f"reason {n % 13}") for n in range(14)]
    reasons = window(Rows(pieces), since=0.0, cap_s=1.0).work.reasons
    assert [one.n for one in reasons] == [2, *[1] * 9, 3]
    assert reasons[-1].reason == ""


def test_labels_with_and_without_a_suggestion() -> None:
    rows = [
        given(1, loss=1.0),
        given(1, loss=0.0),  # the newest of several by one person counts
        given(2, loss=0.5),
        given(3, loss=None),
        *(given(4 + n, role=role, loss=1.0) for n, role in enumerate(LabelRole) if role is not LabelRole.CORRECTION),
        given(9, skipped=True),
    ]
    found = window(Rows(given=rows), since=0.0, cap_s=100.0).labels
    blind = len(LabelRole) - 1
    assert (found.n, found.with_suggestion, found.without_suggestion) == (3 + blind, 3, blind)
    assert (found.compared, found.unchanged, found.changed) == (2, 1, 1), "losses that nobody saw are not compared"


def test_kinds_of_blind_labels_give_the_same_figures() -> None:
    """Whatever an item checked, nothing that the person is shown depends on it."""
    blind = [role for role in LabelRole if role.blind]
    assert len(blind) > 1
    told = {
        window(Rows(given=[given(1, role=role, loss=loss)]), since=0.0, cap_s=100.0).model_dump_json()
        for role in blind
        for loss in (None, 0.0, 1.0)
    }
    assert len(told) == 1


def test_time_is_capped_by_item_and_the_middle_is_not() -> None:
    rows = [
        given(1, lead_time=200.0),
        given(2, lead_time=400.0),
        given(3, lead_time=9000.0),
        given(4, lead_time=30.0, skipped=True),
        given(5, lead_time=None),
        given(6, lead_time=float("nan")),
        given(1, lead_time=100.0),
    ]
    found = window(Rows(given=rows), since=0.0, cap_s=1000.0).time
    assert (found.active_s, found.n, found.capped) == (300 + 400 + 1000 + 30, 4, 1)
    assert found.median_s == 400.0
    assert found.per_hour == pytest.approx(3 / (1730 / 3600))
    assert window(Rows(given=rows[:1]), since=0.0, cap_s=1000.0).time.per_hour is None, "six minutes at least"
    assert window(Rows(), since=0.0, cap_s=1.0).time.median_s is None


def decided(state: ReviewState, **more: object) -> Reviewed:
    one = Reviewed(state, NOW, by_deadline=False, fixed=False, code=None, appealed=False)
    return replace(one, **more)  # type: ignore[arg-type]


def test_reviews_count_as_they_stand_and_as_they_were_decided() -> None:
    rows = [
        decided(ReviewState.ACCEPTED),
        decided(ReviewState.ACCEPTED, by_deadline=True),
        decided(ReviewState.REJECTED, code="guideline"),
        decided(ReviewState.FIXED, fixed=True, code="wrong_label"),
        decided(ReviewState.APPEALED, code="guideline", appealed=True),
        decided(ReviewState.UPHELD, code="guideline", appealed=True),
        decided(ReviewState.OVERTURNED, fixed=True, code="wrong_label", appealed=True, by_deadline=True),
        decided(ReviewState.REJECTED, code="not_done", decided_at=NOW - 8 * DAY),
    ]
    found = window(Rows(reviewed=rows), since=NOW - 7 * DAY, cap_s=1.0).reviews
    assert (found.decided, found.accepted, found.by_deadline) == (7, 2, 1)
    assert (found.fixed, found.rejected) == (2, 3)
    assert (found.appealed, found.upheld, found.overturned) == (3, 1, 1)
    assert [(one.reason, one.n) for one in found.reasons] == [("guideline", 3), ("wrong_label", 2)]
    assert window(Rows(reviewed=rows), since=0.0, cap_s=1.0).reviews.rejected == 4


def test_marks_that_do_not_stand_are_apart() -> None:
    rows = [
        Marked(is_right=True, counts=True, answered_at=NOW, disputed=False),
        Marked(is_right=False, counts=True, answered_at=NOW, disputed=True),
        Marked(is_right=False, counts=False, answered_at=NOW, disputed=True),
        Marked(is_right=True, counts=True, answered_at=NOW - 8 * DAY, disputed=False),
    ]
    found = window(Rows(marked=rows), since=NOW - 7 * DAY, cap_s=1.0).known
    assert (found.n, found.right, found.disputed, found.void) == (2, 1, 2, 1)


def test_the_daily_series_ends_today_and_counts_an_item_once() -> None:
    draw = random.Random(3)
    rows = sorted((given(n % 40, saved_at=NOW - draw.random() * 40 * DAY) for n in range(60)), key=lambda r: r.saved_at)
    rows.append(given(99, skipped=True))
    days = daily(rows, NOW)
    assert (len(days), str(days[-1].day), str(days[0].day)) == (DAYS, "2026-11-28", "2026-11-01")
    newest = {one.item_id: datetime.fromtimestamp(one.saved_at, UTC).date() for one in rows if not one.skipped}
    for one in days:
        assert one.labels == sum(day == one.day for day in newest.values())
    assert 0 < sum(one.labels for one in days) < 40


def test_others_are_shown_from_four_on() -> None:
    means = [Accuracy.of(right, 10 - right) for right in (9, 6, 8, 7, 10)]
    mine = {(1, LAW): Accuracy.of(18, 2), (1, ANY): Accuracy.of(2, 0)}
    known = (
        mine | {(2 + n, LAW): one for n, one in enumerate(means)} | {(9, LAW): Accuracy.of(1, 3), (2, ANY): means[0]}
    )
    any_, law = accuracies(known, 1)
    assert (any_.field, law.field) == ("any/any/any", "law/any/any")
    assert law.mean == pytest.approx(18.5 / 21)
    assert law.items == pytest.approx(20)
    assert law.lower < law.mean < law.upper
    lower, upper = np.quantile([one.mean for one in means], [0.25, 0.75])
    assert law.peers.n == len(means), "who has next to no evidence is not among them, nor is the person"
    assert law.peers.lower == pytest.approx(lower)
    assert law.peers.upper == pytest.approx(upper)
    assert (any_.peers.n, any_.peers.lower, any_.peers.upper) == (1, None, None)
    fewer = {key: one for key, one in known.items() if key[0] in (1, 2, 3, 4)}
    assert accuracies(fewer, 1)[1].peers.lower is None
    fewer[5, LAW] = means[3]
    assert len({who for who, _ in fewer} - {1}) == PEERS
    assert accuracies(fewer, 1)[1].peers.lower is not None
    assert accuracies(known, 77) == ()
    assert accuracies({(1, LAW): Accuracy.of(0, 0)}, 1) == ()


def version(number: int, by: dict[str, int] | None, accuracy: float | None, **more: float | None) -> ModelVersionRow:
    metrics = {} if by is None else {LABELS_BY: by, "history": 5, "accuracy": accuracy}
    times: dict[str, float | None] = {"created_at": float(number), "activated_at": None} | more
    return ModelVersionRow(number, 1, model_ref(f"m{number}"), 1, metrics, **times)  # type: ignore[arg-type]


def test_what_models_learned_of_a_person() -> None:
    rows = [
        version(1, None, None),
        version(2, {"21": 30, "22": 10}, 0.8, activated_at=9.0),
        version(3, {"22": 10}, None, rejected_at=8.0),
        version(4, {"21": 31, "22": 10}, 0.9, activated_at=10.0),
    ]
    newest, without, first = learned(rows, ANNA, active="m4")
    assert (newest.number, newest.yours, newest.by_people, newest.history) == (4, 31, 41, 5)
    assert (newest.accuracy, newest.before, newest.before_accuracy) == (0.9, 2, 0.8)
    assert (newest.active, newest.activated_at) == (True, 10.0)
    assert (without.yours, without.accuracy, without.rejected_at) == (0, None, 8.0)
    assert (first.number, first.before, first.active) == (2, None, False)


def test_a_model_keeps_whose_labels_it_was_trained_on(world: LocalWorld) -> None:
    """What ``learn`` takes: of each item of the train fold the newest label that counts; no blind ones."""
    world.arrive(easy(80))
    world.sync()
    world.tick()
    tasks = [row.task_id for row in world.wanted() if not row.blind]
    for n, task in enumerate(tasks[:30]):
        world.label(task, user=ANNA if n % 3 else BERT)
    blind = [row.task_id for row in world.wanted() if row.blind][:5]
    for task in blind:
        world.label(task, user=ANNA)
    world.sync()
    world.label(tasks[1], user=BERT)  # newer than Anna's
    gone = world.label(tasks[29], user=ANNA)
    world.platform.delete_annotation(gone)
    world.sync(full=True)
    made = world.train()
    assert made is not None
    with world.store.read() as uow:
        row = uow.models.get(world.id, made.version)
        events = uow.gate.events(world.id)
        pairs = uow.labels.training(world.id)
    by: dict[str, int] = {}
    for _, label in pairs:
        by[str(label.completed_by)] = by.get(str(label.completed_by), 0) + 1
    assert row.metrics[LABELS_BY] == by
    assert sum(by.values()) == row.metrics["labels"] == len(world.scorer.trained[-1]) == 30
    assert by[str(BERT)] == 11
    assert row.metrics["history"] == 0
    assert all(LABELS_BY not in event.numbers for event in events), "events are posted elsewhere"
    assert learn.train(world.runtime, world.project, actor="operator") is None
    with world.store.read() as uow:
        assert uow.models.get(world.id, made.version) == row


def test_all_of_it_from_one_project(world: LocalWorld) -> None:
    tasks = world.arrive(easy(6))
    world.sync()
    with world.store.begin() as uow:
        person = uow.people.add(world.project.platform_url, ANNA, email="a@x", name="Anna", now=world.clock())
        uow.people.seat(world.id, person.id, daily_cap=None)
        [desk] = uow.people.desks(world.id)
    nothing = own(world.runtime, world.project, desk)
    assert (nothing.all_time.work.offered, nothing.all_time.labels.n, nothing.accuracies, nothing.models) == (
        0,
        0,
        (),
        (),
    )
    world.label(tasks[0], user=ANNA, lead_time=12.0)
    world.label(tasks[1], user=BERT, lead_time=12.0)
    world.sync()
    found = own(world.runtime, world.project, desk)
    assert (found.user, found.project, found.all_time.labels.n, found.week.labels.n) == (ANNA, "moods", 1, 1)
    assert found.all_time.time.cap_s == world.runtime.settings.people_lease_s, "fewer than 20 durations are known"
    assert found.days[-1].labels == 1
