"""Which items of the train fold people are asked for: unsure ones, and such that differ from each other.

Nothing here may touch what certifies: the validation fold and audits are drawn by ``models.gate.sampling`` alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from models.encoders.base import Dense

T = TypeVar("T")
Places = NDArray[np.int64]
"""Indices of the items, the first to be asked for first."""

CONTROL_SHARE = 0.1
"""Share of the train fold, and of the requests, that stays in random order: what our order is compared with."""
POWER = 2.0
"""Of an item's uncertainty in its weight. 0 is random order, infinity is strictly the least sure first."""
CANDIDATES = 3
"""Candidates for each place of a list. What is odd (a blank picture) is far from everything: this bounds its share."""


def control_from(validation_fraction: float) -> float:
    """The draw from which on an item belongs to the random control: the top ``CONTROL_SHARE`` of the train fold.

    Fold and control are disjoint parts of one draw, so belonging to the control depends on no item's content.

    Args:
        validation_fraction: draws below it are the validation fold, in [0, 1).
    """
    if not 0.0 <= validation_fraction < 1.0:
        raise ValueError(f"validation_fraction must lie in [0, 1), not {validation_fraction}")
    return 1.0 - CONTROL_SHARE * (1.0 - validation_fraction)


def by_uncertainty(confidences: ArrayLike, uniforms: ArrayLike) -> Places:
    """A random order in which unsure items tend to come first: each place is drawn with weights (1 - confidence)^POWER.

    Asking strictly for the least sure loses its lead after a few rounds where labels are noisy: it collects what no
    model can learn. Weights keep the gain on clean data, and leave no part of the pool out.

    Args:
        confidences: shape ``(n,)``, in [0, 1]; higher is surer.
        uniforms: shape ``(n,)``, in [0, 1), independent of the items' content and of each other.

    Returns:
        All n places. Items of confidence 1 come last.

    Source: weighted sampling without replacement by the keys -ln(u) / w (Efraimidis & Spirakis, 2006); as an order of
    acquisition it is the power distribution of Kirsch et al., Stochastic Batch Acquisition (2023), with beta ``POWER``.
    """
    sure, u = np.asarray(confidences, dtype=np.float64), np.asarray(uniforms, dtype=np.float64)
    if sure.ndim != 1 or sure.shape != u.shape:
        raise ValueError(f"confidences and uniforms must be vectors of one length, not {sure.shape} and {u.shape}")
    if not ((sure >= 0.0) & (sure <= 1.0)).all() or not ((u >= 0.0) & (u < 1.0)).all():
        raise ValueError("confidences must lie in [0, 1] and uniforms in [0, 1)")
    hazards, weights = -np.log1p(-np.maximum(u, 2.0**-54)), np.maximum(1.0 - sure, 1e-300)
    keys = np.log(hazards) - POWER * np.log(weights)
    return np.asarray(np.lexsort((u, keys)), dtype=np.int64)


def farthest_first(features: Dense, n: int) -> Places:
    """The first item, then again and again the one that is farthest from all that were taken.

    Args:
        features: ``(N, D)``; distances are Euclidean.
        n: how many to take; all N where there are fewer.

    Returns:
        ``min(n, N)`` places. Items equal to one that was taken come last, in their order.

    Source: Gonzalez, Clustering to minimize the maximum intercluster distance (1985); for labels as the core sets of
    Sener & Savarese (2018).
    """
    rows = np.asarray(features, dtype=np.float64)
    places = np.zeros(max(0, min(n, len(rows))), np.int64)
    squares = (rows * rows).sum(axis=1)
    nearest = np.full(len(rows), np.inf)
    for step in range(places.size):
        place = int(np.argmax(nearest))
        places[step] = place
        nearest = np.minimum(nearest, np.maximum(squares + squares[place] - 2.0 * (rows @ rows[place]), 0.0))
        nearest[places[: step + 1]] = -np.inf
    return places


def with_control(ours: Sequence[T], control: Sequence[T]) -> list[T]:
    """Ours, with one of the control at every tenth place: any beginning holds ``CONTROL_SHARE`` of it, rounded.

    Ends with ours: control that finds no place in it is left out.
    """
    made: list[T] = []
    mine, random = iter(ours), iter(control)
    for one in mine:
        due = int((len(made) + 1) * CONTROL_SHARE + 0.5) > int(len(made) * CONTROL_SHARE + 0.5)
        if due and (other := next(random, None)) is not None:
            made.append(other)
        made.append(one)
    return made
