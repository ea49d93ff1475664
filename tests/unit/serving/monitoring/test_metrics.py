"""Metrics against a world whose numbers are known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from models.errors import AuthenticationError
from models.types import GateState
from serving.monitoring import metrics
from serving.monitoring.metrics import FAMILIES, NAMESPACE, Metrics
from serving.pipeline import watch
from serving.pipeline.vitals import LIVE_S, Vitals
from serving.store.engine import Store
from serving.store.records import BLIND_AUDIT, ItemState
from tests.support.audited import LEVELS, answer, stream, turned
from tests.support.local_world import LocalWorld, easy
from tests.support.prometheus import needs_promtool, promtool
from tests.unit.serving.conftest import MakeWorld

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def scrape(world: LocalWorld) -> Samples:
    return read(Metrics(world.runtime))


def read(own: Metrics) -> Samples:
    text = own.exposition("text/plain")[0].decode()
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def of(samples: Samples, name: str, **labels: str) -> float | None:
    return samples.get((f"prelabel_{name}", frozenset(labels.items())))


def test_numbers_are_those_of_the_store(world: LocalWorld) -> None:
    world.open(easy(110))
    world.arrive(easy(7, seed=5))
    world.sync()
    world.later(50.0)
    samples, states = scrape(world), world.states()
    assert states[ItemState.RECEIVED] == 7
    for state in ItemState:
        assert of(samples, "items", project="moods", state=state.value) == states.get(state, 0)
    assert of(samples, "oldest_item_age_seconds", project="moods", stage="score") == pytest.approx(50.0, abs=2)
    assert of(samples, "oldest_item_age_seconds", project="moods", stage="decide") == 0
    assert of(samples, "gate_state", project="moods", state="open") == 1
    assert of(samples, "gate_state", project="moods", state="closed") == 0
    assert of(samples, "outbox_rows", project="moods", kind="suggestion", state="pending") == 0
    with world.store.read() as uow:
        done, seconds = uow.stats.totals(world.id)["score"]
    assert of(samples, "stage_items_total", project="moods", stage="score") == done > 0
    assert of(samples, "stage_busy_seconds_total", project="moods", stage="score") == seconds
    assert (of(samples, "store_up"), of(samples, "ready")) == (1, 0), "no pipeline has been heard of"


def test_what_waits_for_people_and_for_label_studio(world: LocalWorld) -> None:
    world.open(easy(110))
    world.arrive(easy(60, seed=5))
    world.sync()
    world.worker.score(world.project)
    world.worker.score(world.project)
    world.worker.decide(world.project)
    world.later(30.0)
    samples = scrape(world)
    kinds = {"suggestion", "acceptance", "withdrawal", "retraction"}
    waiting = sum(of(samples, "outbox_rows", project="moods", kind=k, state="pending") or 0 for k in kinds)
    with world.store.read() as uow:
        assert waiting == sum(n for (_, state), n in uow.outbox.counts(world.id).items() if state == "pending") > 0
    assert (of(samples, "oldest_write_age_seconds", project="moods", kind="suggestion") or 0) >= 30
    world.settle()
    samples, blind = scrape(world), [i for i in world.items() if i.blind and i.state is ItemState.PUBLISHED]
    audits = sum(i.reason == BLIND_AUDIT for i in blind)
    assert of(samples, "people_queue_items", project="moods", kind="audit") == audits
    assert of(samples, "people_queue_items", project="moods", kind="validation") == len(blind) - audits
    shown = sum(i.state is ItemState.PUBLISHED and i.route == "suggest" for i in world.items())
    assert of(samples, "people_queue_items", project="moods", kind="suggestion") == shown


def test_a_gate_that_the_monitor_closed_says_so(make: MakeWorld) -> None:
    world = make(settings=LEVELS)
    world.open(easy(110))
    world.change(audit_rate=0.4)
    stream(world, turned(easy(60, seed=2)))
    waiting = sum(i.reason == BLIND_AUDIT and i.blind and i.state is ItemState.PUBLISHED for i in world.items())
    samples = scrape(world)
    assert of(samples, "people_queue_items", project="moods", kind="audit") == waiting > 5
    assert of(samples, "audits_overdue", project="moods") == 0
    assert of(samples, "gate_closed_by_monitor", project="moods") == 0
    answer(world)
    assert watch.run(world.runtime, world.project) == 1
    samples = scrape(world)
    assert of(samples, "gate_state", project="moods", state="closed") == 1
    assert of(samples, "gate_closed_by_monitor", project="moods") == 1
    world.later()
    for state in (GateState.SHADOW, GateState.CLOSED):
        with world.store.begin() as uow:
            uow.gate.transition(world.id, state, reason="x", actor="ada", numbers={}, now=world.clock.now)
        assert of(scrape(world), "gate_closed_by_monitor", project="moods") == 0, "closed by a person"


def test_overdue(make: MakeWorld) -> None:
    world = make(settings=LEVELS)
    world.open(easy(110))
    world.change(audit_rate=0.4)
    stream(world, easy(60, seed=2))
    waiting = of(scrape(world), "people_queue_items", project="moods", kind="audit")
    world.later(world.runtime.settings.audit_due_s + 1000)
    assert of(scrape(world), "audits_overdue", project="moods") == waiting != 0


def test_leases_of_processes(world: LocalWorld) -> None:
    world.open(easy(110))
    world.arrive(easy(9, seed=5))
    world.sync()
    with world.store.begin() as uow:
        uow.items.claim(world.id, ItemState.RECEIVED, limit=4, owner="w", lease_s=60.0, now=world.clock.now)
    assert of(scrape(world), "leases", project="moods", holder="pipeline") == 4
    world.later(61.0)
    assert of(scrape(world), "leases", project="moods", holder="pipeline") == 0


def test_stages_and_what_they_fail_at(world: LocalWorld) -> None:
    vitals, now = Vitals(world.runtime), world.clock.now
    vitals.failed("publish-0", world.id, AuthenticationError("no"))
    vitals.write({"score-0": now - 3, "score-1": now - 9, "publish-0": now - 1})
    samples = scrape(world)
    assert of(samples, "stage_last_round_timestamp_seconds", stage="score") == now - 3
    assert of(samples, "stage_failing", project="moods", stage="publish", code="authentication") == 1
    assert (of(samples, "pipeline_processes"), of(samples, "ready")) == (1, 1)
    world.later(LIVE_S + 1)
    samples = scrape(world)
    assert (of(samples, "pipeline_processes"), of(samples, "ready")) == (0, 0)


def test_many_scrapes_are_one_reading(world: LocalWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next one comes after five seconds, or twenty times what the last one took."""
    now, takes, read_ = 0.0, 0.0, metrics._read
    readings = 0

    def slow(*args: object) -> object:
        nonlocal now, readings
        now, readings = now + takes, readings + 1
        return read_(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(metrics, "_read", slow)
    own = Metrics(world.runtime, timer=lambda: now)
    for at, expected in ((0.0, 1), (4.9, 1), (5.1, 2)):
        now = at
        own.exposition("")
        assert readings == expected
    takes, now = 2.0, 20.0
    own.exposition("")
    takes = 0.0
    for at, expected in ((61.9, 3), (62.1, 4)):
        now = at
        own.exposition("")
        assert readings == expected


def test_a_store_that_is_gone_leaves_a_gap_and_no_old_numbers(world: LocalWorld, tmp_path: Path) -> None:
    store = Store.open(f"sqlite:///{tmp_path}/elsewhere/prelabel.db")
    (tmp_path / "elsewhere").rmdir()
    samples = read(Metrics(replace(world.runtime, store=store)))
    assert (of(samples, "store_up"), of(samples, "ready")) == (0, 0)
    assert of(samples, "items", project="moods", state="received") is None
    store.close()


def test_names_are_documented_and_follow_the_conventions(world: LocalWorld) -> None:
    world.open(easy(110))
    Vitals(world.runtime).write({"score-0": 1.0})
    text = Metrics(world.runtime).exposition("text/plain")[0].decode()
    given = {f.name + ("_total" if f.type == "counter" else "") for f in text_string_to_metric_families(text)}
    own = {family.name for family in FAMILIES.values()}
    assert own - given == {"prelabel_stage_failing"}, "nothing fails"
    assert all(name.startswith(f"{NAMESPACE}_process_") for name in given - own)
    for family in FAMILIES.values():
        assert family.counter == family.name.endswith("_total")
        assert not {"user", "person", "task", "path", "item"} & set(family.labels)


@needs_promtool
def test_promtool_has_nothing_against_the_metrics(world: LocalWorld) -> None:
    world.open(easy(110))
    vitals = Vitals(world.runtime)
    vitals.failed("learn", world.id, ValueError())
    vitals.write({"score-0": 1.0})
    promtool("check", "metrics", given=Metrics(world.runtime).exposition("text/plain")[0].decode())
