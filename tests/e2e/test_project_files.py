"""Project files with samples, on a real Label Studio: what is tried without a server is what annotators get."""

from __future__ import annotations

import base64
import json
import mimetypes
from pathlib import Path
from typing import Any

import pytest

from models.specs import learns
from scripts import label_studio
from scripts.demo.stack import ROOT, Service
from serving.project_file import ProjectFile
from serving.projects.trying import attempt, beside, load_tasks
from serving.settings import Settings
from tests.support.world import FAST, World

pytestmark = [pytest.mark.label_studio, pytest.mark.ray]

NAMES = ("reviews", "ner", "invoice-ocr", "document-layout", "audio-segments", "answers")
FILES = [ROOT / "configs/projects" / f"{name}.yaml" for name in NAMES]
"""All but the digits, which the demo has."""
TASKS = 4


def inline(value: Any, folder: Path) -> Any:
    """A file beside the samples as a data URI; anything else as it is."""
    path = beside(folder, value) if isinstance(value, str) else None
    if path is None:
        return value
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_annotators_get_what_was_tried(
    path: Path, studio: label_studio.Server, service: Service, tmp_path: Path
) -> None:
    file = ProjectFile.load(path)
    source = file.samples_beside(path)
    assert source is not None
    rows = load_tasks(source)
    data = [{name: inline(value, source.parent) for name, value in row["data"].items()} for row in rows]
    taught = [row | {"data": one} for row, one in zip(rows, data, strict=True) if row.get("annotations")]
    asked = [one for row, one in zip(rows, data, strict=True) if not row.get("annotations")][:TASKS]
    assert asked, "samples without an annotation are predicted"

    world = World(studio, service, FAST, 0, f"file-{file.slug}", trainer="nobody labels")
    with world.admin() as http:
        made = http.post("/api/projects/", json={"title": world.slug, "label_config": file.label_config})
        world.project = made.raise_for_status().json()["id"]
        tasks = [{"data": one} for one in asked]
        http.post(f"/api/projects/{world.project}/import", json=tasks).raise_for_status()
    more = ["--file", str(path)]
    if learns(file.spec):
        history = tmp_path / "history.jsonl"
        history.write_text("".join(json.dumps(row) + "\n" for row in taught), encoding="utf-8")
        more += ["--history", str(history), "--train-target", str(len(taught)), "--validation-target", "1"]
    said = world.connect(*more)
    assert said.code == 0, said.err
    world.learned(len(asked))
    world.audit()

    settings = Settings(data_dir=tmp_path / "data", model_dir=tmp_path / "models")
    tried = attempt(settings, path, limit=TASKS)
    expected = {json.dumps(one): item["prediction"] for one, item in zip(asked, tried.items, strict=True)}
    shown = {json.dumps(task["data"]): task["predictions"] for task in world.tasks() if task["predictions"]}
    assert len(shown) >= len(asked) - 1, "all but the blind one"
    for key, predictions in shown.items():
        [one] = predictions
        assert one["result"] == expected[key]["result"]
        assert one["score"] == pytest.approx(expected[key]["score"])
    assert any(one["result"] for item in shown.values() for one in item)
