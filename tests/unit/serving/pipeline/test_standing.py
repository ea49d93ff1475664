"""Where the gate stands: nothing opens by itself what a person closed."""

from __future__ import annotations

import pytest

from models.errors import ConfigurationError
from models.types import GateState
from serving.pipeline.decide import REOPENED
from serving.projects import gate
from tests.support.audited import (
    Drifted,
    answer,
    certificate,
    configure,
    look,
    reading,
    stream,
)
from tests.support.local_world import LocalWorld, easy, hard


def certificates(world: LocalWorld) -> int:
    with world.store.read() as uow:
        return uow.gate.tests(world.id)


@pytest.fixture
def closed(world: LocalWorld) -> LocalWorld:
    world.open(easy(110))
    world.arrive(easy(60, seed=1))
    world.sync()
    world.worker.score(world.project)
    world.worker.decide(world.project)
    gate.close(world.runtime, world.project, reason="too many complaints", actor="operator")
    return world


def test_nothing_more_is_accepted(closed: LocalWorld) -> None:
    before = closed.report().accepted
    closed.settle()
    report = closed.audit()
    assert report.accepted == before
    assert report.gate_reason == "too many complaints"
    assert report.suggested > 20


def test_nothing_opens_it_by_itself(closed: LocalWorld) -> None:
    closed.arrive(hard(80, seed=2))
    closed.sync()
    closed.settle()
    closed.label_wanted()
    for _ in range(3):
        closed.tick()
        closed.settle()
    assert closed.report().gate is GateState.CLOSED


@pytest.mark.parametrize("actor", ["label-studio", "operator", "prelabel"])
def test_training_does_not_open_it(closed: LocalWorld, actor: str) -> None:
    closed.arrive(hard(80, seed=2))
    closed.sync()
    closed.settle()
    closed.label_wanted()
    assert closed.train(actor) is not None
    closed.settle()
    closed.tick()
    closed.settle()
    assert closed.report().gate is GateState.CLOSED
    assert "too many complaints" in closed.project.gate_reason
    closed.audit()


def test_a_change_of_the_label_config_does_not_open_it(closed: LocalWorld) -> None:
    good = closed.project.label_config_xml
    closed.platform.set_label_config(good.replace('"text" value', '"text"  value'))
    closed.sync()
    closed.platform.set_label_config(good.replace('"bad"', '"worse"'))
    closed.sync()
    closed.platform.set_label_config(good)
    closed.sync()
    for _ in range(3):
        closed.tick()
        closed.settle()
    assert closed.report().gate is GateState.CLOSED
    assert closed.project.active_model is not None, "it suggests all the same"


def test_a_person_opens_it_again(closed: LocalWorld) -> None:
    closed.settle()
    gate.reopen(closed.runtime, closed.project, reason="it was a mistake", actor="operator")
    assert closed.report().gate is GateState.OPEN, "the certificate still holds"
    assert certificates(closed) == 1
    closed.settle()
    assert closed.audit().accepted > 60


def test_reopening_without_a_proof_waits_for_one(closed: LocalWorld) -> None:
    closed.arrive(hard(80, seed=2))
    closed.sync()
    closed.settle()
    closed.label_wanted()
    assert closed.train("operator") is not None
    gate.reopen(closed.runtime, closed.project, reason="look again", actor="operator")
    assert closed.report().gate is GateState.SHADOW
    closed.arrive(easy(40, seed=3))
    closed.sync()
    closed.settle()
    closed.tick()
    assert certificates(closed) == 2


def test_an_acceptance_on_its_way_when_the_gate_closes_is_taken_back(world: LocalWorld) -> None:
    """The publisher holds the rows; Label Studio stores the annotations; then the gate is closed."""
    world.open(easy(110))
    world.arrive(easy(60, seed=1))
    world.sync()
    for _ in range(2):
        world.worker.score(world.project)
    world.worker.decide(world.project)
    before = world.report().accepted
    world.publish_while(lambda: gate.close(world.runtime, world.project, reason="stop", actor="operator"))
    assert world.audit().accepted == before


class TestAfterTheMonitorClosedIt:
    def test_the_old_sample_certifies_nothing(self, drifted: Drifted) -> None:
        world, _, _ = drifted
        look(world)
        world.settle()
        for _ in range(3):
            world.tick()
        for row in [row for row in world.wanted() if row.reason == REOPENED]:
            world.label(row.task_id)
        world.sync()
        assert world.train() is not None
        world.settle()
        for _ in range(3):
            world.tick()
        with world.store.read() as uow:
            assert uow.gate.tests(world.id) == 1
        assert world.project.gate_state is GateState.SHADOW

    def test_labels_of_what_arrives_from_now_on_open_it(self, drifted: Drifted) -> None:
        world, _, _ = drifted
        look(world)
        world.settle()
        closed_at = world.project.valid_since
        for part in range(4):
            stream(world, easy(40, seed=10 + part))
            world.tick()
            world.settle()
            if part == 0:
                world.label_wanted(blind_only=True)
                world.tick()
                with world.store.read() as uow:
                    assert uow.gate.tests(world.id) == 1, "the sample is not full yet"
        sample = [i for i in world.items() if i.reason == "validation_sample" and i.received_at >= closed_at]
        assert len(sample) == world.project.validation_target
        world.label_wanted(blind_only=True)
        world.tick()
        assert world.project.gate_state is GateState.OPEN
        new = certificate(world)
        assert (new.n_validation, new.created_at > closed_at) == (40, True)
        world.settle()
        world.audit()
        assert reading(world).audits == (), "a new certificate begins a new detector"
        assert look(world) is GateState.OPEN

    def test_neither_a_person_nor_a_new_look_brings_the_old_certificate_back(self, drifted: Drifted) -> None:
        world, _, _ = drifted
        look(world)
        with pytest.raises(ConfigurationError, match="it is closed: Closed: "):
            gate.reopen(world.runtime, world.project, reason="I know better", actor="ada")
        gate.close(world.runtime, world.project, reason="not before Monday", actor="ada")
        gate.reopen(world.runtime, world.project, reason="Monday", actor="ada")
        assert world.project.gate_state is GateState.SHADOW
        world.settle()
        world.tick()
        assert world.project.gate_state is GateState.SHADOW
        good = world.project.label_config_xml
        world.platform.set_label_config("<View></View>")
        with pytest.raises(ConfigurationError):
            world.sync()
        world.platform.set_label_config(good)
        world.sync()
        assert world.project.gate_state is GateState.SHADOW

    def test_a_person_closes_and_reopens_a_gate_that_is_watched(self, audited: LocalWorld) -> None:
        stream(audited, easy(60, seed=1))
        configure(audited, monitor_close=1e290)
        answer(audited, "ugly")
        assert look(audited) is GateState.WATCH
        gate.close(audited.runtime, audited.project, reason="enough", actor="ada")
        assert look(audited) is GateState.CLOSED
        gate.reopen(audited.runtime, audited.project, reason="go on", actor="ada")
        assert audited.project.gate_state is GateState.OPEN
        assert look(audited) is GateState.WATCH, "the audits are what they were"
