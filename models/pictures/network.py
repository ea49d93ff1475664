"""A detector with a manifest, on onnxruntime.

Enters: the pixels of a picture. Leaves: boxes in percent of it.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, softmax

from models.backends.onnx import OnnxRunner
from models.errors import ModelError
from models.pictures.boxes import Boxes, Floats, suppress
from models.pictures.manifest import Manifest, load
from models.pictures.placing import fill, place
from models.specs import Provider


class Network:
    """One network; see ``models.pictures.detector.Engine``."""

    def __init__(self, folder: Path, provider: Provider = "cpu", *, threads: int = 1) -> None:
        """Check and load it.

        Raises:
            ModelError: it is not there, is another one, or has not one input.
            ProviderError: the provider is not there.
        """
        self._manifest, path = load(folder)
        self._runner = OnnxRunner(path, provider, threads=threads)
        if len(self._runner.inputs) != 1:
            raise ModelError(f"{folder.name} has {len(self._runner.inputs)} inputs: a detector has one, the picture.")
        self.classes = self._manifest.classes

    def wanted(self, width: int, height: int) -> tuple[int, int]:
        """What the network takes of a picture of this size."""
        at = place(width, height, self._manifest)
        return at.width, at.height

    def __call__(self, pixels: NDArray[np.uint8]) -> Boxes:
        """``(H, W, 3)``, RGB -> boxes in percent, candidates with low scores among them."""
        at = place(pixels.shape[1], pixels.shape[0], self._manifest)
        given = fill(pixels, at, self._manifest)[None]
        found = decode(self._runner.named({self._runner.inputs[0]: given}), self._manifest)
        return Boxes(at.percent(found.corners), found.scores, found.classes)


def decode(outputs: dict[str, NDArray[np.float32]], manifest: Manifest) -> Boxes:
    """A network's outputs for one picture -> boxes in pixels of its input.

    Raises:
        ModelError: they are not of the layout that the manifest says, or not finite.
    """
    found = _yolo(outputs, manifest) if manifest.layout == "yolo" else _detr(outputs, manifest)
    if not (np.isfinite(found.corners).all() and np.isfinite(found.scores).all()):
        raise ModelError("The detector's answer holds numbers that are not finite: export it again.")
    if len(found) and not 0.0 <= found.scores.min() <= found.scores.max() <= 1.0:
        raise ModelError("The detector's scores are not in [0, 1]: set activation in its manifest.")
    candidates = found.take(found.scores >= manifest.threshold)
    return suppress(candidates, manifest.iou) if manifest.layout == "yolo" else candidates


def _yolo(outputs: dict[str, NDArray[np.float32]], manifest: Manifest) -> Boxes:
    rows = _rows(next(iter(outputs.values())), manifest.transposed)
    before = 5 if manifest.objectness else 4
    _check(rows, before + len(manifest.classes))
    scores = _activated(rows[:, before:], manifest)
    if manifest.objectness:
        there = rows[:, 4:5]
        scores = scores * (expit(there) if manifest.activation == "sigmoid" else there)
    return _best(rows[:, :4], scores)


def _detr(outputs: dict[str, NDArray[np.float32]], manifest: Manifest) -> Boxes:
    names = list(outputs)
    boxes_name = manifest.boxes_output or names[0]
    scores_name = manifest.scores_output or names[-1]
    if boxes_name == scores_name or boxes_name not in outputs or scores_name not in outputs:
        raise ModelError(f"The detector's outputs are {', '.join(names)}: name boxes and scores in its manifest.")
    boxes, logits = _rows(outputs[boxes_name], False), _rows(outputs[scores_name], False)
    _check(boxes, 4)
    _check(logits, len(manifest.classes) + (manifest.background != "none"))
    scores = _activated(logits, manifest)
    if manifest.background != "none":
        scores = scores[:, 1:] if manifest.background == "first" else scores[:, :-1]
    return _best(boxes * (manifest.width, manifest.height, manifest.width, manifest.height), scores)


def _rows(output: NDArray[np.float32], transposed: bool) -> Floats:
    if output.ndim != 3 or output.shape[0] != 1:
        raise ModelError(f"The detector gave {output.shape} for one picture: it must be (1, boxes, entries).")
    wide: Floats = output[0].astype(np.float64)
    return wide.T if transposed else wide


def _check(rows: Floats, entries: int) -> None:
    if rows.shape[1] != entries:
        raise ModelError(
            f"The detector gave rows of {rows.shape[1]} entries, its manifest says {entries}: correct the classes, "
            "transposed, objectness or background."
        )


def _activated(scores: Floats, manifest: Manifest) -> Floats:
    if manifest.activation == "none":
        return scores
    made: Floats = expit(scores) if manifest.activation == "sigmoid" else softmax(scores, axis=1)
    return made


def _best(centred: Floats, scores: Floats) -> Boxes:
    """Each row with its likeliest class, its box by corners."""
    half = np.abs(centred[:, 2:]) / 2
    corners = np.concatenate([centred[:, :2] - half, centred[:, :2] + half], axis=1)
    classes = scores.argmax(axis=1)
    return Boxes(corners, scores.max(axis=1), classes.astype(np.int64))
