"""Rows of the blind sample's charts: risk by coverage, and how often a confidence is right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from models.gate.bounds import binomial_upper
from models.people import share
from serving.monitoring.blind import Blind, curve

BINS: Final = 10
POINTWISE: Final = 0.05
"""Probability with which a bound of the curve may be missed, of one threshold looked at alone."""


@dataclass(frozen=True, slots=True)
class Point:
    """One threshold."""

    threshold: float
    coverage: float
    """Share of what waits that lies at or above it."""
    n: int
    """Blind labels at or above it."""
    errors: int
    upper: float
    """Upper bound of the share of wrong ones, 95 %, of this threshold alone."""

    @property
    def risk(self) -> float:
        """Share of wrong ones among the labels."""
        return self.errors / self.n


@dataclass(frozen=True, slots=True)
class Bin:
    """Blind items of one range of confidence, ``[lower, upper)``; the last one holds 1."""

    lower: float
    upper: float
    n: int
    confidence: float
    """Mean."""
    right: float
    """Share whose prediction was right."""
    right_lower: float
    right_upper: float
    """95 % interval of it (Clopper-Pearson)."""


def points(seen: Blind) -> list[Point]:
    """From the surest threshold down; those with no label above them are left out."""
    if not seen.confidences.size:
        return []
    found = curve(seen)
    return [
        Point(float(threshold), float(coverage), int(n), int(errors), binomial_upper(int(errors), int(n), POINTWISE))
        for threshold, coverage, n, errors in zip(
            found.thresholds, found.coverages, found.counts, found.errors, strict=True
        )
        if n
    ]


def bins(seen: Blind) -> list[Bin]:
    """Ranges of equal width with an item in them, from below."""
    places = np.minimum((seen.confidences * BINS).astype(int), BINS - 1)
    found = []
    for place in np.unique(places):
        mine = places == place
        n, right = int(mine.sum()), int((seen.losses[mine] == 0).sum())
        rate = share(right, n)
        assert rate.lower is not None
        assert rate.upper is not None
        mean = float(seen.confidences[mine].mean())
        found.append(Bin(place / BINS, (place + 1) / BINS, n, mean, right / n, rate.lower, rate.upper))
    return found
