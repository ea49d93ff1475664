"""C1: Fashion-MNIST, a network of 128 hidden units trained on 8,000 images; and coverage against epsilon."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from scripts.bench_gate import data
from scripts.bench_gate.parallel import spread
from scripts.bench_gate.result import Comparison
from scripts.bench_gate.splits import Scored, compare, scored

ITEMS = 20_000
SETTINGS = ((0.05, 1000, 0.61), (0.02, 2000, 0.40))
"""Epsilon, validation labels, and the automation that is the goal."""
EPSILONS = (0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.08, 0.10)
CURVE_LABELS = 1000
CURVE_SHARE = 5
"""One split for the curve to so many for the tables."""


def train(models: int, cache_folder: Path) -> None:
    """Fill the cache; what is there already stays."""
    if missing := [seed for seed in range(models) if not data.fashion_path(seed, cache_folder).exists()]:
        data.fashion_images()  # where the data set is missing, better said once and at once
        spread(partial(_trained, cache_folder=cache_folder), missing)


def comparisons(models: int, splits: int, cache_folder: Path) -> list[Comparison]:
    """Both settings, on the same models."""
    found = []
    for epsilon, labels, goal in SETTINGS:
        ready = _ready(models, cache_folder, epsilon=epsilon, labels=labels)
        title = f"C1: Fashion-MNIST, epsilon {100 * epsilon:.0f} %, {labels:,} validation labels"
        found.append(compare(title, ready, items=ITEMS, labels=labels, epsilon=epsilon, splits=splits, goal=goal))
    return found


def curve(models: int, splits: int, cache_folder: Path) -> list[Comparison]:
    """All rules at each epsilon, with ``CURVE_LABELS`` validation labels."""
    few = max(models, splits // CURVE_SHARE)
    found = []
    for epsilon in EPSILONS:
        ready = _ready(models, cache_folder, epsilon=epsilon, labels=CURVE_LABELS)
        title = f"C1: epsilon {100 * epsilon:.0f} %"
        found.append(compare(title, ready, items=ITEMS, labels=CURVE_LABELS, epsilon=epsilon, splits=few, goal=None))
    return found


def _ready(models: int, cache_folder: Path, *, epsilon: float, labels: int) -> list[Scored]:
    one = partial(_scored, cache_folder=cache_folder, epsilon=epsilon, labels=labels)
    return spread(one, range(models))


def _scored(seed: int, *, cache_folder: Path, epsilon: float, labels: int) -> Scored:
    return scored(data.fashion(seed, cache_folder), epsilon=epsilon, labels=labels)


def _trained(seed: int, *, cache_folder: Path) -> None:
    data.fashion(seed, cache_folder)
