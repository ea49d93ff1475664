"""Chunks are scored once, poison is singled out, and nobody dies for somebody else's fault."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from shutil import rmtree

import pytest

from models.errors import ConfigurationError, MediaError, MediaUnavailable, ModelError, PlatformUnavailable, ScorerLate
from models.types import Item
from serving.pipeline import score
from serving.pipeline.worker import Worker
from serving.store.records import ItemState, ProjectRow
from tests.support.local_world import LocalWorld, another_worker, easy
from tests.support.patience import PATIENCE_S


@pytest.fixture
def ready(world: LocalWorld) -> LocalWorld:
    """A model in shadow, and 40 items that wait for it."""
    world.arrive(easy(60))
    world.sync()
    world.tick()
    world.label_wanted(50)
    assert world.tick()
    world.settle()
    world.arrive(easy(40, seed=1))
    world.sync()
    world.scorer.calls.clear()
    return world


def received(world: LocalWorld) -> list[int]:
    return [i.task_id for i in world.items() if i.state is ItemState.RECEIVED]


def test_a_chunk_is_one_call(ready: LocalWorld) -> None:
    assert ready.worker.score(ready.project) == 32
    assert ready.worker.score(ready.project) == 8
    assert ready.worker.score(ready.project) == 0
    assert ready.scorer.calls == [32, 8]


def test_a_chunk_that_takes_too_long_comes_back_smaller(ready: LocalWorld) -> None:
    ready.scorer.failures = [ScorerLate("no answer"), ScorerLate("no answer")]
    assert ready.worker.score(ready.project) == 0
    assert len(received(ready)) == 40, "nothing is lost"
    ready.later(60)
    assert ready.worker.score(ready.project) == 0
    ready.later(60)
    assert ready.worker.score(ready.project) == 8
    assert ready.scorer.calls == [32, 16, 8]
    assert {item.attempts for item in ready.items() if item.state is ItemState.RECEIVED} == {0}
    ready.settle()
    assert received(ready) == []


def test_chunks_are_as_large_as_a_quarter_of_the_time_allows(ready: LocalWorld) -> None:
    ready.scorer.before = lambda: ready.later(32.0 * ready.scorer.calls[-1] / 32)
    limit_s = ready.runtime.settings.scorer_timeout_s
    assert ready.worker.score(ready.project) == 32
    assert ready.runtime.chunks.size(ready.project.active_model or "", 32) == int(limit_s / 4)


def test_an_item_that_alone_takes_too_long_dies_and_says_why(ready: LocalWorld) -> None:
    assert ready.worker.score(ready.project) == 32, "the model is known to answer"
    slow = received(ready)[0]
    text = ready.item(slow).data["text"]

    def late() -> None:
        if text in ready.scorer.texts:
            raise ScorerLate("the model did not predict 1 items in 55 s (scorer_timeout_s)")

    ready.scorer.before = late
    for _ in range(40):
        ready.worker.score(ready.project)
        ready.later(60)
    assert ready.item(slow).state is ItemState.DEAD
    assert "scorer_timeout_s" in (ready.item(slow).last_error or "")
    ready.settle()
    assert received(ready) == [], "its neighbours went on"
    assert ready.audit().states["dead"] == 1


def test_poison_is_singled_out_and_dies_in_the_end(ready: LocalWorld) -> None:
    poisoned = received(ready)[5]
    ready.scorer.poison = {ready.item(poisoned).data["text"]}
    for attempt in range(1, 4):
        ready.worker.score(ready.project)
        assert ready.item(poisoned).attempts == attempt
        ready.later(60)
    assert ready.item(poisoned).state is ItemState.DEAD
    assert ready.item(poisoned).last_error == "the tensor has no shape"
    ready.settle()
    assert received(ready) == []
    assert ready.audit().states["dead"] == 1
    assert ready.scorer.calls[:11] == [32, 16, 8, 4, 4, 2, 1, 1, 2, 8, 16], "halved until it stands alone"

    ready.scorer.poison = set()
    with ready.store.begin() as uow:
        assert uow.items.redrive(ready.id, None, ready.clock()) == 1
    ready.settle()
    assert "dead" not in ready.audit().states


def test_an_unreadable_item_dies_with_advice(ready: LocalWorld) -> None:
    [task] = ready.platform.add_tasks([{"image": "no text here"}])
    ready.sync()
    ready.settle()
    assert ready.item(task).state is ItemState.DEAD
    assert "text" in (ready.item(task).last_error or "")
    assert ready.audit().states["dead"] == 1


@pytest.mark.parametrize("error", [PlatformUnavailable("busy"), ConfigurationError("this model needs a GPU")])
def test_a_scorer_that_is_away_brings_nobody_closer_to_death(ready: LocalWorld, error: Exception) -> None:
    waiting = received(ready)
    for _ in range(10):
        ready.scorer.failures.append(error)
        try:
            ready.worker.score(ready.project)
        except ConfigurationError:
            assert isinstance(error, ConfigurationError)
        ready.later(10)
    assert received(ready) == waiting
    assert {ready.item(task).attempts for task in waiting} == {0}
    assert str(error) in {ready.item(task).last_error for task in waiting}
    ready.settle()
    assert received(ready) == []


def test_a_model_that_cannot_be_loaded_kills_nobody(ready: LocalWorld) -> None:
    """As on a second host whose model folder lacks the newest head."""
    waiting = received(ready)
    hidden = ready.runtime.settings.model_dir
    ready.scorer._models.clear()
    kept = hidden.with_name("kept")
    hidden.rename(kept)
    for _ in range(5):
        ready.worker.score(ready.project)
        ready.later(10)
    assert received(ready) == waiting
    assert {ready.item(task).attempts for task in waiting} == {0}
    kept.rename(hidden)
    ready.settle()
    assert received(ready) == []


class AwayMedia:
    """Media of some items is on a host that does not answer; that of others does not exist."""

    def __init__(self, away: set[str], missing: set[str]) -> None:
        self.away, self.missing = away, missing

    def attach(self, project: ProjectRow, items: Sequence[Item]) -> list[Item | MediaError]:
        return [self._one(item) for item in items]

    def _one(self, item: Item) -> Item | MediaError:
        if item.data["text"] in self.away:
            return MediaUnavailable("the host does not answer")
        return MediaError("there is no such file") if item.data["text"] in self.missing else item


def test_media_that_is_away_holds_up_nobody_else(ready: LocalWorld) -> None:
    away, missing, *rest = received(ready)
    media = AwayMedia({ready.item(away).data["text"]}, {ready.item(missing).data["text"]})
    worker = Worker(replace(ready.runtime, media=media))
    for _ in range(12):
        worker.score(ready.project)
        ready.later(10)
    assert received(ready) == [away]
    assert ready.item(away).attempts == 0
    assert ready.item(away).last_error == "the host does not answer"
    assert ready.item(missing).state is ItemState.DEAD
    assert {ready.item(task).state for task in rest} == {ItemState.SCORED}
    media.away.clear()
    worker.score(ready.project)
    assert ready.item(away).state is ItemState.SCORED


def test_a_label_that_arrives_meanwhile_wins(ready: LocalWorld) -> None:
    task = received(ready)[0]

    def somebody_labels() -> None:
        ready.scorer.before = lambda: None
        ready.label(task)
        ready.sync()

    ready.scorer.before = somebody_labels
    assert ready.worker.score(ready.project) == 32
    assert ready.item(task).state is ItemState.LABELED
    assert ready.item(task).prediction_id is None
    ready.settle()
    assert ready.item(task).state is ItemState.LABELED
    assert ready.versions(task) == []


def test_what_was_said_of_old_data_is_not_taken_for_the_new(ready: LocalWorld) -> None:
    """The task is edited while one thread scores it; another thread of the same process claims it again."""
    task = received(ready)[0]
    old = ready.item(task)
    entered, go_on = threading.Event(), threading.Event()

    def wait() -> None:
        ready.scorer.before = lambda: None
        entered.set()
        assert go_on.wait(PATIENCE_S)

    ready.scorer.before = wait
    slow = threading.Thread(target=lambda: ready.worker.score(ready.project), name="score-0")
    slow.start()
    assert entered.wait(PATIENCE_S)
    ready.platform.edit_task(task, {"text": "terrible broken sad dark awful cold"})
    ready.sync()

    def let_the_slow_one_finish() -> None:
        ready.scorer.before = lambda: None
        go_on.set()
        slow.join(PATIENCE_S)

    ready.scorer.before = let_the_slow_one_finish
    ready.worker.score(ready.project)
    row = ready.item(task)
    assert (old.revision, row.revision, row.state) == (1, 2, ItemState.SCORED)
    with ready.store.read() as uow:
        said = uow.items.predictions([row.prediction_id or 0])[row.prediction_id or 0]
    assert said.prediction.regions[0].labels == ("bad",)


def test_what_an_old_model_says_after_the_change_does_not_count(ready: LocalWorld) -> None:
    """The next head is activated while a chunk is on its way to the one before."""
    first = ready.project.active_model

    def another_head() -> None:
        ready.scorer.before = lambda: None
        for task in [i.task_id for i in ready.items() if i.state is ItemState.PUBLISHED and not i.blind][:5]:
            ready.label(task)
        ready.sync()
        assert ready.train() is not None

    ready.scorer.before = another_head
    ready.worker.score(ready.project)
    assert ready.project.active_model != first
    assert not [i for i in ready.items() if i.state is ItemState.SCORED and i.model_version == first]
    ready.settle()
    ready.audit()


def test_two_workers_share_the_work(ready: LocalWorld) -> None:
    other = another_worker(ready)
    first = ready.worker.score(ready.project)
    assert first + other.score(ready.project) == 40
    assert ready.scorer.calls == [32, 8]


def test_what_a_dead_process_held_comes_back(ready: LocalWorld) -> None:
    with ready.store.begin() as uow:
        held = uow.items.claim(ready.id, ItemState.RECEIVED, limit=40, owner="killed", lease_s=60, now=ready.clock())
    assert len(held) == 40
    assert ready.worker.score(ready.project) == 0
    ready.later(61)
    assert ready.worker.score(ready.project) == 32


def test_bisection_asks_for_every_item_once_it_is_alone(ready: LocalWorld) -> None:
    items = [Item(key=str(n), data={"text": f"{n}"}) for n in range(8)]
    ready.scorer.poison = {"2", "7"}
    with ready.store.read() as uow:
        ref = uow.models.get(ready.id, ready.project.active_model or "").ref
    results, measured = score.bisect(ready.runtime, ref, items)
    assert measured.items == 6, "calls that failed are no measure of speed"
    assert [r.key for r in results] == [str(n) for n in range(8)]
    assert [r.key for r in results if hasattr(r, "code")] == ["2", "7"]


def test_a_model_error_names_itself(ready: LocalWorld) -> None:
    rmtree(ready.runtime.settings.model_dir)
    with ready.store.read() as uow:
        ref = uow.models.get(ready.id, ready.project.active_model or "").ref
    ready.scorer._models.clear()
    with pytest.raises((PlatformUnavailable, ModelError), match="train again"):
        ready.scorer.score(ref, [Item(key="1", data={"text": "a"})])
