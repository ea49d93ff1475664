"""One gate: thresholds tested in a fixed sequence, from the surest down, until the first that fails."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import bdtr

from models.gate.arrays import Counts, Flags, Floats
from models.gate.betting import minimum_betting, wsr_pvalue, wsr_upper
from models.gate.bounds import TOLERATED, binomial_upper, minimum_n
from models.gate.certificate import Certificate
from models.gate.curve import Curve, Sample
from models.gate.needed import needed_labels

START_SHARE = 0.2
"""Where the run starts in a large sample, as a share of its labels. A run that starts among few labels often ends by
one unlucky one; one that starts among many finds nothing where only few items are sure. Over made-up streams whose
error reaches the budget at 5 to 100 % of the items (epsilon 2, 5 and 10 %, 1,000 and 2,000 labels), a start at two
tolerated errors accepts 14 to 22 % on average, 0.15 accepts 14 to 30 %, 0.2 16 to 30 %; more than that helps only
streams of which most is sure, and at 0.3 the others open half as often."""
MOST_TOLERATED = 50


@dataclass(frozen=True, slots=True)
class Terms:
    """What a gate is asked to show."""

    epsilon: float
    delta: float
    next_delta: float
    """What the next test may spend, for ``needed_labels``."""
    labels: int
    """Validation labels, of all strata."""
    waiting: int
    """Items of the pool, of all strata."""
    reach: float
    """Share of the pool that validation labels were drawn from, in (0, 1]."""
    overall_upper: Callable[[Flags], float]
    """``(n,)`` which labels of this stratum are accepted -> upper bound of the machine's loss / all items."""


@dataclass(frozen=True, slots=True)
class Gate:
    """The evidence of one stratum, and the terms."""

    sample: Sample
    curve: Curve
    terms: Terms

    def certificate(self) -> Certificate:
        begin = self._start()
        if begin is None:
            return self._too_few()
        at = start = begin[0]
        while at < self.curve.thresholds.size and self._passes(at):
            at += 1
        return self._opened(at - 1) if at > start else self._failed(*begin)

    def _start(self) -> tuple[int, int] | None:
        """The first threshold with labels enough for what ``tolerated_at_start`` says, or fewer where there are few.

        Only numbers of labels enter, never their losses.

        Returns:
            Place of the threshold, and errors that it tolerates.
        """
        curve = self.curve
        if not curve.thresholds.size:
            return None
        tolerated = tolerated_at_start(float(curve.weighted.max()), lambda errors: int(self._enough(errors).max()))
        while tolerated >= 0:
            reached = curve.weighted >= self._enough(tolerated)
            if reached.any():
                return int(np.argmax(reached)), tolerated
            tolerated -= 1
        return None

    def _enough(self, tolerated: int) -> Counts:
        """``(t,)``: fewest labels at each threshold that show the budget with ``tolerated`` errors among them."""
        epsilon, delta, exact = self.terms.epsilon, self.terms.delta, self.curve.exact
        enough = np.full(exact.size, minimum_n(epsilon, delta, tolerated))
        if not exact.all():
            enough[~exact] = minimum_betting(epsilon, delta, tolerated)
        return enough

    def _passes(self, at: int) -> bool:
        epsilon, delta = self.terms.epsilon, self.terms.delta
        if self.curve.exact[at]:
            return bool(bdtr(self.curve.errors[at], int(self.curve.counts[at]), epsilon) <= delta)
        losses, weights = self._above(at)
        return wsr_pvalue(losses, epsilon, weights=weights, delta=delta) <= delta

    def _above(self, at: int) -> tuple[Floats, Floats]:
        kept = self.sample.part(self.sample.scores >= self.curve.thresholds[at])
        return kept.losses, np.minimum(1.0, self.curve.floors[at] / kept.inclusion)

    def _uppers(self, at: int) -> tuple[float, float]:
        """Selective and overall."""
        accepted = self.sample.scores >= self.curve.thresholds[at]
        overall = self.terms.overall_upper(accepted)
        if self.curve.exact[at]:
            return binomial_upper(int(self.curve.errors[at]), int(self.curve.counts[at]), self.terms.delta), overall
        losses, weights = self._above(at)
        return wsr_upper(losses, self.terms.delta, weights=weights), overall

    def _opened(self, at: int) -> Certificate:
        terms, curve = self.terms, self.curve
        threshold, coverage = float(curve.thresholds[at]), float(curve.coverages[at])
        budget = f"at most {percent(terms.epsilon)} of what is accepted is wrong"
        if not self.sample.strict:
            budget = f"the mean loss of what is accepted is at most {percent(terms.epsilon)}"
        reason = (
            f"Open: {self._losses(at)} among {curve.counts[at]} {self._labels(at)} at confidence {threshold:.3f} or "
            f"above, so {budget}, with probability {percent(1 - terms.delta)}; "
            f"{percent(coverage)} of the waiting items lie there."
        )
        return self._certificate(at, threshold, coverage, 0, reason)

    def _failed(self, at: int, tolerated: int) -> Certificate:
        needed, outlook = self._outlook(at, tolerated)
        budget = f"that at most {percent(self.terms.epsilon)} are wrong"
        if not self.sample.strict:
            budget = f"a mean loss of at most {percent(self.terms.epsilon)}"
        reason = (
            f"Closed: {self._losses(at)} among the {self.curve.counts[at]} most confident of "
            f"{self.sample.scores.size} {self._labels(at)} cannot show {budget}; {outlook}."
        )
        return self._certificate(at, None, 0.0, needed, reason)

    def _certificate(self, at: int, threshold: float | None, coverage: float, needed: int, reason: str) -> Certificate:
        errors = float(self.curve.errors[at])
        selective, overall = self._uppers(at)
        return Certificate(
            open=threshold is not None,
            threshold=threshold,
            n=int(self.curve.counts[at]),
            errors=int(errors) if self.sample.strict else errors,
            selective_upper=selective,
            overall_upper=overall,
            coverage=coverage,
            needed_labels=needed,
            reason=reason,
            epsilon=self.terms.epsilon,
            delta=self.terms.delta,
        )

    def _outlook(self, failed: int, tolerated: int) -> tuple[int, str]:
        """Further labels, and the words for them.

        Thresholds below the failed one are only reached through it, and those above when the run begins there.
        """
        curve, terms = self.curve, self.terms
        upto = slice(failed + 1)
        efficiency = self._efficiency()
        shares = curve.coverages / terms.reach * curve.weighted / np.maximum(curve.counts, 1)
        further = needed_labels(
            terms.epsilon,
            terms.next_delta,
            (curve.lost * efficiency)[upto],
            (curve.weighted * efficiency)[upto],
            (shares * efficiency)[upto],
        )
        begins = (self._enough(tolerated) - curve.weighted) / np.maximum(shares, 1e-12)
        further = np.maximum(further, np.ceil(begins[upto]))
        best = int(np.argmin(further))
        if math.isinf(further[best]):
            few = minimum_n(terms.epsilon, terms.delta)
            seen = curve.weighted >= min(float(few), float(curve.weighted.max()))
            rates = np.where(seen, curve.lost / np.maximum(curve.weighted, 1e-12), np.inf)
            lowest = int(np.argmin(rates))
            return 0, (
                f"not reachable at any threshold seen, where the best error rate is {percent(rates[lowest])} at "
                f"{percent(curve.coverages[lowest])} of the items: it takes a better model or a larger budget"
            )
        labels = int(further[best])
        words = f"at the error rates seen it takes about {labels:,} more blind labels"
        waiting = terms.waiting
        return labels, words if labels <= waiting else f"{words}, and only {waiting:,} items are waiting"

    def _efficiency(self) -> Floats:
        """``(t,)``: share of its labels with which the exact test would show as much; 1 where it is the test."""
        terms, exact = self.terms, self.curve.exact
        if exact.all():
            return np.ones(exact.size)
        fewest = minimum_n(terms.epsilon, terms.next_delta, TOLERATED)
        return np.where(exact, 1.0, fewest / minimum_betting(terms.epsilon, terms.next_delta, TOLERATED))

    def _too_few(self) -> Certificate:
        curve, terms, n = self.curve, self.terms, self.sample.scores.size
        count = int(curve.counts[-1]) if curve.counts.size else 0
        worth = float(curve.weighted[-1]) if count else 0.0
        minimum = minimum_n if curve.exact.all() else minimum_betting
        enough = minimum(terms.epsilon, terms.next_delta, TOLERATED)
        needed = max(1, math.ceil((enough - worth) * terms.labels / worth)) if count else 0
        seen = f"{count} blind labels" if count == n else f"{count} of {n} blind labels in the range of the pool"
        if count and worth < count - 0.5:
            seen += f", worth {worth:.0f} at equal inclusion,"
        outlook = f"{needed:,} more would allow {TOLERATED} errors" if needed else "the pool is not like the sample"
        reason = (
            f"Closed: {seen} are too few to show that at most {percent(terms.epsilon)} are wrong, even without an "
            f"error; {outlook}."
        )
        return closed(terms, reason, n=count, needed=needed)

    def _losses(self, at: int) -> str:
        errors = float(self.curve.errors[at])
        if not self.sample.strict:
            return f"a loss of {errors:.3g} in all"
        return "1 error" if errors == 1 else f"{errors:.0f} errors"

    def _labels(self, at: int) -> str:
        weighted = self.curve.weighted[at] < self.curve.counts[at]
        return "blind labels, weighted by their inclusion," if weighted else "blind labels"


def closed(terms: Terms, reason: str, *, n: int = 0, needed: int = 0) -> Certificate:
    """A gate at which nothing could be tested."""
    return Certificate(False, None, n, 0, None, None, 0.0, needed, reason, terms.epsilon, terms.delta)


def tolerated_at_start(labels: float, enough: Callable[[int], int]) -> int:
    """How many errors the first threshold of a run should tolerate: ``TOLERATED``, or what many labels allow.

    Args:
        labels: how many there are in all; weighted ones count for what they are worth.
        enough: errors -> labels that it takes to tolerate them.

    Returns:
        As many as the surest ``START_SHARE`` of the labels can tolerate, from ``TOLERATED`` to ``MOST_TOLERATED``.
    """
    tolerated = TOLERATED
    while tolerated < MOST_TOLERATED and enough(tolerated + 1) <= START_SHARE * labels:
        tolerated += 1
    return tolerated


def percent(share: float) -> str:
    return f"{100 * share:.3g} %"
