"""Challengers: tried beside the active model, seen by nobody, promoted only where they are certified for more."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from models.gate import spend
from models.types import Fold, GateState, Route
from serving.pipeline import challenge, learn
from serving.pipeline.worker import Worker
from serving.projects import gate
from serving.store.records import CertificateRow, GateEvent, ItemState
from serving.store.version_records import ModelVersionRow
from tests.support.audited import stream
from tests.support.local_world import LocalWorld, Pair, another_worker, easy
from tests.unit.serving.conftest import MakeWorld

OTHER = {"good": ["bueno", "feliz", "claro", "dulce"], "bad": ["malo", "triste", "oscuro", "amargo"]}


def foreign(n: int, seed: int = 0) -> list[Pair]:
    """Texts in words of which a head knows nothing before it has seen some."""
    draw = random.Random(seed + 2)
    labels = [draw.choice(("good", "bad")) for _ in range(n)]
    return [(f"{' '.join(draw.choices(OTHER[label], k=6))} f{seed}-{i}", label) for i, label in enumerate(labels)]


def certificates(world: LocalWorld) -> list[CertificateRow]:
    with world.store.read() as uow:
        return uow.gate.certificates(world.id)


def state(world: LocalWorld) -> GateState:
    return world.project.gate_state


def events(world: LocalWorld) -> list[GateEvent]:
    with world.store.read() as uow:
        return uow.gate.events(world.id)


def version(world: LocalWorld, name: str | None) -> ModelVersionRow:
    assert name is not None
    with world.store.read() as uow:
        return uow.models.get(world.id, name)


def waiting(world: LocalWorld) -> challenge.Progress:
    with world.store.read() as uow:
        found = challenge.progress(world.runtime, uow, world.project)
    assert found is not None
    return found


def train_more(world: LocalWorld, n: int) -> str:
    """People label ``n`` suggestions of the train fold, and a head is trained; its version."""
    rows = [i for i in world.items() if i.fold is Fold.TRAIN and i.state is ItemState.PUBLISHED]
    rows.sort(key=lambda row: row.route is not Route.SUGGEST)
    for row in rows[:n]:
        world.label(row.task_id)
    world.sync()
    ref = world.train()
    assert ref is not None
    return ref.version


def opposite(label: str) -> str:
    return "bad" if label == "good" else "good"


def ask_others(world: LocalWorld) -> int:
    """Other people, who are right, answer what is to be answered again; how many answers they gave."""
    given = 0
    for _ in range(10):
        rows = [row for row in world.wanted() if row.opinions > 1]
        if not rows:
            break
        with world.store.read() as uow:
            answered = uow.opinions.answered_by([row.id for row in rows])
        for row in rows:
            world.label(row.task_id, user=next(one for one in range(10, 20) if one not in answered[row.id]))
            given += 1
        world.sync()
        world.tick()
    return given


def half_known(make: MakeWorld, *, people: int = 1) -> LocalWorld:
    """An open gate whose model knows the words of half of the stream.

    Where several people are asked, the first of them is wrong on a quarter of the blind items in other words.
    """
    world = make(validation_target=80, validation_people=people)
    pairs = easy(150) + foreign(150)
    world.arrive(pairs)
    world.sync()
    world.tick()
    known = {text for text, _ in pairs[:150]}
    rows = world.wanted()
    seeds = [row.task_id for row in rows if not row.blind and row.data["text"] in known][:20]
    for n, row in enumerate(row for row in rows if row.blind):
        text = row.data["text"]
        wrong = people > 1 and text not in known and n % 4 == 0
        world.label(row.task_id, opposite(world.gold[text]) if wrong else None)
    for task in seeds:
        world.label(task)
    world.sync()
    for _ in range(2):
        world.tick()
        world.settle()
    ask_others(world)
    world.settle()
    assert state(world) is GateState.OPEN
    return world


def conclude(world: LocalWorld, ticks: int = 10) -> None:
    for _ in range(ticks):
        world.tick()
        if world.project.challenger is None:
            return
    raise AssertionError(f"the trial does not end: {waiting(world)}")


class TestTrial:
    @pytest.fixture
    def tried(self, world: LocalWorld) -> LocalWorld:
        """An open gate that covers everything, and a challenger that cannot cover more."""
        world.open(easy(110))
        stream(world, easy(30, seed=8))
        train_more(world, 10)
        return world

    def test_the_gate_stays_open_and_nothing_of_it_is_seen(self, tried: LocalWorld) -> None:
        active, new = tried.project.active_model, tried.project.challenger
        assert new is not None
        assert new != active
        assert state(tried) is GateState.OPEN
        assert new in events(tried)[-1].reason
        assert events(tried)[-1].before is events(tried)[-1].after is GateState.OPEN
        tasks = tried.arrive(easy(40, seed=5))
        tried.sync()
        tried.settle()
        assert challenge.advance(tried.runtime, tried.project), "it says something in shadow"
        tried.settle()
        assert {tried.item(task).model_version for task in tasks} == {active}
        assert sum(tried.item(task).route is Route.ACCEPT for task in tasks) > 20
        assert all(new not in tried.versions(row.task_id) for row in tried.items())
        tried.audit()

    def test_one_that_covers_no_more_is_rejected_with_the_reason(self, tried: LocalWorld) -> None:
        active, new = tried.project.active_model, tried.project.challenger
        first = certificates(tried)[0]
        conclude(tried)
        assert tried.project.active_model == active
        assert state(tried) is GateState.OPEN
        assert tried.project.gate_reason == first.reason, "why it is open has not changed"
        last, test = events(tried)[-1], certificates(tried)[-1]
        assert f"{new} is rejected" in last.reason
        assert last.actor == "prelabel"
        assert last.numbers["certificate"] == test.id
        assert last.numbers["sample_coverage"] <= last.numbers["sample_coverage_before"]
        assert (test.model_version, test.trial) == (new, True)
        assert version(tried, new).rejected_at is not None
        with tried.store.read() as uow:
            assert uow.gate.latest(tried.id) == first, "what it stands on is the same certificate"

    def test_its_test_spends_a_share_of_its_own(self, tried: LocalWorld) -> None:
        conclude(tried)
        rows, delta = certificates(tried), tried.project.delta
        assert [row.delta for row in rows] == pytest.approx([spend(delta, 1), spend(delta, 2)])
        assert sum(row.delta for row in rows) < delta

    def test_a_rejected_one_is_not_tried_again(self, tried: LocalWorld) -> None:
        conclude(tried)
        assert tried.train() is None, "the same labels make the same head"
        assert tried.project.challenger is None
        for _ in range(3):
            tried.tick()
        assert len(certificates(tried)) == 2
        assert len(tried.scorer.trained) == 3

    def test_a_restart_goes_on_where_it_was(self, tried: LocalWorld) -> None:
        challenge.CHUNKS, chunks = 1, challenge.CHUNKS
        try:
            tried.tick()
        finally:
            challenge.CHUNKS = chunks
        before = waiting(tried)
        assert 0 < before.scored < before.items
        tried.worker = another_worker(tried)
        tried.runtime = tried.worker._runtime
        assert waiting(tried).scored == before.scored
        tried.scorer.calls.clear()
        conclude(tried)
        assert sum(tried.scorer.calls) == before.items - before.scored, "nothing is scored twice"

    def test_a_poison_item_does_not_stop_it(self, tried: LocalWorld) -> None:
        sample = next(row for row in tried.items() if row.blind)
        other = next(row for row in tried.items() if row.state is ItemState.PUBLISHED and not row.blind)
        tried.scorer.poison |= {str(sample.data["text"]), str(other.data["text"])}
        conclude(tried)
        assert certificates(tried)[-1].n_validation == 40
        assert state(tried) is GateState.OPEN
        assert tried.item(sample.task_id).state is ItemState.LABELED

    def test_a_newer_head_takes_its_place(self, tried: LocalWorld) -> None:
        first = tried.project.challenger
        second = train_more(tried, 5)
        assert tried.project.challenger == second
        assert f"{first} is tried no longer" in events(tried)[-1].reason
        conclude(tried)
        assert [row.model_version for row in certificates(tried)][1:] == [second]

    def test_it_waits_out_a_watch(self, tried: LocalWorld) -> None:
        with tried.store.begin() as uow:
            uow.gate.transition(tried.id, GateState.WATCH, reason="?", actor="prelabel", numbers={}, now=tried.clock())
        for _ in range(6):
            tried.tick()
        assert waiting(tried).waits == "until the watch is over"
        assert waiting(tried).scored == waiting(tried).items
        assert len(certificates(tried)) == 1

    def test_a_gate_that_a_person_closes_holds_it_up(self, tried: LocalWorld) -> None:
        new = tried.project.challenger
        gate.close(tried.runtime, tried.project, reason="complaints", actor="ada")
        for _ in range(4):
            tried.tick()
        assert tried.project.challenger == new
        assert state(tried) is GateState.CLOSED
        assert len(certificates(tried)) == 1
        gate.reopen(tried.runtime, tried.project, reason="all is well", actor="ada")
        assert state(tried) is GateState.OPEN
        conclude(tried)
        assert [(e.actor, e.reason) for e in events(tried) if e.actor == "ada"] == [
            ("ada", "complaints"),
            ("ada", "all is well"),
        ]

    def test_a_gate_that_closed_by_itself_leaves_nothing_to_keep_open(self, tried: LocalWorld) -> None:
        new = tried.project.challenger
        with tried.store.begin() as uow:
            uow.gate.transition(tried.id, GateState.CLOSED, reason="!", actor="prelabel", numbers={}, now=tried.clock())
        tried.tick()
        assert (tried.project.active_model, tried.project.challenger) == (new, None)
        assert not tried.project.gate_state.accepts

    def test_a_new_label_config_ends_it(self, tried: LocalWorld) -> None:
        new = tried.project.challenger
        tried.platform.set_label_config(tried.project.label_config_xml.replace('"text" value', '"text"  value'))
        tried.sync()
        assert tried.project.challenger is None
        assert state(tried) is GateState.SHADOW
        assert "label config changed" in tried.project.gate_reason
        assert any(f"{new} is tried no longer" in event.reason for event in events(tried))

    def test_enough_labels_make_one_by_themselves(self, world: LocalWorld) -> None:
        world.open(easy(110))
        stream(world, easy(60, seed=8))
        rows = [i for i in world.items() if i.fold is Fold.TRAIN and i.state is ItemState.PUBLISHED]
        for row in rows[:20]:
            world.label(row.task_id)
        world.sync()
        assert learn.labels_to_go(world.runtime, world.project) <= 0
        world.tick()
        assert world.project.challenger is not None or len(certificates(world)) == 2
        assert state(world) is GateState.OPEN


class TestPromotion:
    def test_one_that_is_certified_for_more_predicts_and_the_gate_never_closes(self, make: MakeWorld) -> None:
        world = half_known(make)
        before = world.project.active_model
        new = train_more(world, 60)
        conclude(world)
        assert (world.project.active_model, world.project.challenger) == (new, None)
        assert [e.after for e in events(world)][-2:] == [GateState.OPEN, GateState.OPEN]
        last, test = events(world)[-1], certificates(world)[-1]
        assert last.numbers["before"] == before
        assert last.numbers["sample_coverage"] > last.numbers["sample_coverage_before"]
        assert (test.model_version, test.trial, test.open) == (new, False, True)
        assert test.delta == pytest.approx(spend(world.project.delta, 2))
        world.settle()
        tasks = stream(world, foreign(40, seed=9))
        assert sum(world.item(task).route is Route.ACCEPT for task in tasks) > 20, "which the old one could not read"
        world.audit()
        with world.store.read() as uow:
            losses = {label.prediction_id for _, label in uow.labels.validation(world.id) if label is not None}
            said = uow.items.predictions([id for id in losses if id is not None])
        assert {row.prediction.model_version for row in said.values()} == {new}

    def test_several_people_judge_it_as_they_judged_the_active_one(self, make: MakeWorld) -> None:
        """On some items the active model is wrong as the first person is: the challenger disputes them."""
        world = half_known(make, people=3)
        new = train_more(world, 60)
        for _ in range(6):
            world.tick()
        assert world.project.challenger == new
        assert "for other people's answers" in (waiting(world).waits or "")
        assert len(certificates(world)) == 1
        assert ask_others(world) > 0
        assert world.project.challenger is None
        test = certificates(world)[-1]
        assert (test.model_version, test.people) == (new, 3)
        assert test.noise is not None
        assert world.project.active_model == new, events(world)[-1].reason
        assert test.errors == 0, "without the others it would be blamed for what the first person got wrong"


class TestTolerance:
    def test_a_changed_budget_closes_the_gate_and_says_so(self, world: LocalWorld) -> None:
        world.open(easy(110))
        world.arrive(easy(40, seed=7))
        world.sync()
        world.worker.score(world.project)
        world.worker.decide(world.project)
        before = world.report().accepted
        gate.tolerate(world.runtime, world.project, epsilon=0.2, reason="the team can mend more", actor="ada")
        assert state(world) is GateState.SHADOW
        last = events(world)[-1]
        assert (last.actor, last.numbers["epsilon"], last.numbers["epsilon_before"]) == ("ada", 0.2, 0.1)
        assert "epsilon 10.00% to 20.00%" in last.reason
        assert "the team can mend more" in last.reason
        world.settle()
        assert world.audit().accepted == before, "nothing that was on its way is accepted"
        world.tick()
        assert state(world) is GateState.OPEN
        assert [row.epsilon for row in certificates(world)] == [0.1, 0.2]
        assert certificates(world)[-1].delta == pytest.approx(spend(0.2, 2))

    def test_another_delta_takes_a_new_certificate_too(self, world: LocalWorld) -> None:
        world.open(easy(110))
        gate.tolerate(world.runtime, world.project, delta=0.5, reason="risk", actor="ada")
        assert state(world) is GateState.SHADOW
        world.tick()
        assert certificates(world)[-1].delta == pytest.approx(spend(0.5, 2))

    def test_a_gate_that_a_person_closed_stays_closed(self, world: LocalWorld) -> None:
        world.open(easy(110))
        gate.close(world.runtime, world.project, reason="complaints", actor="ada")
        gate.tolerate(world.runtime, world.project, epsilon=0.2, reason="risk", actor="bob")
        world.tick()
        assert state(world) is GateState.CLOSED
        assert world.project.gate_reason == "complaints"
        assert events(world)[-1].numbers["asked_by"] == "bob"


def test_two_workers_conclude_a_trial_once(world: LocalWorld) -> None:
    world.open(easy(110))
    train_more(world, 10)
    for _ in range(10):
        if waiting(world).scored == waiting(world).items:
            break
        world.tick()
    stale = world.project
    other = Worker(replace(world.runtime, owner="worker-2"))
    conclude(world)
    assert not challenge.advance(other._runtime, stale)
    assert len(certificates(world)) == 2
