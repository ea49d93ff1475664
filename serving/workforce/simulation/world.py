"""People and items of a simulated world; everything that is drawn is drawn before anybody works.

Assumptions, written down before the first run and kept: docs/trainers.md lists them with their reasons.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from models.gate.arrays import Counts, Floats

CLASSES = ("a", "b", "c", "d")
DOMAINS = ("everyday", "medical", "law")
DOMAIN_SHARES = (0.5, 0.25, 0.25)
HARD_SHARE = 0.35
EASY_DIFFICULTY, HARD_DIFFICULTY = (1.5, 6.0), (6.0, 1.5)
"""Beta parameters: means 0.2 and 0.8."""
TEMPTING = 0.5
"""Probability that a mistake, of a person or of the model, is an item's own tempting class: mistakes are alike."""
MODEL = (0.97, 0.50)
"""Accuracy of the model at difficulty 0 and 1."""
CONFIDENCE = (0.95, 0.50)
"""The same of its mean confidence; around it lies noise, so that it only correlates with difficulty."""
CONFIDENCE_NOISE = 0.12
ARRIVED = 0.5
"""Share of the items that are there at the start; the others come evenly."""
ITEM_SECONDS = 2.5
"""The others come in the order of items, so many seconds apart."""
TIME_SPREAD = 0.4
"""Standard deviation of the logarithm of the time for an item."""
LOOKS_S = (2.0, 60.0)
"""How long people take to look for work again, where they have to look for it: between these, evenly on a log scale."""


class Kind(StrEnum):
    """What people are."""

    GENERALIST = "generalist"
    """The equals: the same skill and speed; they differ only in how often they look for work."""
    EXPERT = "expert"
    """As a generalist, and better in one domain."""
    NOVICE = "novice"


@dataclass(frozen=True, slots=True)
class Makeup:
    """How people of a kind work."""

    easy: float
    """Accuracy at difficulty 0, in [0, 1]."""
    hard: float
    """The same at difficulty 1."""
    seconds: float
    """Median time for an item."""
    level: int
    """Of the skill that an operator gave them, in any domain."""


MAKEUPS = {
    Kind.GENERALIST: Makeup(easy=0.95, hard=0.55, seconds=40.0, level=2),
    Kind.EXPERT: Makeup(easy=0.95, hard=0.55, seconds=50.0, level=2),
    Kind.NOVICE: Makeup(easy=0.85, hard=0.40, seconds=30.0, level=1),
}
OWN_DOMAIN = Makeup(easy=0.98, hard=0.90, seconds=50.0, level=4)
"""Of an expert in the own domain."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who labels."""

    number: int
    kind: Kind
    domain: str
    """Of an expert; else empty."""
    looks_s: float

    def makeup(self, domain: str) -> Makeup:
        """How the person works on items of this domain."""
        return OWN_DOMAIN if domain and domain == self.domain else MAKEUPS[self.kind]


@dataclass(frozen=True, slots=True)
class Thing:
    """An item, with what nobody in the simulation is told."""

    number: int
    domain: str
    difficulty: float
    """In [0, 1]."""
    truth: int
    guess: int
    """The model's class."""
    confidence: float
    arrives: float
    """Seconds from the start."""


@dataclass(frozen=True, slots=True)
class Simulated:
    """A world: P people, N items. What a person would say of an item, and how long it takes, is the same everywhere."""

    people: tuple[Person, ...]
    items: tuple[Thing, ...]
    said: Counts
    """``(P, N)`` places in ``CLASSES``."""
    seconds: Floats
    """``(P, N)``."""


def simulated(seed: int, *, items: int, generalists: int, experts: int, novices: int) -> Simulated:
    """Draw a world; ``experts`` in each domain but the first."""
    rng = np.random.default_rng(seed)
    kinds = [(Kind.GENERALIST, "")] * generalists
    kinds += [(Kind.EXPERT, domain) for domain in DOMAINS[1:] for _ in range(experts)]
    kinds += [(Kind.NOVICE, "")] * novices
    looks = np.exp(rng.uniform(float(np.log(LOOKS_S[0])), float(np.log(LOOKS_S[1])), size=len(kinds)))
    people = tuple(Person(n, kind, domain, float(looks[n])) for n, (kind, domain) in enumerate(kinds))
    hard = rng.random(items) < HARD_SHARE
    difficulty = np.where(hard, rng.beta(*HARD_DIFFICULTY, size=items), rng.beta(*EASY_DIFFICULTY, size=items))
    domains = rng.choice(len(DOMAINS), size=items, p=DOMAIN_SHARES)
    truth = rng.integers(len(CLASSES), size=items)
    tempting = (truth + rng.integers(1, len(CLASSES), size=items)) % len(CLASSES)
    guess = _says(rng, _between(MODEL, difficulty), truth, tempting)
    noise = rng.normal(0.0, CONFIDENCE_NOISE, size=items)
    confidence = np.clip(_between(CONFIDENCE, difficulty) + noise, 1.0 / len(CLASSES), 0.99)
    there = int(items * ARRIVED)
    arrives = np.maximum(0.0, np.arange(1, items + 1) - there) * ITEM_SECONDS
    things = tuple(
        Thing(n, DOMAINS[int(domains[n])], *rest)
        for n, rest in enumerate(
            zip(*(one.tolist() for one in (difficulty, truth, guess, confidence, arrives)), strict=True)
        )
    )
    said, seconds = np.zeros((len(people), items), dtype=np.int64), np.zeros((len(people), items))
    for person in people:
        makeups = [person.makeup(one.domain) for one in things]
        easy, hardest = np.array([own.easy for own in makeups]), np.array([own.hard for own in makeups])
        said[person.number] = _says(rng, easy + (hardest - easy) * difficulty, truth, tempting)
        median = np.array([own.seconds for own in makeups]) * (0.75 + 0.5 * difficulty)
        seconds[person.number] = median * np.exp(rng.normal(0.0, TIME_SPREAD, size=items))
    return Simulated(people, things, said, seconds)


def _between(ends: tuple[float, float], difficulty: Floats) -> Floats:
    return np.asarray(ends[0] + (ends[1] - ends[0]) * difficulty, dtype=np.float64)


def _says(rng: np.random.Generator, right: Floats, truth: Counts, tempting: Counts) -> Counts:
    """``(N,)`` answers of somebody who is right with these probabilities."""
    other = (truth + rng.integers(1, len(CLASSES), size=truth.size)) % len(CLASSES)
    wrong = np.where(rng.random(truth.size) < TEMPTING, tempting, other)
    return np.asarray(np.where(rng.random(truth.size) < right, truth, wrong), dtype=np.int64)
