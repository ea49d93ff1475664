"""Small images: grey pixels on a fixed grid. Good for digits, icons, glyphs and product thumbnails."""

from __future__ import annotations

import io
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from models.encoders.base import Dense
from models.tasks.inputs import UnreadableItem
from models.tasks.traits import of_grid
from models.types import Medium

SIDE = 16
"""Pixels; the grid is ``SIDE x SIDE`` and the picture is stretched to it."""
MAX_PIXELS = 80_000_000
"""A larger picture is refused before it is decoded."""


class PixelsEncoder:
    """Image file -> ``(N, 256)``, 0 black to 1 white, EXIF orientation applied, transparency on white."""

    medium: ClassVar[Medium] = Medium.IMAGE

    def __init__(self) -> None:
        self.digest = sha256(f"pixels-1 {SIDE} L white exif".encode()).hexdigest()

    def prepare(self, value: str | bytes) -> Dense:
        """Decode one image: the path of a local file, or the file's bytes."""
        try:
            with Image.open(io.BytesIO(value) if isinstance(value, bytes) else Path(value)) as image:
                return _grid(image)
        except UnreadableItem:
            raise
        except Exception as error:  # Pillow's decoders raise OSError, SyntaxError, ValueError, struct.error ...
            raise UnreadableItem(
                "unreadable_image", f"The image cannot be decoded ({type(error).__name__}): replace the file."
            ) from error

    def fingerprint(self, prepared: Dense) -> bytes:
        """Digest of the grid."""
        return sha256(prepared.tobytes()).digest()

    def example(self) -> Dense:
        """A grey square."""
        return np.full(SIDE * SIDE, 0.5, np.float32)

    def encode(self, prepared: Sequence[Dense]) -> Dense:
        """Stack the grids."""
        return np.stack(prepared) if prepared else np.zeros((0, SIDE * SIDE), np.float32)

    def measures(self, prepared: Sequence[Dense]) -> NDArray[np.float64]:
        """``(N, 0)``: all grids are of one size."""
        return np.zeros((len(prepared), 0))

    def traits(self, prepared: Dense) -> dict[str, float]:
        """How bright the grid is, and how rich in contrast."""
        return of_grid(prepared)


def _grid(image: Image.Image) -> Dense:
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise UnreadableItem("image_too_large", f"The image has {width}x{height} pixels: make it smaller.")
    image.draft("L", (4 * SIDE, 4 * SIDE))
    grey = _grey(ImageOps.exif_transpose(image))
    method = Image.Resampling.BOX if min(grey.size) >= SIDE else Image.Resampling.BILINEAR
    small = grey.resize((SIDE, SIDE), method)
    return np.asarray(small, dtype=np.float32).reshape(-1) / np.float32(255)


def _grey(image: Image.Image) -> Image.Image:
    if image.mode.startswith(("I", "F")):  # 16 bits a pixel; convert("L") would clip, not scale
        return Image.fromarray((np.asarray(image, dtype=np.float32) / 257).clip(0, 255).astype(np.uint8))
    if image.has_transparency_data:
        layered = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", layered.size, "white"), layered)
    return image.convert("L")
