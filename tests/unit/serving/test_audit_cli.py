"""Every command that changes something is in the audit log; every other one is known to look."""

from __future__ import annotations

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from serving import cli
from serving.audit_cli import CHANGING, LOOKING, account, commands
from serving.store.changes import ChangeRow
from serving.trail import SECRET
from tests.support.local_world import LocalWorld
from tests.unit.serving.test_cli import settings

__all__ = ["settings"]


def run(*words: str) -> int:
    return CliRunner().invoke(cli.app, words).exit_code


def changes(world: LocalWorld) -> list[ChangeRow]:
    with world.store.read() as uow:
        return uow.changes.page()[::-1]


def test_every_command_either_changes_something_or_looks() -> None:
    assert sorted(words for words, _ in commands(cli.app)) == sorted([*CHANGING, *LOOKING])
    kept = {name for one in CHANGING.values() for name in one.action.keeps}
    assert {name for name in kept if SECRET.search(name)} == set()


def test_a_command_is_written_down_with_the_account_that_called_it(world: LocalWorld) -> None:
    assert run("gate", "close", "moods", "--reason", "a strike", "--by", "ada") == 0
    [row] = changes(world)
    assert (row.role, row.actor, row.action, row.project, row.reason) == (
        "cli",
        account(),
        "gate.close",
        "moods",
        "a strike",
    )
    assert (dict(row.params), row.request, row.subject) == ({"by": "ada"}, None, None)


def test_what_fails_or_only_looks_is_not(world: LocalWorld) -> None:
    assert run("gate", "close", "nowhere", "--reason", "a strike") != 0
    assert run("gate", "close", "moods") != 0
    for words in (["suggestions", "moods"], ["report", "moods"], ["doctor", "moods"], ["changes"]):
        run(*words, "--json")
    assert changes(world) == []
    assert run("suggestions", "moods", "--control-rate", "0.1") == 0
    assert [(row.action, dict(row.params)) for row in changes(world)] == [("suggestions.rate", {"control_rate": 0.1})]


def test_mending_is_a_change_although_something_is_left_to_mend(world: LocalWorld) -> None:
    assert run("doctor", "moods", "--fix", "--json") == 1
    assert [row.action for row in changes(world)] == ["project.mend"]


def test_what_was_done_to_a_project_outlives_it(world: LocalWorld) -> None:
    assert run("disconnect", "moods") == 0
    [row] = changes(world)
    assert (row.action, row.project) == ("project.disconnect", "moods")
    found: Any = json.loads(CliRunner().invoke(cli.app, ["changes", "--project", "moods", "--json"]).stdout)
    assert [(one["action"], one["role"]) for one in found] == [("project.disconnect", "cli")]
    assert "project.disconnect" in CliRunner().invoke(cli.app, ["changes"]).stdout


@pytest.mark.parametrize("words", [("--limit", "0"), ("--before", "-1")])
def test_odd_pages_are_refused(world: LocalWorld, words: tuple[str, str]) -> None:
    assert run("changes", *words) == 2
