"""A trained head on disk: ``weights.npz`` (no pickle) and ``manifest.json`` in a folder named by their digest."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal, TypeVar
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict, ValidationError

from models.errors import ModelError
from models.gate import confidence
from models.gate.confidence import ConfidenceModel
from models.heads.fitting import Kind, Weights
from models.heads.kernel import Kernel
from models.heads.scaling import NO_SCALES
from models.types import Frozen

Arrays = dict[str, NDArray[np.generic]]
M = TypeVar("M", bound=Frozen)
PREFIX = "confidence_"
"""Of the arrays that belong to the confidence."""


class HeadManifest(Frozen):
    """What a head is, beside its numbers."""

    format: Literal[3] = 3
    """Changes when older heads can no longer be read."""
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
    kind: Kind
    strength: float
    accuracy: float
    log_loss: float
    scored: int
    """Examples that the accuracy and the log loss are of: all, or a sample where there are many."""
    confidence: confidence.Kind
    expected: dict[str, float]
    """See ``ConfidenceModel.expected``."""


def save(folder: Path, manifest: HeadManifest, weights: Weights, sure: ConfidenceModel) -> tuple[str, Path]:
    """Write ``folder/<sha256>/`` at once or not at all; returns the digest and the path."""
    own = {PREFIX + name: np.asarray(value) for name, value in sure.parameters.items()}
    return store(folder, manifest, _pack(weights) | own)


def load(path: Path, digest: str) -> tuple[HeadManifest, Weights, ConfidenceModel]:
    """Read a head and check that it is the one that was named.

    Raises:
        ModelError: files are missing, damaged, or of another content than ``digest``.
    """
    manifest, arrays = fetch(path, digest, HeadManifest)
    try:
        own = {name[len(PREFIX) :]: np.asarray(arrays[name], np.float64) for name in arrays if name.startswith(PREFIX)}
        return (
            manifest,
            _unpack(arrays, manifest),
            ConfidenceModel(manifest.confidence, manifest.multiple, own, manifest.expected),
        )
    except KeyError as error:
        raise _unreadable(path, error) from error


def store(folder: Path, manifest: Frozen, arrays: Mapping[str, NDArray[Any]]) -> tuple[str, Path]:
    """Write any manifest with its arrays, as ``save`` does; returns the digest and the path."""
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


def fetch(path: Path, digest: str, kind: type[M]) -> tuple[M, Arrays]:
    """Read what ``store`` wrote, and check that it is what was named.

    Raises:
        ModelError: files are missing, damaged, or of another content than ``digest``.
    """
    try:
        manifest = kind.model_validate_json((path / "manifest.json").read_bytes())
        with (path / "weights.npz").open("rb") as file, np.load(file, allow_pickle=False) as stored:
            arrays: Arrays = {name: stored[name] for name in stored.files}
        found = _digest(manifest, arrays)
    except (OSError, ValueError, KeyError, BadZipFile, ValidationError) as error:
        raise _unreadable(path, error) from error
    if found != digest:
        raise ModelError(f"The model folder {path.name} holds {found[:12]}, not {digest[:12]}: train again.")
    return manifest, arrays


def check(path: Path, digest: str) -> None:
    """Check that a folder holds what was named, of whatever kind it is; nothing is made of it.

    Raises:
        ModelError: files are missing, damaged, or of another content than ``digest``.
    """
    fetch(path, digest, _AnyManifest)


class _AnyManifest(Frozen):
    model_config = ConfigDict(extra="allow")


def _unreadable(path: Path, error: Exception) -> ModelError:
    return ModelError(f"The model folder {path.name} cannot be read ({type(error).__name__}): train again.")


def _pack(weights: Weights) -> Arrays:
    """Only columns that say something: most n-grams occur in no training text."""
    if weights.kernel:
        parts = {"landmarks": weights.kernel.landmarks, "gamma": np.array(weights.kernel.gamma)}
        return {"coefficients": weights.coefficients, "intercepts": weights.intercepts, **parts}
    used = np.any(weights.coefficients != 0, axis=0)
    columns = np.flatnonzero(used | (weights.scales != 0) if weights.scales.size else used).astype(np.int32)
    return {
        "columns": columns,
        "coefficients": np.ascontiguousarray(weights.coefficients[:, columns]),
        "intercepts": weights.intercepts,
        "scales": weights.scales[columns] if weights.scales.size else weights.scales,
    }


def _unpack(arrays: Arrays, manifest: HeadManifest) -> Weights:
    intercepts = arrays["intercepts"].astype(np.float32)
    if manifest.kind == "kernel":
        kernel = Kernel(arrays["landmarks"].astype(np.float32), float(arrays["gamma"]))
        return Weights(arrays["coefficients"].astype(np.float32), intercepts, NO_SCALES, kernel, manifest.multiple)
    columns = arrays["columns"].astype(np.int64)
    by_feature = np.zeros((manifest.features, len(manifest.labels)), np.float32)  # so that the product needs no copy
    by_feature[columns] = arrays["coefficients"].T
    scales = np.zeros(manifest.features if arrays["scales"].size else 0, np.float32)
    scales[columns[: arrays["scales"].size]] = arrays["scales"]
    return Weights(by_feature.T, intercepts, scales, None, manifest.multiple)


def _digest(manifest: Frozen, arrays: Mapping[str, NDArray[Any]]) -> str:
    """Over the meaning, not the bytes on disk: zip headers and JSON layout carry no meaning."""
    state = sha256(json.dumps(manifest.model_dump(mode="json"), sort_keys=True).encode())
    for name in sorted(arrays):
        array = arrays[name]
        state.update(f"\n{name} {array.dtype.str} {array.shape}\n".encode())
        state.update(np.ascontiguousarray(array).tobytes())
    return state.hexdigest()
