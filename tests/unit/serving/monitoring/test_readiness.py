"""Readiness tells the truth, and what to do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from connectors.label_studio.client import LabelStudio
from models.errors import AuthenticationError, PlatformUnavailable, PrelabelError, ScorerLate
from serving.monitoring.readiness import Check, Status, examine, for_anybody, worst
from serving.pipeline.vitals import LIVE_S, STALE_S, Vitals, lasts_s
from serving.pipeline.worker import Worker
from serving.store.engine import Store
from tests.support.local_world import LocalWorld, easy


def check(world: LocalWorld, name: str) -> Check:
    return next(one for one in examine(world.runtime) if one.check == name)


def beat(world: LocalWorld, **late: float) -> Vitals:
    vitals = Vitals(world.runtime)
    vitals.write({"score-0": world.clock.now, "publish-0": world.clock.now - late.get("publish", 0.0)})
    return vitals


def test_all_is_well(world: LocalWorld) -> None:
    beat(world)
    checks = examine(world.runtime)
    assert {one.check: one.status for one in checks} == dict.fromkeys(("store", "pipeline", "projects"), Status.READY)
    assert worst(checks) is Status.READY
    assert not any(one.advice for one in checks)


def test_a_pipeline_that_is_not_heard_of(world: LocalWorld) -> None:
    assert check(world, "pipeline").status is Status.NOT_READY
    vitals = beat(world)
    world.later(LIVE_S + 1)
    assert check(world, "pipeline").status is Status.NOT_READY
    beat(world)
    assert check(world, "pipeline").status is Status.READY
    vitals.leave()
    assert "has been heard of" in check(world, "pipeline").detail


def test_a_stage_that_stands_still_though_the_process_lives(world: LocalWorld) -> None:
    beat(world, publish=STALE_S + 1)
    found = check(world, "pipeline")
    assert (found.status, found.detail) == (Status.NOT_READY, "these stages stand still: publish")
    other = Vitals(replace(world.runtime, owner="worker-2"))
    other.write({"publish-0": world.clock.now})
    assert check(world, "pipeline").status is Status.READY, "another process does its work"


@pytest.mark.parametrize(
    ("error", "detail", "advice"),
    [
        (AuthenticationError("at http://ls:8080: 401"), "Label Studio refuses the token", "prelabel token moods"),
        (PlatformUnavailable("at http://ls:8080: refused"), "Label Studio does not answer", "goes on by itself"),
    ],
)
def test_a_label_studio_that_does_not_work_degrades(
    world: LocalWorld, error: PrelabelError, detail: str, advice: str
) -> None:
    vitals = beat(world)
    vitals.failed("reconcile", world.id, error)
    vitals.write({})
    found = check(world, "label_studio")
    assert (found.status, found.detail, found.project, found.reason) == (
        Status.DEGRADED,
        detail,
        "moods",
        str(error),
    )
    assert advice in found.advice
    checks = examine(world.runtime)
    assert worst(checks) is Status.DEGRADED
    told = str([one.model_dump() for one in for_anybody(checks)])
    assert detail in told
    assert "moods" not in told
    assert "ls:8080" not in told


def test_a_trouble_lasts_until_something_is_done_or_it_is_old(world: LocalWorld) -> None:
    vitals = beat(world)
    begun = world.clock.now
    vitals.failed("publish-0", world.id, PlatformUnavailable("x"))
    world.later(10.0)
    vitals.failed("publish-1", world.id, PlatformUnavailable("y"))
    vitals.write({})
    found = check(world, "label_studio")
    assert (found.reason, found.since) == ("y", begun), "one trouble of the stage, since its first failure"
    vitals.healed("publish-0", world.id)
    vitals.write({})
    assert check(world, "projects").status is Status.READY
    vitals.failed("publish-0", world.id, PlatformUnavailable("z"))
    vitals.write({})
    world.later(lasts_s(world.runtime.settings) + 1)
    vitals.write({})
    assert check(world, "projects").status is Status.READY


def test_errors_of_others_keep_their_text_to_themselves(world: LocalWorld) -> None:
    vitals = beat(world)
    vitals.failed("learn", world.id, ValueError("password=hunter2"))
    vitals.write({})
    found = check(world, "stage")
    assert (found.status, found.detail) == (Status.DEGRADED, "the stage learn fails and tries again")
    assert "hunter2" not in str(examine(world.runtime))


def test_a_scorer_that_is_away_is_not_label_studio(world: LocalWorld) -> None:
    vitals = beat(world)
    vitals.failed("score-0", world.id, PlatformUnavailable("the scorer is busy or restarting"))
    vitals.write({})
    assert check(world, "scorer").detail == "the models do not answer"


@pytest.mark.parametrize("error", [PlatformUnavailable("the replica is gone"), ScorerLate("not in 55 s")])
def test_a_scorer_that_is_gone_is_told_until_it_answers(world: LocalWorld, error: PrelabelError) -> None:
    world.open(easy(110))
    world.arrive(easy(5, seed=2))
    world.sync()
    world.scorer.failures.append(error)
    assert world.worker._one("score-1", world.worker.score, world.project) == 0
    world.worker._vitals.write({"score-1": world.clock.now})
    found = check(world, "scorer")
    assert (found.status, found.detail) == (Status.DEGRADED, "the models do not answer")
    assert (found.project, found.reason) == ("moods", str(error))
    world.later(world.runtime.settings.retry_max_s)
    assert world.worker._one("score-0", world.worker.score, world.project) > 0
    world.worker._vitals.write({"score-0": world.clock.now})
    assert worst(examine(world.runtime)) is Status.READY


def test_a_label_studio_that_is_gone_is_told_by_the_real_client(world: LocalWorld) -> None:
    away = LabelStudio("http://127.0.0.1:9", "0" * 40, 1)
    worker = Worker(replace(world.runtime, platform=lambda _: away))
    assert worker._one("reconcile", worker.reconcile, world.project) == 0
    worker._vitals.write({"reconcile": world.clock.now})
    found = check(world, "label_studio")
    assert (found.status, found.detail) == (Status.DEGRADED, "Label Studio does not answer")
    away.close()


def test_a_paused_project_degrades(world: LocalWorld) -> None:
    beat(world)
    world.change(paused=True)
    assert (check(world, "project").status, check(world, "project").project) == (Status.DEGRADED, "moods")


def test_a_schema_that_is_not_ours(world: LocalWorld) -> None:
    beat(world)
    with world.store.engine.begin() as conn:
        conn.execute(text("UPDATE alembic_version SET version_num = '0003'"))
    [found] = examine(world.runtime)
    assert (found.status, found.advice.split(":")[0]) == (Status.NOT_READY, "restart the service")
    assert "0003" in (found.reason or "")


def test_a_store_that_is_gone(world: LocalWorld, tmp_path: Path) -> None:
    store = Store.open(f"sqlite:///{tmp_path}/elsewhere/prelabel.db")
    (tmp_path / "elsewhere").rmdir()
    [found] = examine(replace(world.runtime, store=store))
    assert (found.status, found.detail) == (Status.NOT_READY, "the store does not answer")
    store.close()
