"""The commands in README and docs that talk to Label Studio, as they stand, on a real one."""

from __future__ import annotations

import json
import logging
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from scripts import label_studio
from scripts.demo.stack import Service
from serving import cli
from tests.support.documents import DOCUMENTS, ROOT, Command, commands, split
from tests.support.unrun_commands import needs_label_studio
from tests.support.world import World, add_world, mood_texts

pytestmark = [pytest.mark.label_studio, pytest.mark.ray]
THEIRS = "http://127.0.0.1:8080"
ASKED = [document for document in DOCUMENTS if any(map(needs_label_studio, commands(document)))]


@pytest.fixture(scope="module")
def mood(studio: label_studio.Server, service: Service) -> World:
    """A project with labels by a trainer, connected by the documents' commands under the name ``mood``."""
    return add_world(studio, service, "documented", mood_texts(30, seed=30), labelled=16)


@pytest.fixture
def environment(mood: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    monkeypatch.chdir(ROOT)
    token = mood.studio.token
    root = logging.getLogger()
    before = (list(root.handlers), root.level)
    yield {**mood.service.environment(), "LABEL_STUDIO_API_KEY": token, "NEW_TOKEN": token}
    root.handlers[:], root.level = before[0], before[1]


def run(words: list[str], environment: dict[str, str]) -> Result:
    return CliRunner().invoke(cli.app, words, env=environment)


def works(words: list[str], environment: dict[str, str], command: Command) -> None:
    done = run(words, environment)
    assert done.exit_code == 0, f"{command}\n{done.output}\n{done.exception!r}"


def let_go(environment: dict[str, str], command: Command) -> None:
    """Disconnect what earlier commands have connected, under whatever name."""
    for row in json.loads(run(["projects", "--json"], environment).stdout):
        works(["disconnect", row["name"]], environment, command)


@pytest.mark.parametrize("document", ASKED, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_command_runs(document: Path, mood: World, environment: dict[str, str]) -> None:
    """One after another; a project of another number is this one, and is connected when the command begins by that."""
    where = ["--url", mood.studio.url, "--project", str(mood.project)]
    connected = False
    for command in filter(needs_label_studio, commands(document)):
        text = command.text.replace(THEIRS, mood.studio.url)
        text = re.sub(r"--project \d+", f"--project {mood.project}", text)
        _, words = split(shlex.split(text), environment)
        if words[1] == "connect":
            let_go(environment, command)
        elif not connected:
            let_go(environment, command)
            works(["connect", *where, "--name", "mood"], environment, command)
        works(words[1:], environment, command)
        connected = words[1] != "disconnect" and "--dry-run" not in words
    let_go(environment, commands(document)[-1])


def test_none_is_left_out() -> None:
    """What needs Label Studio is run here, or stands with its reason in the list of what is not run."""
    asked = {command.words[1] for document in ASKED for command in filter(needs_label_studio, commands(document))}
    assert asked >= {"connect", "doctor", "token", "tabs", "disconnect"}
