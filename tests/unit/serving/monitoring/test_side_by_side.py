"""Versions on the same items: only what tests have seen."""

from __future__ import annotations

import pytest

from models.types import GateState
from serving.monitoring.side_by_side import FEWEST, side_by_side
from serving.pipeline import certifying, opinions
from serving.projects import gate, versions
from tests.support.audited import stream
from tests.support.local_world import LocalWorld, easy
from tests.unit.serving.projects.test_versions import another, certificates

WHO = {"reason": "a better idea", "actor": "ada"}


@pytest.fixture
def tried(world: LocalWorld) -> tuple[LocalWorld, str, str]:
    """An open gate, its version, and a challenger that was tested and rejected."""
    world.open(easy(110))
    stream(world, easy(30, seed=8))
    old, new = str(world.project.active_model), another(world)
    for _ in range(10):
        world.tick()
        if world.project.challenger is None:
            break
    assert [one.model_version for one in certificates(world)] == [old, new]
    return world, old, new


def test_nothing_is_said_before_a_test(world: LocalWorld) -> None:
    seen = side_by_side(world.runtime, world.project)
    assert (seen.tested, seen.items, seen.agreement) == ((), 0, ())


def test_each_is_judged_at_its_own_threshold_on_what_all_have_spoken_of(tried: tuple[LocalWorld, str, str]) -> None:
    world, old, new = tried
    seen = side_by_side(world.runtime, world.project)
    assert [one.version for one in seen.tested] == [old, new], "the active one first"
    with world.store.read() as uow:
        sample = [pair for pair in certifying.validation_sample(uow, world.project) if pair[1] is not None]
        said = {version: uow.challenge.said(certifying.ids_of(sample), version) for version in (old, new)}
    assert seen.items == len(sample) == len(said[old]) == len(said[new])
    for one, test in zip(seen.tested, certificates(world), strict=True):
        sure = certifying.confidences(certifying.ids_of(sample), said[one.version])
        losses = opinions.hear(world.runtime, world.project, sample, said[one.version]).losses
        assert test.threshold is not None
        above = sure >= test.threshold
        assert one.accepted.value == above.mean()
        assert one.wrong.n == above.sum() == test.n
        assert one.wrong.value == losses[above].mean() == test.errors / test.n
        assert one.wrong_of_all.value == losses.mean()
        lower, value, upper = one.accepted.lower, one.accepted.value, one.accepted.upper
        assert lower is not None and value is not None and upper is not None  # noqa: PT018
        assert lower <= value <= upper


def test_labels_that_a_test_has_not_seen_are_left_out(tried: tuple[LocalWorld, str, str]) -> None:
    world, _, _ = tried
    before = side_by_side(world.runtime, world.project)
    gate.extend(world.runtime, world.project, labels=10)
    world.tick()
    world.settle()
    assert world.label_wanted(blind_only=True)
    after = side_by_side(world.runtime, world.project)
    assert (after.items, after.seen_until) == (before.items, before.seen_until)


def test_a_version_without_a_test_is_only_compared_with_the_active_one(world: LocalWorld) -> None:
    world.open(easy(110))
    stream(world, easy(30, seed=8))
    new = another(world)
    for _ in range(3):
        world.tick()
        if world.project.challenger is None:
            break
        seen = side_by_side(world.runtime, world.project)
        assert [one.version for one in seen.tested] == [world.project.active_model]
    versions.shadow(world.runtime, world.project, new, **WHO)
    [one] = side_by_side(world.runtime, world.project).agreement
    assert (one.version, one.same.value) == (new, 1.0), "texts that any model can tell apart"
    assert one.same.n >= FEWEST


def test_a_test_for_another_budget_is_not_compared(tried: tuple[LocalWorld, str, str]) -> None:
    world, _, _ = tried
    world.later()
    gate.tolerate(world.runtime, world.project, epsilon=0.2, reason="a laxer client", actor="ada")
    assert world.project.gate_state is GateState.SHADOW
    assert side_by_side(world.runtime, world.project).tested == ()
