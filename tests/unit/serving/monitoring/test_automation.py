"""The numbers of the report, each recomputed from what lies in the store and on the platform."""

from __future__ import annotations

import pytest

from models.gate.bounds import binomial_upper
from models.types import GateState, Route
from serving.monitoring.monitor import lines
from serving.store.records import ItemState
from tests.support.local_world import OURS, LocalWorld, easy, hard
from tests.unit.serving.conftest import MakeWorld


def test_of_nothing(world: LocalWorld) -> None:
    report = world.report()
    assert (report.arrived, report.accepted, report.automation_rate) == (0, 0, 0.0)
    assert report.certificate is None
    assert report.suggestions_unchanged is None
    assert report.audit_error_upper is None
    assert report.gate is GateState.COLD


@pytest.fixture
def busy(world: LocalWorld) -> LocalWorld:
    """Everything at once: accepted, audited, suggested, corrected, gone, dead."""
    world.open(easy(110))
    world.arrive(easy(60, seed=1) + hard(60, seed=1))
    world.platform.add_tasks([{"image": "unreadable"}] * 2)
    world.sync()
    world.settle()
    world.label_wanted(40)
    world.platform.delete_tasks([i.task_id for i in world.items() if i.state is ItemState.PUBLISHED][:3])
    world.sync()
    return world


def test_states_add_up(busy: LocalWorld) -> None:
    report = busy.audit()
    assert report.states["gone"] == 3
    assert report.states["dead"] == 2
    assert report.arrived == 110 + 120 + 2 - 3 == sum(report.states.values()) - 3


def test_accepted_is_what_stands_on_the_platform(busy: LocalWorld) -> None:
    rows = [row for page in busy.platform.tasks(with_annotations=True) for row in page]
    ours = [row.id for row in rows if any(a.completed_by == OURS for a in row.annotations or ())]
    report = busy.report()
    assert report.accepted == len(ours)
    assert report.automation_rate == len(ours) / len(rows)


def test_an_accepted_item_that_a_person_labels_after_all_is_theirs(busy: LocalWorld) -> None:
    before = busy.report()
    task = next(i.task_id for i in busy.items() if i.route is Route.ACCEPT and i.state is ItemState.PUBLISHED)
    busy.label(task)
    busy.sync()
    after = busy.report()
    assert after.accepted == before.accepted - 1
    assert after.labeled.correction == before.labeled.correction + 1


def test_audits_are_those_whose_label_is_in(busy: LocalWorld) -> None:
    labelled = [i for i in busy.items() if i.reason == "blind_audit" and i.state is ItemState.LABELED]
    report = busy.report()
    assert report.audits == report.labeled.audit == len(labelled) > 0
    assert report.audit_error_upper == binomial_upper(report.audit_errors, report.audits, 0.05)
    assert report.audit_errors == sum(busy.gold[i.data["text"]] != said(busy, i.prediction_id) for i in labelled)


def said(world: LocalWorld, prediction_id: int | None) -> str:
    assert prediction_id is not None
    with world.store.read() as uow:
        row = uow.items.predictions([prediction_id])[prediction_id]
    return row.prediction.regions[0].labels[0]


def test_the_certificate_is_the_newest(busy: LocalWorld) -> None:
    report = busy.report()
    assert report.certificate is not None
    assert report.certificate.open
    assert report.certificate.model_version == busy.project.active_model
    assert report.certificate.n_validation == 40
    assert report.certificate.selective_upper is not None
    assert report.certificate.selective_upper <= report.certificate.epsilon


def test_rates_are_items_by_busy_seconds(world: LocalWorld) -> None:
    with world.store.begin() as uow:
        uow.stats.add(world.id, "score", 100, 4.0)
        uow.stats.add(world.id, "idle", 100, 0.0)
    assert world.report().items_per_second == {"score": 25.0}


def test_the_monitor_is_told_of(busy: LocalWorld) -> None:
    report = busy.report()
    seen = report.monitor
    assert seen is not None
    labelled = [i for i in busy.items() if i.reason == "blind_audit" and i.state is ItemState.LABELED]
    assert seen.audits + seen.behind == len(labelled)
    assert (seen.watch_level, seen.close_level, seen.audit_rate) == (400.0, 10_000.0, 0.1)
    assert seen.drift is None, "too few have arrived"
    assert report.reopened == 0
    words = dict(lines(seen))
    assert "watch at 400, close at 10,000" in words["monitor"]


def test_what_waits_and_what_drifts_is_told(make: MakeWorld) -> None:
    world = make(settings={"drift_window": 50, "audit_due_s": 10.0}, validation_target=60, audit_rate=0.5)
    world.open(easy(170), labels=90)
    world.arrive(easy(30, seed=1) + hard(50, seed=2))
    world.sync()
    world.settle()
    world.later(60)
    seen = world.report().monitor
    assert seen is not None
    assert seen.drift is not None
    assert (seen.drift["confidence"].window, seen.drift["confidence"].alarm) == (50, True)
    assert seen.unanswered == seen.overdue > 10
    words = dict(lines(seen))
    assert f"{seen.overdue} overdue" in words["audits to answer"]
    assert words["confidence"].startswith("drifts: PSI ")
    assert world.project.gate_state is GateState.OPEN, "a report moves no gate"


def test_without_a_certificate_there_is_no_monitor(world: LocalWorld) -> None:
    assert world.report().monitor is None
    world.open(hard(150))
    assert world.report().monitor is None
