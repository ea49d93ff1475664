from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from label_studio_sdk.label_interface import LabelInterface

from connectors.label_studio.label_config import parse
from models.errors import ConfigurationError
from models.registry import assign
from models.specs import HeadSpec
from serving.project_file import ProjectFile
from serving.store.records import NewProject

FILES = sorted((Path(__file__).parents[3] / "configs/projects").glob("*.yaml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_shipped_files_load_and_hold_a_valid_label_config(path: Path) -> None:
    project = ProjectFile.load(path)
    assert project.slug == path.stem
    interface = LabelInterface(project.label_config)
    interface.validate()
    assert not parse(project.label_config).unsupported
    assert assign(project.spec, parse(project.label_config)).controls


def test_both_demo_projects_are_there() -> None:
    assert {"digits", "reviews"} <= {path.stem for path in FILES}


def test_fields_are_those_that_a_project_stores() -> None:
    stored = {field.name for field in dataclasses.fields(NewProject)} | {"label_config"}
    beside = {"title", "samples", "tolerances"}
    assert ProjectFile.model_fields.keys() - beside <= stored, "tolerances stand in the label config"


def test_defaults(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_text("slug: p\ntitle: P\nlabel_config: <View/>\n", encoding="utf-8")
    assert ProjectFile.load(path).spec == HeadSpec(encoder="ngram")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("slug: P 1\ntitle: P\nlabel_config: x\n", "slug: String should match"),
        ("slug: p\ntitle: P\nlabel_config: x\nepsilon: 1\n", "epsilon: Input should be less than 1"),
        ("slug: p\ntitle: P\nlabel_config: x\nepsilom: 0.1\n", "epsilom: Extra inputs are not permitted"),
        ("slug: p\ntitle: P\nlabel_config: x\nspec: {kind: head, encoder: bert}\n", "spec.head.encoder"),
        ("", "the file: Input should be"),
        ("slug: [\n", "is not YAML"),
    ],
)
def test_a_wrong_file_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=message):
        ProjectFile.load(path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="No such file"):
        ProjectFile.load(tmp_path / "p.yaml")
