"""Whether items are still like those on which the certificate rests: drift of confidences, of answers and of inputs.

Drift proves no error: a stream may become easier or harder and stay within the budget, and its labels may turn while
every figure stays as it was. So it calls for more audits, and never closes the gate; audited losses do.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc, kolmogorov

BINS = 10
FLOOR = 1e-4
"""Smallest share that a bin is taken to hold, so that an empty one does not make the index infinite."""
NOTABLE = 0.1
"""PSI below which a difference is too small to act on, however sure it is. Folklore, as all bounds on the PSI."""
ALPHA = 0.001
"""Probability of a false alarm at one look: once in a thousand windows."""
RARE = 5
"""A word that fewer items of the smaller sample are expected to have is counted with the other rare ones."""
FEWEST = 50
"""Items on either side below which nothing can be said."""

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Drift:
    """One comparison of a figure of recent items with the reference."""

    psi: float
    """Population stability index, >= 0; 0: the same shares in all bins."""
    distance: float
    """In [0, 1]. Of numbers: Kolmogorov-Smirnov, the largest difference of the two distribution functions. Of words:
    total variation, the share of items that would have to say something else."""
    p_value: float
    """In [0, 1]; of both tests together, adjusted after Holm."""
    reference: int
    """Items of the reference."""
    recent: int
    """Items that were compared with it."""
    alarm: bool


def compare_all(
    reference: Mapping[str, ArrayLike], recent: Mapping[str, ArrayLike], *, alpha: float = ALPHA
) -> dict[str, Drift]:
    """Compare every figure that both samples have: name -> comparison, of numbers or of words.

    Each is tested at ``alpha`` divided by their number (Bonferroni), so that at one look a false alarm of any of them
    has at most about probability ``alpha``. Figures with fewer than 50 items on either side are left out.

    Raises:
        ValueError: as ``compare``.
    """
    names = [name for name in reference if name in recent]
    shared = {name: (np.asarray(reference[name]), np.asarray(recent[name])) for name in names}
    enough = {name: pair for name, pair in shared.items() if min(map(len, pair)) >= FEWEST}
    found = {name: compare(*pair, alpha=alpha / len(enough)) for name, pair in enough.items()}
    return {name: drift for name, drift in found.items() if drift is not None}


def compare(reference: ArrayLike, recent: ArrayLike, *, alpha: float = ALPHA) -> Drift | None:
    """Compare two samples of one figure; None where either has fewer than 50 items.

    Numbers are compared by PSI and by Kolmogorov-Smirnov, words by PSI and Pearson's chi-squared test.

    It alarms if the p-value (of numbers: of two tests, by Holm's procedure) is at most ``alpha``, and the PSI at least
    0.1 besides: with enough items every difference is significant. At one look a false alarm has at most about
    probability ``alpha``, so looks must not overlap: over windows that share no item there is one false alarm in
    ``1 / alpha`` windows.

    Args:
        reference: ``(n,)``, numbers or words: of the random sample on which the certificate rests.
        recent: ``(m,)``, of the same kind: of items that arrived since, by the same model.
        alpha: probability of a false alarm at this look, in (0, 1).

    Assumes independent items on both sides. It breaks, towards false alarms, where items come in near-duplicates, and
    the p-value of the PSI is one for large samples (5 items in a bin are enough).

    Raises:
        ValueError: wrong shape, numbers that are not finite, or numbers against words.
    """
    if not 0.0 < alpha < 1.0:
        raise ValueError(f"alpha must lie between 0 and 1, not {alpha}")
    words = [np.asarray(sample).dtype.kind == "U" for sample in (reference, recent)]
    if words[0] != words[1]:
        raise ValueError("numbers cannot be compared with words")
    first, second = _checked("reference", reference), _checked("recent", recent)
    n, m = first.size, second.size
    if min(n, m) < FEWEST:
        return None
    counts = _counts(first, second)
    index, bins = _index(counts)
    if words[0]:
        distance, p_value = _variation(counts), _by_words(counts)
    else:
        inverse = 1 / n + 1 / m
        distance = _distance(first, second)
        by_psi = float(chdtrc(bins - 1, index / inverse)) if bins > 1 else 1.0
        p_value = min(1.0, 2 * min(by_psi, float(kolmogorov(distance / math.sqrt(inverse)))))
    return Drift(index, distance, p_value, n, m, alarm=p_value <= alpha and index >= NOTABLE)


def psi(reference: ArrayLike, recent: ArrayLike) -> tuple[float, int]:
    """Population stability index ``sum_b (p_b - q_b) ln(p_b / q_b)``, and the number of bins that it was taken over.

    Bins of numbers are cut at the deciles of the reference; equal ones (many items with one confidence) fall together.
    Each word is a bin, rare ones are one together. Shares are at least 1e-4. When both samples are of one distribution,
    ``PSI / (1 / n + 1 / m)`` is about chi-squared with one degree of freedom less than there are bins (Yurdakul &
    Naranjo, 2020).
    """
    first, second = _checked("reference", reference), _checked("recent", recent)
    if not first.size or not second.size:
        raise ValueError("both samples must hold at least one item")
    return _index(_counts(first, second))


def _index(counts: Counts) -> tuple[float, int]:
    filled = counts[:, counts.sum(axis=0) > 0]
    q, p = np.maximum(_shares(filled), FLOOR)
    return float(((p - q) * np.log(p / q)).sum()), filled.shape[1]


def _counts(first: Any, second: Any) -> Counts:
    """``(2, B)``: how many of both samples are in each bin; see ``psi``."""
    return _of_words(first, second) if first.dtype.kind == "U" else _of_numbers(first, second)


def _of_numbers(first: Any, second: Any) -> Counts:
    """A cut belongs to the bin below it."""
    cuts = np.unique(np.quantile(first, np.arange(1, BINS) / BINS, method="inverted_cdf"))
    placed = (np.searchsorted(cuts, sample, side="left") for sample in (first, second))
    return np.array([np.bincount(places, minlength=cuts.size + 1) for places in placed])


def _of_words(first: Any, second: Any) -> Counts:
    """A bin for each frequent word, and the last for all others.

    Words are frequent by both samples together: to choose by one of them would favour a difference.
    """
    words, places = np.unique(np.concatenate([first, second]), return_inverse=True)
    table = np.array([np.bincount(part, minlength=words.size) for part in (places[: first.size], places[first.size :])])
    expected = table.sum(axis=0) * min(first.size, second.size) / places.size
    rare = expected < RARE
    return np.asarray(np.column_stack([table[:, ~rare], table[:, rare].sum(axis=1)]))


def _by_words(counts: Counts) -> float:
    """P-value of Pearson's chi-squared test of one distribution."""
    from scipy.stats import chi2_contingency  # a second, which most commands do not need

    filled = counts[:, counts.sum(axis=0) > 0]
    return float(chi2_contingency(filled, correction=False).pvalue) if filled.shape[1] > 1 else 1.0


def _variation(counts: Counts) -> float:
    return float(np.abs(np.subtract(*_shares(counts))).sum() / 2)


def _shares(counts: Counts) -> Floats:
    return np.asarray(counts / counts.sum(axis=1, keepdims=True))


def _distance(first: Floats, second: Floats) -> float:
    points = np.concatenate([first, second])
    below = [np.searchsorted(np.sort(sample), points, side="right") / sample.size for sample in (first, second)]
    return float(np.abs(below[0] - below[1]).max())


def _checked(name: str, values: ArrayLike) -> NDArray[Any]:
    array = np.asarray(values)
    if array.dtype.kind != "U":
        array = array.astype(np.float64)
        if not np.isfinite(array).all():
            raise ValueError(f"{name} must hold finite numbers")
    if array.ndim != 1:
        raise ValueError(f"{name} must be a vector, not of shape {array.shape}")
    return array
