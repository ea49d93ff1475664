"""Log-count ratios: an n-gram that stands as often in one class as in the others says little.

Source: Wang & Manning, Baselines and Bigrams (2012), equation 1, from binary counts, and without the sign: which class
an n-gram speaks for is left to the regression.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.preprocessing import normalize

from models.encoders.base import Features

SMOOTHING = 1.0
"""Texts added to each count."""

Scales = NDArray[np.float32]
"""``(D,)``, 0 for a feature that no training text has; empty for dense features, which are left as they are."""

Counts = NDArray[np.float64]
NO_SCALES: Scales = np.zeros(0, np.float32)


def learn(features: Features, members: NDArray[np.int64]) -> Scales:
    """``|log((p / sum(p)) / (q / sum(q)))|`` of each column that occurs, the largest over the classes.

    p and q are the numbers of rows with the column inside and outside a class, plus ``SMOOTHING``.

    Args:
        features: ``(N, D)``.
        members: ``(N, K)`` of 0 and 1; a class that all or none belong to is left out.
    """
    if not isinstance(features, csr_matrix):
        return NO_SCALES
    present = csr_matrix((np.ones(features.nnz), features.indices, features.indptr), features.shape)
    total = np.asarray(present.T @ np.ones(present.shape[0]))
    seen = np.flatnonzero(total)
    scales = np.zeros(total.size)
    for inside in members.T:
        if 0 < inside.sum() < inside.size:
            counts = np.asarray(present.T @ inside.astype(np.float64))
            ratios = np.abs(_log_ratios(counts[seen], (total - counts)[seen]))
            scales[seen] = np.maximum(scales[seen], ratios)
    return scales.astype(np.float32)


def apply(features: Features, scales: Scales) -> Features:
    """Scale columns and bring rows back to length 1; a row without a known feature is all zeros."""
    if not scales.size:
        return features
    scaled = csr_matrix((features.data * scales[features.indices], features.indices, features.indptr), features.shape)
    return normalize(scaled, copy=False)


def _log_ratios(inside: Counts, outside: Counts) -> Counts:
    p, q = inside + SMOOTHING, outside + SMOOTHING
    return np.asarray(np.log((p / p.sum()) / (q / q.sum())))
