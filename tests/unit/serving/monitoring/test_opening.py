"""What a gate that accepts nothing waits for: the numbers that the pipeline itself goes by, step by step."""

from __future__ import annotations

from dataclasses import replace

import pytest

from models.types import Fold, GateState
from serving.language import speaking
from serving.monitoring.automation import AutomationReport
from serving.monitoring.kept_figures import awaited, reported
from serving.monitoring.opening import Opening, WaitsFor
from serving.pipeline import learn
from serving.projects.gate import close, extend, tolerate
from serving.report_cli import table_of
from serving.reports.summary import to_do
from serving.store.records import ItemState
from tests.support.away import FirstAway
from tests.support.local_world import LocalWorld, easy, hard
from tests.unit.serving.conftest import MakeWorld


def ahead(world: LocalWorld) -> Opening:
    """Of the report, which the page's own figure agrees with."""
    found = world.report().opening
    assert found is not None
    assert awaited.make(world.runtime, world.project)[0] == found
    return found


def untold(world: LocalWorld, fold: Fold) -> list[int]:
    """Tasks of a part that nobody has labelled, and that are not drawn."""
    return [i.task_id for i in world.items() if i.fold is fold and not i.blind and i.state is not ItemState.LABELED]


def seed(world: LocalWorld, n: int) -> None:
    for task in [i.task_id for i in world.wanted() if not i.blind and i.fold is Fold.TRAIN][:n]:
        world.label(task)
    world.sync()


class TestCold:
    def test_counts_the_labels_that_train_and_those_that_teach_nothing(self, make: MakeWorld) -> None:
        world = make(validation_target=10)
        world.arrive(easy(150))
        world.sync()
        found = ahead(world)
        assert (found.waits_for, found.train_labels, found.train_target) == (WaitsFor.TRAIN_LABELS, 0, 20)
        world.tick()
        seed(world, 12)
        for task in untold(world, Fold.VALIDATION)[:2]:
            world.label(task)
        for row in world.blind()[:3]:
            world.label(row.task_id)
        world.sync()
        world.tick()
        found = ahead(world)
        assert world.report().labeled.train == 14
        assert (found.waits_for, found.train_labels, found.teach_nothing) == (WaitsFor.TRAIN_LABELS, 12, 2)
        assert (found.blind_labels, found.blind_drawn, found.trouble) == (3, 10, None)
        assert found.in_words == (
            "The gate waits for a first model: 12 of the 20 labels that it learns from are there. 2 other labels are "
            "of items of the validation part, from which no model learns. A test follows, on blind labels: 3 of 10 are "
            "there."
        )

    def test_says_the_trainers_reason_where_there_are_enough(self, world: LocalWorld) -> None:
        world.arrive([pair for pair in easy(300) if pair[1] == "good"])
        world.sync()
        world.tick()
        seed(world, 20)
        found = ahead(world)
        assert (found.waits_for, found.trouble) == (WaitsFor.MODEL, None)
        assert found.in_words.startswith(
            "The gate waits for a first model. Labels are enough (20, it takes 20): it is trained at the pipeline's"
        )
        assert not learn.safe_tick(world.runtime, world.project)
        found = ahead(world)
        assert found.trouble is not None
        assert "two classes with at least two examples each" in found.trouble
        assert found.trouble in found.in_words
        with speaking("zh-Hans"):
            assert "标注已足够" in found.in_words
            assert "it needs" not in found.in_words, "the trainer's reason, too"

    def test_a_reason_is_forgotten_once_a_model_comes(self, world: LocalWorld) -> None:
        world.arrive(easy(100))
        world.sync()
        world.tick()
        tasks = [i.task_id for i in world.wanted() if not i.blind]
        for task in tasks[:20]:
            world.label(task, "good")
        world.sync()
        world.tick()
        assert ahead(world).trouble is not None
        for task in tasks[20:24]:
            world.label(task, "bad")
        world.sync()
        assert world.tick()
        found = ahead(world)
        assert (found.gate, found.trouble) == (GateState.SHADOW, None)

    def test_media_that_do_not_answer_are_said(self, world: LocalWorld) -> None:
        world.arrive(easy(100))
        world.sync()
        world.tick()
        world.label_wanted(70)

        assert not learn.safe_tick(replace(world.runtime, media=FirstAway()), world.project)
        found = ahead(world)
        assert "the media of 1 labelled items do not answer" in (found.trouble or "")
        assert "no model came of them: the media of 1" in found.in_words
        assert learn.safe_tick(world.runtime, world.project)
        assert ahead(world).trouble is None


class TestShadow:
    def test_counts_the_blind_labels_and_says_what_comes_next(self, make: MakeWorld) -> None:
        world = make(validation_target=10)
        world.arrive(easy(150))
        world.sync()
        world.tick()
        seed(world, 20)
        world.tick()
        world.settle()
        blind = [row.task_id for row in world.blind()]
        for task in blind[:3]:
            world.label(task)
        world.sync()
        found = ahead(world)
        assert (found.gate, found.waits_for) == (GateState.SHADOW, WaitsFor.BLIND_LABELS)
        assert (found.blind_labels, found.blind_drawn, found.tests) == (3, 10, 0)
        assert found.in_words == (
            "The gate waits for people: 3 of the 10 blind labels that the first test takes are there, and 7 are still "
            "to be given. Then the test opens the gate, or says why not."
        )
        for task in blind[3:]:
            world.label(task)
        world.sync()
        world.arrive(easy(30, seed=5))
        world.sync()
        found = ahead(world)
        assert (found.waits_for, found.unscored) == (WaitsFor.SCORES, 30)
        world.tick()
        assert world.report().gate is GateState.SHADOW, "the pipeline waits for them as it says"
        world.settle()
        assert ahead(world).waits_for is WaitsFor.TEST
        world.tick()
        assert world.report().gate is not GateState.SHADOW, "and tests when it says so"

    def test_a_sample_that_is_not_full_says_what_is_to_come(self, make: MakeWorld) -> None:
        world = make(validation_target=10_000)
        world.arrive(easy(100))
        world.sync()
        world.tick()
        seed(world, 20)
        world.tick()
        found = ahead(world)
        assert 0 < found.blind_drawn < 100
        missing = 10_000 - found.blind_drawn
        assert f"{missing:,} more are to be drawn as items arrive: 10,000 is the target." in found.in_words

    def test_before_anything_is_read_none_is_drawn(self, world: LocalWorld) -> None:
        world.open(easy(110))
        tolerate(world.runtime, world.project, epsilon=0.05, reason="stricter", actor="anna")
        assert ahead(world).waits_for is WaitsFor.TEST, "the labels are there"
        world.change(valid_since=world.clock() + 1.0)
        assert ahead(world).waits_for is WaitsFor.DRAW


class TestClosed:
    def test_what_the_next_test_takes(self, world: LocalWorld) -> None:
        world.open(hard(200), labels=60)
        found = ahead(world)
        assert (found.gate, found.waits_for, found.tests) == (GateState.CLOSED, WaitsFor.EVIDENCE, 1)
        assert (found.train_labels, found.train_target) == (20, 30), "half as many again as the last head had"
        assert "another model, for which 20 of 30 labels are there." in found.in_words
        extend(world.runtime, world.project, labels=5)
        world.tick()
        found = ahead(world)
        assert (found.waits_for, found.blind_drawn - found.blind_labels) == (WaitsFor.BLIND_LABELS, 5)
        assert "that the next test takes are there, and 5 are still to be given" in found.in_words

    def test_a_person_is_waited_for(self, world: LocalWorld) -> None:
        world.open(easy(110))
        assert world.report().opening is None, "it accepts"
        close(world.runtime, world.project, reason="too many complaints", actor="anna")
        assert ahead(world).waits_for is WaitsFor.PERSON


def test_the_report_says_it_in_each_form(world: LocalWorld) -> None:
    world.arrive(easy(40))
    world.sync()
    report = world.report()
    assert report.opening is not None
    said = report.opening.in_words
    assert "0 of the 20 labels that it learns from" in said
    cells = [list(column.cells) for column in table_of(report).columns]
    assert dict(zip(*cells, strict=True))["what opens it"] == said
    assert said in list(to_do(report))


def test_a_report_that_was_kept_before_there_was_this_field_is_still_read(world: LocalWorld) -> None:
    old = world.report().model_dump(mode="json", round_trip=True)
    del old["opening"]
    with world.store.begin() as uow:
        uow.kept.put(world.id, "report", old, seconds=0.0, at=world.clock())
    found = reported(world.runtime, world.project).value
    assert isinstance(found, AutomationReport)
    assert found.opening is None


@pytest.mark.parametrize("step", list(WaitsFor))
@pytest.mark.parametrize("trouble", [None, "there is no model 'x'"])
@pytest.mark.parametrize("target", [0, 20])
@pytest.mark.parametrize("language", ["en", "zh-Hans"])
def test_every_step_is_said(step: WaitsFor, trouble: str | None, target: int, language: str) -> None:
    found = Opening(
        gate=GateState.SHADOW,
        waits_for=step,
        train_labels=12,
        train_target=target,
        teach_nothing=1,
        trouble=trouble,
        blind_labels=3,
        blind_drawn=9,
        blind_target=10,
        opinions=2,
        unscored=4,
        tests=1,
    )
    with speaking(language):
        said = found.in_words
    assert said
    assert "{" not in said
    assert (trouble is None) or "'x'" in said
    assert (language == "en") == said.isascii()
