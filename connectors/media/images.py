"""Whether a file is an image, by its content."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from models.errors import MediaError

FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF")
"""What is read. Pillow's other decoders are not tried: some start programs (EPS), few see hostile input tested."""


def check_image(path: Path, *, max_pixels: int, source: str) -> None:
    """Open, measure and verify without decoding the pixels.

    Args:
        path: the file.
        max_pixels: greatest width times height.
        source: what the message calls the file.

    Raises:
        MediaError: it is not an image of one of ``FORMATS``, is damaged, or is too large.
    """
    try:
        with Image.open(path, formats=FORMATS) as image:
            pixels = image.width * image.height
            if pixels <= max_pixels:
                image.verify()
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        pixels = max_pixels + 1
    except Exception as error:  # decoders raise nearly anything on hostile bytes
        raise MediaError(
            f"{source}: not a readable image ({type(error).__name__}); give one of {', '.join(FORMATS)}"
        ) from error
    if pixels > max_pixels:
        raise MediaError(f"{source}: the image has more than {max_pixels} pixels; scale it down")
