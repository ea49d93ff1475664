"""A trained head on disk: ``weights.npz`` (no pickle) and ``manifest.json`` in a folder named by their digest."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from hashlib import sha256
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from models.errors import ModelError
from models.heads.logistic import Weights
from models.types import Frozen

Arrays = dict[str, NDArray[np.generic]]


class HeadManifest(Frozen):
    """What a head is, beside its numbers."""

    format: int = 1
    encoder: str
    encoder_digest: str
    control: str
    field: str
    labels: tuple[str, ...]
    """Row k of the weights speaks for ``labels[k]``."""
    multiple: bool
    features: int
    n: int
    classes: dict[str, int]
    strength: float
    accuracy: float
    log_loss: float


def save(folder: Path, manifest: HeadManifest, weights: Weights) -> tuple[str, Path]:
    """Write ``folder/<sha256>/`` at once or not at all; returns the digest and the path."""
    arrays = _pack(weights)
    digest = _digest(manifest, arrays)
    target = folder / digest
    folder.mkdir(parents=True, exist_ok=True)
    if target.exists():
        return digest, target
    draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=folder))
    try:
        np.savez_compressed(draft / "weights.npz", allow_pickle=False, **arrays)
        (draft / "manifest.json").write_text(manifest.model_dump_json(indent=1), encoding="utf-8")
        draft.chmod(0o755)
        os.rename(draft, target)
    except OSError:
        shutil.rmtree(draft, ignore_errors=True)
        if not target.exists():  # otherwise another process wrote the same content first
            raise
    return digest, target


def load(path: Path, digest: str) -> tuple[HeadManifest, Weights]:
    """Read a head and check that it is the one that was named.

    Raises:
        ModelError: files are missing, damaged, or of another content than ``digest``.
    """
    try:
        manifest = HeadManifest.model_validate_json((path / "manifest.json").read_bytes())
        with (path / "weights.npz").open("rb") as file, np.load(file, allow_pickle=False) as stored:
            arrays: Arrays = {name: stored[name] for name in stored.files}
        found = _digest(manifest, arrays)
    except (OSError, ValueError, KeyError, BadZipFile, ValidationError) as error:
        raise ModelError(
            f"The model folder {path.name} cannot be read ({type(error).__name__}): train again."
        ) from error
    if found != digest:
        raise ModelError(f"The model folder {path.name} holds {found[:12]}, not {digest[:12]}: train again.")
    return manifest, _unpack(arrays, manifest)


def _pack(weights: Weights) -> Arrays:
    columns = np.flatnonzero(np.any(weights.coefficients != 0, axis=0)).astype(np.int64)
    return {
        "columns": columns,
        "coefficients": np.ascontiguousarray(weights.coefficients[:, columns]),
        "intercepts": weights.intercepts,
        "scale_columns": np.flatnonzero(weights.scales).astype(np.int64),
        "scales": weights.scales[weights.scales != 0],
    }


def _unpack(arrays: Arrays, manifest: HeadManifest) -> Weights:
    coefficients = np.zeros((len(manifest.labels), manifest.features), np.float32)
    coefficients[:, arrays["columns"].astype(np.int64)] = arrays["coefficients"]
    scales = np.zeros(manifest.features if arrays["scales"].size else 0, np.float32)
    scales[arrays["scale_columns"].astype(np.int64)] = arrays["scales"]
    return Weights(coefficients, arrays["intercepts"].astype(np.float32), scales, manifest.multiple)


def _digest(manifest: HeadManifest, arrays: Arrays) -> str:
    """Over the meaning, not the bytes on disk: zip headers and JSON layout carry no meaning."""
    state = sha256(json.dumps(manifest.model_dump(mode="json"), sort_keys=True).encode())
    for name in sorted(arrays):
        array = arrays[name]
        state.update(f"\n{name} {array.dtype.str} {array.shape}\n".encode())
        state.update(np.ascontiguousarray(array).tobytes())
    return state.hexdigest()
