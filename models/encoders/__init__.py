"""Frozen encoders: text or a picture in, features out. Loaded once a process and shared by all heads.

Enters: the value of one field. Leaves: a matrix. Imports nothing that runs on a GPU unless asked to.
"""

from __future__ import annotations

from threading import Lock
from typing import Any

from models.base import HeadSpec
from models.encoders.base import Encoder
from models.encoders.ngram import NgramEncoder
from models.encoders.pixels import PixelsEncoder
from models.errors import ProviderError

__all__ = ["Encoder", "get"]

_loaded: dict[tuple[object, ...], Encoder[Any]] = {}
_lock = Lock()


def get(spec: HeadSpec, *, threads: int = 1) -> Encoder[Any]:
    """The encoder that the spec names, from memory where it is already loaded.

    Raises:
        ProviderError: the encoder does not run on that provider.
    """
    key = (spec.encoder, spec.provider, spec.quantize, threads)
    with _lock:
        if key not in _loaded:
            _loaded[key] = _load(spec, threads)
        return _loaded[key]


def _load(spec: HeadSpec, threads: int) -> Encoder[Any]:
    if spec.provider != "cpu":
        raise ProviderError(f"The encoder {spec.encoder!r} runs on the CPU only: set provider to cpu.")
    return NgramEncoder() if spec.encoder == "ngram" else PixelsEncoder()
