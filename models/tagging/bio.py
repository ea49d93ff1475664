"""Spans as tags of tokens and back. Tag 0 is O, 2k + 1 begins a span of label k, 2k + 2 goes on with it (BIO).

Source of the scheme: Ramshaw & Marcus, Text Chunking using Transformation-Based Learning (1995), with a B on each span.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.tagging.tokens import Token

Tags = NDArray[np.int64]
"""``(T,)``, one tag a token."""


class Span(NamedTuple):
    """Something ``[start, end)`` with label number k; of tokens or of characters."""

    start: int
    end: int
    label: int


def count(labels: int) -> int:
    """Tags of so many labels."""
    return 2 * labels + 1


def allowed(labels: int) -> NDArray[np.bool_]:
    """``(K + 1, K)`` for K tags: whether a tag (column) may follow another (row); the last row is the beginning."""
    size = count(labels)
    may = np.ones((size + 1, size), np.bool_)
    for inside in range(2, size, 2):
        may[:, inside] = False
        may[[inside - 1, inside], inside] = True
    return may


def encode(spans: Iterable[Span], tokens: Sequence[Token]) -> Tags:
    """Tags of the tokens that spans of characters touch. Of spans that share a token the longest is kept."""
    tags = np.zeros(len(tokens), np.int64)
    starts, ends = [token[0] for token in tokens], [token[1] for token in tokens]
    for span in sorted(spans, key=lambda one: (one.start - one.end, one.start, one.label)):
        first, last = int(np.searchsorted(ends, span.start, "right")), int(np.searchsorted(starts, span.end, "left"))
        if first < last and not tags[first:last].any():
            tags[first], tags[first + 1 : last] = 2 * span.label + 1, 2 * span.label + 2
    return tags


def decode(tags: Sequence[int] | Tags) -> list[Span]:
    """Spans of tokens, in order. Tags must follow each other as ``allowed`` says."""
    spans: list[Span] = []
    start = -1
    for place, tag in enumerate([*map(int, tags), 0]):
        if start >= 0 and (tag % 2 or tag == 0):
            spans.append(Span(start, place, (int(tags[start]) - 1) // 2))
            start = -1
        if tag % 2:
            start = place
    return spans
