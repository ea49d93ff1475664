"""What each rule would have done with a labelled batch: over many random splits, beside what it then got wrong.

A split draws ``labels`` items at random; people label them, and they count as people's work. The rule sees them and the
confidences of the rest, and accepts some of the rest; its error there is known, since everything is labelled. A
promise "with probability 1 - delta" is kept if the budget is missed in at most about delta of the splits.

The rest of a finite batch is not quite the stream that it came from: splits of one batch tell of this batch. Splits
share items, so they are no independent trials.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from models.gate import arrays, rivals
from models.gate.arrays import Flags, Floats, Names
from models.gate.certify import certify

ALL = "all"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one rule did, over all splits."""

    rule: str
    automation_rate: float
    """Accepted / all items of the batch, the labelled ones included; mean over all splits, in [0, 1]."""
    selective_error: float | None
    """Loss / accepted; mean over the splits in which something was accepted, in [0, 1]. None: nothing ever was."""
    violations: float
    """Share of all splits in which the selective error was above epsilon, in [0, 1]."""
    never_opens: float
    """Share of all splits in which nothing was accepted, in [0, 1]."""
    overall_violations: float
    """Share of all splits in which the machine's loss / all items of the batch exceeded epsilon: the easier promise."""


@dataclass(frozen=True, slots=True)
class Split:
    """What a rule may look at."""

    scores: Floats
    losses: Floats
    classes: Names
    """Predicted classes; all the same where none are given."""
    pool: Floats
    pool_classes: Names
    epsilon: float
    delta: float


Rule = Callable[[Split], Flags]
"""Which items of the pool are accepted, ``(m,)``."""


def simulate(
    confidences: ArrayLike,
    losses: ArrayLike,
    *,
    epsilon: float,
    delta: float,
    labels: int,
    splits: int,
    seed: int,
    classes: ArrayLike | None = None,
    on_split: Callable[[], None] | None = None,
) -> list[Outcome]:
    """Draw random splits of a labelled batch and compare the rules.

    Args:
        confidences: ``(n,)``, in [0, 1], higher is surer.
        losses: ``(n,)``, in [0, 1]. Where some lie between 0 and 1, the rivals that need strict losses are left out.
        epsilon: error budget on accepted items, in (0, 1).
        delta: probability with which it may be missed, in (0, 1).
        labels: items that people label in each split, in [1, n - 1].
        splits: how many, >= 1.
        seed: of the draws; the same seed gives the same answer.
        classes: ``(n,)``, the predicted class, for the rules with a threshold for each; None: those treat all alike.
        on_split: called after each split.

    Returns:
        One outcome a rule, ours first.

    Raises:
        ValueError: wrong shape, range or length, NaN, or no room for a split.
    """
    scores, lost = arrays.unit_vector("confidences", confidences), arrays.unit_vector("losses", losses)
    arrays.same_length("losses", lost, "confidences", scores.size)
    kinds = np.full(scores.size, ALL) if classes is None else arrays.names("classes", classes)
    arrays.same_length("classes", kinds, "confidences", scores.size)
    if not 1 <= labels < scores.size:
        raise ValueError(f"labels must be between 1 and {scores.size - 1}, one less than there are items, not {labels}")
    if splits < 1:
        raise ValueError(f"there must be at least one split, not {splits}")
    rules = rules_for(lost, kinds)
    tallies = {name: _Tally() for name in rules}
    rng = np.random.default_rng(seed)
    for _ in range(splits):
        order = rng.permutation(scores.size)
        known, rest = order[:labels], order[labels:]
        split = Split(scores[known], lost[known], kinds[known], scores[rest], kinds[rest], epsilon, delta)
        for name, rule in rules.items():
            tallies[name].add(rule(split), lost[rest], scores.size, epsilon)
        if on_split is not None:
            on_split()
    return [tally.outcome(name, splits) for name, tally in tallies.items()]


def rules_for(losses: Floats, classes: Names) -> dict[str, Rule]:
    """The rules that can be compared on such data, ours first."""
    rules: dict[str, Rule] = {"certify": _ours}
    several = np.unique(classes).size > 1
    if several:
        rules["certify, by class"] = _ours_by_class
    if arrays.is_strict(losses):
        rules["plug-in"] = _plug_in
        rules["TBAL"] = _tbal
        if several:
            rules["TBAL, by class"] = _tbal_by_class
        rules["SGR"] = _sgr
        rules["PAC labels"] = _pac_labels
    rules[f"fixed {rivals.FIXED}"] = lambda split: _above(split, rivals.fixed())
    return rules


def _above(split: Split, threshold: float | None) -> Flags:
    return split.pool >= (np.inf if threshold is None else threshold)


def _above_by_class(split: Split, thresholds: dict[str, float | None]) -> Flags:
    accepted = np.zeros(split.pool.size, dtype=bool)
    for name, threshold in thresholds.items():
        accepted |= _above(split, threshold) & (split.pool_classes == name)
    return accepted


def _ours(split: Split) -> Flags:
    said = certify(split.scores, split.losses, split.pool, epsilon=split.epsilon, delta=split.delta, targeted_from=0.0)
    return _above(split, said.threshold)


def _ours_by_class(split: Split) -> Flags:
    said = certify(
        split.scores,
        split.losses,
        split.pool,
        epsilon=split.epsilon,
        delta=split.delta,
        strata=split.classes,
        pool_strata=split.pool_classes,
        targeted_from=0.0,
    )
    return _above_by_class(split, {name: gate.threshold for name, gate in said.gates.items()})


def _plug_in(split: Split) -> Flags:
    return _above(split, rivals.plug_in(split.scores, split.losses, epsilon=split.epsilon))


def _tbal(split: Split) -> Flags:
    alike = np.full(split.scores.size, ALL)
    return _above(split, rivals.tbal(split.scores, split.losses, alike, epsilon=split.epsilon)[ALL])


def _tbal_by_class(split: Split) -> Flags:
    return _above_by_class(split, rivals.tbal(split.scores, split.losses, split.classes, epsilon=split.epsilon))


def _sgr(split: Split) -> Flags:
    return _above(split, rivals.sgr(split.scores, split.losses, epsilon=split.epsilon, delta=split.delta))


def _pac_labels(split: Split) -> Flags:
    return _above(split, rivals.pac_labels(split.scores, split.losses, epsilon=split.epsilon, delta=split.delta))


@dataclass(slots=True)
class _Tally:
    rates: list[float] = field(default_factory=list)
    errors: list[float] = field(default_factory=list)
    missed: int = 0
    overall: int = 0

    def add(self, accepted: Flags, losses: Floats, items: int, epsilon: float) -> None:
        count, lost = int(accepted.sum()), float(losses[accepted].sum())
        self.rates.append(count / items)
        if count:
            self.errors.append(lost / count)
            self.missed += lost > epsilon * count
        self.overall += lost > epsilon * items

    def outcome(self, rule: str, splits: int) -> Outcome:
        return Outcome(
            rule=rule,
            automation_rate=float(np.mean(self.rates)),
            selective_error=float(np.mean(self.errors)) if self.errors else None,
            violations=self.missed / splits,
            never_opens=1.0 - len(self.errors) / splits,
            overall_violations=self.overall / splits,
        )
