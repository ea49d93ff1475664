"""Whether items still look to the model as those did on which the certificate rests: drift of the confidences.

Drift proves no error: a stream may become easier or harder and stay within the budget, and its labels may turn while
every confidence stays as it was. So it calls for more audits, and never closes the gate; audited losses do.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

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
FEWEST = 50
"""Confidences on either side below which nothing can be said."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Drift:
    """One comparison of recent confidences with the reference."""

    psi: float
    """Population stability index, >= 0; 0: the same shares in all bins."""
    ks: float
    """Kolmogorov-Smirnov distance: largest difference of the two distribution functions, in [0, 1]."""
    p_value: float
    """Of both tests together, adjusted after Holm, in [0, 1]."""
    reference: int
    """Confidences of the reference."""
    recent: int
    """Confidences that were compared with it."""
    alarm: bool


def compare(reference: ArrayLike, recent: ArrayLike, *, alpha: float = ALPHA) -> Drift | None:
    """Compare two samples of confidences by PSI and by Kolmogorov-Smirnov; None where either has fewer than 50.

    It alarms if Holm's procedure over the two p-values rejects "both come from one distribution" at ``alpha``, and the
    PSI is at least 0.1 besides: with enough items every difference is significant. At one look a false alarm has
    at most about probability ``alpha``, so looks must not overlap: over windows that share no item there is one false
    alarm in ``1 / alpha`` windows.

    Args:
        reference: ``(n,)``, in [0, 1]: of the random sample on which the certificate rests.
        recent: ``(m,)``, in [0, 1]: of items that arrived since, by the same model.
        alpha: probability of a false alarm at this look, in (0, 1).

    Assumes independent items on both sides. It breaks, towards false alarms, where items come in near-duplicates, and
    the p-value of the PSI is one for large samples (5 items in a bin are enough).

    Raises:
        ValueError: wrong shape or range, or NaN.
    """
    if not 0.0 < alpha < 1.0:
        raise ValueError(f"alpha must lie between 0 and 1, not {alpha}")
    first, second = _checked("reference", reference), _checked("recent", recent)
    if min(first.size, second.size) < FEWEST:
        return None
    index, bins = psi(first, second)
    distance = _distance(first, second)
    inverse = 1 / first.size + 1 / second.size
    by_psi = float(chdtrc(bins - 1, index / inverse)) if bins > 1 else 1.0
    by_ks = float(kolmogorov(distance / math.sqrt(inverse)))
    p_value = min(1.0, 2 * min(by_psi, by_ks))
    alarm = p_value <= alpha and index >= NOTABLE
    return Drift(index, distance, p_value, first.size, second.size, alarm)


def psi(reference: ArrayLike, recent: ArrayLike) -> tuple[float, int]:
    """Population stability index ``sum_b (p_b - q_b) ln(p_b / q_b)``, and the number of bins that it was taken over.

    Bins are cut at the deciles of the reference; equal ones (many items with one confidence) fall together. Shares
    are at least 1e-4. When both samples are of one distribution, ``PSI / (1 / n + 1 / m)`` is about chi-squared
    with one degree of freedom less than there are bins (Yurdakul & Naranjo, 2020).
    """
    first, second = _checked("reference", reference), _checked("recent", recent)
    if not first.size or not second.size:
        raise ValueError("both samples must hold at least one confidence")
    cuts = np.unique(np.quantile(first, np.arange(1, BINS) / BINS, method="inverted_cdf"))
    q, p = (_shares(sample, cuts) for sample in (first, second))
    filled = (q > 0) | (p > 0)
    q, p = np.maximum(q[filled], FLOOR), np.maximum(p[filled], FLOOR)
    return float(((p - q) * np.log(p / q)).sum()), int(filled.sum())


def _shares(sample: Floats, cuts: Floats) -> Floats:
    """Share of the sample in each of the bins; a cut belongs to the bin below it."""
    counts = np.bincount(np.searchsorted(cuts, sample, side="left"), minlength=cuts.size + 1)
    return np.asarray(counts / sample.size)


def _distance(first: Floats, second: Floats) -> float:
    points = np.concatenate([first, second])
    below = [np.searchsorted(np.sort(sample), points, side="right") / sample.size for sample in (first, second)]
    return float(np.abs(below[0] - below[1]).max())


def _checked(name: str, values: ArrayLike) -> Floats:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1:
        raise ValueError(f"{name} must be a vector, not of shape {array.shape}")
    if not ((array >= 0.0) & (array <= 1.0)).all():
        raise ValueError(f"{name} must lie in [0, 1] and hold no NaN")
    return array
