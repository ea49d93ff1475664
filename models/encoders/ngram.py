"""Hashed character n-grams: any language, nothing to download, nothing to fit."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.preprocessing import normalize

from models.encoders.base import length
from models.tasks.traits import of_text
from models.types import Medium

MAX_CHARACTERS = 20_000
"""Text beyond this is not read: 10 MB of text would become gigabytes of n-grams."""

_SETTINGS = {"analyzer": "char_wb", "ngram_range": (1, 4), "n_features": 2**18, "norm": None, "alternate_sign": False}


class NgramEncoder:
    """Text -> CSR ``(N, 262144)``: 1 + log(count) of each 1- to 4-gram inside words, rows of length 1."""

    medium: ClassVar[Medium] = Medium.TEXT

    def __init__(self) -> None:
        self.digest = sha256(f"ngram-1 {sorted(_SETTINGS.items())} sublinear l2 {MAX_CHARACTERS}".encode()).hexdigest()
        self._vectorizer = HashingVectorizer(**_SETTINGS, dtype=np.float32)

    def prepare(self, value: str) -> str:
        """Cut very long text."""
        return value[:MAX_CHARACTERS]

    def fingerprint(self, prepared: str) -> bytes:
        """Digest of the text."""
        return sha256(prepared.encode()).digest()

    def example(self) -> str:
        """A short text."""
        return "Is anyone there?"

    def encode(self, prepared: Sequence[str]) -> csr_matrix:
        """Features, one row a text; an empty text has an empty row."""
        counts = self._vectorizer.transform(prepared)
        counts.data = (1.0 + np.log(counts.data)).astype(np.float32)
        rows: csr_matrix = normalize(counts, copy=False)
        return rows

    def measures(self, prepared: Sequence[str]) -> NDArray[np.float64]:
        """``(N, 1)``: how long each text is."""
        return length(prepared)

    def traits(self, prepared: str) -> dict[str, float]:
        """How long the text is, and of which characters."""
        return of_text(prepared)
