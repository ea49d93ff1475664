"""What an encoder does: one value at a time becomes readable, then many become one matrix."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from models.types import Medium

Features = Any
"""``(N, D)`` float32: a numpy array, or a scipy CSR matrix. N items in order, D features."""

P = TypeVar("P")


class Encoder(Protocol[P]):
    """Frozen: never trained here. ``P`` is one prepared value."""

    medium: ClassVar[Medium]
    digest: str
    """sha256 of all that decides the features, hex. A head only runs on the encoder it was trained on."""

    def prepare(self, value: str) -> P:
        """Make one value (text, or path of an image file) ready; cheap, and blind to its neighbours.

        Raises:
            UnreadableItem: the value cannot be read.
        """
        ...

    def fingerprint(self, prepared: P) -> bytes:
        """Digest of a prepared value: equal values have equal digests."""
        ...

    def example(self) -> P:
        """A made-up prepared value, for warm-up and self-test."""
        ...

    def encode(self, prepared: Sequence[P]) -> Features:
        """Features of all values, in order."""
        ...

    def measures(self, prepared: Sequence[P]) -> NDArray[np.float64]:
        """``(N, E)``: what to know of each value besides, when an answer to it is judged; E may be 0."""
        ...

    def traits(self, prepared: P) -> dict[str, float]:
        """What is noted of one value with every prediction, to see a stream change; see ``models.tasks.traits``."""
        ...


Dense = NDArray[np.float32]


def length(texts: Sequence[str]) -> NDArray[np.float64]:
    """``(N, 1)``: logarithm of 1 + characters. What a long text says is spread thin, a short one says little."""
    return np.log1p(np.array([[len(text)] for text in texts], dtype=np.float64).reshape(-1, 1))
