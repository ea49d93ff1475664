"""The commands in README and docs that talk to Label Studio, as they stand, on a real one."""

from __future__ import annotations

import gc
import logging
import re
import shlex
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from scripts import label_studio
from scripts.demo.stack import Service
from serving import cli
from serving.store.engine import Store
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


@pytest.fixture(autouse=True)
def logging_as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Commands run in this process, which spares the seconds that each takes to start."""
    monkeypatch.chdir(ROOT)
    root = logging.getLogger()
    before = (list(root.handlers), root.level)
    yield
    root.handlers[:], root.level = before[0], before[1]


def works(mood: World, words: list[str], command: Command) -> None:
    environment = {**mood.service.environment(), "LABEL_STUDIO_API_KEY": mood.studio.token}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # a command's connections end with its process
        done = CliRunner().invoke(cli.app, words, env=environment)
        code, said = done.exit_code, f"{command}\n{done.output}\n{done.exception!r}"
        del done
        gc.collect()
    assert code == 0, said


def connected(mood: World) -> list[str]:
    with mood.service.client() as http:
        return [row["slug"] for row in http.get("/api/v1/projects").raise_for_status().json()]


def let_go(mood: World) -> None:
    """What ``disconnect`` does in our store, without the seconds that a command takes to start."""
    store = Store.open(f"sqlite:///{mood.service.data_dir / 'prelabel.db'}")
    with store.begin() as uow:
        for row in uow.projects.list():
            if row.platform_project == mood.project or row.slug == "mood":  # another file's, of this service
                uow.projects.remove(row.id)
    store.close()


@pytest.mark.parametrize("document", ASKED, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_command_runs(document: Path, mood: World) -> None:
    """One after another, with this Label Studio's address, token and project number in them."""
    for command in filter(needs_label_studio, commands(document)):
        text = command.text.replace(THEIRS, mood.studio.url)
        text = re.sub(r"--project \d+", f"--project {mood.project}", text)
        _, words = split(shlex.split(text), {"NEW_TOKEN": mood.studio.token})
        if words[1] == "connect":
            let_go(mood)
        elif "mood" not in connected(mood):
            let_go(mood)
            where = ["--url", mood.studio.url, "--project", str(mood.project)]
            works(mood, ["connect", *where, "--name", "mood"], command)
        works(mood, words[1:], command)


def test_none_is_left_out() -> None:
    """What needs Label Studio is run here, or stands with its reason in the list of what is not run."""
    asked = {command.words[1] for document in ASKED for command in filter(needs_label_studio, commands(document))}
    assert asked >= {"connect", "doctor", "token", "tabs", "disconnect"}
