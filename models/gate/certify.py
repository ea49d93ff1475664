"""Which confidence threshold may be trusted, and why: fixed-sequence testing, one sequence for each stratum.

What is certified is the *selective* error: the mean loss of the items at or above the threshold, which for strict
losses is the share of wrong ones. Accepting at the threshold of an open certificate, ``P(selective error > epsilon) <=
delta``, over the draw of the validation sample, if

* validation items are a random draw from the stream that the certificate is used for, each with its stated inclusion
  probability, labelled without a suggestion;
* they did not train the model, and neither model nor confidence changed because of their labels;
* thresholds come from the pool, whose labels nobody has used: they are fixed before a validation label is seen;
* every further test of the project spends its own delta (``spend``), at a number of labels that was not chosen by
  looking at the errors so far;
* the selective error crosses epsilon once as the threshold falls. Only the start rule needs this: it looks at how
  many validation items lie above a threshold, never at their labels.

It breaks when the stream drifts, when items come in near-duplicates, or when the people's labels are themselves wrong:
disagreement is counted as the model's error, and agreement on a wrong label is never seen.

The test at a threshold is the exact binomial one (``bounds``) where losses are 0 or 1 and all labels were drawn alike,
and betting (``betting``) where they were not, or losses lie in between. Which of the two is seen from the sample.

Source: Angelopoulos et al., Learn then Test (2021), for the use; Bauer (1991) for testing in a fixed sequence.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from models.gate import arrays
from models.gate.arrays import Flags, Floats, check_open_interval
from models.gate.betting import wsr_upper
from models.gate.bounds import binomial_upper
from models.gate.certificate import Certificate
from models.gate.curve import ALIKE, Pool, Sample, draw
from models.gate.sequence import Gate, Terms, closed, percent

EMPTY = "empty"
"""The stratum of items with an empty prediction: no box, no span. Nothing in them has a score, so their confidence
orders them badly or not at all; give them this stratum, and one confidence (1.0) where there is none to be had. They
are then accepted all or none, by a gate of their own."""


def certify(
    confidences: ArrayLike,
    losses: ArrayLike,
    pool_confidences: ArrayLike,
    *,
    epsilon: float,
    delta: float,
    strata: ArrayLike | None = None,
    inclusion: ArrayLike | None = None,
    pool_strata: ArrayLike | None = None,
    pool_inclusion: ArrayLike | None = None,
    targeted_from: float | None = None,
    next_delta: float | None = None,
) -> Certificate:
    """Find the lowest threshold whose selective error is shown to be at most ``epsilon``, for each stratum.

    Thresholds run from the most to the least confident; the first that fails ends the run, so that one delta pays for
    all of them. Items with the same confidence are accepted, and tested, all together.

    Args:
        confidences: ``(n,)``, of the blind validation items, in [0, 1], higher is surer.
        losses: ``(n,)``, of the same items, in [0, 1]: 0 right, 1 wrong, in between partly right.
        pool_confidences: ``(m,)``, of the unlabelled items that may be accepted; no validation item among them.
        epsilon: error budget on accepted items, in (0, 1).
        delta: probability with which the budget may be missed, in (0, 1); what this test spends. Strata share it
            equally, and a stratum without labels takes no share.
        strata: ``(n,)``, name of each item's stratum, known before its label: the predicted class for gates per
            class, ``EMPTY`` for empty predictions.
        inclusion: ``(n,)``, in (0, 1]: the probability with which each item was drawn. Only ratios count; None: all
            alike. Unless ``pool_inclusion`` says more, the smallest in a stratum is taken for the smallest that any
            of its items could have had: every level of the design must have been drawn from.
        pool_strata: ``(m,)``; None: every stratum takes its thresholds from the whole pool, and its coverage is
            estimated from the validation items.
        pool_inclusion: ``(m,)``, in (0, 1]: the probability that each item of the pool had, on the scale of
            ``inclusion``. Where all at or above a threshold had the same, the exact test is back.
        targeted_from: validation items were drawn only among those with a confidence at or above it, by a cut that
            was chosen without looking at labels. No lower threshold is tested. 0: they were drawn from everything.
            None: not known, so nothing is accepted below the least confident validation item of the stratum; where
            they were drawn from everything this gives up about 1/n of the items.
        next_delta: what the next test may spend, for ``needed_labels``; None: the same.

    Raises:
        ValueError: an array is empty, has NaN, or the wrong shape, length or range; a confidence lies below
            ``targeted_from``; the pool has strata or inclusion probabilities and the sample has none.
    """
    for name, value in (("epsilon", epsilon), ("delta", delta), ("next_delta", next_delta or delta)):
        check_open_interval(name, value)
    scores, lost = arrays.unit_vector("confidences", confidences), arrays.unit_vector("losses", losses)
    pool = arrays.unit_vector("pool_confidences", pool_confidences)
    arrays.same_length("losses", lost, "confidences", scores.size)
    kinds = arrays.optional(arrays.names, "strata", strata, "confidences", scores.size)
    pool_kinds = arrays.optional(arrays.names, "pool_strata", pool_strata, "pool_confidences", pool.size)
    drawn = arrays.optional(arrays.probabilities, "inclusion", inclusion, "confidences", scores.size)
    pool_drawn = arrays.optional(arrays.probabilities, "pool_inclusion", pool_inclusion, "pool_confidences", pool.size)
    if pool_kinds is not None and kinds is None:
        raise ValueError("pool_strata needs strata, those of the validation items")
    if pool_drawn is not None and drawn is None:
        raise ValueError("pool_inclusion needs inclusion, that of the validation items")
    sample = Sample(scores, lost, np.ones(scores.size) if drawn is None else drawn)
    reach = _reach(scores, pool, targeted_from)
    question = _Question(sample, pool, pool_drawn, targeted_from, reach, epsilon, delta, next_delta or delta)
    if kinds is None:
        return question.answer(np.ones(scores.size, dtype=bool), np.ones(pool.size, dtype=bool))
    labelled = np.unique(kinds)
    every = labelled if pool_kinds is None else np.union1d(labelled, pool_kinds)
    share = question.share(labelled.size)
    gates = {
        str(name): share.answer(kinds == name, None if pool_kinds is None else pool_kinds == name) for name in every
    }
    return _summary(gates, epsilon, delta)


@dataclass(frozen=True, slots=True)
class _Question:
    """What one call asks, of all strata together."""

    sample: Sample
    pool: Floats
    pool_inclusion: Floats | None
    targeted_from: float | None
    reach: float
    epsilon: float
    delta: float
    next_delta: float

    def share(self, parts: int) -> _Question:
        return replace(self, delta=self.delta / parts, next_delta=self.next_delta / parts)

    def answer(self, mine: Flags, waiting: Flags | None) -> Certificate:
        """The gate of one stratum.

        Args:
            mine: ``(n,)``, its validation items.
            waiting: ``(m,)``, its items of the pool; None: not known.
        """
        terms = Terms(
            epsilon=self.epsilon,
            delta=self.delta,
            next_delta=self.next_delta,
            labels=self.sample.scores.size,
            waiting=self.pool.size,
            reach=self.reach,
            overall_upper=lambda accepted: self._overall_upper(mine, accepted),
        )
        if not mine.any():
            return closed(terms, "Closed: there is no blind label of this stratum.")
        if waiting is not None and not waiting.any():
            return closed(terms, "Closed: no item of this stratum is waiting.", n=int(mine.sum()))
        sample, pool = self.sample.part(mine), self._pool(waiting)

        def coverage(thresholds: Floats) -> Floats:
            if waiting is not None:
                return pool.at_or_above(thresholds) / self.pool.size
            order = np.argsort(sample.scores)
            worth = np.append(np.cumsum(1.0 / sample.inclusion[order][::-1])[::-1], 0.0)
            above = worth[np.searchsorted(sample.scores[order], thresholds, side="left")]
            return self.reach * above / np.sum(1.0 / self.sample.inclusion)

        lowest = float(sample.scores.min()) if self.targeted_from is None else self.targeted_from
        return Gate(sample, draw(sample, pool, lowest, coverage), terms).certificate()

    def _pool(self, waiting: Flags | None) -> Pool:
        if waiting is None:
            return Pool.of(self.pool, self.pool_inclusion)
        return Pool.of(self.pool[waiting], None if self.pool_inclusion is None else self.pool_inclusion[waiting])

    def _overall_upper(self, mine: Flags, accepted: Flags) -> float:
        """Of the loss of this stratum's accepted items / all items; ``reach`` is taken as known."""
        machine = np.zeros(mine.size)
        machine[mine] = np.where(accepted, self.sample.losses[mine], 0.0)
        inclusion = self.sample.inclusion
        floor = float(
            inclusion.min() if self.pool_inclusion is None else min(inclusion.min(), self.pool_inclusion.min())
        )
        if inclusion.max() <= floor * (1.0 + ALIKE) and arrays.is_strict(machine):
            return self.reach * binomial_upper(int(machine.sum()), machine.size, self.delta)
        return self.reach * wsr_upper(machine, self.delta, weights=np.minimum(1.0, floor / inclusion))


def _reach(scores: Floats, pool: Floats, targeted_from: float | None) -> float:
    if targeted_from is None:
        return 1.0
    if not 0.0 <= targeted_from <= 1.0:
        raise ValueError(f"targeted_from must lie in [0, 1], not {targeted_from}")
    if scores.min() < targeted_from:
        raise ValueError(f"a validation item lies at {scores.min()}, below targeted_from = {targeted_from}")
    return max(1, int((pool >= targeted_from).sum())) / pool.size


def _summary(gates: dict[str, Certificate], epsilon: float, delta: float) -> Certificate:
    """All strata as one: the budget holds in each open one, so it holds for what they accept together."""
    opened = {name: gate for name, gate in gates.items() if gate.open}
    shown = list((opened or gates).values())
    selective = [gate.selective_upper for gate in shown if gate.selective_upper is not None]
    overall = [gate.overall_upper for gate in shown if gate.overall_upper is not None]
    needed = 0 if opened else min((gate.needed_labels for gate in shown if gate.needed_labels), default=0)
    return Certificate(
        open=bool(opened),
        threshold=shown[0].threshold if len(gates) == 1 else None,
        n=sum(gate.n for gate in shown),
        errors=sum(gate.errors for gate in shown),
        selective_upper=max(selective, default=None),
        overall_upper=min(1.0, sum(overall)) if overall else None,
        coverage=sum(gate.coverage for gate in shown),
        needed_labels=needed,
        reason=_words(gates, opened, needed, epsilon, delta),
        epsilon=epsilon,
        delta=delta,
        gates=gates,
    )


def _words(
    gates: dict[str, Certificate], opened: dict[str, Certificate], needed: int, epsilon: float, delta: float
) -> str:
    if len(gates) == 1:
        return next(iter(gates.values())).reason
    if not opened:
        outlook = f"the nearest takes about {needed:,} more blind labels" if needed else "more labels alone open none"
        return f"Closed for each of {len(gates)} strata ({', '.join(gates)}); {outlook}."
    shut = [name for name in gates if name not in opened]
    coverage = sum(gate.coverage for gate in opened.values())
    return (
        f"Open for {len(opened)} of {len(gates)} strata ({', '.join(opened)}), each with a threshold of its own: at "
        f"most {percent(epsilon)} of what is accepted in each is wrong, with probability {percent(1 - delta)} for all "
        f"of them together; {percent(coverage)} of the waiting items lie there."
        + (f" Closed: {', '.join(shut)}." if shut else "")
    )
