"""What the report says of people's answers, and what it does where it can say nothing."""

from __future__ import annotations

import sys
from dataclasses import replace

import pytest

from serving.monitoring import people_quality as module
from serving.monitoring.agreement import agreement
from serving.monitoring.people_quality import lines, people_quality
from serving.secrets import Vault, new_key
from tests.support.local_world import LocalWorld, easy


@pytest.fixture
def twice(world: LocalWorld) -> LocalWorld:
    tasks = world.arrive(easy(12))
    world.sync()
    for task in tasks:
        for user in (21, 22):
            world.label(task, user=user)
    world.sync()
    return world


def test_nothing_while_nobody_was_asked_twice(world: LocalWorld) -> None:
    world.open(easy(110))
    found = people_quality(world.runtime, world.project)
    assert (found.items, found.agreement, found.consensus, list(lines(found))) == (0, (), (), [])


def test_both_are_in_the_report(twice: LocalWorld) -> None:
    found = twice.report().people
    assert found.items == 12
    assert found.agreement == agreement(twice.runtime, twice.project).figures
    [one] = found.consensus
    assert (one.control, one.items, one.labels) == ("mood", 12, ())
    assert [name for name, _ in lines(found)] == ["agreement on mood, without suggestion", "consensus on mood"]


@pytest.mark.parametrize("package", ["krippendorff", "crowdkit.aggregation"])
def test_a_missing_package_is_named_and_stops_no_report(
    twice: LocalWorld, monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    found = twice.report().people
    assert (found.items, found.agreement, found.consensus) == (12, (), ())
    assert found.left_out is not None
    assert "prelabel[people]" in found.left_out
    assert "prelabel[people]" in dict(lines(found))["agreement of people"]


def test_a_wrong_secret_key_stops_no_report(twice: LocalWorld) -> None:
    runtime = replace(twice.runtime, vault=Vault(new_key()))
    found = people_quality(runtime, twice.project)
    assert found.agreement == ()
    assert "secret key" in (found.left_out or "")


def test_of_very_many_items_the_report_says_where_to_ask(twice: LocalWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 11)
    found = people_quality(twice.runtime, twice.project)
    assert found.agreement == ()
    assert "prelabel people agreement moods" in dict(lines(found))["agreement of people"]
