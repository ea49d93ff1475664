"""C1: Fashion-MNIST, a network of 128 hidden units trained on 8,000 images; and coverage against epsilon."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from scripts.bench_gate import data
from scripts.bench_gate.confidence import chosen
from scripts.bench_gate.parallel import spread
from scripts.bench_gate.result import Comparison, Row
from scripts.bench_gate.splits import DELTA, Scored, compare, scored, with_goals

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
        said = _models(models, cache_folder, epsilon)
        rows = compare(said, items=ITEMS, labels=labels, epsilon=epsilon, splits=splits)
        title = f"C1: Fashion-MNIST, epsilon {100 * epsilon:.0f} %, {labels:,} validation labels"
        found.append(with_goals(Comparison(title, epsilon, DELTA, labels, ITEMS, splits, models, tuple(rows)), goal))
    return found


def curve(models: int, splits: int, cache_folder: Path) -> list[tuple[float, list[Row]]]:
    """All rules at each epsilon, with ``CURVE_LABELS`` validation labels."""
    few = max(models, splits // CURVE_SHARE)
    return [
        (e, compare(_models(models, cache_folder, e), items=ITEMS, labels=CURVE_LABELS, epsilon=e, splits=few))
        for e in EPSILONS
    ]


def _models(models: int, cache_folder: Path, epsilon: float) -> list[Scored]:
    said = [data.fashion(seed, cache_folder) for seed in range(models)]
    return [scored(one, chosen(one, epsilon=epsilon, delta=DELTA)) for one in said]


def _trained(seed: int, *, cache_folder: Path) -> None:
    data.fashion(seed, cache_folder)
