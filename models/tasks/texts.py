"""Loss of what was read, heard or written."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

import numpy as np
from rapidfuzz.distance import Levenshtein
from scipy.optimize import linear_sum_assignment

from models.types import ControlSpec, Region
from models.values import Text


def loss(predicted: Sequence[Region], human: Sequence[Region], control: ControlSpec) -> float:
    """Loss in [0, 1]: edits (Levenshtein, in code points) over the length of the longer text; both empty: 0.

    Texts are compared as ``plain``. Of several strings the mean over pairs that cost least, where one without a partner
    counts 1. Unlike the character error rate, which divides by the length of what a person wrote, it never exceeds 1.
    """
    ours, theirs = _strings(predicted, control), _strings(human, control)
    if not ours and not theirs:
        return 0.0
    longer = max(len(ours), len(theirs))
    apart = np.array([[distance(a, b) for b in theirs] for a in ours]).reshape(len(ours), len(theirs))
    pairs = linear_sum_assignment(apart)
    return float(apart[pairs].sum() + longer - len(pairs[0])) / longer


def plain(text: str) -> str:
    """A text without what no person would correct: NFC, case folded, runs of white space as one blank, none around."""
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())
    return re.sub(r"\s+", " ", folded).strip()


def distance(a: str, b: str) -> float:
    """Edits over the longer length, in [0, 1]; 0 for two empty texts."""
    return Levenshtein.normalized_distance(a, b)


def _strings(regions: Sequence[Region], control: ControlSpec) -> list[str]:
    found = (
        plain(text)
        for region in regions
        if region.control == control.name and isinstance(region.value, Text)
        for text in region.value.texts
    )
    return [text for text in found if text]
