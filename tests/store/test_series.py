"""Samples of the stages: what they count, that they are kept once, thinned and forgotten; windows of drift."""

from __future__ import annotations

from models.gate.drift import Drift
from models.types import Fold
from serving.store import series
from serving.store.records import ItemState
from serving.store.series import Level, Part
from tests.store.crowd import Crowd, assert_searched, plans
from tests.store.world import World, task


def test_where_the_stages_stand(world: World) -> None:
    world.receive(*(task(n, fold=Fold.TRAIN) for n in range(6)))
    world.score(limit=4)
    world.label(0, 10)
    with world.store.begin() as uow:
        uow.stats.add(world.project, "score", 4, 2.0)
        uow.stats.add(world.project, "publish_suggestion", 2, 0.5)
        uow.stats.add(world.project, "publish_acceptance", 1, 0.25)
        uow.stats.add(world.project, "pull", 9, 9.0)
    with world.store.read() as uow:
        found = uow.series.now(world.project)
        states = uow.items.counts(world.project)
    assert found[Part.SCORE] == Level(4, 2.0, states[ItemState.RECEIVED])
    assert found[Part.DECIDE] == Level(0, 0.0, states[ItemState.SCORED])
    assert found[Part.PUBLISH] == Level(3, 0.75, 0), "writes of all kinds, and none that Label Studio asked for"
    assert found[Part.PEOPLE] == Level(1, 0.0, 5), "seeds that nobody has labelled"
    with world.store.read() as uow:
        assert Part.PEOPLE not in uow.series.now(world.project, people=False)


def test_writes_wait_until_they_are_sent(world: World) -> None:
    world.receive(*(task(n) for n in range(5)))
    world.score()
    world.decide()
    with world.store.read() as uow:
        pending = sum(n for (_, state), n in uow.operations.outbox(world.project).items() if state == "pending")
        assert pending == uow.series.now(world.project)[Part.PUBLISH].waiting > 0


def test_a_slot_is_written_once_and_forgotten_in_steps(world: World) -> None:
    with world.store.begin() as uow:
        for minute in range(20):
            at = 60.0 * minute + 3.0
            uow.series.keep(world.project, 60 * minute, at, {Part.SCORE: Level(minute, 0.0, 0)})
        uow.series.keep(world.project, 0, 9.0, {Part.SCORE: Level(77, 0.0, 0)})
    with world.store.read() as uow:
        kept = uow.series.samples(world.project, since=0.0)[Part.SCORE]
        assert [one.level.done for one in kept] == list(range(20))
        assert uow.series.samples(world.project, since=1e9) == {}
    with world.store.begin() as uow:
        uow.series.thin(world.project, fine_since=900.0, since=120.0, step=300)
    with world.store.read() as uow:
        kept = uow.series.samples(world.project, since=0.0)[Part.SCORE]
    assert [one.level.done for one in kept] == [2, 5, 10, 15, 16, 17, 18, 19], "the first of each five minutes"


def test_only_the_newest_windows_are_kept(world: World) -> None:
    for newest in range(series.WINDOWS + 3):
        said = {name: Drift(newest / 10, 0.2, 0.5, 60, 50, alarm=newest > 5) for name in ("answer", "confidence")}
        with world.store.begin() as uow:
            uow.series.keep_window(world.project, 1, newest, said, float(newest))
            uow.series.keep_window(world.project, 2, newest, said, 0.0)
            uow.series.keep_window(world.project, 2, newest, {}, 0.0)
    with world.store.read() as uow:
        kept = uow.series.windows(world.project)
    assert [one.at for one in kept if one.figure == "answer"] == [float(n) for n in range(3, series.WINDOWS + 3)]
    assert {one.certificate_id for one in kept} == {1}, "the second time changes nothing"


def test_sampling_stands_on_indexes(crowd: Crowd) -> None:
    project = crowd.world.project
    assert_searched(plans(crowd.world.store, lambda uow: uow.series.now(project), seqscan="off"))
    assert_searched(plans(crowd.world.store, lambda uow: uow.series.samples(project, since=0.0), seqscan="off"))
    assert_searched(plans(crowd.world.store, lambda uow: uow.series.windows(project), seqscan="off"))
