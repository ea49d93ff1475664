"""``prelabel people``: tables for people, the same as JSON for programs."""

from __future__ import annotations

import csv
import io
import sys
from typing import Any

import pytest

from models.people import Estimate
from serving.monitoring.consensus import consensus
from serving.people_cli import _time, _told
from serving.workforce.hand_out import next_for
from tests.support.local_world import LocalWorld, easy
from tests.unit.serving import test_cli as commands

settings = commands.settings
__all__ = ["settings"]


@pytest.fixture
def twice(world: LocalWorld) -> LocalWorld:
    """Twelve items with two answers; Anna holds a thirteenth."""
    tasks = world.arrive(easy(14))
    world.sync()
    with world.store.begin() as uow:
        anna = uow.people.add("http://127.0.0.1:8080", 21, email="anna@x", name="Anna [/b]", now=world.clock())
        uow.people.seat(world.id, anna.id, daily_cap=None)
    for task in tasks[:12]:
        for user in (21, 22):
            world.label(task, user=user)
    world.sync()
    with world.store.read() as uow:
        [desk] = uow.people.desks(world.id)
    next_for(world.runtime, world.project, desk)
    return world


def test_figures(twice: LocalWorld) -> None:
    told: Any = commands.read("people", "figures", "moods", "--days", "3000")
    assert (told["project"], told["handed_out"]) == ("moods", 1)
    assert [one["name"] for one in told["people"]] == ["Anna [/b]"]
    said = commands.run("people", "figures", "moods", "--days", "3000")
    assert "Anna [/b]" in said.stdout
    assert "leases that ran out" in said.stdout
    assert "effective_items_per_hour: different items" in said.stderr


def test_agreement(twice: LocalWorld) -> None:
    told: Any = commands.read("people", "agreement", "moods")
    assert [(one["sample"], one["alpha"]) for one in told["figures"]] == [("without_suggestion", pytest.approx(1.0))]
    said = commands.run("people", "agreement", "moods")
    assert "1.00 (95 %" in said.stdout
    assert "without seeing a suggestion" in said.stderr


def test_consensus(twice: LocalWorld) -> None:
    told: Any = commands.read("people", "consensus", "moods")
    assert told == consensus(twice.runtime, twice.project).model_dump(mode="json")
    assert "12 items with several answers" in commands.run("people", "consensus", "moods").stdout
    rows = list(csv.DictReader(io.StringIO(commands.run("people", "consensus", "moods", "--csv").stdout)))
    assert [int(row["item"]) for row in rows] == [row["item"] for row in told["labels"]]


def test_the_report_has_both(twice: LocalWorld) -> None:
    said = commands.run("report", "moods").stdout
    assert "agreement on mood, without suggestion" in said
    assert "consensus on mood" in said


def test_nothing_yet(world: LocalWorld) -> None:
    assert "no item has two people's answers yet" in commands.run("people", "agreement", "moods").stdout
    assert "no item has several people's answers yet" in commands.run("people", "consensus", "moods").stdout
    assert commands.read("people", "figures", "moods")["lines"] == []


def test_a_missing_package_and_a_wrong_control_are_named(
    twice: LocalWorld, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "those that have: mood" in commands.fail(capsys, "people", "consensus", "moods", "--control", "colour")
    monkeypatch.setitem(sys.modules, "krippendorff", None)
    assert "prelabel[people]" in commands.fail(capsys, "people", "agreement", "moods")


def test_numbers_are_told_with_how_sure_they_are() -> None:
    assert _told(Estimate(0.25, 0.1, 0.5, 8), ".0%") == "25% (10% to 50%, n 8)"
    assert _told(Estimate(3.0, 1.0, None, 2), ".1f") == "3.0 (1.0 to ?, n 2)"
    assert _told(Estimate(0.1, None, None, 3), ".2f") == "0.10 (n 3)"
    assert _told(Estimate(None, None, None, 0), ".2f") == "-"
    assert [_time(seconds) for seconds in (None, 9.4, 90.0, 5400.0, 172_800.0)] == [
        "-",
        "9 s",
        "1.5 min",
        "1.5 h",
        "2.0 d",
    ]
