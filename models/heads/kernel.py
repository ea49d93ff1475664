"""Similarity to landmarks: what lets a linear model draw curved borders between dense features.

Source: the RBF kernel exp(-gamma ||x - z||^2), approximated from landmarks as in Williams & Seeger, Using the Nystroem
method to speed up kernel machines (2001). Where every example is a landmark it is kernel logistic regression itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.encoders.base import Dense

MAX_LANDMARKS = 1000
"""More cost time in proportion, for every prediction."""
WIDTH = 2.0
"""gamma times the median squared distance; 1 to 4 accept equally many digits."""
SMALLEST = 1e-6
"""Directions with a smaller eigenvalue are rounding errors, as from equal examples."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Kernel:
    """``exp(-gamma * squared distance)`` to each of M landmarks."""

    landmarks: Dense
    """``(M, D)``."""
    gamma: float
    """Above 0; per squared unit of the features."""

    def similarities(self, features: Dense) -> Floats:
        """``(N, M)``, each in [0, 1]; 1 at the landmark itself."""
        return np.asarray(np.exp(-self.gamma * _squared_distances(features, self.landmarks)))


@dataclass(frozen=True)
class Map:
    """A kernel, and the directions in which a penalty on weights is a penalty on roughness."""

    kernel: Kernel
    whitening: Floats
    """``(M, R)``: eigenvectors of the landmarks' similarities over the roots of their eigenvalues."""

    def apply(self, features: Dense) -> Dense:
        """``(N, R)``; the product of two landmarks' rows is their similarity."""
        return np.asarray(self.kernel.similarities(features) @ self.whitening, dtype=np.float32)


def learn(features: Dense) -> Map | None:
    """Landmarks from the examples themselves, and gamma from their distances. None: all examples are equal."""
    landmarks = _landmarks(features)
    squared = _squared_distances(landmarks, landmarks)
    distances = squared[~np.eye(len(landmarks), dtype=bool)]
    median = float(np.median(distances)) if distances.size else 0.0
    if median <= 0.0:
        return None
    kernel = Kernel(landmarks, WIDTH / median)
    values, vectors = np.linalg.eigh(np.exp(-kernel.gamma * squared))
    kept = values > SMALLEST
    return Map(kernel, vectors[:, kept] / np.sqrt(values[kept]))


def _landmarks(features: Dense) -> Dense:
    """Distinct rows, at equal steps of their order where there are too many."""
    distinct = np.sort(np.unique(features, axis=0, return_index=True)[1])
    if distinct.size > MAX_LANDMARKS:
        distinct = distinct[np.arange(MAX_LANDMARKS) * distinct.size // MAX_LANDMARKS]
    return np.ascontiguousarray(features[distinct])


def _squared_distances(left: Dense, right: Dense) -> Floats:
    """``(N, M)``, in double precision: in single, the difference of close rows would be lost."""
    a, b = left.astype(np.float64), right.astype(np.float64)
    squared = (a * a).sum(axis=1)[:, None] + (b * b).sum(axis=1) - 2.0 * (a @ b.T)
    return np.asarray(np.maximum(squared, 0.0))
