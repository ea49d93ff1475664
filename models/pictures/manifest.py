"""``manifest.json`` beside an ONNX detector or classifier: what it takes, and how its answer is to be read.

Enters: a folder. Leaves: a checked description, and the network's file with the digest that the manifest names.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, ValidationError, model_validator

from models.errors import ModelError
from models.values import Frozen

NAME = "manifest.json"


class Manifest(Frozen):
    """See the fields; sizes are pixels of the network's input.

    A ``yolo`` output has a row a box: centre x, centre y, width, height, then with ``objectness`` one score of a thing
    being there, then a score a class. A ``detr`` network has two outputs: boxes in the same order as shares of the
    input, and a score a class; each row is a thing of its own, so nothing is suppressed.
    ``classes`` is one score a class for the whole picture.
    """

    format: Literal[1]
    file: str = Field(pattern=r"^[\w.-]+\.onnx$")
    """The network, beside the manifest."""
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    """Of that file."""
    licence: str
    """Of the network's weights, as SPDX names it."""
    classes: tuple[str, ...] = Field(min_length=1)
    width: int = Field(ge=1)
    height: int = Field(ge=1)
    resize: Literal["letterbox", "stretch"]
    """Whether the picture keeps its proportions and the rest is filled, or is stretched to the input."""
    padding: Literal["centre", "end"] = "centre"
    """Of a letterbox: where the picture lies; end: in the upper left corner."""
    fill: int = Field(default=114, ge=0, le=255)
    """Of a letterbox: the grey of the rest."""
    channels: Literal["rgb", "bgr"] = "rgb"
    scale: float = Field(default=1 / 255, gt=0.0)
    """What pixels in [0, 255] are multiplied by; then ``mean`` is taken off, and ``std`` divides."""
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)
    layout: Literal["yolo", "detr", "classes"]
    transposed: bool = False
    """Of yolo: the output is ``(4 + C, N)``, not ``(N, 4 + C)``."""
    objectness: bool = False
    """Of yolo: rows have 5 + C entries."""
    activation: Literal["none", "sigmoid", "softmax"] = "none"
    """What makes probabilities of the scores; none: they are."""
    background: Literal["none", "first", "last"] = "none"
    """Of detr with softmax: which further class means that nothing is there."""
    boxes_output: str | None = None
    """Of detr; None: the first output."""
    scores_output: str | None = None
    """Of detr; None: the second output."""
    threshold: float = Field(default=0.1, ge=0.0, lt=1.0)
    """Score from which on a row is a candidate at all."""
    iou: float = Field(default=0.5, gt=0.0, le=1.0)
    """Of yolo: intersection over union above which two boxes of a class are the same thing."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if min(self.std) <= 0:
            raise ValueError("std must be above 0")
        if len(set(self.classes)) < len(self.classes):
            raise ValueError("a class is named twice")
        if self.background != "none" and self.activation != "softmax":
            raise ValueError("background needs activation softmax")
        return self


def load(folder: Path) -> tuple[Manifest, Path]:
    """The manifest of a folder, and the network's checked file.

    Raises:
        ModelError: one of them is missing, or the file is another one.
    """
    try:
        manifest = Manifest.model_validate_json((folder / NAME).read_text(encoding="utf-8"))
        found = sha256((folder / manifest.file).read_bytes()).hexdigest()
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the whole"
        raise ModelError(f"{folder.name}/{NAME}: {where}: {first['msg']}; see docs/models.md.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(
            f"{folder.name} holds no readable network: it needs {NAME} and the network that it names."
        ) from error
    if found != manifest.sha256:
        raise ModelError(f"{folder.name}/{manifest.file} is {found[:12]}, not {manifest.sha256[:12]}: copy it again.")
    return manifest, folder / manifest.file


def digest(folder: Path) -> str:
    """sha256 over manifest and network, hex: whatever changes an answer changes it."""
    manifest, _ = load(folder)
    return sha256(manifest.model_dump_json().encode()).hexdigest()
