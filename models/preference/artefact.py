"""A learned preference on disk: ``weights.npz`` (no pickle) and ``manifest.json`` in a folder named by their digest."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np

from models.gate import confidence
from models.gate.confidence import ConfidenceModel
from models.heads.artefact import PREFIX, fetch, store
from models.preference.fitting import Scale, Utility
from models.types import ControlKind, Frozen


class PreferenceManifest(Frozen):
    """What a preference is, beside its numbers."""

    format: Literal[1] = 1
    """Changes when older ones can no longer be read."""
    kind: Literal["preference"] = "preference"
    encoder: str
    encoder_digest: str
    features: int
    """Edition of ``models.preference.features``."""
    control: str
    control_kind: ControlKind
    fields: tuple[str, ...]
    """What it reads of an item: the answers, then the question."""
    levels: tuple[str, ...]
    """What people said so far, as the columns of the probabilities; empty of a ranking."""
    n: int
    said: dict[str, int]
    """Examples of each answer."""
    spreads: tuple[float, float]
    accuracy: float
    log_loss: float
    confidence: confidence.Kind
    expected: dict[str, float]
    """See ``ConfidenceModel.expected``."""


def save(folder: Path, manifest: PreferenceManifest, utility: Utility, sure: ConfidenceModel) -> tuple[str, Path]:
    """Write ``folder/<sha256>/`` at once or not at all; returns the digest and the path."""
    arrays = {
        "means": utility.scale.means,
        "scales": utility.scale.scales,
        "weights": utility.weights,
        "own": utility.own,
    }
    return store(folder, manifest, arrays | {PREFIX + name: np.asarray(one) for name, one in sure.parameters.items()})


def load(path: Path, digest: str, *, multiple: bool) -> tuple[PreferenceManifest, Utility, ConfidenceModel]:
    """Read a preference and check that it is the one that was named.

    Args:
        path: its folder.
        digest: its sha256.
        multiple: see ``ConfidenceModel``; the kind of control decides it.

    Raises:
        ModelError: files are missing, damaged, or of another content than ``digest``.
    """
    manifest, stored = fetch(path, digest, PreferenceManifest)
    arrays = {name: np.asarray(array, np.float64) for name, array in stored.items()}
    utility = Utility(Scale(arrays["means"], arrays["scales"]), arrays["weights"], arrays["own"])
    own = {name[len(PREFIX) :]: array for name, array in arrays.items() if name.startswith(PREFIX)}
    return manifest, utility, ConfidenceModel(manifest.confidence, multiple, own, manifest.expected)
