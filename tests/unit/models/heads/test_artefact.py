from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from models.encoders.base import Features
from models.errors import ModelError
from models.heads import artefact
from models.heads.fitting import Fit, fit
from models.heads.logistic import Truth

RNG = np.random.default_rng(0)
POINTS = RNG.normal(size=(120, 2)).astype(np.float32)
RING = (np.linalg.norm(POINTS, axis=1) < 1.2).astype(np.int64)
SIDE = (POINTS[:, 0] + POINTS[:, 1] > 0).astype(np.int64)
WORDS = csr_matrix((RNG.random((120, 400)) < 0.05).astype(np.float32))


def manifest(found: Fit, width: int) -> artefact.HeadManifest:
    return artefact.HeadManifest(
        encoder="any",
        encoder_digest="0" * 64,
        control="verdict",
        field="body",
        labels=("no", "yes"),
        multiple=False,
        features=width,
        n=120,
        classes={"no": 60, "yes": 60},
        kind=found.kind,
        strength=found.strength,
        accuracy=found.score.accuracy,
        log_loss=found.score.log_loss,
        scored=found.scored,
    )


@pytest.mark.parametrize(
    ("features", "truth", "kind"),
    [(POINTS, RING, "kernel"), (np.hstack([POINTS] * 9), SIDE, "linear"), (WORDS, RING, "linear")],
    ids=["kernel", "linear", "words"],
)
def test_what_is_read_says_the_same_as_what_was_written(
    tmp_path: Path, features: Features, truth: Truth, kind: str
) -> None:
    found = fit(features, truth, 2, multiple=False)
    written = manifest(found, features.shape[1])
    digest, path = artefact.save(tmp_path, written, found.weights)
    read, weights = artefact.load(path, digest)
    assert (read, found.kind) == (written, kind)
    np.testing.assert_array_equal(weights.probabilities(features), found.weights.probabilities(features))


def test_a_head_of_an_older_form_is_refused(tmp_path: Path) -> None:
    found = fit(POINTS, RING, 2, multiple=False)
    digest, path = artefact.save(tmp_path, manifest(found, 2), found.weights)
    file = path / "manifest.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "format": 1}))
    with pytest.raises(ModelError, match="train again"):
        artefact.load(path, digest)
