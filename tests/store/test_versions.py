"""What the store keeps of versions by hand: whose certificate counts, who is pinned, how fast each is."""

from __future__ import annotations

from models.types import GateState
from serving.store.records import ACT, GateEvent
from tests.store.test_gate_models_leases import CERTIFICATE
from tests.store.world import World, model_ref, prediction, task


def test_the_certificate_of_the_active_model_counts_before_a_newer_one(world: World) -> None:
    with world.store.begin() as uow:
        for version in ("m1", "m2"):
            uow.models.add(world.project, model_ref(version), 10, {}, 1.0)
        first = uow.gate.add_certificate(world.project, **CERTIFICATE, now=1.0)
        second = uow.gate.add_certificate(world.project, **CERTIFICATE | {"model_version": "m2"}, now=2.0)
        assert uow.gate.latest(world.project) == second, "none is active: the newest"
        uow.models.activate(world.project, "m1", 3.0)
        assert uow.gate.latest(world.project) == first
        uow.models.activate(world.project, "m2", 4.0)
        assert uow.gate.latest(world.project) == second
        third = uow.gate.add_certificate(world.project, **CERTIFICATE, now=5.0)
        assert uow.gate.latest(world.project) == second
        uow.models.activate(world.project, "m1", 6.0)
        assert uow.gate.latest(world.project) == third


def test_the_trials_of_a_version_that_is_taken_up_are_trials_no_longer(world: World) -> None:
    with world.store.begin() as uow:
        old = uow.gate.add_certificate(world.project, **CERTIFICATE, now=1.0, trial=True)
        new = uow.gate.add_certificate(world.project, **CERTIFICATE, now=2.0, trial=True)
        other = uow.gate.add_certificate(world.project, **CERTIFICATE | {"model_version": "m2"}, now=3.0, trial=True)
        assert uow.gate.take_up(world.project, "m9") is None
        taken = uow.gate.take_up(world.project, "m1")
        assert taken is not None
        assert (taken.id, taken.trial) == (new.id, False)
        assert [(one.id, one.trial) for one in uow.gate.certificates(world.project)] == [
            (old.id, False),
            (new.id, False),
            (other.id, True),
        ]
        assert uow.gate.tests(world.project) == 3, "nothing is spent for it"


def test_a_choice_and_a_shadow_are_kept(world: World) -> None:
    with world.store.begin() as uow:
        assert (uow.projects.get(world.project).pinned, uow.projects.get(world.project).shadow) == (False, None)
        after = uow.projects.update(world.project, pinned=True, shadow="m2")
        assert (after.pinned, after.shadow) == (True, "m2")
    with world.store.read() as uow:
        assert uow.projects.get(world.project) == after


def test_speeds_add_up_by_version(world: World) -> None:
    with world.store.begin() as uow:
        for version in ("m1", "m2"):
            uow.models.add(world.project, model_ref(version), 10, {"labels_by": {"3": 1}, "n": 4}, 1.0)
        uow.models.measured(world.project, "m1", 64, 0.5)
        uow.models.measured(world.project, "m1", 36, 1.5)
        uow.models.measured(world.project, "m9", 1, 1.0)
    with world.store.read() as uow:
        one, two = uow.models.get(world.project, "m1"), uow.models.get(world.project, "m2")
    assert (one.scored_items, one.scored_seconds, one.speed) == (100, 2.0, 50.0)
    assert (two.scored_items, two.scored_seconds, two.speed) == (0, 0.0, None)
    assert one.impersonal == {"n": 4}


def test_others_leave_versions_out(world: World) -> None:
    world.receive(task(1))
    world.score()
    [first] = world.ids(1)
    with world.store.begin() as uow:
        uow.challenge.record([(first, prediction(first, version="m2"))], world.now)
        uow.challenge.record([(first, prediction(first, version="m3"))], world.now)
    with world.store.read() as uow:
        assert uow.challenge.others([first], "m1")[first].model_version == "m3"
        assert uow.challenge.others([first], "m1", apart=["m3"])[first].model_version == "m2"
        assert uow.challenge.others([first], "m1", apart=["m2", "m3"]) == {}


def test_what_is_done_to_a_version_is_not_done_to_the_gate() -> None:
    def event(**numbers: object) -> GateEvent:
        return GateEvent(1, GateState.CLOSED, GateState.CLOSED, "r", "ada", dict(numbers), 1.0)

    assert event(errors=3).of_gate
    assert not event(**{ACT: "shadow"}).of_gate
