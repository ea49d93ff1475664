from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from models.errors import ModelError
from models.heads.artefact import fetch
from models.tagging.artefact import TaggerManifest, load, save
from models.tagging.fitting import Weights

MANIFEST = TaggerManifest(
    features_digest="f", control="name", field="text", labels=("person",), n=9, classes={"person": 4}, accuracy=0.5
)
WEIGHTS = Weights(np.array([3, 900_000]), np.ones((2, 3), np.float32), np.full((4, 3), -1e4))
SURE = {"slope": np.array(1.5), "means": np.arange(7.0)}


def test_a_tagger_comes_back_as_it_was(tmp_path: Path) -> None:
    digest, path = save(tmp_path, MANIFEST, WEIGHTS, SURE)
    manifest, weights, sure = load(path, digest)
    assert manifest == MANIFEST
    np.testing.assert_array_equal(weights.columns, WEIGHTS.columns)
    np.testing.assert_array_equal(weights.coefficients, WEIGHTS.coefficients)
    np.testing.assert_array_equal(weights.moves, WEIGHTS.moves)
    assert {name: value.tolist() for name, value in sure.items()} == {
        name: value.tolist() for name, value in SURE.items()
    }


def test_another_content_another_name(tmp_path: Path) -> None:
    digest, path = save(tmp_path, MANIFEST, WEIGHTS, SURE)
    other, _ = save(tmp_path, MANIFEST, WEIGHTS, SURE | {"slope": np.array(1.6)})
    assert other != digest
    assert save(tmp_path, MANIFEST, WEIGHTS, SURE) == (digest, path)
    with pytest.raises(ModelError, match="train again"):
        load(path, other)


def test_a_damaged_folder_is_refused(tmp_path: Path) -> None:
    digest, path = save(tmp_path, MANIFEST, WEIGHTS, SURE)
    copy = tmp_path / "copy"
    shutil.copytree(path, copy)
    (copy / "weights.npz").write_bytes(b"PK")
    with pytest.raises(ModelError, match="cannot be read"):
        load(copy, digest)
    with pytest.raises(ModelError, match="cannot be read"):
        load(tmp_path / "gone", digest)


def test_a_manifest_of_another_kind_is_refused(tmp_path: Path) -> None:
    from models.heads.artefact import HeadManifest

    digest, path = save(tmp_path, MANIFEST, WEIGHTS, SURE)
    with pytest.raises(ModelError, match="cannot be read"):
        fetch(path, digest, HeadManifest)
