"""Answers to be judged: real texts, and judgements by a stated rule.

No data set of preferences comes with a package that is used here. So the texts are what the documentation of numpy and
scipy says of their functions, and the judgements are made: an answer holds sentences from the documentation of the
function that was asked for, and of another one. Its worth is ``4 * share of its own + log(characters) / 2``, and what a
person hears of it has Gumbel noise, so that the better one of two wins by the logistic of the difference.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.linalg
import scipy.linalg
import scipy.ndimage
import scipy.optimize
import scipy.signal
import scipy.stats

MODULES = (np, numpy.linalg, scipy.linalg, scipy.ndimage, scipy.optimize, scipy.signal, scipy.stats)
TIE = 0.7
"""Answers whose worths sound nearer than this are a tie, where ties are given."""
STARS = (2.5, 4.0, 5.5, 6.8)
"""Worths from which on there is a star more."""
_SENTENCE = re.compile(r"[A-Z](?!.*(?:--|>>>|::|=)).{20,300}\.")
"""Words, not a heading, a signature or a piece of code."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One question with answers, and what was heard of their worth."""

    question: str
    answers: tuple[str, ...]
    heard: tuple[float, ...]

    def side(self, *, ties: bool) -> str:
        """``left``, ``right`` or, with ties, ``none``."""
        if ties and abs(self.heard[0] - self.heard[1]) < TIE:
            return "none"
        return "left" if self.heard[0] > self.heard[1] else "right"

    def stars(self, place: int) -> int:
        """1 to 5, of one answer."""
        return int(np.searchsorted(STARS, self.heard[place])) + 1

    def order(self) -> list[int]:
        """Places of the answers, best first."""
        return [int(place) for place in np.argsort(-np.array(self.heard))]


@cache
def documents() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """(name, sentences that say what it does) of every function with enough to say, in the order of names."""
    found: dict[str, tuple[str, ...]] = {}
    for module in MODULES:
        for name in sorted(getattr(module, "__all__", dir(module))):
            text = inspect.getdoc(getattr(module, name, None)) or ""
            body = " ".join(re.split(r"\n(?:Parameters|Returns)\n-+", text)[0].split())
            sentences = tuple(one for one in re.split(r"(?<=[.!?])\s+", body) if _SENTENCE.fullmatch(one))
            if callable(getattr(module, name, None)) and len(sentences) >= 3:
                found.setdefault(name, sentences[:7])
    return tuple(sorted(found.items()))


def draw(rng: np.random.Generator, count: int, *, noise: float, shares: Sequence[float] = (0.0, 0.5, 1.0)) -> Judged:
    """One question with ``count`` answers; without noise the rule alone speaks, of the same texts.

    Args:
        rng: where chance comes from.
        count: how many answers.
        noise: scale of the Gumbel noise in what is heard.
        shares: of sentences of an answer that are its own; with 0 and 1 alone, answers are to the point or not.
    """
    name, (summary, *own) = documents()[int(rng.integers(len(documents())))]
    answers, worths = zip(*(_answer(rng, own, shares) for _ in range(count)), strict=True)
    heard = np.array(worths) + noise * rng.gumbel(size=count)
    return Judged(f"What is to be known of {name}? {summary}", answers, tuple(float(one) for one in heard))


def _answer(rng: np.random.Generator, own: Sequence[str], shares: Sequence[float]) -> tuple[str, float]:
    other = documents()[int(rng.integers(len(documents())))][1][1:]
    size, share = int(rng.integers(1, 5)), float(rng.choice(list(shares)))
    right = round(size * share)
    chosen = [str(one) for one in rng.choice(own, right)] + [str(one) for one in rng.choice(other, size - right)]
    text = " ".join(dict.fromkeys(chosen))
    return text, 4.0 * right / size + 0.5 * float(np.log(len(text)))
