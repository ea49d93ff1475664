"""A trained tagger on disk; how it is kept: ``models.heads.artefact``."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from models.errors import ModelError
from models.heads.artefact import PREFIX, fetch, store
from models.tagging.fitting import Weights
from models.types import Frozen

Parameters = dict[str, NDArray[np.float64]]


class TaggerManifest(Frozen):
    """What a tagger is, beside its numbers."""

    format: Literal[1] = 1
    """Changes when older taggers can no longer be read."""
    kind: Literal["tagger"] = "tagger"
    features_digest: str
    """``features.DIGEST``."""
    control: str
    field: str
    labels: tuple[str, ...]
    """Tags 2k + 1 and 2k + 2 speak of ``labels[k]``."""
    n: int
    classes: dict[str, int]
    """Spans of each label."""
    accuracy: float
    """Share of texts in [0, 1] whose spans were all right, by cross-validation."""


def save(folder: Path, manifest: TaggerManifest, weights: Weights, sure: Parameters) -> tuple[str, Path]:
    """Write ``folder/<sha256>/`` at once or not at all; returns the digest and the path."""
    arrays: dict[str, NDArray[Any]] = {PREFIX + name: value for name, value in sure.items()}
    arrays["columns"], arrays["coefficients"] = weights.columns.astype(np.int32), weights.coefficients
    arrays["moves"] = weights.moves
    return store(folder, manifest, arrays)


def load(path: Path, digest: str) -> tuple[TaggerManifest, Weights, Parameters]:
    """Read a tagger and check that it is the one that was named.

    Raises:
        ModelError: files are missing, damaged, or of another content than ``digest``.
    """
    manifest, arrays = fetch(path, digest, TaggerManifest)
    own = {name[len(PREFIX) :]: np.asarray(arrays[name], np.float64) for name in arrays if name.startswith(PREFIX)}
    try:
        weights = Weights(
            arrays["columns"].astype(np.int64),
            arrays["coefficients"].astype(np.float32),
            arrays["moves"].astype(np.float64),
        )
    except KeyError as error:
        raise ModelError(f"The model folder {path.name} cannot be read (no {error}): train again.") from error
    return manifest, weights, own
