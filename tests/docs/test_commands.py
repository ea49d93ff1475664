"""Every command in README and docs runs as it stands, on a project ``mood`` whose gate is open.

``prelabel`` runs in this process; everything else in bash, with curl against the real application on loopback. What is
not run stands in ``tests/support/unrun_commands.py`` with its reason; a new command is run unless it is written there.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from models.gate.drift import compare_all
from models.types import Fold
from serving import cli
from serving.api.application import create_app
from serving.pipeline import series
from serving.store.records import ItemState
from tests.support.documents import DATA, DOCUMENTS, ROOT, SHELL, Command, commands, fences, split
from tests.support.local_world import KEY, LocalWorld, easy, make_world, template
from tests.support.served import serve
from tests.support.unrun_commands import UNRUN, needs_label_studio, unrun

FIRST_TASK = 300
"""Task 345 of the documents is among those of the world."""
OLDER, NEWER = "mood-6702c8fb421e", "mood-1828a3f9ad2c"
"""Model versions of the documents."""
PLACE = "http://127.0.0.1:8900"
ALL = [command for document in DOCUMENTS for command in commands(document)]
PROGRAMS = ("prelabel", "make", "curl", "docker", "pip", "python", "export", "sqlite3")
WITH_COMMANDS = [document for document in DOCUMENTS if commands(document)]


@pytest.fixture(scope="module")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return template(tmp_path_factory.mktemp("store"))


@pytest.fixture
def world(tmp_path: Path, empty_store: Path) -> Iterator[LocalWorld]:
    """A project ``mood`` whose gate is open, with a label on task 345 and an item that was given up."""
    folder = tmp_path / "var" / "prelabel"
    folder.mkdir(parents=True)
    made = make_world(folder, empty_store, slug="mood")
    made.clock.now = time.time() - 3600
    made.platform._last_id = FIRST_TASK
    made.open(easy(110))
    [lost] = made.arrive(easy(1, seed=5))
    if made.item(345).state is not ItemState.LABELED:
        made.label(345)
    made.sync()
    with made.store.begin() as uow:
        uow.items.bury_tasks(made.id, {lost: "the image is not there"}, made.clock())
    assert made.states()[ItemState.DEAD] == 1
    yield made
    made.store.close()


@pytest.fixture
def folder(world: LocalWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A working directory as a reader's: the repository's files, and a data directory beside them."""
    for name in ("configs", "scripts", "serving", "models", "connectors", ".venv"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "var" / "prelabel" / "api.token").write_text("operator-token")
    (tmp_path / "var" / "demo" / "prelabel").mkdir(parents=True)
    _tables(tmp_path)
    reviews = (ROOT / "configs" / "projects" / "reviews.yaml").read_text(encoding="utf-8")
    (tmp_path / "other.yaml").write_text(reviews)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PRELABEL_SECRET_KEY", KEY)
    monkeypatch.setenv("PRELABEL_AUDIT_DUE_S", "1e12")  # the world's clock is not that of the commands
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", "a token")
    root = logging.getLogger()
    before = (list(root.handlers), root.level)
    yield tmp_path
    root.handlers[:], root.level = before[0], before[1]


def _tables(folder: Path) -> None:
    """The files of ``prelabel gate certify`` and ``simulate``: surer items are right more often."""
    sure = [(i * 37 % 400) / 400 for i in range(400)]
    rows = [(confidence, int(i * 17 % 100 < 100 * confidence**0.2)) for i, confidence in enumerate(sure)]
    validation = "\n".join(f"{confidence},{1 - right}" for confidence, right in rows)
    (folder / "validation.csv").write_text(f"confidence,loss\n{validation}\n")
    surest = "\n".join(line for line in validation.splitlines() if float(line.split(",")[0]) >= 0.6)
    (folder / "surest.csv").write_text(f"confidence,loss\n{surest}\n")
    (folder / "pool.csv").write_text("confidence\n" + "\n".join(str(confidence) for confidence in sure) + "\n")
    many = "\n".join(f"{confidence},{right}" for confidence, right in rows * 3)
    (folder / "labeled.csv").write_text(f"confidence,correct\n{many}\n")


@pytest.fixture
def address(world: LocalWorld) -> Iterator[str]:
    with serve(create_app(world.runtime)) as found:
        yield found


def versions(world: LocalWorld) -> dict[str, str]:
    """Versions as the documents name them -> those of the world: the active one, and one that learned more."""
    active = world.project.active_model
    assert active
    waiting = [item for item in world.items() if item.fold is Fold.TRAIN and item.state is ItemState.PUBLISHED]
    for item in waiting:
        world.label(item.task_id)
    world.sync()
    newer = world.train()
    assert newer
    return {OLDER: active, NEWER: newer.version}


@pytest.mark.parametrize("document", WITH_COMMANDS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_command_runs(document: Path, folder: Path, address: str, world: LocalWorld) -> None:
    environment = {"PRELABEL_API_TOKEN": "operator-token", "NEW_TOKEN": "user 1"}
    names = versions(world) if any(NEWER in one.text for one in commands(document)) else {}
    for found in commands(document):
        command = replace(found, text=re.sub("|".join(names) or "$^", lambda name: names[name[0]], found.text))
        if (known := unrun(command)) is not None:
            known.instead(command)
        elif not needs_label_studio(command):
            run(command, environment, address)


def run(command: Command, environment: dict[str, str], address: str) -> None:
    """As typed, after all that the document said before.

    Raises:
        AssertionError: it failed.
    """
    own, words = split(command.words, environment) if "$(" not in command.text else ({}, ["bash"])
    if words[0] == "export":
        environment |= split(words[1:], environment)[0]
    elif words[0] == "prelabel":
        done = CliRunner().invoke(cli.app, words[1:], env=environment | own, catch_exceptions=True)
        assert done.exit_code == 0, f"{command}\n{done.output}\n{done.exception!r}"
    else:
        text = 'curl() { command curl --fail-with-body -sS "$@"; }\n' + command.text.replace(PLACE, address)
        shell = ["bash", "-euo", "pipefail", "-c", text]
        path = f"{ROOT / '.venv' / 'bin'}:{os.environ['PATH']}"
        ended = subprocess.run(shell, env=os.environ | environment | {"PATH": path}, capture_output=True, text=True)
        assert ended.returncode == 0, f"{command}\n{ended.stdout}\n{ended.stderr}"


@pytest.mark.parametrize("one", UNRUN, ids=lambda one: one.pattern)
def test_what_is_not_run_is_there(one: object) -> None:
    """No reason outlives its command."""
    assert [command for command in ALL if unrun(command) is one]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_stand_in_shell_blocks(document: Path) -> None:
    """Else nobody would run them: in a block of another language, or of one that is not known."""
    for line, language, body in fences(document):
        assert language in SHELL + DATA, f"{document.name}:{line}: is a block of {language!r} run?"
        if language not in SHELL:
            typed = [text for text in body.splitlines() if re.match(rf"(\$ )?({'|'.join(PROGRAMS)}) ", text)]
            assert not typed, f"{document.name}:{line}: {typed}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_json_examples_are_json(document: Path) -> None:
    for _, language, body in fences(document):
        if language == "json":
            json.loads(body)


def test_python_and_sql_examples_run(world: LocalWorld) -> None:
    series.sample(world.runtime, world.project)
    draw = np.random.default_rng(0)
    figures = compare_all({"confidence": draw.random(90)}, {"confidence": draw.random(90)})
    with world.store.begin() as uow:
        [certificate, *_] = uow.gate.certificates(world.id)
        uow.series.keep_window(world.id, certificate.id, 345, figures, world.clock())
    given = {
        "confidences": draw.random(300),
        "losses": np.zeros(300),
        "pool_confidences": draw.random(1000),
    }
    done = {"python": 0, "sql": 0}
    with closing(sqlite3.connect(world.runtime.settings.data_dir / "prelabel.db")) as store:
        for document in DOCUMENTS:
            for line, language, body in fences(document):
                if language == "python":
                    exec(compile(body, f"{document.name}:{line}", "exec"), dict(given))
                elif language == "sql":
                    assert store.execute(body).fetchall(), f"{document.name}:{line}: it finds nothing"
                done[language] = done.get(language, 0) + 1
    assert done["python"] >= 1
    assert done["sql"] >= 1


def test_a_command_that_fails_is_noticed(folder: Path, address: str) -> None:
    for text in ("prelabel report nobody", "prelabel frobnicate", f"curl {PLACE}/api/v1/projects", "exit 3"):
        with pytest.raises(AssertionError):
            run(Command(ROOT / "README.md", 1, text), {}, address)
