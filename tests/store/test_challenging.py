"""What a challenger says is kept beside what is current; trials are counted, and nothing stands on them."""

from __future__ import annotations

import pytest

from models.errors import NotFoundError
from models.types import GateState
from tests.store.test_gate_models_leases import CERTIFICATE
from tests.store.world import World, model_ref, prediction, task


@pytest.fixture
def scored(world: World) -> World:
    """Four items that the active model has scored, and one that waits."""
    world.receive(*(task(number, draw=number / 10) for number in (4, 2, 3, 1)))
    world.score()
    world.receive(task(5, draw=0.05))
    return world


def ids(world: World, *numbers: int) -> list[int]:
    return [world.item(number).id for number in numbers]


def test_the_pool_is_what_the_active_model_scored_by_draw(scored: World) -> None:
    with scored.store.read() as uow:
        assert uow.challenge.pool(scored.project, "m1", limit=3) == ids(scored, 1, 2, 3)
        assert uow.challenge.pool(scored.project, "m2", limit=3) == []


def test_what_it_says_changes_nothing_that_is_current(scored: World) -> None:
    before = [scored.item(number) for number in (1, 2)]
    first, second = ids(scored, 1, 2)
    said = [(first, prediction(first, version="m2", confidence=0.4)), (second, prediction(second, version="m2"))]
    with scored.store.begin() as uow:
        uow.challenge.record(said, scored.now)
    with scored.store.begin() as uow:
        uow.challenge.record(said[:1], scored.now)
    assert [scored.item(number) for number in (1, 2)] == before
    with scored.store.read() as uow:
        assert uow.challenge.said([first, second, 4711], "m2") == dict(said)
        assert uow.challenge.scored([first, second, 4711], "m2") == dict(said).keys()
        assert {one.model_version for one in uow.challenge.said([first, second], "m1").values()} == {"m1"}
        assert uow.challenge.others([first, second, 4711], "m1") == dict(said)
        assert {one.model_version for one in uow.challenge.others([first, second], "m2").values()} == {"m1"}
        assert {row.id for row in uow.items.rows([first, second, 4711])} == {first, second}


def test_what_it_said_of_other_data_is_forgotten(scored: World) -> None:
    (first,) = ids(scored, 1)
    with scored.store.begin() as uow:
        uow.challenge.record([(first, prediction(first, version="m2"))], scored.now)
    scored.receive(task(1, text="other", draw=0.1))
    with scored.store.read() as uow:
        assert uow.challenge.said([first], "m2") == {}
        assert uow.challenge.scored([first], "m2") == set()
        assert uow.challenge.others([first], "m1") == {}


def test_a_trial_spends_its_delta_and_nothing_stands_on_it(world: World) -> None:
    with world.store.begin() as uow:
        first = uow.gate.add_certificate(world.project, **CERTIFICATE, now=1.0)
        trial = uow.gate.add_certificate(world.project, **CERTIFICATE, now=2.0, trial=True)
    assert trial.trial
    with world.store.read() as uow:
        assert uow.gate.latest(world.project) == first
        assert uow.gate.tests(world.project) == 2
        assert uow.gate.certificates(world.project) == [first, trial]


def test_a_note_leaves_the_gate_as_it_is(world: World) -> None:
    with world.store.begin() as uow:
        uow.gate.transition(world.project, GateState.OPEN, reason="certified", actor="ann", numbers={}, now=1.0)
        note = uow.gate.note(world.project, reason="tried", actor="prelabel", numbers={"n": 1}, now=2.0)
        with pytest.raises(NotFoundError):
            uow.gate.note(4711, reason="", actor="", numbers={}, now=2.0)
    assert (note.before, note.after) == (GateState.OPEN, GateState.OPEN)
    with world.store.read() as uow:
        assert uow.projects.get(world.project).gate_reason == "certified"
        assert [event.reason for event in uow.gate.events(world.project)] == ["certified", "tried"]
        assert note in uow.gate.news(world.project, after=0, limit=9).values()


def test_a_version_is_rejected_and_a_challenger_named(world: World) -> None:
    with world.store.begin() as uow:
        uow.models.add(world.project, model_ref("m1"), 100, {}, 1.0)
        uow.projects.update(world.project, challenger="m1")
        uow.models.reject(world.project, "m1", 3.0)
        with pytest.raises(NotFoundError):
            uow.models.reject(world.project, "m9", 3.0)
    with world.store.read() as uow:
        assert uow.models.get(world.project, "m1").rejected_at == 3.0
        project = uow.projects.get(world.project)
        assert (project.challenger, project.active_model, project.tolerance_since) == ("m1", None, 0.0)
