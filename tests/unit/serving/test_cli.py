"""The commands that need no Label Studio, on a store that a pipeline has filled."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from models.types import GateState
from scripts.demo.stack import ROOT
from serving import cli, terminal
from serving.composition import Platforms
from serving.secrets import Vault, new_key
from serving.store.records import LABELS_BY, ItemState
from tests.support.audited import stream
from tests.support.local_world import CONFIG, KEY, LocalWorld, choice, easy
from tests.support.studio_twin import MY_ID, TOKEN, studio_twin
from tests.unit.serving.projects.test_versions import another

Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def settings(world: LocalWorld, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The commands open the world's own store, from another working directory."""
    folder = world.runtime.settings.data_dir
    monkeypatch.chdir(folder)
    monkeypatch.setenv("PRELABEL_DATA_DIR", str(folder))
    monkeypatch.setenv("PRELABEL_SECRET_KEY", KEY)
    monkeypatch.setattr(terminal.out, "width", 200)
    monkeypatch.setenv("PRELABEL_AUDIT_DUE_S", "1e12")  # the world's clock is not that of the commands
    root = logging.getLogger()
    before = (list(root.handlers), root.level)
    yield
    root.handlers[:], root.level = before[0], before[1]


def run(*words: str) -> Result:
    return CliRunner().invoke(cli.app, words, catch_exceptions=False)


def read(*words: str) -> Any:
    result = run(*words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def fail(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """What the installed program says on standard error when it ends with an error."""
    argv, sys.argv = sys.argv, ["prelabel", *words]
    try:
        with pytest.raises(SystemExit) as ended:
            cli.main()
    finally:
        sys.argv = argv
    assert ended.value.code not in (0, None)
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    return said.err


def test_projects(world: LocalWorld) -> None:
    assert read("projects") == [{"name": "moods", "gate": "cold", "model": None}]
    assert "moods" in run("projects").stdout


def test_report(world: LocalWorld) -> None:
    world.open(easy(110))
    assert read("report", "moods") == world.report().model_dump(mode="json")
    said = run("report", "moods").stdout
    assert "110" in said
    assert "open: Open" in said
    assert "watch at 400, close at 10,000" in said


def test_report_as_a_file(world: LocalWorld, tmp_path: Path) -> None:
    world.open(easy(110))
    said = world.report().model_dump(mode="json")
    assert json.loads(run("report", "moods", "--format", "json").stdout) == said
    assert f"accepted,{said['accepted']}" in run("report", "moods", "--format", "csv").stdout.splitlines()
    for form, start in (("csv", b"\xef\xbb\xbfkey,value"), ("html", b"<!DOCTYPE html>")):
        file = tmp_path / f"report.{form}"
        told = run("report", "moods", "--format", form, "--output", str(file), "--language", "zh-Hans")
        assert file.read_bytes().startswith(start)
        assert str(file) in "".join((told.stdout + told.stderr).split("\n"))
    assert "自动化报告" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_explain(world: LocalWorld) -> None:
    world.open(easy(110))
    task = next(i.task_id for i in world.items() if i.state is ItemState.PUBLISHED)
    result = run("explain", "moods", str(task))
    story = json.loads(result.stdout)
    assert story["item"]["task_id"] == task
    assert len(story["decisions"]) == 2


def test_dead_and_redrive(world: LocalWorld) -> None:
    tasks = world.arrive(easy(3))
    world.sync()
    assert read("dead", "moods") == []
    with world.store.begin() as uow:
        uow.items.bury_tasks(world.id, dict.fromkeys(tasks, "the [/odd] field"), world.clock())
    ids = [world.item(task).id for task in tasks]
    assert read("dead", "moods") == [
        {"item": id, "task": task, "reason": "the [/odd] field"} for id, task in zip(ids, tasks, strict=True)
    ]
    assert "the [/odd] field" in run("dead", "moods").stdout
    assert read("redrive", "moods", "--item", str(ids[0])) == {"redriven": 1}
    assert "2 items start again" in run("redrive", "moods").stdout
    assert world.states() == {ItemState.RECEIVED: 3}


def test_the_gate_by_hand(world: LocalWorld) -> None:
    world.open(easy(110))
    first = read("gate", "status", "moods")
    assert first["state"] == "open"
    assert first["monitor"] == world.report().model_dump(mode="json")["monitor"]
    assert first["events"][-1]["numbers"]["certificate"] == 1
    assert "monitor: statistic 0.0 over 0 audits" in run("gate", "status", "moods").stdout
    assert read("gate", "close", "moods", "--reason", "odd labels [/red]") == {
        "state": "closed",
        "reason": "odd labels [/red]",
    }
    assert world.project.gate_state is GateState.CLOSED
    assert "odd labels [/red]" in run("gate", "status", "moods").stdout
    status = read("gate", "status", "moods")
    assert [e["actor"] for e in status["events"]] == ["prelabel", "prelabel", "operator"]
    assert "open: it was nothing" in run("gate", "reopen", "moods", "--reason", "it was nothing").stdout
    assert read("gate", "extend", "moods", "--labels", "5") == {"validation_target": 45, "validation_people": 1}
    assert "by up to 3 people" in run("gate", "extend", "moods", "--people", "3").stdout
    assert "each blind label is taken for the truth" in status["assumption"]
    assert "the last certificate assumes" in run("gate", "status", "moods").stdout


def test_the_tolerance_and_who_changed_it(world: LocalWorld) -> None:
    world.open(easy(110))
    made = read("gate", "tolerance", "moods", "--epsilon", "0.02", "--reason", "a stricter client", "--by", "ines")
    assert (made["state"], made["epsilon"], made["delta"]) == ("shadow", 0.02, world.project.delta)
    assert made["reason"].endswith("a stricter client")
    said = run("gate", "close", "moods", "--reason", "for today", "--by", "jan").stdout
    assert "closed: for today" in said
    assert [e["actor"] for e in read("gate", "status", "moods")["events"]][-2:] == ["ines", "jan"]


def test_a_new_key_takes_the_place_of_the_old(world: LocalWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    new = new_key()
    monkeypatch.setenv("PRELABEL_SECRET_KEY", f"{new},{KEY}")
    assert read("rotate-key") == {"projects": 1}
    assert Vault(new).decrypt(world.project.token)


def test_models(world: LocalWorld) -> None:
    assert read("models", "list", "moods") == []
    world.open(easy(110))
    [model] = read("models", "list", "moods")
    assert model["version"] == world.project.active_model
    assert model["n_train"] == 30
    assert model["metrics"]["confidence"] in model["metrics"]["expected"]
    assert LABELS_BY not in model["metrics"], "whose labels they were is nobody's business here"
    assert "active" in run("models", "list", "moods").stdout


def test_train(world: LocalWorld) -> None:
    assert read("train", "moods") == {"model_version": None}
    world.arrive(easy(110))
    world.sync()
    world.tick()
    world.label_wanted(70)
    assert read("train", "moods")["model_version"] == world.project.active_model is not None
    assert "nothing new" in run("train", "moods").stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("report", "nobody"), "there is no project 'nobody'; connected are: moods"),
        (("explain", "moods", "77"), "task 77 is not known in this project"),
        (("gate", "reopen", "moods", "--reason", "why not"), "no person closed this gate"),
        (("gate", "extend", "moods", "--labels", "0"), "at least one more label"),
        (("gate", "tolerance", "moods", "--reason", "why"), "already"),
        (("gate", "tolerance", "moods", "--epsilon", "2", "--reason", "why"), "between 0 and 1"),
        (("gate", "close", "moods", "--reason", "why", "--by", "prelabel"), "say who you are"),
        (("report", "moods", "--config", "nowhere.yaml"), "nowhere.yaml"),
        (("report", "moods", "--format", "pdf"), "give --output FILE"),
        (("report", "moods", "--output", "report.txt"), "give --format"),
        (("report", "moods", "--language", "tlh"), "there are en, zh-Hans"),
        (("report", "moods", "--format", "csv", "--output", "nowhere/report.csv"), "cannot write"),
        (("backfill", "moods"), "127.0.0.1:9"),
    ],
)
def test_an_error_is_one_line_that_says_what_to_do(
    world: LocalWorld, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    told = fail(capsys, *words)
    assert told.startswith("error (")
    assert said in told
    assert len(told.strip().splitlines()) == 1


@pytest.mark.parametrize(
    "words",
    [
        ("report",),
        ("gate", "close", "moods"),
        ("explain", "moods", "seven"),
        ("connect", "--url", "http://127.0.0.1:9", "--token", "t", "--project", "1", "--encoder", "best"),
        ("nonsense",),
    ],
)
def test_a_wrong_command_line_is_explained(
    world: LocalWorld, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    assert "Usage: " in fail(capsys, *words)


def test_a_wrong_setting_is_named(
    world: LocalWorld, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRELABEL_CHUNKSIZE", "5")
    assert "PRELABEL_CHUNK_SIZE" in fail(capsys, "projects")


def test_another_key_is_named(
    world: LocalWorld, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PRELABEL_SECRET_KEY")
    assert "secret key" in fail(capsys, "backfill", "moods")


def test_a_project_can_be_forgotten_while_label_studio_is_away(world: LocalWorld) -> None:
    past = world.runtime.settings.data_dir / "history" / "moods.jsonl"
    past.parent.mkdir()
    past.write_text('{"data": {"text": "x"}, "label": "good"}\n')
    world.arrive(easy(3))
    world.sync()
    result = run("disconnect", "moods", "--json")
    assert json.loads(result.stdout) == {"removed": "moods"}
    assert "the webhook stays" in result.stderr
    assert read("projects") == []
    assert not past.exists()


def test_versions_by_hand(world: LocalWorld) -> None:
    world.open(easy(110))
    stream(world, easy(30, seed=8))
    old, new = str(world.project.active_model), another(world)
    why = ("--reason", "a better [/idea]", "--by", "ines")
    made = read("models", "promote", "moods", new, *why)
    assert (made["active"], made["pinned"], made["gate"]) == (new, True, "shadow")
    assert made["reason"].endswith("a better [/idea]")
    assert f"in the shadow: {old}" in run("models", "shadow", "moods", old, *why).stdout
    listed = read("models", "list", "moods")
    assert [(one["standing"], one["shadow"]) for one in listed] == [("former", True), ("active", False)]
    assert listed[0]["items_per_second"] > 0
    assert read("models", "drop-shadow", "moods", *why)["shadow"] is None
    said = run("models", "rollback", "moods", *why).stdout
    assert f"predicts: {old}, chosen by hand" in said
    assert "gate: open" in said
    assert read("models", "release", "moods", *why)["pinned"] is False
    made = read("models", "add", "moods", str(ROOT / "configs" / "projects" / "reviews.yaml"), *why)
    assert made["version"].startswith("moods-")


def test_costs(world: LocalWorld) -> None:
    assert read("costs", "moods") is None
    known = {"person_hour": 28.5, "compute_hour": None, "currency": "CNY", "item_seconds": None}
    assert read("costs", "moods", "--person-hour", "28.5", "--currency", "CNY") == known
    assert read("costs", "moods", "--item-seconds", "9") == known | {"item_seconds": 9.0}
    assert "An hour of a person costs 28.5 CNY" in run("costs", "moods").stdout
    assert read("costs", "moods", "--forget") is None
    assert world.project.costs is None


@pytest.fixture
def over_http(world: LocalWorld, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Commands reach Label Studio over HTTP, and its connections are closed in the end."""
    platforms = Platforms(world.runtime.settings, world.runtime.vault)
    monkeypatch.setattr(terminal, "make_runtime", lambda *_: replace(world.runtime, platform=platforms))
    yield
    for client in platforms._clients.values():
        client.close()


def test_connect_notes_labels_of_the_account_itself(over_http: None) -> None:
    with studio_twin() as twin:
        for slug, by in (("mine", MY_ID), ("apart", 2)):
            made = twin.project(slug, CONFIG)
            for text, label in easy(3):
                made.add({"text": text}, choice(label), by=by)
        where = ("connect", "--url", twin.url, "--token", TOKEN)
        said = run(*where, "--project", "1", "--name", "mine", "--json")
        assert json.loads(said.stdout)["labels_by_account"] == 3
        assert "note 3 labels here are by this account (prelabel@example.com) and will not count" in said.stderr
        said = run(*where, "--project", "2", "--name", "apart", "--json")
        assert json.loads(said.stdout)["labels_by_account"] == 0
        assert "will not count" not in said.stderr
