"""Project files with samples, on a real Label Studio: what is tried without a server is what annotators get and see.

``SCREENSHOTS`` names a folder for pictures of what they see; those in docs/images are made so.
"""

from __future__ import annotations

import base64
import json
import mimetypes
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from connectors.label_studio.label_config import parse
from connectors.label_studio.results import decode
from models.specs import learns
from models.types import LabelConfig
from scripts import label_studio
from scripts.browser import SUBMIT, at_rest, chromium, signed_in, submit
from scripts.demo.stack import ROOT, Service
from scripts.uploads import upload
from serving.project_file import ProjectFile
from serving.projects.trying import attempt, beside, load_tasks
from serving.settings import Settings
from tests.support.world import FAST, World

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.label_studio, pytest.mark.ray]

NAMES = ("reviews", "ner", "invoice-ocr", "document-layout", "audio-segments", "answers")
FILES = [ROOT / "configs/projects" / f"{name}.yaml" for name in NAMES]
"""All but the digits, which the demo has."""
TASKS = 4
ROUNDING = 0.05
"""By how much scores of the same text may differ: MiniLM's int8 export rounds by what else is in the batch."""


@pytest.fixture(scope="module")
def page(studio: label_studio.Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page | None]:
    """A trainer's browser; None where there is no Chromium."""
    if chromium() is None:
        yield None
        return
    email, password = "looks@example.com", "a long passphrase"
    label_studio.create_user(studio, email, password)
    with signed_in(studio, email, password, tmp_path_factory.mktemp("profile")) as opened:
        yield opened


def without_scores(result: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: value for name, value in entry.items() if name != "score"} for entry in result]


def submit_as_it_is(page: Page, world: World, task: int) -> list[dict[str, Any]]:
    """What a trainer submits who opens a task and changes nothing."""
    page.goto(f"{world.studio.url}/projects/{world.project}/data?task={task}")
    page.locator(SUBMIT).wait_for()
    at_rest(page)
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"{world.slug.removeprefix('file-')}.png")
    result: list[dict[str, Any]] = submit(page, task)["result"]
    return result


def plain(result: list[dict[str, Any]], config: LabelConfig) -> list[str]:
    """What a result says, numbers rounded: the page computes percentages anew. It also names the only channel."""

    def rounded(value: Any) -> Any:
        if isinstance(value, float):
            return round(value, 2)
        if isinstance(value, list | tuple):
            return [rounded(item) for item in value]
        return (
            {key: rounded(item) for key, item in value.items() if key != "channel"}
            if isinstance(value, dict)
            else value
        )

    return sorted(json.dumps([one.control, rounded(one.value.model_dump())]) for one in decode(result, config))


def placed(world: World, value: Any, folder: Path) -> Any:
    """A picture beside the samples as a data URI, a recording uploaded to Label Studio; anything else as it is."""
    path = beside(folder, value) if isinstance(value, str) else None
    if path is None:
        return value
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    if not kind.startswith("audio/"):  # the page does not play data URIs
        return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"
    with world.admin() as http:
        return upload(http, world.project, path.name, path.read_bytes())


def take_exports(source: Path, target: Path) -> None:
    """The service's exported networks, by their recipes; nothing that it has trained."""
    for found in source.glob("*/model.onnx"):
        if (found.parent / "manifest.json").exists():
            shutil.copytree(found.parent, target / found.parent.name)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_annotators_get_what_was_tried(
    path: Path, studio: label_studio.Server, service: Service, page: Page | None, tmp_path: Path
) -> None:
    file = ProjectFile.load(path)
    source = file.samples_beside(path)
    assert source is not None
    rows = load_tasks(source)
    taught = [row for row in rows if row.get("annotations")]

    world = World(studio, service, FAST, 0, f"file-{file.slug}", trainer="nobody labels")
    with world.admin() as http:
        made = http.post("/api/projects/", json={"title": world.slug, "label_config": file.label_config})
        world.project = made.raise_for_status().json()["id"]
        plain_rows = [row["data"] for row in rows if not row.get("annotations")][:TASKS]
        assert plain_rows, "samples without an annotation are predicted"
        asked = [{name: placed(world, value, source.parent) for name, value in row.items()} for row in plain_rows]
        tasks = [{"data": one} for one in asked]
        http.post(f"/api/projects/{world.project}/import", json=tasks).raise_for_status()
    more = ["--file", str(path), "--validation-target", "1"]
    if learns(file.spec):
        history = tmp_path / "history.jsonl"
        history.write_text("".join(json.dumps(row) + "\n" for row in taught), encoding="utf-8")
        more += ["--history", str(history), "--train-target", str(len(taught))]
    said = world.connect(*more)
    assert said.code == 0, said.err
    world.learned(len(asked))
    world.audited()

    settings = Settings(data_dir=tmp_path / "data", model_dir=tmp_path / "models")
    take_exports(service.data_dir / "models", tmp_path / "models")
    tried = attempt(settings, path, limit=TASKS)
    expected = {json.dumps(one): item["prediction"] for one, item in zip(asked, tried.items, strict=True)}
    shown = {json.dumps(task["data"]): task["predictions"] for task in world.tasks() if task["predictions"]}
    assert shown, "all but the blind ones"
    for key, predictions in shown.items():
        [one] = predictions
        assert without_scores(one["result"]) == without_scores(expected[key]["result"])
        assert one["score"] == pytest.approx(expected[key]["score"], abs=ROUNDING)
    assert any(one["result"] for item in shown.values() for one in item)
    if page is not None:
        seen = next(task for task in world.tasks() if any(one["result"] for one in task["predictions"]))
        config = parse(file.label_config)
        assert plain(submit_as_it_is(page, world, seen["id"]), config) == plain(
            seen["predictions"][0]["result"], config
        )
