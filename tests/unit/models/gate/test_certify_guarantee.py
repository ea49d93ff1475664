"""The promise itself: over many random splits the error budget is missed at most delta of the time."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import binom
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from models.gate import certify

EPSILON, DELTA, SPLITS = 0.05, 0.1, 1000
Array = NDArray[np.float64]
Split = tuple[Array, Array, Array, Callable[[float], tuple[float, float]]]
"""Confidences and losses of the validation sample, pool confidences, and threshold -> (coverage, true error)."""


def _gate(confidences: Array, losses: Array, pool: Array) -> float | None:
    return certify(confidences, losses, pool, epsilon=EPSILON, delta=DELTA).threshold


def _plug_in(confidences: Array, losses: Array, pool: Array) -> float | None:
    """The usual rule: the lowest threshold whose validation error meets the budget."""
    order = np.argsort(-confidences)
    rates = np.cumsum(losses[order]) / np.arange(1, losses.size + 1)
    good = np.flatnonzero(rates <= EPSILON)
    return float(confidences[order][good[-1]]) if good.size else None


def _fixed(confidences: Array, losses: Array, pool: Array) -> float | None:
    return 0.9


RULES = {"this gate": _gate, "plug-in": _plug_in, "fixed 0.9": _fixed}


@dataclass
class Tally:
    accepted: list[float] = field(default_factory=list)
    missed: int = 0
    never: int = 0

    def add(self, threshold: float | None, truth: Callable[[float], tuple[float, float]]) -> None:
        if threshold is None:
            self.never += 1
            self.accepted.append(0.0)
            return
        coverage, error = truth(threshold)
        self.accepted.append(coverage)
        self.missed += error > EPSILON


def _digits() -> Iterator[Split]:
    """Five models of 200 training digits, 200 splits each into 200 validation items and the rest; error of the rest."""
    data, target = load_digits(return_X_y=True)
    rng = np.random.default_rng(0)
    for _ in range(5):
        order = rng.permutation(len(data))
        model = LogisticRegression(C=10, max_iter=500).fit(data[order[:200]] / 16, target[order[:200]])
        probabilities = model.predict_proba(data[order[200:]] / 16)
        confidences = probabilities.max(axis=1)
        losses = (model.classes_[probabilities.argmax(axis=1)] != target[order[200:]]).astype(int)
        for _ in range(SPLITS // 5):
            mixed = rng.permutation(confidences.size)
            sample, rest = mixed[:200], mixed[200:]

            def truth(threshold: float, c: Array = confidences[rest], w: Array = losses[rest]) -> tuple[float, float]:
                accepted = c >= threshold
                return accepted.sum() / len(data), w[accepted].mean() if accepted.any() else 0.0

            yield confidences[sample], losses[sample], confidences[rest], truth


def _synthetic(edges: list[float], rates: list[float], n: int) -> Iterator[Split]:
    """Uniform confidences; ``rates[i]`` is the error rate where 1 - confidence lies in [edges[i], edges[i + 1])."""
    rng = np.random.default_rng(1)
    widths = np.diff(edges)

    def truth(threshold: float) -> tuple[float, float]:
        covered = np.clip(1 - threshold - np.array(edges[:-1]), 0, widths)
        return 1 - threshold, float((covered * rates).sum() / max(covered.sum(), 1e-12))

    for _ in range(SPLITS):
        confidences, pool = rng.random(n), rng.random(2000)
        rate = np.array(rates)[np.searchsorted(edges, 1 - confidences, side="right") - 1]
        yield confidences, (rng.random(n) < rate).astype(int), pool, truth


STREAMS: dict[str, Callable[[], Iterator[Split]]] = {
    "digits, logistic regression": _digits,
    "error rises slowly past the budget": lambda: _synthetic([0, 0.4, 0.8, 1], [0.03, 0.08, 0.1], 400),
    "just above the budget everywhere": lambda: _synthetic([0, 1], [0.0501], 400),
    "surest items are the worst": lambda: _synthetic([0, 0.25, 1], [0.08, 0.04], 400),
    "bump in the middle": lambda: _synthetic([0, 0.2, 0.35, 0.6, 0.7, 1], [0.02, 0.12, 0.01, 0.2, 0.02], 400),
    "bump where the run starts": lambda: _synthetic([0, 0.2, 0.26, 0.32, 1], [0.03, 0.14, 0.0, 0.06], 400),
    "smallest sample": lambda: _synthetic([0, 0.9, 1], [0.045, 0.3], 111),
}


@pytest.mark.parametrize("stream", STREAMS)
def test_the_budget_is_missed_at_most_delta_of_the_time(stream: str) -> None:
    tallies = {rule: Tally() for rule in RULES}
    for confidences, losses, pool, truth in STREAMS[stream]():
        for rule, decide in RULES.items():
            tallies[rule].add(decide(confidences, losses, pool), truth)
    print(f"\n{stream}: epsilon {EPSILON}, delta {DELTA}, {SPLITS} splits")
    for rule, tally in tallies.items():
        print(
            f"  {rule:10} accepts {np.mean(tally.accepted):6.1%}  misses the budget {tally.missed / SPLITS:6.1%}  "
            f"never opens {tally.never / SPLITS:6.1%}"
        )
    assert tallies["this gate"].missed <= binom.ppf(0.999, SPLITS, DELTA)


def test_the_usual_rule_does_miss_it() -> None:
    """Otherwise the streams above could not tell a guarantee from none."""
    tally = Tally()
    for confidences, losses, pool, truth in STREAMS["error rises slowly past the budget"]():
        tally.add(_plug_in(confidences, losses, pool), truth)
    assert tally.missed > 0.4 * SPLITS
