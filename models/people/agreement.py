"""How far people agree beyond chance: Krippendorff's alpha of one control, with an interval.

``alpha = 1 - D_o / D_e``: the difference between answers to the same item over the difference between any two answers.
1 is full agreement, 0 is what chance gives, below 0 is systematic disagreement. Items with one answer have no part.

    D_o = sum over items u of  sum over pairs in u of 2 delta / (m_u - 1),  / n
    D_e = sum over all pairs of answers of 2 delta / (n (n - 1))

with ``m_u`` answers to item ``u``, ``n`` in all. ``delta`` is 0 or 1 (nominal), the squared rank difference (ordinal),
the squared difference (interval), or our own loss in [0, 1] (distance); 0/1 losses give the nominal alpha.

Source: Krippendorff, Computing Krippendorff's Alpha-Reliability (2011); Hayes & Krippendorff (2007).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from models.errors import MissingDependencyError
from models.gate.arrays import Counts, Floats, check_open_interval
from models.people.classes import Level, class_of, level_of
from models.tasks import control_loss
from models.types import ControlSpec, Region

DRAWS = 500
"""Bootstrap samples of items."""
PAIRS = 5_000
"""Pairs of answers that D_e is estimated from, where there are more; its relative error is then about 1 %."""
FEWEST_ITEMS = 10
"""With fewer answered twice no interval is given: a bootstrap of so few items says nothing of the others."""
CELLS = 2_000_000
"""Items x classes x classes that are counted at once; beyond it D_e is estimated from pairs."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """Alpha of one control; ``lower`` and ``upper`` are the ends of its interval, None with too few items."""

    alpha: float
    """At most 1; higher is more agreement."""
    lower: float | None
    upper: float | None
    items: int
    """With at least two answers."""
    answers: int
    """To these items."""
    people: int
    """Who gave them."""
    level: Level


def krippendorff_alpha(
    answers: Mapping[str, Mapping[str, Sequence[Region]]],
    control: ControlSpec,
    *,
    confidence: float = 0.95,
    draws: int = DRAWS,
    pairs: int = PAIRS,
    seed: int = 0,
) -> Agreement | None:
    """Krippendorff's alpha of what people said with one control.

    Args:
        answers: item -> person -> regions, of all controls. No region is an answer too, but not to a rating or number.
        control: the control that is compared.
        confidence: of the percentile bootstrap interval over items, in (0, 1).
        draws: bootstrap samples; 0: no interval.
        pairs: most pairs of answers that are compared for D_e.
        seed: of both.

    Returns:
        None where no item has two answers, or all answers are the same: there is nothing to agree on.

    Raises:
        MissingDependencyError: ``krippendorff`` is not installed, and the level is nominal or ordinal.
    """
    check_open_interval("confidence", confidence)
    level = level_of(control)
    usable = _usable(answers, control, level)
    if not usable:
        return None
    rng = np.random.default_rng(seed)
    alpha = _counted(usable, control, level) or _compared(usable, control, level, pairs, rng)
    point = alpha(np.arange(len(usable)))
    if point is None:
        return None
    lower = upper = None
    if draws and len(usable) >= FEWEST_ITEMS:
        samples = (alpha(rng.integers(len(usable), size=len(usable))) for _ in range(draws))
        found = [one for one in samples if one is not None]
        tail = (1.0 - confidence) / 2.0
        lower, upper = (float(end) for end in np.quantile(found, [tail, 1.0 - tail]))
    return Agreement(
        alpha=point,
        lower=lower,
        upper=upper,
        items=len(usable),
        answers=sum(map(len, usable)),
        people=len({person for unit in usable for person, _ in unit}),
        level=level,
    )


Unit = list[tuple[str, Any]]
"""Of one item: who said what; at least two."""
Alpha = Callable[[Counts], float | None]
"""Indices of items, repeated as drawn -> alpha of these; None: all their answers are the same."""


def _usable(answers: Mapping[str, Mapping[str, Sequence[Region]]], control: ControlSpec, level: Level) -> list[Unit]:
    """Items in the order of their names, and people likewise, so that a seed gives the same draw again."""
    units = []
    for item in sorted(answers):
        unit: Unit = []
        for person, regions in sorted(answers[item].items()):
            if level == "distance":
                unit.append((person, regions))
            elif level == "nominal":
                said = [region.value for region in regions if region.control == control.name]
                unit.append((person, class_of(regions, control) or repr(said)))
            elif (text := class_of(regions, control)) is not None:
                unit.append((person, float(text)))
        if len(unit) > 1:
            units.append(unit)
    return units


def _counted(units: list[Unit], control: ControlSpec, level: Level) -> Alpha | None:
    """By the package ``krippendorff`` from counts ``(N, V)``; None where the answers are too many different ones."""
    if level not in ("nominal", "ordinal"):
        return None
    domain = sorted({value for unit in units for _, value in unit})
    if level == "nominal" and len(units) * len(domain) ** 2 > CELLS:
        return None
    try:
        import krippendorff
    except ImportError as error:
        raise MissingDependencyError("krippendorff", "people") from error
    place = {value: column for column, value in enumerate(domain)}
    counts = np.zeros((len(units), len(domain)), dtype=np.int64)
    for row, unit in enumerate(units):
        for _, value in unit:
            counts[row, place[value]] += 1
    values = np.arange(len(domain)) if level == "nominal" else np.asarray(domain)

    def alpha(drawn: Counts) -> float | None:
        sample = counts[drawn]
        if (sample.sum(axis=0) > 0).sum() < 2:
            return None
        return float(krippendorff.alpha(value_counts=sample, value_domain=values, level_of_measurement=level))

    return alpha


def _compared(units: list[Unit], control: ControlSpec, level: Level, most: int, rng: np.random.Generator) -> Alpha:
    """By the formula above, from differences of pairs: all pairs of one item, and ``most`` of all pairs.

    A drawn item counts as often as it was drawn: ``w_u`` times in D_o; a pair across items ``w_u w_v`` times in D_e,
    one within an item ``w_u ** 2`` times.
    """
    flat = [(place, value) for place, unit in enumerate(units) for _, value in unit]
    unit_of = np.array([place for place, _ in flat])
    delta = _difference(control, level)
    within = np.zeros(len(units))
    for place, unit in enumerate(units):
        within[place] = 2.0 * sum(delta(a, b) for (_, a), (_, b) in combinations(unit, 2)) / (len(unit) - 1)
    left, right = _pairs(len(flat), most, rng)
    apart: Floats = np.array([delta(flat[a][1], flat[b][1]) for a, b in zip(left, right, strict=True)])
    every = len(flat) * (len(flat) - 1) / len(left)
    sizes = np.bincount(unit_of)

    def alpha(drawn: Counts) -> float | None:
        weights = np.bincount(drawn, minlength=len(units)).astype(np.float64)
        n = float(weights @ sizes)
        expected = every * float(weights[unit_of[left]] * weights[unit_of[right]] @ apart) / (n * (n - 1.0))
        return 1.0 - float(weights @ within) / n / expected if expected > 0.0 else None

    return alpha


def _difference(control: ControlSpec, level: Level) -> Callable[[Any, Any], float]:
    if level == "distance":
        # A loss may treat its sides differently, two people are alike.
        return lambda a, b: (control_loss(a, b, control) + control_loss(b, a, control)) / 2.0
    if level == "interval":
        return lambda a, b: (a - b) ** 2
    return lambda a, b: float(a != b)


def _pairs(n: int, most: int, rng: np.random.Generator) -> tuple[Counts, Counts]:
    """Pairs ``first < second`` of ``n`` answers: all of them, or ``most`` drawn with replacement."""
    if n * (n - 1) // 2 <= most:
        first, second = np.triu_indices(n, 1)
        return first.astype(np.int64), second.astype(np.int64)
    one = rng.integers(n, size=most)
    other = (one + rng.integers(1, n, size=most)) % n
    return np.minimum(one, other), np.maximum(one, other)
