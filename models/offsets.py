"""Offsets in a text: Python counts Unicode code points, browsers count UTF-16 units, of which some characters take two.

Of the values, ``TextSpan`` and the ``global_`` offsets of ``HyperTextSpan`` count code points; offsets into a node of
HTML or an utterance count units, because Label Studio's page gives and takes them so.
"""

from __future__ import annotations

LARGEST = 0xFFFF
"""The last code point that takes one unit."""


def units(text: str, points: int) -> int:
    """How many UTF-16 units the first ``points`` code points of a text take; beyond its end, those of the whole."""
    return sum(1 + (ord(character) > LARGEST) for character in text[:points])


def points(text: str, units: int) -> int:
    """How many code points lie in the first ``units`` UTF-16 units of a text; one that is cut in two counts."""
    left = units
    for count, character in enumerate(text):
        if left <= 0:
            return count
        left -= 1 + (ord(character) > LARGEST)
    return len(text)
