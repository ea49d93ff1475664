"""From utilities to what people say: three likelihoods over one number an answer, each with its gradient.

* a pair: Davidson, On Extending the Bradley-Terry Model to Accommodate Ties (1970), equation 2.5. With the difference
  d of the utilities, left, right and neither have weights ``exp(d/2)``, ``exp(-d/2)`` and ``nu``; without ties ``nu``
  is 0, which is Bradley-Terry. Swapping the answers swaps left and right: the place of an answer carries nothing.
* a ranking: Plackett (1975), Luce (1959): the best is drawn by ``exp(utility)``, then the best of the rest.
* stars: cumulative logits, McCullagh, Regression Models for Ordinal Data (1980): ``P(stars <= k) = sigma(cut_k - u)``.

``U`` is ``(n, M)``, utilities of the answers of n cases, NaN beyond a case's own. A link has ``size`` own numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, log_expit, logsumexp

Floats = NDArray[np.float64]
Truth = NDArray[np.int64]


class Link(Protocol):
    """One likelihood."""

    @property
    def size(self) -> int:
        """How many numbers of its own it has."""
        ...

    def start(self) -> Floats:
        """Where its own numbers start, ``(size,)``."""
        ...

    def loss(self, utilities: Floats, own: Floats, truth: Truth) -> tuple[float, Floats, Floats]:
        """Sum of log losses in nats, and its gradient by utilities (0 where NaN) and by its own numbers."""
        ...

    def rows(self, utilities: Floats, own: Floats) -> Floats:
        """Probabilities, one row a case; what the columns are is the link's."""
        ...


@dataclass(frozen=True)
class Pairs:
    """Truth ``(n,)``: 0 left, 1 right, 2 neither. Rows: the same, ``(n, 3)``, or ``(n, 2)`` without ties."""

    ties: bool

    @property
    def size(self) -> int:
        return int(self.ties)

    def start(self) -> Floats:
        return np.full(self.size, -1.0)

    def loss(self, utilities: Floats, own: Floats, truth: Truth) -> tuple[float, Floats, Floats]:
        rows = self.rows(utilities, own)
        off = rows - (truth[:, None] == np.arange(rows.shape[1]))
        loss = -np.log(np.maximum(rows[np.arange(truth.size), truth], 1e-300)).sum()
        half = 0.5 * (off[:, 0] - off[:, 1])
        return float(loss), np.column_stack([half, -half]), off[:, 2:].sum(axis=0)

    def rows(self, utilities: Floats, own: Floats) -> Floats:
        half = 0.5 * (utilities[:, 0] - utilities[:, 1])
        logits = np.column_stack([half, -half, *(np.full(half.size, one) for one in own)])
        return np.asarray(np.exp(logits - logsumexp(logits, axis=1, keepdims=True)))


@dataclass(frozen=True)
class Rankings:
    """Truth: ignored, the answers come best first. Rows ``(n, 1)``: the probability of just that order."""

    @property
    def size(self) -> int:
        return 0

    def start(self) -> Floats:
        return np.zeros(0)

    def loss(self, utilities: Floats, own: Floats, truth: Truth) -> tuple[float, Floats, Floats]:
        filled, seen = _filled(utilities)
        rest = _rest(filled)
        chosen = np.where(seen, filled - rest, 0.0)
        passed = np.cumsum(np.where(seen, np.exp(-rest), 0.0), axis=1)
        return -float(chosen.sum()), np.where(seen, np.exp(filled) * passed - 1.0, 0.0), np.zeros(0)

    def rows(self, utilities: Floats, own: Floats) -> Floats:
        filled, seen = _filled(utilities)
        return np.asarray(np.exp(np.where(seen, filled - _rest(filled), 0.0).sum(axis=1, keepdims=True)))


@dataclass(frozen=True)
class Stars:
    """Truth ``(n,)``: index of the level, of ``levels``. Rows ``(n, levels)``. Own: first cut, log of the steps."""

    levels: int

    @property
    def size(self) -> int:
        return self.levels - 1

    def start(self) -> Floats:
        return np.concatenate([[-0.5 * (self.levels - 2)], np.zeros(self.levels - 2)])

    def loss(self, utilities: Floats, own: Floats, truth: Truth) -> tuple[float, Floats, Floats]:
        n, cuts = truth.size, self._cuts(own)
        edges = np.concatenate([[-np.inf], cuts, [np.inf]])
        low, high = edges[truth] - utilities[:, 0], edges[truth + 1] - utilities[:, 0]
        chance = np.maximum(expit(high) - expit(low), 1e-300)
        at_low, at_high = _slope(low) / chance, _slope(high) / chance
        by_cut = np.zeros(self.levels + 1)
        np.add.at(by_cut, truth, at_low)
        np.add.at(by_cut, truth + 1, -at_high)
        inner = by_cut[1:-1]
        steps = np.exp(own[1:]) * np.cumsum(inner[::-1])[::-1][1:]
        return -float(np.log(chance).sum()), (at_high - at_low).reshape(n, 1), np.concatenate([[inner.sum()], steps])

    def rows(self, utilities: Floats, own: Floats) -> Floats:
        below = expit(self._cuts(own) - utilities[:, :1])
        edges = np.column_stack([np.zeros(below.shape[0]), below, np.ones(below.shape[0])])
        return np.asarray(np.maximum(np.diff(edges, axis=1), 0.0))

    def _cuts(self, own: Floats) -> Floats:
        return np.asarray(own[0] + np.concatenate([[0.0], np.cumsum(np.exp(own[1:]))]))


def better(utilities: Floats) -> Floats:
    """``(M - 1,)`` in [0, 1]: of one case, that each answer is better than the next one in the order given."""
    return np.asarray(expit(utilities[:-1] - utilities[1:]))


def _slope(at: Floats) -> Floats:
    """Derivative of sigma, 0 at infinity."""
    return np.asarray(np.exp(log_expit(at) + log_expit(-at)))


def _filled(utilities: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Utilities, each case's largest brought to 0, with a very low one where there is none."""
    seen = ~np.isnan(utilities)
    filled = np.where(seen, utilities, -np.inf)
    return np.maximum(filled - filled.max(axis=1, keepdims=True), -600.0), seen


def _rest(filled: Floats) -> Floats:
    """``(n, M)``: log of the sum of the weights of each answer and all behind it."""
    return np.asarray(np.logaddexp.accumulate(filled[:, ::-1], axis=1)[:, ::-1])
