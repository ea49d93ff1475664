"""``make demo``, whole: the report, held against what Label Studio really has."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from scripts import label_studio
from scripts.demo.material import Importer, material
from scripts.demo.stack import ROOT, stop_service

LIMIT_S = 2_400
"""The demo takes 5 minutes on two idle cores; other tests run beside it, and go before it."""
pytestmark = [pytest.mark.label_studio, pytest.mark.ray, pytest.mark.slow, pytest.mark.timeout(LIMIT_S + 100)]
ITEMS, EPSILON = 700, 0.1


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("demo")
    yield folder
    stop_service(folder / "prelabel")
    label_studio.stop(folder / "label-studio")


@pytest.fixture(scope="module")
def said(home: Path) -> str:
    """What the demo prints."""
    options = ("--project", "digits", "--items", str(ITEMS), "--epsilon", str(EPSILON), "--exit")
    done = subprocess.run(
        [sys.executable, "-m", "scripts.demo", *options, "--json", str(home / "report.json")],
        env=os.environ | {"PRELABEL_DEMO_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=ROOT,
        timeout=LIMIT_S,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def report(said: str, home: Path) -> dict[str, Any]:
    value: dict[str, Any] = json.loads((home / "report.json").read_text())
    return value


def test_it_tells_what_it_does(said: str) -> None:
    assert "replayed from the gold" in said
    assert re.search(r"\d+ of \d+", said), "progress, also without a terminal"
    assert "accepted without a person" in said
    assert "Against the gold" in " ".join(said.split())


def test_most_seeds_are_pictures_that_were_asked_for(said: str, report: dict[str, Any]) -> None:
    order = report["ordering"]
    asked = order["asked_by_informativeness"] + order["asked_at_random"]
    assert asked > order["not_listed"], "the list is there before the trainers get to the seeds"
    assert "our order against random" in said


def test_the_report_has_every_key(report: dict[str, Any]) -> None:
    assert report["arrived"] == ITEMS
    assert {"train", "validation", "audit"} <= report["labeled"].keys()
    assert {"threshold", "n", "errors", "epsilon", "delta", "selective_upper"} <= report["certificate"].keys()
    assert {"accepted", "suggested", "suggestions_unchanged", "in_words"} <= report.keys()
    assert {"url", "project_id", "token"} == report["label_studio"].keys()
    assert report["prelabel_url"].startswith("http://127.0.0.1:")
    assert {"score", "publish_suggestion", "publish_acceptance"} <= report["items_per_second"].keys()
    assert all(rate > 0 for rate in report["items_per_second"].values())


def test_the_gate_opened_and_kept_its_budget(report: dict[str, Any]) -> None:
    certificate = report["certificate"]
    assert report["gate"] == "open", report["gate_reason"]
    assert (report["epsilon"], report["delta"], certificate["epsilon"]) == (EPSILON, 0.1, EPSILON)
    assert 0.0 < certificate["delta"] < report["delta"], "a test spends a part of the project's delta"
    assert certificate["selective_upper"] <= EPSILON
    assert certificate["errors"] <= certificate["n"] * EPSILON
    assert report["accepted"] > 0.1 * ITEMS
    assert report["automation_rate"] == pytest.approx(report["accepted"] / ITEMS, abs=0.02)
    assert report["selective_error_true"] <= 2 * EPSILON
    assert not {"received", "scored", "decided", "dead"} & report["states"].keys()


def test_both_servers_are_gone(report: dict[str, Any], home: Path) -> None:
    assert report["arrived"] == ITEMS
    assert label_studio.stop(home / "label-studio") is False
    assert stop_service(home / "prelabel") is False


def test_accepted_means_one_annotation_in_label_studio(report: dict[str, Any], home: Path) -> None:
    assert report["accepted_in_label_studio"] == report["accepted"]
    assert report["accepted_twice"] == 0
    drift = report["drift"]
    server = label_studio.start(home / "label-studio")
    try:
        project = report["label_studio"]["project_id"]
        with closing(Importer(server.url, server.token, material("digits", ITEMS))) as importer:
            machine = importer.machine_labels(project, importer.account())
            gold, later = importer.gold(project), importer.is_later(project)
    finally:
        server.stop()
    assert (len(gold), len(later)) == (ITEMS + drift["arrived"], drift["arrived"])
    assert {len(labels) for labels in machine.values()} <= {1}, "none is left where all were taken back"
    assert len(machine.keys() & later) == drift["shipped"]
    left = report["accepted"] - len(machine.keys() - later)
    assert 0 <= left <= drift["reopened"], "only what was opened again is gone"
    wrong = sum(labels[0] != gold[task] for task, labels in machine.items() if task not in later)
    assert wrong <= round(report["selective_error_true"] * report["accepted"])


def test_the_gate_closed_by_itself_when_labels_turned(report: dict[str, Any]) -> None:
    drift = report["drift"]
    assert drift["gate"] == "closed", drift["reason"]
    numbers = drift["numbers"]
    assert numbers["statistic"] >= numbers["level"]
    assert numbers["error_since"] > EPSILON
    assert drift["reopened"] == numbers["reopened"] > 0
    assert drift["reopened_wrong"] > 0.08 * drift["reopened"]
    without = drift["without_gate_wrong"] / drift["without_gate"]
    assert without > EPSILON
    assert drift["shipped_wrong"] < drift["without_gate_wrong"]
