"""Frozen encoders: text or a picture in, features out. Loaded once a process and shared by all heads.

Enters: the value of one field. Leaves: a matrix. Imports nothing heavy until an encoder needs it.
"""

from __future__ import annotations

from pathlib import Path
from threading import Lock
from typing import Any

from models.encoders.base import Encoder
from models.errors import ProviderError
from models.specs import EncoderName, HeadSpec
from models.types import Medium

__all__ = ["MEDIA", "Encoder", "get"]

MEDIA: dict[EncoderName, Medium] = {
    "ngram": Medium.TEXT,
    "pixels": Medium.IMAGE,
    "minilm": Medium.TEXT,
}
"""What each encoder reads."""

_loaded: dict[tuple[object, ...], Encoder[Any]] = {}
_lock = Lock()


def get(spec: HeadSpec, *, threads: int = 1, model_dir: Path | None = None) -> Encoder[Any]:
    """The encoder that the spec names, from memory where it is already loaded.

    Raises:
        ProviderError: the encoder does not run on that provider.
    """
    key = (
        (spec.encoder, spec.provider, spec.quantize, threads)
        if spec.encoder == "minilm"
        else (spec.encoder, spec.provider)
    )
    with _lock:
        if key not in _loaded:
            _loaded[key] = _load(spec, threads, model_dir)
        return _loaded[key]


def _load(spec: HeadSpec, threads: int, model_dir: Path | None) -> Encoder[Any]:
    from models.encoders.minilm import MinilmEncoder
    from models.encoders.ngram import NgramEncoder
    from models.encoders.pixels import PixelsEncoder

    if spec.encoder == "minilm":
        return MinilmEncoder(provider=spec.provider, quantize=spec.quantize, threads=threads, model_dir=model_dir)
    if spec.provider != "cpu":
        raise ProviderError(f"The encoder {spec.encoder!r} runs on the CPU only: set provider to cpu.")
    return NgramEncoder() if spec.encoder == "ngram" else PixelsEncoder()
