"""A detector whose right answer is known: weights set by hand, so that it marks bright squares of ``SIDE`` pixels.

A cell of 8 pixels is bright where its mean is above one half; a square covers whole cells of the network's input.
"""

from __future__ import annotations

import json
import warnings
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

CELL = 8
CLASSES = ("red square", "blue square")


class Cells(torch.nn.Module):  # type: ignore[misc]
    """``(1, 3, H, W)`` -> a row a cell: a box of one cell around it, and how red and how blue it is."""

    def __init__(self, width: int, height: int, layout: str, *, objectness: bool, transposed: bool) -> None:
        super().__init__()
        rows, columns = torch.meshgrid(torch.arange(height // CELL), torch.arange(width // CELL), indexing="ij")
        middles = torch.stack([columns.flatten(), rows.flatten()], dim=1) * CELL + CELL / 2
        boxes = torch.cat([middles, torch.full_like(middles, CELL)], dim=1)
        if layout == "detr":
            boxes = boxes / torch.tensor([width, height, width, height])
        self.register_buffer("cells", boxes[None])
        self.layout, self.objectness, self.transposed = layout, objectness, transposed

    def forward(self, picture: torch.Tensor) -> Any:
        mean = torch.nn.functional.avg_pool2d(picture, CELL).flatten(2).transpose(1, 2)
        bright = torch.stack([mean[..., 0] - mean[..., 2], mean[..., 2] - mean[..., 0]], dim=2)
        logits = 20 * (bright - 0.5)
        if self.layout == "detr":
            return self.cells + 0 * mean[..., :1], torch.cat([logits, torch.zeros_like(logits[..., :1])], dim=2)
        there = torch.ones_like(logits[..., :1]) * 20
        parts = [self.cells + 0 * mean[..., :1], *([there] if self.objectness else []), logits]
        made = torch.cat(parts, dim=2)
        return made.transpose(1, 2) if self.transposed else made


def write(folder: Path, *, width: int = 64, height: int = 48, layout: str = "yolo", **said: Any) -> Path:
    """Export it with its manifest; ``said`` overrides keys of the manifest."""
    folder.mkdir(parents=True, exist_ok=True)
    network = Cells(
        width, height, layout, objectness=said.get("objectness", False), transposed=said.get("transposed", False)
    )
    names = ["boxes", "logits"] if layout == "detr" else ["rows"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the exporter's own imports
        program = torch.onnx.export(
            network.eval(),
            (torch.zeros(1, 3, height, width),),
            dynamo=True,
            input_names=["picture"],
            output_names=names,
            verbose=False,
        )
    assert program is not None
    program.save(str(folder / "squares.onnx"))
    manifest = {
        "format": 1,
        "file": "squares.onnx",
        "sha256": sha256((folder / "squares.onnx").read_bytes()).hexdigest(),
        "licence": "MIT",
        "classes": list(CLASSES),
        "width": width,
        "height": height,
        "resize": "letterbox",
        "fill": 0,
        "layout": layout,
        "activation": "softmax" if layout == "detr" else "sigmoid",
        "background": "last" if layout == "detr" else "none",
    }
    (folder / "manifest.json").write_text(json.dumps(manifest | said))
    return folder


def picture(width: int, height: int, box: tuple[int, int, int, int], colour: tuple[int, int, int]) -> NDArray[np.uint8]:
    """A black picture with one filled box: left, top, right, bottom in pixels."""
    pixels = np.zeros((height, width, 3), np.uint8)
    left, top, right, bottom = box
    pixels[top:bottom, left:right] = colour
    return pixels
