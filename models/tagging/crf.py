"""A linear-chain conditional random field: the probability of every way to tag a text, and the likeliest one.

P(y | x) = exp(sum_t E[t, y_t] + A[y_t-1, y_t]) / Z(x), with emissions E = X W. Tags that may not follow each other have
probability 0, in training too. Source: Lafferty, McCallum & Pereira, Conditional Random Fields (2001). Texts are run
side by side, longest first, so that the step from token t to t + 1 is one product of matrices for all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

TINY = 1e-280
FARTHEST = 200.0
"""Below the best tag of a token, a score counts as no lower: products of what is smaller would be 0."""


@dataclass(frozen=True)
class Packing:
    """Texts side by side: the rows of all tokens, in the order in which they are worked on."""

    order: Ints
    """``(N,)``: texts that have tokens, longest first."""
    rows: Ints
    """``(T,)``: of each step in turn, the row of each text that is so long."""
    counts: Ints
    """``(longest,)``: texts that are so long."""

    @classmethod
    def of(cls, lengths: Sequence[int]) -> Packing:
        """Of texts with so many tokens each, whose rows stand one after the other."""
        sizes = np.asarray(lengths, np.int64)
        starts = np.cumsum(sizes) - sizes
        order = np.argsort(-sizes, kind="stable")[: int((sizes > 0).sum())]
        longest = int(sizes.max()) if sizes.size else 0
        counts = np.array([int((sizes > step).sum()) for step in range(longest)], np.int64)
        parts = [starts[order[:count]] + step for step, count in enumerate(counts)]
        return cls(order, np.concatenate(parts) if parts else np.zeros(0, np.int64), counts)

    def steps(self, values: NDArray[np.generic]) -> list[NDArray[np.generic]]:
        """Values of rows, cut into steps."""
        return np.split(values[self.rows], np.cumsum(self.counts)[:-1]) if self.counts.size else []


@dataclass(frozen=True)
class Beliefs:
    """What the field holds of each token of N texts with K tags; see ``beliefs``."""

    marginals: Floats
    """``(T, K)``, rows sum to 1."""
    forward: Floats
    """``(T, K)``: probabilities of the tag given what stands to its left, rows sum to 1."""
    backward: Floats
    """``(T, K)``: how much likelier what stands to the right is with that tag."""
    scales: Floats
    """``(T,)``: logarithm of the probability of going from the left part to this token."""
    pairs: Floats
    """``(K + 1, K)``: expected number of times that a tag follows another; the last row is the beginning."""
    log_z: Floats
    """``(N,)``: logarithm of Z; 0 of a text without tokens."""


def beliefs(emissions: Floats, moves: Floats, lengths: Sequence[int]) -> Beliefs:
    """Forward and backward through all texts.

    Args:
        emissions: ``(T, K)``, all texts one after the other.
        moves: ``(K + 1, K)``: scores of a tag after another, minus infinity where it may not; last row: beginning.
        lengths: tokens of each text.
    """
    packing = Packing.of(lengths)
    tops = emissions.max(axis=1) if emissions.size else np.zeros(0)
    likely = np.exp(np.maximum(emissions - tops[:, None], -FARTHEST))
    ways, begin = np.exp(moves[:-1]), np.exp(moves[-1])
    forward, backward = np.zeros_like(likely), np.ones_like(likely)
    sums = np.ones(likely.shape[0])
    steps = packing.steps(np.arange(likely.shape[0]))
    last: Floats = np.zeros((0, 0))
    for step, rows in enumerate(steps):
        arrived = begin[None, :] * likely[rows] if step == 0 else (last[: rows.size] @ ways) * likely[rows]
        total = np.maximum(arrived.sum(axis=1), TINY)
        last = arrived / total[:, None]
        forward[rows], sums[rows] = last, total
    pairs = np.zeros_like(moves)
    for step in range(len(steps) - 1, 0, -1):
        rows = steps[step]
        before = steps[step - 1][: rows.size]
        arriving = likely[rows] * backward[rows] / sums[rows][:, None]
        backward[before] = arriving @ ways.T
        pairs[:-1] += ways * (forward[before].T @ arriving)
    marginals = forward * backward
    if steps:
        pairs[-1] = marginals[steps[0]].sum(axis=0)
    scales = np.log(sums) + tops
    log_z = np.zeros(len(lengths))
    np.add.at(log_z, np.repeat(np.arange(len(lengths)), np.asarray(lengths, np.int64)), scales)
    return Beliefs(marginals, forward, backward, scales, pairs, log_z)


def best(emissions: Floats, moves: Floats, lengths: Sequence[int]) -> Ints:
    """``(T,)``: the likeliest tags of each text (Viterbi); arguments as for ``beliefs``."""
    steps = Packing.of(lengths).steps(np.arange(emissions.shape[0]))
    tags, back = np.zeros(emissions.shape[0], np.int64), np.zeros(emissions.shape, np.int64)
    tops = np.zeros_like(emissions)
    for step, rows in enumerate(steps):
        if step == 0:
            tops[rows] = moves[-1][None, :] + emissions[rows]
            continue
        ways = tops[steps[step - 1][: rows.size]][:, :, None] + moves[None, :-1, :]
        back[rows] = ways.argmax(axis=1)
        tops[rows] = ways.max(axis=1) + emissions[rows]
    following = np.zeros(0, np.int64)
    for step in range(len(steps) - 1, -1, -1):
        rows = steps[step]
        found = tops[rows].argmax(axis=1)
        if following.size:
            longer = following.size
            found[:longer] = back[steps[step + 1], following]
        tags[rows], following = found, found
    return tags


def scores(tags: Ints, emissions: Floats, moves: Floats, lengths: Sequence[int]) -> Floats:
    """``(N,)``: logarithm of the unnormalized probability of given tags; 0 of a text without tokens."""
    sizes = np.asarray(lengths, np.int64)
    found = np.zeros(sizes.size)
    np.add.at(found, np.repeat(np.arange(sizes.size), sizes), emissions[np.arange(tags.size), tags])
    np.add.at(found, np.repeat(np.arange(sizes.size), sizes), moves[before(tags, sizes, moves.shape[1]), tags])
    return found


def before(tags: Ints, sizes: Ints, begin: int) -> Ints:
    """``(T,)``: the tag before each one, ``begin`` of the first one of a text."""
    previous = np.concatenate([[begin], tags[:-1]]).astype(np.int64)[: tags.size]
    starts = (np.cumsum(sizes) - sizes)[sizes > 0]
    previous[starts] = begin
    return previous


def span_probability(
    first: int, last: int, stop: int, tags: Ints, emissions: Floats, moves: Floats, held: Beliefs
) -> float:
    """The probability in [0, 1] of one span just as it is tagged, whatever stands around it.

    Args:
        first: row of its first token.
        last: row of its last token.
        stop: row after the last one of its text.
        tags: of all rows.
        emissions: see ``beliefs``.
        moves: see ``beliefs``.
        held: of the same emissions.
    """
    log = float(np.log(max(held.forward[first, tags[first]], TINY)))
    for row in range(first + 1, last + 1):
        log += moves[tags[row - 1], tags[row]] + emissions[row, tags[row]] - held.scales[row]
    ends = float(held.backward[last, tags[last]])
    if last + 1 < stop:  # not where the span would go on
        inside = int(tags[first]) + 1
        step = moves[tags[last], inside] + emissions[last + 1, inside] - held.scales[last + 1]
        ends -= float(np.exp(step) * held.backward[last + 1, inside])
    return float(min(1.0, max(0.0, np.exp(log) * ends)))
