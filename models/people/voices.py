"""What is likely right after some answers, where mistakes may be alike; and what one more answer would tell.

One-coin model (Dawid & Skene 1979 with one parameter a person): a voice is right with its accuracy. Wrong answers are
not independent: an item has one tempting class, unknown and any but the true one, and a mistake is that class with
probability ``alike`` and spread evenly over all wrong ones otherwise. With ``alike`` 0 it is the usual model; above it,
two who agree are less sure than independence says. The model's own word is a voice like others.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from models.gate.arrays import Floats

ALIKE = 0.5
"""Share of mistakes that are the item's own tempting class. An assumption: docs/trainers.md shows what others do."""
SUREST = 0.999
"""No answer is taken to be surer than this."""


class Voice(NamedTuple):
    """One answer."""

    said: int
    """Place of the class."""
    accuracy: float
    """In [0, 1]; below chance counts as chance."""


class Outcome(NamedTuple):
    """What one more person may say."""

    chance: float
    """Probability of an answer of this kind, in [0, 1]."""
    posterior: Floats
    """``(K,)`` after it."""


@dataclass(frozen=True, slots=True)
class Voices:
    """All answers to one item."""

    classes: int
    """K >= 2."""
    heard: tuple[Voice, ...] = ()
    alike: float = ALIKE
    """In [0, 1)."""

    def __post_init__(self) -> None:
        if self.classes < 2 or not 0.0 <= self.alike < 1.0:
            raise ValueError(f"must be classes >= 2 and 0 <= alike < 1, not {self.classes}, {self.alike}")
        for voice in self.heard:
            if not (0 <= voice.said < self.classes and 0.0 <= voice.accuracy <= 1.0):
                raise ValueError(f"no answer among {self.classes} classes with an accuracy in [0, 1]: {voice}")

    def hear(self, said: int, accuracy: float) -> Voices:
        """With one more answer."""
        return replace(self, heard=(*self.heard, Voice(said, accuracy)))

    @property
    def posterior(self) -> Floats:
        """``(K,)``, adds up to 1; of classes that nobody said the same each. Before anybody spoke all are alike."""
        return self._posterior(self._mass())

    def outcomes(self, accuracy: float) -> list[Outcome]:
        """What one more person of this accuracy may say; answers that nobody gave before are one outcome."""
        total = float(self._mass().sum())
        said = self._said()
        fresh = next((k for k in range(self.classes) if k not in said), None)
        found = []
        for k in (*said, *(() if fresh is None else (fresh,))):
            after = self.hear(k, accuracy)
            mass = after._mass()
            times = self.classes - len(said) if k == fresh else 1
            found.append(Outcome(times * float(mass.sum()) / total, after._posterior(mass)))
        return found

    def information(self, accuracy: float) -> float:
        """By how much one more answer of this accuracy is expected to lower the posterior's entropy, nats, >= 0."""
        expected = sum(one.chance * _entropy(one.posterior) for one in self.outcomes(accuracy))
        return max(0.0, _entropy(self.posterior) - expected)

    def _said(self) -> list[int]:
        return sorted({voice.said for voice in self.heard})

    def _mass(self) -> Floats:
        """``(m + 1, m + 1)``, ``[true, tempting]``: likelihoods, of the m classes that were said and all others."""
        said = self._said()
        m, unsaid = len(said), self.classes - len(said)
        mass = 1.0 - np.eye(m + 1)
        mass[m] *= unsaid
        mass[:, m] *= unsaid
        mass[m, m] = unsaid * (unsaid - 1)
        for voice in self.heard:
            accuracy = min(max(voice.accuracy, 1.0 / self.classes), SUREST)
            place = said.index(voice.said)
            other = (1.0 - accuracy) * (1.0 - self.alike) / (self.classes - 1)
            factor = np.full_like(mass, other)
            factor[:, place] += (1.0 - accuracy) * self.alike
            factor[place, :] = accuracy
            mass = mass * factor
        return mass

    def _posterior(self, mass: Floats) -> Floats:
        said, rows = self._said(), mass.sum(axis=1)
        unsaid = self.classes - len(said)
        found: Floats = np.full(self.classes, rows[-1] / unsaid if unsaid else 0.0)
        found[said] = rows[:-1]
        return np.asarray(found / found.sum(), dtype=np.float64)


def _entropy(posterior: Floats) -> float:
    some = posterior[posterior > 0.0]
    return float(-(some * np.log(some)).sum())
