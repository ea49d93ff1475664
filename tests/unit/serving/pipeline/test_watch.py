"""The monitor in the pipeline: drift of labels closes the gate and takes back what it let through, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import text

from models.gate.sampling import audit_draw
from models.types import GateState, Route
from serving.pipeline import watch
from serving.pipeline.decide import REOPENED, audit_rate, decide, gate_of
from serving.store.records import ItemState
from tests.support.audited import (
    LEVELS,
    Drifted,
    accepted,
    answer,
    audits,
    certificate,
    configure,
    decided,
    last_event,
    look,
    reading,
    stream,
    turned,
)
from tests.support.local_world import OURS, LocalWorld, another_worker, easy, hard
from tests.unit.serving.conftest import MakeWorld


class TestCleanAudits:
    def test_leave_the_gate_open(self, audited: LocalWorld) -> None:
        stream(audited, easy(60, seed=1))
        n = answer(audited)
        assert n > 10
        assert look(audited) is GateState.OPEN
        seen = reading(audited)
        assert (len(seen.audits), seen.losses.sum(), seen.unanswered) == (n, 0, ())
        assert 0 < seen.value < 20
        assert last_event(audited).after is GateState.OPEN, "nothing happened"

    def test_without_any_there_is_nothing_to_say(self, audited: LocalWorld) -> None:
        assert look(audited) is GateState.OPEN
        assert reading(audited).value == 0.0

    def test_a_gate_that_is_not_open_is_not_watched(self, world: LocalWorld) -> None:
        assert watch.run(world.runtime, world.project) == 0
        world.open(hard(150))
        assert watch.run(world.runtime, world.project) == 0


class TestDriftOfLabels:
    def test_closes_the_gate_with_all_numbers(self, drifted: Drifted) -> None:
        world, before, after = drifted
        wrong, right = len(accepted(world, after)), len(accepted(world, before))
        assert wrong > 10
        assert look(world) is GateState.CLOSED
        event = last_event(world)
        assert (event.before, event.after, event.actor) == (GateState.OPEN, GateState.CLOSED, "prelabel")
        n = event.numbers
        old = [i for i in audits(world, answered=True) if i.task_id not in after]
        first = next(i for i in audits(world, answered=True) if i.task_id in after)
        assert n["level"] == 2000.0 <= n["statistic"]
        assert (n["audits_before"], n["errors_before"], n["error_before"]) == (len(old), 0, 0.0)
        assert n["errors_since"] == n["audits_since"] >= 3
        assert n["error_since"] == 1.0
        assert (n["change"], n["change_task"]) == (len(old), first.task_id)
        assert n["audits"] == len(old) + len([i for i in audits(world, answered=True) if i.task_id in after])
        assert n["certificate"] == certificate(world).id
        assert wrong <= n["reopened"] <= wrong + right
        assert f"{n['reopened']} acceptances" in event.reason
        report = world.report()
        assert report.reopened == n["reopened"]
        assert report.monitor is not None
        assert report.monitor.statistic >= 2000.0
        assert world.project.gate_reason == event.reason

    def test_what_was_accepted_since_goes_back_to_people(self, drifted: Drifted) -> None:
        world, before, after = drifted
        wrong, all_before = accepted(world, after), world.report().accepted
        first = next(i.id for i in audits(world, answered=True) if i.task_id in after)
        last_good = max(i.id for i in audits(world, answered=True) if i.task_id in before)
        look(world)
        assert all(world.item(task).state is ItemState.SCORED for task in wrong)
        assert world.report().accepted <= all_before - len(wrong), "they count no longer, from that moment on"
        world.settle()
        for task in wrong:
            item = world.item(task)
            assert (item.state, item.route, item.reason) == (ItemState.PUBLISHED, Route.SUGGEST, REOPENED)
            assert world.annotations(task) == []
            assert len(world.versions(task)) == 1, "people see what the model said"
        assert set(wrong) <= {row.task_id for row in world.wanted()}
        kept = accepted(world)
        assert {i.id for i in world.items() if i.task_id in kept if i.id > last_good} == set()
        assert all(world.annotations(task) == [OURS] for task in kept)
        assert len(kept) == all_before - last_event(world).numbers["reopened"]
        assert last_good < first
        world.audit()

    def test_they_stay_with_people(self, drifted: Drifted) -> None:
        world, _, after = drifted
        wrong = accepted(world, after)
        look(world)
        world.settle()
        world.train()
        world.settle()
        assert {world.item(task).reason for task in wrong} == {REOPENED}
        world.label(wrong[0])
        world.sync()
        assert world.item(wrong[0]).state is ItemState.LABELED
        world.audit()

    def test_nothing_more_is_accepted(self, drifted: Drifted) -> None:
        world, _, _ = drifted
        look(world)
        world.settle()
        count = world.report().accepted
        new = stream(world, easy(20, seed=3))
        assert {world.item(task).reason for task in new} <= {"gate_closed", "validation_sample"}
        assert world.audit().accepted == count

    def test_what_is_decided_and_not_written_is_decided_again(self, drifted: Drifted) -> None:
        """Also from before the change: it would be written after the gate was closed."""
        world, _, _ = drifted
        new = decided(world, easy(20, seed=3))
        assert [world.item(task).state for task in new].count(ItemState.DECIDED) == 20
        look(world)
        assert {world.item(t).state for t in new if world.item(t).route is Route.ACCEPT} == {ItemState.SCORED}
        world.settle()
        assert accepted(world, new) == []
        world.audit()

    def test_an_acceptance_on_its_way_is_taken_back(self, drifted: Drifted) -> None:
        world, _, _ = drifted
        new = decided(world, easy(20, seed=3))
        closed: list[GateState] = []
        world.publish_while(lambda: closed.append(look(world)))
        assert set(closed) == {GateState.CLOSED}
        assert accepted(world, new) == []
        world.audit()

    def test_two_processes_close_it_once(self, drifted: Drifted, monkeypatch: pytest.MonkeyPatch) -> None:
        world, _, _ = drifted
        wanted, other = watch._wanted, another_worker(world)

        def meanwhile(*args: object) -> GateState | None:
            monkeypatch.setattr(watch, "_wanted", wanted)
            assert watch.run(other._runtime, world.project) == 1
            return wanted(*args)  # type: ignore[arg-type]

        monkeypatch.setattr(watch, "_wanted", meanwhile)
        assert watch.run(world.runtime, world.project) == 0
        with world.store.read() as uow:
            assert [e.after for e in uow.gate.events(world.id)].count(GateState.CLOSED) == 1

    def test_a_failure_in_the_middle_changes_nothing(self, drifted: Drifted, monkeypatch: pytest.MonkeyPatch) -> None:
        world, _, _ = drifted
        count = world.report().accepted

        def broken(*args: object, **more: object) -> None:
            raise RuntimeError("the power goes")

        with monkeypatch.context() as patch:
            patch.setattr("serving.store.projects.ProjectRepository.update", broken)
            with pytest.raises(RuntimeError):
                look(world)
        assert world.project.gate_state is GateState.OPEN
        assert world.report().accepted == count
        assert look(world) is GateState.CLOSED

    def test_a_restart_forgets_nothing(self, drifted: Drifted) -> None:
        world, _, _ = drifted
        before = reading(world)
        fresh = replace(world.runtime, owner="worker-9", windows={}, swept={}, drifts={})
        with world.store.read() as uow:
            again = watch.read(uow, world.project, watch.watched(uow, world.project))
        assert (again.audits, again.value) == (before.audits, before.value)
        assert watch.run(fresh, world.project) == 1
        assert world.project.gate_state is GateState.CLOSED

    def test_only_the_certificates_own_accepts_are_taken_back(self, drifted: Drifted) -> None:
        world, _, after = drifted
        with world.store.engine.begin() as conn:
            old = accepted(world, after)[0]
            conn.execute(
                text("UPDATE decision SET certificate_id = 4711 WHERE item_id = :id"), {"id": world.item(old).id}
            )
        look(world)
        assert world.item(old).route is Route.ACCEPT
        assert world.item(old).state is ItemState.PUBLISHED


class TestWatch:
    def test_raises_the_audits_and_goes_on_accepting(self, audited: LocalWorld) -> None:
        configure(audited, monitor_close=1e290)
        stream(audited, easy(20, seed=1))
        answer(audited, "ugly")
        assert look(audited) is GateState.WATCH
        event = last_event(audited)
        assert event.numbers["statistic"] >= event.numbers["level"] == 200.0
        assert event.numbers["audit_rate"] == 0.8
        before = [i.id for i in audits(audited, answered=True)]
        new = [audited.item(task) for task in stream(audited, easy(60, seed=2))]
        share = sum(i.route is Route.AUDIT for i in new) / len(new)
        assert share > 0.6
        assert {i.inclusion for i in new if i.route is Route.AUDIT} == {0.8}
        assert any(i.route is Route.ACCEPT for i in new)
        assert [i.id for i in audits(audited, answered=True)] == before
        audited.audit()
        assert not audited.tick(), "while it is watched nothing is drawn, trained or certified"

    def test_a_higher_rate_only_adds_audits(self, audited: LocalWorld) -> None:
        """What is audited at the low rate is audited at the high one too."""
        tasks = stream(audited, easy(40, seed=1))
        secret = audited.runtime.sampling_secret(audited.project)
        drawn = {rate: {task for task in tasks if audit_draw(secret, task, 1) < rate} for rate in (0.4, 0.8)}
        assert {task for task in tasks if audited.item(task).route is Route.AUDIT} == drawn[0.4] < drawn[0.8]
        row = certificate(audited)
        for state, rate in ((GateState.OPEN, 0.4), (GateState.WATCH, 0.8)):
            project = replace(audited.project, gate_state=state)
            assert audit_rate(project, audited.runtime.settings) == rate
            made = gate_of(project, row, secret, audit_rate=rate)
            found = {
                task for task in tasks if decide(replace(audited.item(task), blind=False), made).route is Route.AUDIT
            }
            assert found == drawn[rate]

    def test_ends_by_itself_when_the_audits_are_good_again(self, audited: LocalWorld) -> None:
        stream(audited, easy(30, seed=1))
        for item in audits(audited)[:4]:
            audited.label(item.task_id, "ugly")
        audited.sync()
        assert look(audited) is GateState.WATCH
        answer(audited)
        stream(audited, easy(30, seed=2))
        answer(audited)
        assert look(audited) is GateState.OPEN
        assert "the watch is over" in audited.project.gate_reason
        assert {audited.item(task).inclusion for task in stream(audited, easy(40, seed=3))} == {None, 0.4}

    def test_lasts_while_the_statistic_is_not_calm(self, audited: LocalWorld) -> None:
        stream(audited, easy(30, seed=1))
        for item in audits(audited)[:4]:
            audited.label(item.task_id, "ugly")
        audited.sync()
        assert look(audited) is GateState.WATCH
        for item in audits(audited)[:2]:
            audited.label(item.task_id)
        audited.sync()
        assert 20 < reading(audited).value < 200
        assert look(audited) is GateState.WATCH


class TestLateAnswers:
    def test_wait_for_the_oldest(self, audited: LocalWorld) -> None:
        stream(audited, turned(easy(60, seed=1)))
        oldest, *others = audits(audited)
        for item in others:
            audited.label(item.task_id)
        audited.sync()
        assert look(audited) is GateState.OPEN
        seen = reading(audited)
        assert (len(seen.audits), seen.behind, len(seen.unanswered)) == (0, len(others), 1)
        assert audited.wanted()[0].task_id == oldest.task_id
        audited.label(oldest.task_id)
        audited.sync()
        assert len(reading(audited).audits) == len(others) + 1
        assert look(audited) is GateState.CLOSED

    def test_the_queue_begins_with_the_oldest_audits(self, audited: LocalWorld) -> None:
        stream(audited, easy(30, seed=1))
        stream(audited, easy(30, seed=2))
        waiting = [i.task_id for i in audits(audited)]
        assert [row.task_id for row in audited.wanted()][: len(waiting)] == waiting

    def test_are_told_as_overdue(self, audited: LocalWorld) -> None:
        stream(audited, easy(30, seed=1))
        n = len(audits(audited))
        settings = audited.runtime.settings
        assert reading(audited).overdue(settings, audited.clock()) == 0
        audited.later(settings.audit_due_s + 60)
        assert reading(audited).overdue(settings, audited.clock()) == n
        assert look(audited) is GateState.WATCH
        assert f"nobody has answered {n} audits" in audited.project.gate_reason
        answer(audited)
        assert look(audited) is GateState.OPEN
        audited.audit()

    def test_an_answer_that_is_deleted_is_waited_for_again(self, audited: LocalWorld) -> None:
        stream(audited, easy(30, seed=1))
        given = {item.task_id: audited.label(item.task_id) for item in audits(audited)}
        audited.sync()
        first = min(given)
        audited.platform.delete_annotation(given[first])
        audited.sync()
        audited.settle()
        seen = reading(audited)
        assert (len(seen.audits), seen.behind) == (0, len(given) - 1)
        assert audited.wanted()[0].task_id == first

    def test_an_answer_that_is_changed_counts_as_it_is_now(self, audited: LocalWorld) -> None:
        stream(audited, easy(30, seed=1))
        item = audits(audited)[0]
        given = audited.label(item.task_id)
        audited.sync()
        assert reading(audited).losses.tolist() == [0.0]
        audited.platform.edit_annotation(
            given, [{"from_name": "mood", "to_name": "text", "type": "choices", "value": {"choices": ["ugly"]}}]
        )
        audited.sync()
        assert reading(audited).losses.tolist() == [1.0]


class TestWhatCounts:
    def test_a_skipped_audit_is_lost(self, audited: LocalWorld) -> None:
        stream(audited, easy(30, seed=1))
        item = audits(audited)[0]
        audited.platform.annotate(item.task_id, [], was_cancelled=True)
        audited.sync()
        assert reading(audited).losses.tolist() == [1.0]
        audited.label(item.task_id)
        audited.sync()
        assert reading(audited).losses.tolist() == [0.0], "somebody could answer it after all"

    def test_a_task_that_is_gone_is_left_out_unless_it_was_answered(self, audited: LocalWorld) -> None:
        stream(audited, easy(40, seed=1))
        first, second, third, *_ = audits(audited)
        audited.label(second.task_id, "ugly")
        audited.sync()
        audited.platform.delete_tasks([first.task_id, second.task_id])
        audited.sync()
        seen = reading(audited)
        assert [a.task_id for a in seen.audits] == [second.task_id]
        assert seen.losses.tolist() == [1.0]
        assert seen.unanswered[0].task_id == third.task_id

    def test_other_data_is_another_item(self, audited: LocalWorld) -> None:
        stream(audited, easy(40, seed=1))
        answered, waiting, *_ = audits(audited)
        audited.label(answered.task_id, "ugly")
        audited.sync()
        drawn = {a.task_id: a.decision_id for a in reading(audited).unanswered}
        for item in (answered, waiting):
            audited.platform.edit_task(item.task_id, {"text": f"terrible awful {item.task_id}"})
        audited.sync()
        audited.settle()
        seen = reading(audited)
        assert [a.task_id for a in seen.audits] == [answered.task_id]
        assert seen.losses.tolist() == [1.0]
        assert drawn[waiting.task_id] not in [a.decision_id for a in seen.unanswered]

    def test_a_loss_that_is_not_stored_is_computed(self, audited: LocalWorld) -> None:
        """As for an answer that was edited after another model had taken the item."""
        stream(audited, easy(40, seed=1))
        for n, item in enumerate(audits(audited)):
            audited.label(item.task_id, "ugly" if n % 3 == 0 else None)
        audited.sync()
        before = reading(audited)
        assert 0 < before.losses.sum() < before.losses.size
        for change in ("loss = NULL", "loss = 0.0, prediction_id = 1"):
            with audited.store.engine.begin() as conn:
                conn.execute(text(f"UPDATE label SET {change}"))
            assert reading(audited).losses.tolist() == before.losses.tolist()

    def test_what_is_partly_wrong_is_wrong(self, audited: LocalWorld) -> None:
        """The certificate counts so too."""
        stream(audited, easy(40, seed=1))
        answer(audited)
        with audited.store.engine.begin() as conn:
            conn.execute(text("UPDATE label SET loss = 0.25 WHERE role = 'audit'"))
        seen = reading(audited)
        assert seen.losses.tolist() == [1.0] * len(seen.audits)


class TestDrift:
    @pytest.fixture
    def world(self, make: MakeWorld) -> LocalWorld:
        world = make(settings=LEVELS, validation_target=60, audit_rate=0.2)
        world.open(easy(170), labels=90)
        assert world.project.gate_state is GateState.OPEN
        return world

    def test_watches_and_never_closes(self, world: LocalWorld) -> None:
        stream(world, easy(55, seed=1))
        assert look(world) is GateState.OPEN
        stream(world, hard(55, seed=2))
        assert look(world) is GateState.WATCH
        n = last_event(world).numbers
        assert n["drift"]["confidence"]["psi"] > 0.25
        assert n["drift"]["confidence"]["distance"] > 0.5
        assert n["window"] == 50
        assert "proves no error" in world.project.gate_reason
        stream(world, hard(120, seed=3))
        assert look(world) is GateState.WATCH
        stream(world, easy(55, seed=4))
        assert look(world) is GateState.OPEN
        world.audit()

    def test_windows_share_no_item(self, world: LocalWorld) -> None:
        looks: set[int] = set()
        for part in range(6):
            stream(world, easy(20, seed=1 + part))
            look(world)
            look(world)
            if world.id in world.runtime.drifts:
                _, seen = world.runtime.drifts[world.id]
                assert seen.window == 50
                looks.add(seen.newest)
        assert len(looks) == 2

    def test_inputs_may_drift_where_no_confidence_does(self, world: LocalWorld) -> None:
        """Longer texts of the same words: the model is as sure as ever."""
        stream(world, [(f"{words} {'.' * 300}", label) for words, label in easy(55, seed=1)])
        assert look(world) is GateState.WATCH
        drift = last_event(world).numbers["drift"]
        assert drift["input_characters"]["alarm"]
        assert not drift["confidence"]["alarm"]
        assert "input characters (PSI" in world.project.gate_reason

    def test_answers_may_drift(self, world: LocalWorld) -> None:
        good = [pair for pair in easy(200, seed=1) if pair[1] == "good"]
        stream(world, good[:55])
        assert look(world) is GateState.WATCH
        assert last_event(world).numbers["drift"]["answer"]["alarm"]

    def test_the_reference_is_the_blind_sample(self, world: LocalWorld) -> None:
        version = world.project.active_model
        assert version is not None
        with world.store.read() as uow:
            reference = uow.watch.reference(world.id, version, since=0.0)
        sample = [i.confidence for i in world.items() if i.inclusion is not None and i.reason != "blind_audit"]
        assert sorted(said.confidence for said in reference) == sorted(c for c in sample if c is not None)
        assert len(reference) == 60


class TestTheWorker:
    def test_looks_by_the_clock_and_one_at_a_time(self, drifted: Drifted) -> None:
        world, _, _ = drifted
        other = another_worker(world)
        world.worker.watch(replace(world.project, gate_state=GateState.CLOSED))
        with world.store.begin() as uow:
            uow.leases.acquire(f"watch:{world.id}", "somebody", ttl_s=60.0, now=world.clock())
        assert world.worker.watch(world.project) == 0
        world.later(61)
        assert world.worker.watch(world.project) == 1
        assert other.watch(world.project) == 0
        assert world.project.gate_state is GateState.CLOSED

    def test_waits_between_looks_and_longer_after_a_long_one(
        self, audited: LocalWorld, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        calls: list[float] = []
        begun = audited.clock()

        def slow(*args: object) -> int:
            calls.append(audited.clock() - begun)
            audited.later(1.0 if len(calls) == 3 else 0.0)
            return 0

        monkeypatch.setattr(watch, "run", slow)
        for _ in range(60):
            audited.worker.watch(audited.project)
            audited.later(0.5)
        assert calls == [0.0, 2.0, 4.0, 26.0, 28.0, 30.0]
