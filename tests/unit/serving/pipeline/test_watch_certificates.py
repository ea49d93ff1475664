"""A new certificate forgets nothing: the monitor watches all that is accepted, under whichever certificate."""

from __future__ import annotations

import pytest

from models.types import GateState, Route
from serving.pipeline import watch
from serving.pipeline.decide import REOPENED
from serving.projects import gate
from serving.store.records import CertificateRow, ItemState
from tests.support.audited import accepted, answer, audits, certificate, last_event, look, reading, stream, turned
from tests.support.local_world import LocalWorld, easy


def watched(world: LocalWorld) -> list[CertificateRow]:
    with world.store.read() as uow:
        return watch.watched(uow, world.project)


def tolerate(world: LocalWorld, **changes: float) -> None:
    world.later()
    gate.tolerate(world.runtime, world.project, reason="a test", actor="anna", **changes)
    world.settle()


def certified_again(world: LocalWorld, *, epsilon: float = 0.2) -> int:
    """The tolerance changes, and the gate opens by a new certificate; its id."""
    before = certificate(world).id
    tolerate(world, epsilon=epsilon)
    world.tick()
    world.settle()
    assert world.project.gate_state is GateState.OPEN
    after = certificate(world).id
    assert after > before
    return after


@pytest.fixture
def twice(audited: LocalWorld) -> tuple[LocalWorld, list[int], list[int]]:
    """Labels turn under the first certificate, nobody has answered, and a second one is made. World, old, new tasks."""
    audited.later()
    before = stream(audited, turned(easy(30, seed=1)))
    certified_again(audited)
    return audited, before, stream(audited, turned(easy(60, seed=2)))


def test_closing_reaches_into_the_acceptances_of_the_certificates_before(
    twice: tuple[LocalWorld, list[int], list[int]],
) -> None:
    world, before, after = twice
    first, second = watched(world)
    wrong = accepted(world, before), accepted(world, after)
    assert all(len(some) > 10 for some in wrong)
    answer(world)
    drawn = reading(world).audits
    assert look(world) is GateState.CLOSED
    numbers = last_event(world).numbers
    assert numbers["certificates"] == [first.id, second.id]
    assert drawn[numbers["earliest_change"]].certificate_id == first.id
    assert numbers["reopened"] >= len(wrong[0]) + len(wrong[1])
    world.settle()
    for task in wrong[0] + wrong[1]:
        item = world.item(task)
        assert (item.state, item.route, item.reason) == (ItemState.PUBLISHED, Route.SUGGEST, REOPENED)
        assert world.annotations(task) == []
    assert accepted(world, before + after) == []
    world.audit()


def test_the_audits_go_on_counting_over_a_new_certificate(twice: tuple[LocalWorld, list[int], list[int]]) -> None:
    world, before, after = twice
    answer(world)
    drawn = [audit.task_id for audit in reading(world).audits]
    assert set(drawn) == {item.task_id for item in audits(world, answered=True)}
    assert set(drawn) & set(before)
    assert set(drawn) & set(after)
    assert reading(world).path.size == len(drawn)
    report = world.report().monitor
    assert report is not None
    assert report.audits == len(drawn)
    assert report.statistic == reading(world).value


def test_each_audit_is_judged_by_the_larger_budget(audited: LocalWorld) -> None:
    stream(audited, easy(30, seed=1))
    n = answer(audited)
    assert reading(audited).epsilon.tolist() == [0.1] * n
    certified_again(audited, epsilon=0.2)
    stream(audited, easy(30, seed=2))
    assert set(reading(audited).epsilon.tolist()) == {0.2}, "an operator who allows more allows it of all"
    tolerate(audited, epsilon=0.15)
    with audited.store.read() as uow:
        seen = watch.read(uow, audited.project, watched(audited))
    assert seen.epsilon.tolist()[:n] == [0.15] * n
    assert set(seen.epsilon.tolist()[n:]) <= {0.2}, "what was certified at 20 % is held to that"


def test_a_gate_without_a_certificate_is_watched_for_what_it_accepted(audited: LocalWorld) -> None:
    tasks = stream(audited, turned(easy(60, seed=1)))
    wrong = accepted(audited, tasks)
    tolerate(audited, epsilon=0.02)
    assert audited.project.gate_state is GateState.SHADOW
    answer(audited)
    assert look(audited) is GateState.CLOSED
    assert last_event(audited).before is GateState.SHADOW
    audited.settle()
    assert accepted(audited, tasks) == []
    assert {audited.item(task).reason for task in wrong} == {REOPENED}
    audited.audit()


def test_so_is_one_that_a_test_left_closed(audited: LocalWorld) -> None:
    tasks = stream(audited, turned(easy(60, seed=1)))
    tolerate(audited, epsilon=0.001)
    audited.tick()
    assert audited.project.gate_state is GateState.CLOSED
    assert not certificate(audited).open
    assert len(accepted(audited, tasks)) > 10
    answer(audited)
    assert look(audited) is GateState.CLOSED
    assert last_event(audited).numbers["reopened"] > 10
    audited.settle()
    assert accepted(audited, tasks) == []
    audited.audit()
    events = last_event(audited)
    look(audited)
    assert last_event(audited) == events, "it closes once"


def test_what_a_person_closed_is_left_to_them(audited: LocalWorld) -> None:
    tasks = stream(audited, turned(easy(60, seed=1)))
    audited.later()
    gate.close(audited.runtime, audited.project, reason="a test", actor="anna")
    count = len(accepted(audited, tasks))
    answer(audited)
    assert look(audited) is GateState.CLOSED
    assert last_event(audited).actor == "anna"
    assert len(accepted(audited, tasks)) == count
    audited.later()
    gate.reopen(audited.runtime, audited.project, reason="a test", actor="anna")
    assert look(audited) is GateState.CLOSED
    assert last_event(audited).actor == "prelabel", "let go of, it is watched again"


def test_what_the_monitor_closed_is_over(twice: tuple[LocalWorld, list[int], list[int]]) -> None:
    world, _, _ = twice
    answer(world)
    look(world)
    assert watched(world) == []
    assert len(reading(world).certificates) == 2, "the report tells what closed it"
    event = last_event(world)
    look(world)
    assert last_event(world) == event
