"""Judgements -> a utility: a weight a feature, pulled towards zero as strongly as held-out folds ask for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from models.preference.features import Answers
from models.preference.links import Link, Truth

Floats = NDArray[np.float64]

FOLDS = 5
SURFACE_SPREADS = (0.1, 0.3, 1.0)
"""Standard deviations of the normal prior of a weight of ``SURFACE``, over features of variance 1; the best on held-out
folds is taken."""
MEANING_SPREADS = (0.01, 0.03, 0.1)
"""The same of an embedding's columns, of which there are hundreds, beside the best of the former. They are first left
out, and stay so where none of these does better."""
REACH = 5.0
"""Standard deviations beyond which a feature counts as no larger: nothing is known of answers unlike all others."""
OWN_SPREAD = 10.0
"""Of the numbers of a link itself, so that they stay finite where the labels leave them open."""


@dataclass(frozen=True)
class Scale:
    """Brings each column to mean 0 and variance 1 over the answers that were learnt from."""

    means: Floats
    scales: Floats

    @classmethod
    def of(cls, columns: Floats) -> Scale:
        scales = columns.std(axis=0)
        return cls(columns.mean(axis=0), np.where(scales < 1e-9, 1.0, scales))

    def __call__(self, columns: Floats) -> Floats:
        return np.asarray(np.clip((columns - self.means) / self.scales, -REACH, REACH))


@dataclass(frozen=True)
class Utility:
    """How good an answer is: one number, of which differences count."""

    scale: Scale
    weights: Floats
    own: Floats
    """The link's own numbers."""

    def __call__(self, answers: Answers) -> Floats:
        """``(A,)``, one an answer."""
        return np.asarray(self.scale(np.hstack([answers.surface, answers.meaning])) @ self.weights)


@dataclass(frozen=True)
class Fit:
    """A utility, and what held-out folds said of it."""

    utility: Utility
    held_out: Floats
    """``(n, M)``: utilities of each case's answers, NaN beyond them, by a fit on the other folds."""
    owns: Floats
    """``(n, size)``: the link's own numbers of that fit."""
    log_loss: float
    """Nats a case, held out."""
    parts: Truth
    """``(n,)``: the fold of each case."""
    spreads: tuple[float, float]
    """The priors that were chosen: of what an answer looks like, and of its meaning."""


def fit(answers: Answers, counts: Sequence[int], truth: Truth, link: Link) -> Fit:
    """Fit all, with the priors that do best on held-out folds.

    Args:
        answers: features of all cases' answers, one case after the other.
        counts: how many answers each case has.
        truth: ``(n,)``, as the link wants it; folds are dealt round within each of its values.
        link: what the judgements are.
    """
    columns = np.hstack([answers.surface, answers.meaning])
    places, parts = _places(counts), _deal(truth)
    tried: dict[tuple[float, float], tuple[Floats, Floats, float]] = {}

    def best_of(candidates: Sequence[tuple[float, float]]) -> tuple[float, float]:
        for spreads in candidates:
            if spreads not in tried:
                tried[spreads] = _held_out(columns, places, truth, parts, link, _priors(answers, spreads))
        return min(tried, key=lambda spreads: tried[spreads][2])

    surface, _ = best_of([(spread, 0.0) for spread in SURFACE_SPREADS])
    best = best_of([(surface, spread) for spread in MEANING_SPREADS])
    utilities, owns, loss = tried[best]
    return Fit(_solve(columns, places, truth, link, _priors(answers, best)), utilities, owns, loss, parts, best)


def spread_out(utilities: Floats, counts: Sequence[int]) -> Floats:
    """``(A,)`` -> ``(n, M)``, NaN beyond a case's own."""
    places = _places(counts)
    return np.where(places >= 0, utilities[places], np.nan)


def _held_out(
    columns: Floats, places: Truth, truth: Truth, parts: Truth, link: Link, priors: Floats
) -> tuple[Floats, Floats, float]:
    found, owns = np.full(places.shape, np.nan), np.zeros((truth.size, link.size))
    loss = 0.0
    for part in np.unique(parts):
        inside, outside = parts != part, parts == part
        one = _solve(columns, places[inside], truth[inside], link, priors)
        utilities = one.scale(columns) @ one.weights
        found[outside] = np.where(places[outside] >= 0, utilities[places[outside]], np.nan)
        owns[outside] = one.own
        loss += link.loss(found[outside], one.own, truth[outside])[0]
    return found, owns, loss / truth.size


def _solve(columns: Floats, places: Truth, truth: Truth, link: Link, priors: Floats) -> Utility:
    """The largest posterior."""
    used, seen = np.flatnonzero(priors), places >= 0
    scale = Scale.of(columns[places[seen]])
    taken = (scale(columns)[:, used] * priors[used])[places[seen]]  # so that all weights have one prior

    def objective(values: Floats) -> tuple[float, Floats]:
        weights, own = values[: used.size], values[used.size :]
        utilities = np.full(places.shape, np.nan)
        utilities[seen] = taken @ weights
        loss, by_utility, by_own = link.loss(utilities, own, truth)
        loss += 0.5 * float((weights**2).sum() + ((own / OWN_SPREAD) ** 2).sum())
        gradient = by_utility[seen] @ taken + weights
        return loss / truth.size, np.concatenate([gradient, by_own + own / OWN_SPREAD**2]) / truth.size

    start = np.concatenate([np.zeros(used.size), link.start()])
    solved = minimize(objective, start, jac=True, method="L-BFGS-B", options={"maxiter": 500, "ftol": 1e-10})
    weights = np.zeros(columns.shape[1])
    weights[used] = solved.x[: used.size] * priors[used]
    return Utility(scale, weights, np.asarray(solved.x[used.size :]))


def _priors(answers: Answers, spreads: tuple[float, float]) -> Floats:
    return np.repeat(np.array(spreads), [answers.surface.shape[1], answers.meaning.shape[1]])


def _places(counts: Sequence[int]) -> Truth:
    """``(n, M)``: row of each case's answers, -1 beyond them."""
    sizes = np.asarray(counts, dtype=np.int64)
    column = np.arange(sizes.max(initial=1))
    starts = np.cumsum(sizes) - sizes
    return np.where(column < sizes[:, None], starts[:, None] + column, -1)


def _deal(truth: Truth) -> Truth:
    """Fold of each case, dealt round within each value."""
    parts = np.zeros(truth.size, np.int64)
    for value in np.unique(truth):
        rows = np.flatnonzero(truth == value)
        parts[rows] = np.arange(rows.size) % FOLDS
    return parts
