"""Where a picture lies in a network's input, and back again.

Enters: pixels, or boxes in pixels of the input. Leaves: the input, or boxes in percent of the picture.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from models.pictures.boxes import Floats
from models.pictures.manifest import Manifest


@dataclass(frozen=True)
class Placing:
    """Of one picture, in pixels of the input."""

    left: int
    top: int
    width: int
    height: int

    def percent(self, corners: Floats) -> Floats:
        """Boxes ``(N, 4)`` in pixels of the input -> percent of the picture, cut off at its edges."""
        start = np.array([self.left, self.top, self.left, self.top])
        whole = np.array([self.width, self.height, self.width, self.height])
        cut: Floats = ((corners - start) / whole * 100).clip(0.0, 100.0)
        return cut


def place(width: int, height: int, manifest: Manifest) -> Placing:
    """Where a picture of this size goes."""
    if manifest.resize == "stretch":
        return Placing(0, 0, manifest.width, manifest.height)
    scale = min(manifest.width / width, manifest.height / height)
    wide, high = max(1, round(width * scale)), max(1, round(height * scale))
    if manifest.padding == "end":
        return Placing(0, 0, wide, high)
    return Placing((manifest.width - wide) // 2, (manifest.height - high) // 2, wide, high)


def fill(pixels: NDArray[np.uint8], at: Placing, manifest: Manifest) -> NDArray[np.float32]:
    """``(H, W, 3)``, RGB -> ``(3, height, width)`` as the network takes it."""
    image = Image.fromarray(pixels)
    if image.size != (at.width, at.height):
        image = image.resize((at.width, at.height), Image.Resampling.BILINEAR)
    canvas = np.full((manifest.height, manifest.width, 3), manifest.fill, np.uint8)
    canvas[at.top : at.top + at.height, at.left : at.left + at.width] = np.asarray(image)
    ordered = canvas if manifest.channels == "rgb" else canvas[:, :, ::-1]
    values = ordered.astype(np.float32) * np.float32(manifest.scale)
    scaled = (values - np.array(manifest.mean, np.float32)) / np.array(manifest.std, np.float32)
    return np.ascontiguousarray(scaled.transpose(2, 0, 1))
