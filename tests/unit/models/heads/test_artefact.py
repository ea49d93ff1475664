from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from models.encoders.base import Features
from models.errors import ModelError
from models.gate import confidence
from models.gate.confidence import ConfidenceModel
from models.heads import artefact
from models.heads.fitting import Fit, fit
from models.heads.logistic import Truth

RNG = np.random.default_rng(0)
POINTS = RNG.normal(size=(120, 2)).astype(np.float32)
RING = (np.linalg.norm(POINTS, axis=1) < 1.2).astype(np.int64)
SIDE = (POINTS[:, 0] + POINTS[:, 1] > 0).astype(np.int64)
WORDS = csr_matrix((RNG.random((120, 400)) < 0.05).astype(np.float32))
PLAIN = confidence.plain()


def manifest(found: Fit, width: int, sure: ConfidenceModel = PLAIN) -> artefact.HeadManifest:
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
        scored=found.rows.size,
        confidence=sure.kind,
        expected={},
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
    digest, path = artefact.save(tmp_path, written, found.weights, PLAIN)
    read, weights, _ = artefact.load(path, digest)
    assert (read, found.kind) == (written, kind)
    np.testing.assert_array_equal(weights.probabilities(features), found.weights.probabilities(features))


@pytest.mark.parametrize("kind", [None, *confidence.KINDS])
def test_a_head_is_as_sure_after_it_was_read(tmp_path: Path, kind: confidence.Kind | None) -> None:
    found = fit(POINTS, RING, 2, multiple=False)
    said, extra = found.score.answers, POINTS[:, :1].astype(np.float64)
    right = (said.argmax(axis=1) == RING).astype(int)
    sure = confidence.fit(kind, said, right, extra=extra) if kind else PLAIN
    digest, path = artefact.save(tmp_path, manifest(found, 2, sure), found.weights, sure)
    _, _, read = artefact.load(path, digest)
    np.testing.assert_array_equal(read.confidence(said, extra), sure.confidence(said, extra))
    assert (read.kind, read.parameters.keys()) == (sure.kind, sure.parameters.keys())


def test_another_confidence_is_another_head(tmp_path: Path) -> None:
    found = fit(POINTS, RING, 2, multiple=False)
    right = (found.score.answers.argmax(axis=1) == RING).astype(int)
    sure = [confidence.fit_max(found.score.answers, right), confidence.fit_max(found.score.answers, 1 - right), PLAIN]
    digests = [artefact.save(tmp_path, manifest(found, 2, one), found.weights, one)[0] for one in sure]
    assert len(set(digests)) == 3


def test_a_head_of_an_older_form_is_refused(tmp_path: Path) -> None:
    found = fit(POINTS, RING, 2, multiple=False)
    digest, path = artefact.save(tmp_path, manifest(found, 2), found.weights, PLAIN)
    file = path / "manifest.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "format": 2}))
    with pytest.raises(ModelError, match="train again"):
        artefact.load(path, digest)
