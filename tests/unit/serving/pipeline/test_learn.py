"""Draws, training and certificates: nothing leaks, nothing is spent twice, nothing a person closed opens by itself."""

from __future__ import annotations

from dataclasses import replace

import pytest

from models.base import ModelRef
from models.errors import PlatformUnavailable
from models.gate import spend
from models.specs import TransformersSpec
from models.types import ControlSpec, Fold, GateState, Route
from serving.pipeline import certifying, learn
from serving.pipeline.worker import Worker
from serving.projects import gate
from serving.store.records import CertificateRow, ItemState
from tests.support.away import FirstAway
from tests.support.local_world import LocalWorld, another_worker, easy, hard
from tests.unit.serving.conftest import MakeWorld


def certificates(world: LocalWorld) -> int:
    with world.store.read() as uow:
        return uow.gate.tests(world.id)


def latest(world: LocalWorld) -> CertificateRow:
    with world.store.read() as uow:
        found = uow.gate.latest(world.id)
    assert found is not None
    return found


def finish_trial(world: LocalWorld) -> None:
    assert world.project.challenger is not None
    for _ in range(10):
        world.tick()
        if world.project.challenger is None:
            return
    raise AssertionError("the trial does not end")


def state(world: LocalWorld) -> GateState:
    return world.project.gate_state


class TestTrain:
    def test_once_the_target_is_reached(self, world: LocalWorld) -> None:
        world.arrive(easy(150))
        world.sync()
        world.tick()
        seeds = [i.task_id for i in world.wanted() if not i.blind]
        for task in seeds[:19]:
            world.label(task)
        world.sync()
        assert not world.tick()
        world.label(seeds[19])
        world.sync()
        assert world.tick()
        assert [len(examples) for examples in world.scorer.trained] == [20]

    def test_one_class_alone_is_waited_out(self, world: LocalWorld) -> None:
        world.arrive([pair for pair in easy(300) if pair[1] == "good"])
        world.sync()
        world.tick()
        world.label_wanted(80)
        assert not world.tick()
        assert state(world) is GateState.COLD

    def test_more_labels_make_a_new_head_while_the_gate_is_not_open(self, world: LocalWorld) -> None:
        world.open(hard(200), labels=60)
        assert state(world) is GateState.CLOSED
        first = world.project.active_model
        for item in [i for i in world.items() if i.fold is Fold.TRAIN and i.state is ItemState.PUBLISHED][:9]:
            world.label(item.task_id)
        world.sync()
        assert not world.tick(), "29 are fewer than 1.5 times 20"
        world.label(next(i.task_id for i in world.items() if i.fold is Fold.TRAIN and i.state is ItemState.PUBLISHED))
        world.sync()
        assert world.tick()
        assert world.project.active_model != first
        assert len(world.scorer.trained[-1]) == 30

    def test_labels_that_teach_nothing_do_not_train_for_ever(self, world: LocalWorld) -> None:
        """As after a change of the label config: the old labels are there, but the head cannot use them."""
        world.arrive(easy(100))
        world.sync()
        world.tick()
        seeds = [i.task_id for i in world.wanted() if not i.blind]
        for n, task in enumerate(seeds[:40]):
            world.label(task, "ugly" if n % 2 else None)
        world.sync()
        assert world.tick()
        for _ in range(3):
            world.tick()
        assert len(world.scorer.trained) == 1

    def test_nothing_is_trained_while_media_are_away(self, world: LocalWorld) -> None:
        world.arrive(easy(100))
        world.sync()
        world.tick()
        world.label_wanted(70)

        with pytest.raises(PlatformUnavailable, match="1 labelled items"):
            learn.tick(replace(world.runtime, media=FirstAway()), world.project)
        assert state(world) is GateState.COLD
        assert world.tick()

    def test_two_processes_that_train_at_once_activate_once(self, world: LocalWorld) -> None:
        world.arrive(easy(100))
        world.sync()
        world.tick()
        world.label_wanted(70)
        stale = world.project
        assert learn.train(world.runtime, stale, actor="prelabel") is not None
        world.settle()
        world.tick()
        assert state(world) is GateState.OPEN
        assert learn.train(world.runtime, stale, actor="prelabel") is None
        assert state(world) is GateState.OPEN

    def test_a_head_for_another_label_config_is_thrown_away(self, world: LocalWorld) -> None:
        world.arrive(easy(100))
        world.sync()
        world.tick()
        world.label_wanted(70)

        def change_config() -> None:
            world.platform.set_label_config(world.project.label_config_xml.replace('"bad"', '"awful"'))
            world.sync()

        world.scorer.during_training = change_config
        assert world.train() is None
        assert world.project.active_model is None
        assert state(world) is GateState.COLD


class TestCertify:
    def test_once_for_each_model_and_sample(self, world: LocalWorld) -> None:
        world.open(hard(200))
        assert certificates(world) == 1
        for _ in range(3):
            world.tick()
        assert certificates(world) == 1
        assert latest(world).delta == pytest.approx(spend(0.2, 1))

        gate.extend(world.runtime, world.project, labels=5)
        world.tick()
        world.settle()
        world.tick()
        assert certificates(world) == 1, "the new ones are not answered yet"
        world.label_wanted(1000, blind_only=True)
        world.tick()
        assert certificates(world) == 2
        assert latest(world).delta == pytest.approx(spend(0.2, 2))
        assert latest(world).n_validation == 45

    def test_two_processes_spend_one_test(self, world: LocalWorld, monkeypatch: pytest.MonkeyPatch) -> None:
        """The second one certifies between the first one's look and its answer."""
        world.arrive(easy(110))
        world.sync()
        world.tick()
        world.label_wanted(70)
        world.tick()
        world.settle()
        other = another_worker(world)
        scored = certifying._score_sample

        def meanwhile(*args: object) -> object:
            monkeypatch.setattr(certifying, "_score_sample", scored)
            assert certifying.certify_if_due(other._runtime, world.project) is not None
            return scored(*args)  # type: ignore[arg-type]

        monkeypatch.setattr(certifying, "_score_sample", meanwhile)
        assert certifying.certify_if_due(world.runtime, world.project) is None
        assert certificates(world) == 1

    def test_a_gate_closed_during_the_test_stays_closed(
        self, world: LocalWorld, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        world.arrive(easy(110))
        world.sync()
        world.tick()
        world.label_wanted(70)
        world.tick()
        world.settle()
        scored = certifying._score_sample

        def meanwhile(*args: object) -> object:
            gate.close(world.runtime, world.project, reason="wait", actor="operator")
            return scored(*args)  # type: ignore[arg-type]

        monkeypatch.setattr(certifying, "_score_sample", meanwhile)
        world.tick()
        assert state(world) is GateState.CLOSED
        assert certificates(world) == 0

    def test_audits_and_corrections_never_certify(self, world: LocalWorld) -> None:
        world.open(easy(110))
        world.arrive(easy(60, seed=1) + hard(60, seed=1))
        world.sync()
        world.settle()
        audits = [i for i in world.wanted() if i.reason == "blind_audit" and i.fold is Fold.VALIDATION]
        assert len(audits) > 1
        for item in [i for i in world.wanted() if i.id != audits[0].id]:
            world.label(item.task_id)
        world.sync()
        assert world.train() is not None
        world.arrive(easy(40, seed=2))
        world.sync()
        world.settle()
        finish_trial(world)
        with world.store.read() as uow:
            rows = uow.gate.certificates(world.id)
        assert len(rows) == 2, "an audit that nobody has answered does not hold it up"
        assert rows[-1].n_validation == 40

    def test_an_item_that_no_model_can_read_does_not_hold_the_gate_up(self, world: LocalWorld) -> None:
        """It cannot be accepted, so it is no error of what is accepted; and nobody can be asked for it."""
        world.arrive(easy(130))
        world.sync()
        world.tick()
        unreadable = [i.task_id for i in world.blind()][:2]
        for task in unreadable:
            world.platform.edit_task(task, {"image": "nothing that the model reads"})
        world.sync()
        world.tick()
        assert all(world.item(task).blind for task in unreadable)
        for item in [i for i in world.wanted(72) if i.task_id not in unreadable]:
            world.label(item.task_id)
        world.sync()
        world.tick()
        world.settle()
        assert {world.item(task).state for task in unreadable} == {ItemState.DEAD}
        world.tick()
        assert state(world) is GateState.OPEN
        assert latest(world).n_validation == 40
        assert latest(world).n <= 38, "they are above no threshold"

    def test_a_skipped_item_counts_as_lost(self, world: LocalWorld) -> None:
        world.arrive(easy(110))
        world.sync()
        world.tick()
        skipped = [i.task_id for i in world.blind()][:6]
        for task in skipped:
            world.platform.annotate(task, [], was_cancelled=True)
        for item in [i for i in world.wanted(70) if i.task_id not in skipped]:
            world.label(item.task_id)
        world.sync()
        world.tick()
        world.settle()
        world.tick()
        assert state(world) is GateState.CLOSED
        assert latest(world).errors > 0

    def test_a_few_that_wait_do_not_hold_the_gate_up(self, world: LocalWorld) -> None:
        """Media that never come would keep an item received for ever."""
        world.arrive(easy(160))
        world.sync()
        world.tick()
        world.label_wanted(70)
        world.tick()
        waiting = next(i for i in world.items() if i.state is ItemState.RECEIVED)
        world.scorer.poison = {waiting.data["text"]}
        world.worker.score(world.project)
        world.worker.score(world.project)
        world.worker.score(world.project)
        assert world.item(waiting.task_id).state is ItemState.RECEIVED
        world.tick()
        assert state(world) is GateState.OPEN

    def test_the_sample_is_no_part_of_the_pool(self, world: LocalWorld, monkeypatch: pytest.MonkeyPatch) -> None:
        world.arrive(easy(110))
        world.sync()
        world.tick()
        skipped = world.blind()[0]
        world.platform.annotate(skipped.task_id, [], was_cancelled=True)
        for item in [i for i in world.wanted(70) if i.task_id != skipped.task_id]:
            world.label(item.task_id)
        world.sync()
        world.tick()
        world.settle()
        pools: list[int] = []
        from models.gate import certify

        def watch(confidences: object, losses: object, pool: list[float], **more: float) -> object:
            pools.append(len(pool))
            return certify(confidences, losses, pool, **more)  # type: ignore[arg-type]

        monkeypatch.setattr(certifying, "certify", watch)
        world.tick()
        assert pools == [110 - 70]


class TestRetraining:
    @pytest.fixture
    def retrained(self, world: LocalWorld) -> LocalWorld:
        world.open(easy(110))
        world.arrive(hard(60))
        world.sync()
        world.settle()
        assert world.report().accepted > 20
        world.label_wanted()
        return world

    def test_an_open_gate_goes_on_and_keeps_what_was_accepted(self, retrained: LocalWorld) -> None:
        world = retrained
        accepted = {i.task_id for i in world.items() if i.route is Route.ACCEPT}
        assert world.train() is not None
        assert world.report().gate is GateState.OPEN
        world.arrive(easy(40, seed=3))
        world.sync()
        world.settle()
        assert Route.ACCEPT in {i.route for i in world.items() if i.id > 170}
        finish_trial(world)
        assert world.report().gate is GateState.OPEN
        assert certificates(world) == 2
        world.settle()
        world.audit()
        assert accepted <= {i.task_id for i in world.items() if i.route is Route.ACCEPT}

    def test_a_gate_that_accepts_nothing_takes_the_new_head_at_once(self, world: LocalWorld) -> None:
        world.open(hard(150))
        first = latest(world)
        assert not first.open
        for item in [i for i in world.items() if i.state is ItemState.PUBLISHED][:25]:
            world.label(item.task_id)
        world.sync()
        made = world.train()
        assert made is not None
        assert (world.project.active_model, world.project.challenger) == (made.version, None)
        assert world.report().gate is GateState.SHADOW
        world.settle()
        world.tick()
        second = latest(world)
        assert second.model_version == made.version
        assert second.delta == pytest.approx(spend(0.2, 2))

    def test_suggestions_are_made_again(self, world: LocalWorld) -> None:
        world.open(hard(150))
        for item in [i for i in world.items() if i.state is ItemState.PUBLISHED][:25]:
            world.label(item.task_id)
        world.sync()
        assert world.train() is not None
        world.settle()
        world.sync()
        report = world.audit()
        assert report.suggested > 25
        shown = [i for i in world.items() if i.state is ItemState.PUBLISHED and i.route is Route.SUGGEST]
        for item in shown:
            found = world.platform.shown(item.task_id)
            assert found is not None
            assert found.score == item.confidence, "people see what the active model says"

    def test_the_same_labels_make_the_same_head(self, world: LocalWorld) -> None:
        world.open(easy(110))
        before = world.project.active_model
        assert world.train() is None
        assert world.project.active_model == before
        assert state(world) is GateState.OPEN


def test_a_ready_made_classifier_follows_the_label_config(make: MakeWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    world = make(spec=TransformersSpec(source="nowhere"))
    asked: list[tuple[str, ...]] = []

    def refer(spec: TransformersSpec, controls: tuple[ControlSpec, ...], *, name: str) -> ModelRef:
        asked.append(controls[0].labels)
        return ModelRef(spec=spec, control=controls[0], version=f"{name}-{'0' * 12}", sha256="0" * 64)

    monkeypatch.setattr(learn, "reference", refer)
    assert world.tick()
    assert not world.tick()
    first = world.project.active_model
    world.platform.set_label_config(world.project.label_config_xml.replace('"bad"', '"awful"'))
    world.sync()
    assert world.project.active_model is None
    assert world.tick()
    assert world.project.active_model not in (None, first)
    assert asked == [("good", "bad"), ("good", "awful")]
    assert world.project.gate_state is GateState.SHADOW
    assert world.scorer.trained == []


def test_errors_of_one_project_are_written_down(world: LocalWorld, caplog: pytest.LogCaptureFixture) -> None:
    world.open(hard(150))
    gate.extend(world.runtime, world.project, labels=1)
    world.tick()
    world.settle()
    world.label_wanted(1000, blind_only=True)
    world.scorer.failures.append(PlatformUnavailable("the scorer is busy"))
    assert Worker(world.runtime).learn(world.project) == 0
    assert "learning waits" in caplog.text
