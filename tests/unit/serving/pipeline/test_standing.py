"""Where the gate stands: nothing opens by itself what a person closed."""

from __future__ import annotations

import pytest

from models.types import GateState
from serving.projects import gate
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
    accept = world.platform.accept

    def and_close(*args: object, **more: object) -> object:
        made = accept(*args, **more)  # type: ignore[arg-type]
        gate.close(world.runtime, world.project, reason="stop", actor="operator")
        return made

    world.platform.accept = and_close  # type: ignore[assignment,method-assign]
    world.worker.publish(world.project)
    world.platform.accept = accept  # type: ignore[method-assign]
    world.settle()
    world.later(world.runtime.settings.publish_lease_s)
    world.settle()
    assert world.audit().accepted == before
