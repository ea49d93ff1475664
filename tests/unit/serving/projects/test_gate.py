"""What an operator does to a gate by hand."""

from __future__ import annotations

import pytest

from models.errors import ConfigurationError
from models.types import GateState, Route
from serving.projects import gate
from serving.store.records import ItemState
from tests.support.local_world import LocalWorld, easy


def test_closing_takes_back_what_is_decided_and_not_written(world: LocalWorld) -> None:
    world.open(easy(110))
    accepted = world.report().accepted
    world.arrive(easy(20, seed=1))
    world.sync()
    world.worker.score(world.project)
    world.worker.decide(world.project)
    assert any(i.route is Route.ACCEPT and i.state is ItemState.DECIDED for i in world.items())
    event = gate.close(world.runtime, world.project, reason="enough", actor="ada")
    assert (event.before, event.after, event.actor, event.reason) == (GateState.OPEN, GateState.CLOSED, "ada", "enough")
    world.settle()
    assert world.audit().accepted == accepted


def test_a_gate_can_be_closed_before_it_ever_opened(world: LocalWorld) -> None:
    gate.close(world.runtime, world.project, reason="not before Monday", actor="ada")
    world.open(easy(110))
    assert world.report().gate is GateState.CLOSED
    assert world.report().accepted == 0
    assert world.report().suggested > 0
    gate.reopen(world.runtime, world.project, reason="Monday", actor="ada")
    world.tick()
    assert world.project.gate_state is GateState.OPEN


def test_closing_twice_keeps_both_reasons(world: LocalWorld) -> None:
    for reason in ("first", "second"):
        gate.close(world.runtime, world.project, reason=reason, actor="ada")
    with world.store.read() as uow:
        assert [e.reason for e in uow.gate.events(world.id)] == ["first", "second"]


def test_only_what_a_person_closed_can_be_reopened(world: LocalWorld) -> None:
    with pytest.raises(ConfigurationError, match="it is cold"):
        gate.reopen(world.runtime, world.project, reason="now", actor="ada")
    gate.close(world.runtime, world.project, reason="x", actor="ada")
    gate.reopen(world.runtime, world.project, reason="y", actor="ada")
    with pytest.raises(ConfigurationError, match="it is cold: y"):
        gate.reopen(world.runtime, world.project, reason="again", actor="ada")


@pytest.mark.parametrize("labels", [0, -5])
def test_more_means_more(world: LocalWorld, labels: int) -> None:
    with pytest.raises(ConfigurationError):
        gate.extend(world.runtime, world.project, labels=labels)
    assert gate.extend(world.runtime, world.project, labels=7).validation_target == 47
