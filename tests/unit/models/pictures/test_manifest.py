from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.errors import ModelError
from models.pictures import manifest
from models.pictures.network import decode
from tests.unit.models.pictures import squares


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return squares.write(tmp_path_factory.mktemp("network"))


def changed(written: Path, folder: Path, **said: Any) -> Path:
    """A copy with other keys in the manifest."""
    folder.mkdir()
    (folder / "squares.onnx").write_bytes((written / "squares.onnx").read_bytes())
    (folder / "manifest.json").write_text(json.dumps(json.loads((written / "manifest.json").read_text()) | said))
    return folder


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"classes": ["a", "a"]}, "a class is named twice"),
        ({"std": [1, 0, 1]}, "std must be above 0"),
        ({"file": "../other.onnx"}, "file: String should match"),
        ({"format": 2}, "format"),
        ({"colour": 1}, "colour: Extra inputs"),
        ({"background": "last"}, "background needs activation softmax"),
        ({"sha256": "0" * 64}, "copy it again"),
        ({"file": "gone.onnx"}, "needs manifest.json and the network"),
    ],
)
def test_what_is_wrong_in_a_manifest_is_said(said: dict[str, Any], message: str, written: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=message):
        manifest.load(changed(written, tmp_path / "n", **said))


def test_a_folder_without_a_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"manifest\.json"):
        manifest.load(tmp_path)


def test_whatever_changes_an_answer_changes_the_digest(written: Path, tmp_path: Path) -> None:
    plain = manifest.digest(written)
    assert plain == manifest.digest(changed(written, tmp_path / "same"))
    assert plain != manifest.digest(changed(written, tmp_path / "other", iou=0.6))


def test_outputs_that_the_manifest_does_not_describe_are_refused(written: Path) -> None:
    described, _ = manifest.load(written)
    row = np.array([[[8, 8, 4, 4, 0.0, 5.0]]], np.float32)
    found = decode({"rows": row}, described)
    assert found.corners.tolist() == [[6.0, 6.0, 10.0, 10.0]]
    assert found.classes.tolist() == [1]
    with pytest.raises(ModelError, match="rows of 5 entries"):
        decode({"rows": row[:, :, :5]}, described)
    with pytest.raises(ModelError, match="must be"):
        decode({"rows": row[0]}, described)
    with pytest.raises(ModelError, match="not finite"):
        decode({"rows": row * np.float32("nan")}, described)
    with pytest.raises(ModelError, match="set activation"):
        decode({"rows": row}, described.model_copy(update={"activation": "none"}))
    with pytest.raises(ModelError, match="name boxes and scores"):
        decode({"rows": row}, described.model_copy(update={"layout": "detr"}))
