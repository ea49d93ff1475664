"""What the tests of this folder share besides fixtures."""

from __future__ import annotations

import io
from collections.abc import Callable

from PIL import Image

from connectors.media.fetcher import MediaFetcher

MakeFetcher = Callable[..., MediaFetcher]


def image_bytes(kind: str = "PNG", size: tuple[int, int] = (4, 3), colour: int = 7) -> bytes:
    sink = io.BytesIO()
    Image.new("L", size, colour).save(sink, kind)
    return sink.getvalue()
