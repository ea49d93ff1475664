"""What is noted of every input beside what is said of it, so that a stream that changes is seen to change."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

INPUT = "input_"
"""Begins the names of these figures among a prediction's numbers."""
MAX_CHARACTERS = 2_000
"""Of a long text only the beginning is looked at."""


def of_text(text: str) -> dict[str, float]:
    """``input_characters``, and the share of them that are letters and that are ASCII (1 of an empty text)."""
    head = text[:MAX_CHARACTERS]
    size = max(len(head), 1)
    return {
        "input_characters": float(len(text)),
        "input_letters": sum(map(str.isalpha, head)) / size if head else 1.0,
        "input_ascii": len(head.encode("ascii", "ignore")) / size if head else 1.0,
    }


def of_grid(pixels: ArrayLike) -> dict[str, float]:
    """``input_brightness`` (mean) and ``input_contrast`` (standard deviation) of grey values, in any shape."""
    values = np.asarray(pixels, dtype=np.float64)
    return {"input_brightness": float(values.mean()), "input_contrast": float(values.std())}
