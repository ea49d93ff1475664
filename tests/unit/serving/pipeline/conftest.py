"""Worlds for the monitor."""

from __future__ import annotations

import pytest

from models.types import GateState
from tests.support.audited import LEVELS, Drifted, answer, look, stream, turned
from tests.support.local_world import LocalWorld, easy
from tests.unit.serving.conftest import MakeWorld


@pytest.fixture
def audited(make: MakeWorld) -> LocalWorld:
    """An open gate that audits 40 % of what is acceptable."""
    world = make(settings=LEVELS)
    world.open(easy(110))
    world.change(audit_rate=0.4)
    assert world.project.gate_state is GateState.OPEN
    return world


@pytest.fixture
def drifted(audited: LocalWorld) -> Drifted:
    """Clean work, then labels that have turned; all audits are answered, nobody has looked. World, old, new tasks."""
    before = stream(audited, easy(60, seed=1))
    answer(audited)
    assert look(audited) is GateState.OPEN
    after = stream(audited, turned(easy(60, seed=2)))
    answer(audited)
    return audited, before, after
