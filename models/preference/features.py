"""What is known of an answer: its meaning, how near it is to the question, and what it looks like.

Every feature is of one answer and its question alone; a comparison looks at nothing but differences of them, so the
place of an answer carries nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from models.answers import Case
from models.encoders.base import Encoder

Floats = NDArray[np.float64]

SURFACE = (
    "near_question",
    "characters",
    "characters_squared",
    "sentences",
    "words_of_question",
    "question_answered",
    "different_words",
    "letters",
    "digits",
    "capitals",
    "signs",
    "lines",
    "listed",
    "code",
    "ends",
)
"""Names of the columns that say what an answer looks like; the others are its embedding."""
FOLDED = 256
"""Columns that n-grams are folded into, so that a few hundred judgements can weigh them."""
EDITION = 1
"""Goes up when features change: models of an older one must be trained again."""

_WORD = re.compile(r"[^\W_]+")
_IDEOGRAPH = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_SENTENCE = re.compile(r"[.!?。！？…]+(?:\s|$)|[。！？]")
_LISTED = re.compile(r"^\s*(?:[-*•]|\d+[.)])\s", re.MULTILINE)


@dataclass(frozen=True)
class Answers:
    """Features of many answers."""

    surface: Floats
    """``(A, len(SURFACE))``."""
    meaning: Floats
    """``(A, E)``, rows of length at most 1."""


def measure(encoder: Encoder[Any], cases: Sequence[Case]) -> Answers:
    """Features of every answer of every case, one after the other."""
    asked = [case.question for case in cases for _ in case.answers]
    said = [answer for case in cases for answer in case.answers]
    texts = list(dict.fromkeys([*asked, *said]))
    place = {text: row for row, text in enumerate(texts)}
    encoded = encoder.encode([encoder.prepare(text) for text in texts])
    questions, answers = encoded[[place[text] for text in asked]], encoded[[place[text] for text in said]]
    look = np.array([_look(question, answer) for question, answer in zip(asked, said, strict=True)])
    return Answers(np.column_stack([_cosine(questions, answers), look.reshape(len(said), -1)]), _dense(answers))


def _look(question: str, answer: str) -> list[float]:
    """The columns of ``SURFACE`` but for the first; shares are in [0, 1], counts are logarithms of 1 + count."""
    size, words, asked = max(len(answer), 1), _words(answer), set(_words(question))
    length = float(np.log1p(len(answer)))
    return [
        length,
        (length - 5.0) ** 2,
        float(np.log1p(len(_SENTENCE.findall(answer)))),
        sum(word in asked for word in words) / max(len(words), 1),
        len(asked.intersection(words)) / max(len(asked), 1),
        len(set(words)) / max(len(words), 1),
        sum(map(str.isalpha, answer)) / size,
        sum(map(str.isdigit, answer)) / size,
        sum(map(str.isupper, answer)) / size,
        sum(not sign.isalnum() and not sign.isspace() for sign in answer) / size,
        float(np.log1p(answer.count("\n"))),
        float(np.log1p(len(_LISTED.findall(answer)))),
        float("```" in answer),
        float(answer.rstrip()[-1:] in (*".!?。！？…)”\"'`",)),
    ]


def _words(text: str) -> list[str]:
    """Words, folded; of scripts without spaces the characters."""
    return [part for word in _WORD.findall(text.casefold()) for part in _parts(word)]


def _parts(word: str) -> list[str]:
    return list(word) if _IDEOGRAPH.search(word) else [word]


def _cosine(first: Any, second: Any) -> Floats:
    if hasattr(first, "multiply"):
        return np.asarray(first.multiply(second).sum(axis=1), dtype=np.float64).reshape(-1)
    return np.asarray((np.asarray(first, np.float64) * np.asarray(second, np.float64)).sum(axis=1))


def _dense(rows: Any) -> Floats:
    """Dense rows as they are; sparse ones by signed hashing (Weinberger et al., Feature Hashing, 2009)."""
    if isinstance(rows, np.ndarray):
        return np.asarray(rows, dtype=np.float64)
    columns = np.arange(rows.shape[1])
    mixed = (columns.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(32)
    signs = np.where(mixed & np.uint64(1), 1.0, -1.0)
    folded = ((mixed >> np.uint64(1)) % np.uint64(FOLDED)).astype(np.int64)
    projection: Any = csr_matrix((signs, (columns, folded)), shape=(rows.shape[1], FOLDED))
    return np.asarray((rows @ projection).toarray(), dtype=np.float64)
