"""From a picture file to its pixels as a person sees them.

Enters: the path of a fetched file. Leaves: RGB pixels, turned as its EXIF says, on white where it is transparent.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from models.tasks.inputs import UnreadableItem
from models.tasks.traits import of_grid
from models.types import PictureSize

FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF")
"""What is read; the same as is fetched."""
MAX_PIXELS = 80_000_000
"""A larger picture is refused before it is decoded."""
TRAIT_SIDE = 16
"""Pixels of the grid that a picture's traits are taken from."""
_SIDEWAYS = (5, 6, 7, 8)
"""EXIF orientations that exchange width and height."""

Wanted = Callable[[int, int], tuple[int, int]]
"""(width, height) of a picture as stored -> the least that must be left of both after decoding."""


@dataclass(frozen=True)
class Picture:
    """What a network gets, and what its answer refers to."""

    pixels: NDArray[np.uint8]
    """``(H, W, 3)``, RGB. Decoded smaller than the file where less is enough."""
    size: PictureSize
    """Of the whole picture, in pixels, as a person sees it."""
    traits: dict[str, float]
    """See ``models.tasks.traits.of_grid``."""


def read_picture(path: str | Path, wanted: Wanted | None = None) -> Picture:
    """Decode one file.

    A JPEG is decoded at 1/2, 1/4 or 1/8 of its scale where that leaves at least what is ``wanted``: its pixels cover
    the same picture, so percentages of it stay right to within one decoded pixel.

    Raises:
        UnreadableItem: ``image_too_large``, or ``unreadable_image`` where it cannot be decoded.
    """
    try:
        with Image.open(path, formats=FORMATS) as image:
            return _decoded(image, wanted)
    except UnreadableItem:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise UnreadableItem("image_too_large", f"The image has over {MAX_PIXELS} pixels: make it smaller.") from error
    except Exception as error:  # Pillow's decoders raise OSError, SyntaxError, ValueError, struct.error ...
        raise UnreadableItem(
            "unreadable_image", f"The image cannot be decoded ({type(error).__name__}): replace the file."
        ) from error


def at_most(longest: int) -> Wanted:
    """What a reader needs that itself scales larger pictures down to a longest side of ``longest`` pixels."""

    def wanted(width: int, height: int) -> tuple[int, int]:
        scale = min(1.0, longest / max(width, height))
        return max(1, round(width * scale)), max(1, round(height * scale))

    return wanted


def _decoded(image: Image.Image, wanted: Wanted | None) -> Picture:
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise UnreadableItem("image_too_large", f"The image has {width}x{height} pixels: make it smaller.")
    sideways = image.getexif().get(0x0112) in _SIDEWAYS
    if wanted is not None:
        image.draft(None, wanted(height, width)[::-1] if sideways else wanted(width, height))
    seen = _rgb(ImageOps.exif_transpose(image))
    grid = seen.resize((TRAIT_SIDE, TRAIT_SIDE), Image.Resampling.BOX).convert("L")
    return Picture(
        pixels=np.asarray(seen),
        size=PictureSize(width=height, height=width) if sideways else PictureSize(width=width, height=height),
        traits=of_grid(np.asarray(grid, dtype=np.float64) / 255),
    )


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith(("I", "F")):  # 16 bits a pixel; convert would clip, not scale
        return Image.fromarray((np.asarray(image, dtype=np.float32) / 257).clip(0, 255).astype(np.uint8)).convert("RGB")
    if image.has_transparency_data:
        layered = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", layered.size, "white"), layered)
    return image.convert("RGB")
