"""Models that are certified and chosen by one and the same blind sample: how often the chosen one misses the budget.

The rule is that of ``serving.pipeline.challenge``: every model is tested with the next share of delta, and takes over
if it is open and covers more of the sample. A stream is missed if any model that came to accept has a true selective
error above the budget.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from models.gate import certify, spend

EPSILON, DELTA, STREAMS, MODELS = 0.05, 0.1, 300, 4
LIMIT = DELTA + 3 * np.sqrt(DELTA * (1 - DELTA) / STREAMS)
Array = NDArray[np.float64]
GRID: Array = np.linspace(0.0, 1.0, 2001, dtype=np.float64)[:-1] + 0.00025


def level(rng: np.random.Generator) -> Callable[[Array], Array]:
    """Every model is a hair above the budget at every threshold: whatever opens is a miss."""
    return lambda s: np.full(s.shape, 0.0501)


def rising(rng: np.random.Generator) -> Callable[[Array], Array]:
    """Models of different skill; too low a threshold is a miss."""
    low, high = rng.uniform(0.0, 0.04), rng.uniform(0.1, 0.4)
    return lambda s: low + (high - low) * (1 - s) ** 2


def missed(
    rng: np.random.Generator, kind: Callable[..., Callable[[Array], Array]], share: Callable[[int], float]
) -> bool:
    """One stream: 300 blind items whose difficulty all models feel, judged by one model after the other."""
    hard = rng.random(300)
    covered, wrong = 0.0, False
    for test in range(1, MODELS + 1):
        error = kind(rng)
        scores = rng.random(300)
        losses = (0.5 * hard + 0.5 * rng.random(300) < _cut(error(scores))).astype(float)
        said = certify(scores, losses, rng.random(40), epsilon=EPSILON, delta=share(test))
        if said.threshold is None:
            continue
        covers = float((scores >= said.threshold).mean())
        if covers > covered:
            covered = covers
            wrong |= float(error(GRID[said.threshold <= GRID]).mean()) > EPSILON
    return wrong


def _cut(rate: Array) -> Array:
    """Below it lies ``(U + V) / 2``, of two uniform numbers, with this probability; for rates up to one half."""
    return np.sqrt(rate / 2)


def frequency(kind: Callable[..., Callable[[Array], Array]], share: Callable[[int], float]) -> float:
    return float(np.mean([missed(rng, kind, share) for rng in np.random.default_rng(5).spawn(STREAMS)]))


@pytest.mark.parametrize("kind", [level, rising])
def test_the_chosen_model_keeps_the_budget(kind: Callable[..., Callable[[Array], Array]]) -> None:
    assert frequency(kind, lambda test: spend(DELTA, test)) <= LIMIT


def test_it_would_not_with_the_whole_delta_for_each() -> None:
    """What the shares of delta are for; and that this count can fail."""
    assert frequency(level, lambda test: DELTA) > LIMIT
