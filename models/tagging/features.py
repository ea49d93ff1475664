"""What a token is known by: its own characters and shape, and those of the tokens around it, hashed.

Nothing is fitted and no language is assumed. Two tokens to either side are looked at, as single tokens and as pairs
and triples: in scripts without spaces, where a token is a character, these are the words.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from hashlib import sha256

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.feature_extraction import FeatureHasher

from models.tagging.tokens import Token

SIZE = 2**20
REACH = 2
"""Tokens to either side."""
LONGEST = 4
"""Characters of a beginning or an end of a word."""
DIGEST = sha256(f"tagging-2 {SIZE} {REACH} {LONGEST}".encode()).hexdigest()
"""Of all that decides the features; raise the number with any change."""

_WINDOWS = ((-2, -1), (-1, 0), (0, 1), (1, 2), (-2, -1, 0), (-1, 0, 1), (0, 1, 2))
_EDGE = "\0"


def encode(texts: Sequence[tuple[str, Sequence[Token]]]) -> csr_matrix:
    """CSR ``(T, 1048576)`` of 0 and 1, one row a token, all texts one after the other.

    Args:
        texts: each with its tokens.
    """
    hasher = FeatureHasher(n_features=SIZE, input_type="string", dtype=np.float64, alternate_sign=False)
    rows = [row for text, tokens in texts for row in _rows(text, tokens)]
    if not rows:
        return csr_matrix((0, SIZE), dtype=np.float64)
    found: csr_matrix = hasher.transform(rows)
    found.data[:] = 1.0
    return found


def _rows(text: str, tokens: Sequence[Token]) -> Iterator[list[str]]:
    forms = [_EDGE] * REACH + [_form(text[start:end]) for start, end in tokens] + [_EDGE] * REACH
    shapes = [_EDGE] * REACH + [_shape(text[start:end]) for start, end in tokens] + [_EDGE] * REACH
    for place in range(REACH, len(forms) - REACH):
        row = ["bias"]
        for offset in range(-REACH, REACH + 1):
            row.append(f"w{offset}={forms[place + offset]}")
            row.append(f"s{offset}={shapes[place + offset]}")
        for window in _WINDOWS:
            row.append(f"n{window[0]}=" + "\1".join(forms[place + window[0] : place + window[-1] + 1]))
        row.append("S" + "\1".join(shapes[place - 1 : place + 2]))
        row.extend(_edges(forms[place]))
        yield row


@lru_cache(maxsize=65_536)
def _form(token: str) -> str:
    return unicodedata.normalize("NFKC", token).casefold()


@lru_cache(maxsize=65_536)
def _shape(token: str) -> str:
    """The categories of its characters, runs shortened: ``Lu Ll`` for a capitalized word."""
    found: list[str] = []
    for character in token[:40]:
        category = unicodedata.category(character)
        if category[0] != "M" and (not found or found[-1] != category):
            found.append(category)
    return " ".join(found)


@lru_cache(maxsize=65_536)
def _edges(form: str) -> tuple[str, ...]:
    """Beginnings and ends of a word, and what is inside it."""
    if len(form) < 2:
        return ()
    sizes = range(1, min(LONGEST, len(form)) + 1)
    inside = {form[k : k + 3] for k in range(len(form) - 2)} if len(form) <= 40 else set()
    return (
        *(f"p={form[:k]}" for k in sizes),
        *(f"e={form[-k:]}" for k in sizes),
        *(f"i={one}" for one in sorted(inside)),
    )
