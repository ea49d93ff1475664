"""A text as tokens, in any language: pairs ``(start, end)`` of code points, in order, without white space.

A run of letters is a token, and so is a run of digits; in scripts that put no spaces between words (Chinese, Japanese,
Thai ...) each character is one, as is everything else that is seen. Combining marks stay with what they mark.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Literal

Token = tuple[int, int]
"""Code points ``[start, end)``."""

Kind = Literal["space", "mark", "letter", "digit", "single"]

UNSPACED = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Myanmar
    (0x1780, 0x17FF),  # Khmer
    (0x2E80, 0x303F),  # radicals, punctuation
    (0x3040, 0x31FF),  # kana, bopomofo
    (0x3400, 0x9FFF),  # ideographs
    (0xF900, 0xFAFF),
    (0xFF66, 0xFF9F),  # kana of half width
    (0x20000, 0x3FFFF),
)
"""First and last code point of scripts without spaces between words."""


def tokens(text: str) -> list[Token]:
    """All tokens of a text; together they hold every character that is no white space."""
    found: list[Token] = []
    start, running = 0, "space"
    for place, character in enumerate(text):
        what = kind(character)
        if (what == "mark" and running != "space") or (what == running and what in ("letter", "digit", "space")):
            continue
        if running != "space":
            found.append((start, place))
        start, running = place, "single" if what == "mark" else what
    if running != "space":
        found.append((start, len(text)))
    return found


@lru_cache(maxsize=65_536)
def kind(character: str) -> Kind:
    """What one character is to a tokenizer."""
    category = unicodedata.category(character)
    if character.isspace() or category == "Cc":
        return "space"
    if category[0] == "M":
        return "mark"
    if category == "Nd":
        return "digit"
    if any(first <= ord(character) <= last for first, last in UNSPACED):
        return "single"
    return "letter" if category[0] in "LN" else "single"
