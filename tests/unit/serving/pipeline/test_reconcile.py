"""What a webhook lost is found; what is found twice is stored once; the label config is followed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connectors.base import RemoteTask
from models.errors import ConfigurationError, PlatformRefused, PlatformUnavailable
from models.types import GateState, Route
from serving.pipeline import learn, reconcile
from serving.store.records import ItemState
from tests.support.local_world import CONFIG, LocalWorld, choice, easy, hard

LOOK = CONFIG.replace("<View>", '<View><Header value="How does it sound?"/>')
OTHER = CONFIG.replace('"bad"', '"awful"')
BROKEN = "<View><Choices"
EMPTY = '<View><Text name="text" value="$text"/></View>'


def set_config(world: LocalWorld, xml: str) -> None:
    """Also what Label Studio would not take: its own checks are not ours to rely on."""
    from dataclasses import replace

    world.platform._project = replace(world.platform._project, label_config=xml)


class TestTasks:
    def test_new_tasks_are_found_without_any_webhook(self, world: LocalWorld) -> None:
        tasks = world.arrive(easy(12))
        assert world.sync() == 12
        assert {i.task_id for i in world.items()} == set(tasks)

    def test_only_what_changed_is_read_again(self, world: LocalWorld) -> None:
        world.arrive(easy(50))
        world.sync()
        world.later(100)
        world.arrive(easy(2, seed=1))
        world.sync()
        pages = [
            len(page) for page in world.platform.tasks(updated_after=world.project.watermark - reconcile.OVERLAP_S)
        ]
        assert pages == [2]

    def test_a_deleted_task_is_gone_and_comes_back(self, world: LocalWorld) -> None:
        world.open(easy(110))
        task = next(i.task_id for i in world.items() if i.route is Route.ACCEPT)
        accepted = world.report().accepted
        world.platform.delete_tasks([task])
        assert world.sync() == 1
        assert world.item(task).state is ItemState.GONE
        report = world.report()
        assert (report.arrived, report.accepted) == (109, accepted - 1)

    def test_edited_data_starts_again(self, world: LocalWorld) -> None:
        world.open(easy(110))
        task = next(i.task_id for i in world.items() if i.route is Route.ACCEPT)
        assert world.versions(task) == [world.project.active_model]
        world.platform.edit_task(task, {"text": "terrible broken sad dark awful cold"})
        assert world.sync() == 1
        row = world.item(task)
        assert (row.state, row.revision, row.prediction_id, row.route) == (ItemState.RECEIVED, 2, None, None)
        world.settle()
        world.audit()
        row = world.item(task)
        assert row.state is ItemState.PUBLISHED
        if row.route is not Route.AUDIT:
            [(_, shown)] = world.platform.predictions(task)
            assert shown.result[0]["value"] == {"choices": ["bad"]}

    def test_an_accepted_item_whose_data_changed_gets_the_new_label(self, world: LocalWorld) -> None:
        world.open(easy(110))
        texts = {"good": "terrible broken sad dark awful cold", "bad": "excellent lovely happy bright splendid warm"}
        accepted = [i for i in world.items() if i.route is Route.ACCEPT][:8]
        for item in accepted:
            world.platform.edit_task(item.task_id, {"text": texts[world.gold[item.data["text"]]]})
        world.sync()
        world.settle()
        again = [i for i in accepted if world.item(i.task_id).route is Route.ACCEPT]
        assert again
        pages = (row for page in world.platform.tasks(with_annotations=True) for row in page)
        said = {row.id: [a.result[0]["value"]["choices"] for a in row.annotations or ()] for row in pages}
        for item in again:
            other = {"good": "bad", "bad": "good"}[world.gold[item.data["text"]]]
            assert said[item.task_id] == [[other]]
        world.audit()

    def test_a_task_whose_time_is_behind_the_watermark_is_found(self, world: LocalWorld) -> None:
        """As after a long import: its tasks appear at the end, with the time of the beginning."""
        world.arrive(easy(20))
        late = world.arrive(easy(3, seed=1))
        hidden = [world.platform._tasks.pop(task) for task in late]
        world.later(300)
        world.arrive(easy(5, seed=2))
        assert world.sync() == 25
        world.later(300)
        world.platform._tasks |= {task.id: task for task in hidden}
        assert world.sync() == 3
        assert {i.task_id for i in world.items()} >= set(late)
        assert world.sync() == 0

    def test_what_arrives_during_the_poll_is_not_taken_for_lost(
        self, world: LocalWorld, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        world.arrive(easy(20))
        world.sync()
        world.later(100)
        ids = world.platform.task_ids

        def meanwhile() -> set[int]:
            monkeypatch.setattr(world.platform, "task_ids", ids)
            world.arrive(easy(4, seed=3))
            return ids()

        world.arrive(easy(1, seed=9))
        world.platform.delete_tasks([world.items()[0].task_id, world.items()[1].task_id])
        monkeypatch.setattr(world.platform, "task_ids", meanwhile)
        full: list[object] = []
        tasks = world.platform.tasks

        def watch(**asked: object) -> Iterator[list[RemoteTask]]:
            full.append(asked.get("updated_after"))
            return tasks(**asked)  # type: ignore[arg-type]

        monkeypatch.setattr(world.platform, "tasks", watch)
        world.sync()
        assert None not in full

    def test_what_has_just_been_read_is_not_read_again_until_something_changes(self, world: LocalWorld) -> None:
        tasks = world.arrive(easy(30))
        assert world.sync() == 30
        reads = world.platform.calls["tasks"]
        assert [world.sync() for _ in range(3)] == [0, 0, 0]
        assert world.platform.calls["tasks"] == reads
        world.label(tasks[0])
        assert world.sync() == 1
        assert world.platform.calls["tasks"] == reads + 1
        world.platform.delete_tasks(tasks[1:2])
        assert world.sync() == 1
        assert world.item(tasks[1]).state is ItemState.GONE

    def test_a_poll_that_broke_off_is_made_again(self, world: LocalWorld, monkeypatch: pytest.MonkeyPatch) -> None:
        world.arrive(easy(30))
        world.sync()
        late = world.arrive(easy(3, seed=1))
        with monkeypatch.context() as broken:
            broken.setattr(reconcile, "take", away)
            with pytest.raises(PlatformUnavailable):
                world.sync()
        assert world.sync() == 3
        assert {i.task_id for i in world.items()} >= set(late)


def away(*args: object, **more: object) -> int:
    raise PlatformUnavailable("refused")


class TestLabels:
    def test_a_label_without_a_webhook_is_found(self, world: LocalWorld) -> None:
        task, *_ = world.arrive(easy(3))
        world.sync()
        world.label(task)
        assert world.sync() == 1
        assert world.item(task).state is ItemState.LABELED

    def test_a_label_that_was_deleted_is_forgotten(self, world: LocalWorld) -> None:
        task, *_ = world.arrive(easy(3))
        world.sync()
        mark = world.label(task)
        world.sync()
        world.platform.delete_annotation(mark)
        assert world.sync() == 1
        assert world.item(task).state is ItemState.RECEIVED
        assert world.report().labeled.train == 0

    def test_an_item_with_a_prediction_goes_on_from_there(self, world: LocalWorld) -> None:
        world.open(hard(150))
        item = next(i for i in world.items() if i.state is ItemState.PUBLISHED)
        mark = world.label(item.task_id)
        world.sync()
        world.platform.delete_annotation(mark)
        world.sync()
        assert world.item(item.task_id).state is ItemState.SCORED
        world.settle()
        world.audit()

    def test_an_edited_label_counts_in_its_last_form(self, world: LocalWorld) -> None:
        task, *_ = world.arrive(easy(3))
        world.sync()
        mark = world.label(task, "good")
        world.sync()
        world.later()
        world.platform.edit_annotation(mark, choice("bad"))
        world.sync()
        with world.store.read() as uow:
            [label] = uow.labels.for_project(world.id)
        assert label.regions[0].labels == ("bad",)

    def test_a_label_that_the_platform_forgot_to_count_is_kept(self, world: LocalWorld) -> None:
        task, other, _ = world.arrive(easy(3))
        world.sync()
        for labelled in (task, other):
            world.label(labelled)
        world.sync()
        world.platform.forgotten.add(task)
        for seen in (task, other):
            world.platform.edit_task(seen, world.item(seen).data)
        reconcile.run(world.runtime, world.project, full=True)
        assert world.item(task).state is ItemState.LABELED
        assert world.item(other).state is ItemState.LABELED
        assert world.platform.calls["annotations"] == 1

    def test_a_label_that_comes_while_tasks_are_read_is_kept(self, world: LocalWorld) -> None:
        """The page was read before the label was given; the webhook was faster than the page."""
        task, *_ = world.arrive(easy(3))
        world.sync()
        pages = list(world.platform.tasks(with_annotations=True))
        asked = world.clock()
        world.label(task)
        world.sync()
        for page in pages:
            reconcile.take(world.runtime, world.project, page, asked_at=asked)
        assert world.item(task).state is ItemState.LABELED


class TestConfig:
    def test_a_new_look_keeps_the_model_and_tests_it_again(self, world: LocalWorld) -> None:
        world.open(easy(110))
        model, accepted = world.project.active_model, world.report().accepted
        set_config(world, LOOK)
        world.sync()
        assert world.report().gate is GateState.SHADOW
        assert world.project.active_model == model
        world.tick()
        world.settle()
        report = world.audit()
        assert report.gate is GateState.OPEN, report.gate_reason
        assert report.accepted >= accepted
        with world.store.read() as uow:
            assert uow.gate.tests(world.id) == 2

    def test_a_new_look_does_not_repeat_a_test_that_failed(self, world: LocalWorld) -> None:
        world.open(hard(150))
        set_config(world, LOOK)
        world.sync()
        world.tick()
        assert world.project.gate_state is GateState.CLOSED
        with world.store.read() as uow:
            assert uow.gate.tests(world.id) == 1

    def test_a_changed_control_starts_cold_and_learns_from_the_labels_there_are(self, world: LocalWorld) -> None:
        world.open(easy(110))
        world.arrive(easy(40, seed=1))
        world.sync()
        world.worker.score(world.project)
        world.worker.decide(world.project)
        assert world.states()[ItemState.DECIDED] > 0
        set_config(world, CONFIG.replace("</Choices>", '<Choice value="neither"/></Choices>'))
        world.sync()
        assert (world.project.gate_state, world.project.active_model) == (GateState.COLD, None)
        assert ItemState.DECIDED not in world.states(), "nothing of the old model is on its way any more"
        world.settle()
        assert world.tick()
        world.settle()
        report = world.audit()
        assert world.project.active_model is not None
        assert "dead" not in report.states

    @pytest.mark.parametrize("nonsense", [BROKEN, EMPTY])
    @pytest.mark.parametrize("good", [CONFIG, LOOK])
    def test_nonsense_pauses_until_it_is_mended(self, world: LocalWorld, nonsense: str, good: str) -> None:
        world.open(easy(110))
        set_config(world, nonsense)
        for _ in range(3):
            with pytest.raises(ConfigurationError):
                world.sync()
        assert world.project.paused
        assert world.project.gate_state is GateState.CLOSED
        with world.store.read() as uow:
            events = len(uow.gate.events(world.id))
        set_config(world, good)
        world.arrive(easy(20, seed=1))
        assert world.sync() == 20
        assert not world.project.paused
        world.settle()
        world.tick()
        world.settle()
        assert world.audit().gate is GateState.OPEN
        assert "paused" not in world.project.gate_reason
        with world.store.read() as uow:
            assert len(uow.gate.events(world.id)) > events

    def test_two_processes_that_see_the_change_make_it_once(self, world: LocalWorld) -> None:
        world.open(easy(110))
        stale = world.project
        reconcile.follow_config(world.runtime, stale, OTHER)
        with world.store.read() as uow:
            events = len(uow.gate.events(world.id))
        reconcile.follow_config(world.runtime, stale, OTHER)
        with world.store.read() as uow:
            assert len(uow.gate.events(world.id)) == events

    def test_labels_that_the_control_no_longer_has_do_not_train(self, world: LocalWorld) -> None:
        world.open(easy(110))
        set_config(world, OTHER)
        world.sync()
        assert not world.tick()
        assert world.project.active_model is None


class TestModelVersion:
    def test_people_are_shown_what_we_push(self, world: LocalWorld) -> None:
        world.open(hard(150))
        world.sync()
        assert world.platform.project().model_version == world.project.active_model
        shown = [i for i in world.items() if i.state is ItemState.PUBLISHED]
        assert all(world.platform.shown(i.task_id) is not None for i in shown)

    def test_a_refusal_does_not_undo_the_poll(self, world: LocalWorld) -> None:
        """Somebody removed every prediction in Label Studio, which then knows no such version."""
        world.open(hard(150))
        world.platform.remove_predictions(world.project.active_model or "")
        world.arrive(easy(3, seed=4))
        assert world.sync() == 3


def test_second_predictions_are_removed(world: LocalWorld) -> None:
    world.open(hard(150))
    tasks = [i.task_id for i in world.items() if i.state is ItemState.PUBLISHED][:3]
    for task in tasks:
        twin = world.platform._tasks[task].predictions[0]
        world.platform._tasks[task].predictions.append(twin.__class__(twin.stored, twin.model_version))
    twins = world.platform._tasks[tasks[0]].predictions
    assert len(twins) == 2
    for task in tasks:
        one, two = world.platform._tasks[task].predictions
        from dataclasses import replace

        two.stored = replace(one.stored, id=one.stored.id + 100_000)
    assert reconcile.dedupe(world.runtime, world.project) == 3
    world.audit()


def test_label_studio_away_in_the_middle_loses_nothing(world: LocalWorld) -> None:
    world.arrive(easy(30))
    for failing in range(4):
        world.platform.fail_next(1, PlatformUnavailable("503"))
        with pytest.raises(PlatformUnavailable):
            world.sync()
        assert failing < 4
    world.sync()
    assert len(world.items()) == 30
    world.platform.fail_next(1, PlatformRefused("403"))
    with pytest.raises(PlatformRefused):
        world.sync()
    assert learn.tick(world.runtime, world.project)
