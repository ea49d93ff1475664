"""How often people are wrong themselves, and what that leaves to be shown: pure functions of counts.

A gate counts every disagreement between model and person as the model's error. Where people are wrong on a share ``e``
of the items, even a model without error disagrees with them on about ``e``, so no smaller budget can be shown with
single labels. Items that two people labelled blind tell how large ``e`` is; asking again where the first person and the
model disagree makes the share smaller that is left.

All of it assumes that people err independently of each other, all equally often, that a wrong answer is equally likely
to be any of the other classes, and that nobody saw another's answer. It breaks, on the side of too little noise, where
people share a mistake (an unclear guideline, a misleading item): a mistake that all make is never seen.

Sources: Dawid & Skene (1979) for the model, with one error rate for all; Clopper & Pearson (1934) for the bounds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.special import bdtr

from models.gate.bounds import binomial_upper

DOUBT = 0.05
"""Probability with which a bound of this file may be missed, each side."""
ROOM = 0.5
"""Share of the budget that people's noise may take at the number of people that is recommended. With more the gate
seldom opens: at 12 % noise and 400 labels three people opened it in 35 % of the samples where their noise took 45 % of
the budget, in 76 % where it took 27 %; single labels in none, and in 4 %."""
MOST_PEOPLE = 5
"""More people than this are asked about no item: where so little noise is left to count against the model, what goes
unseen in agreements weighs more. At a delta of 10 % and noise up to 12 %, nine people missed a budget in 14 % of the
samples, five in 10 % at most, three in 7 %."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """Blind items by whether the first answer agrees with the model, and by whether a second person says the same.

    All disputed items have a second answer, agreements only where a lot said so. Where no model is looked at, nothing
    is disputed, and ``checked`` is a random part of all items.
    """

    items: int
    """Items with an answer, whether it was asked for a second time or not."""
    disputed: int
    """Of these: the first answer differs from the model's."""
    disputed_split: int
    """Of the disputed: the second answer differs from the first."""
    checked: int
    """Of the others: labelled twice, by lot."""
    checked_split: int
    """Of the checked: the second answer differs from the first."""

    def __post_init__(self) -> None:
        counts = (
            0 <= self.disputed_split <= self.disputed <= self.items,
            0 <= self.checked_split <= self.checked <= self.items - self.disputed,
        )
        if not all(counts):
            raise ValueError(f"these counts do not fit together: {self}")


@dataclass(frozen=True, slots=True)
class Interval:
    """A share in [0, 1]; below ``lower``, and above ``upper``, with probability at most ``DOUBT`` each."""

    estimate: float
    lower: float
    upper: float

    def text(self) -> str:
        """For people, in percent."""
        return f"{_percent(self.estimate)} ({_percent(self.lower)} to {_percent(self.upper)}, 95 % each side)"


@dataclass(frozen=True, slots=True)
class Noise:
    """What a certificate assumes of the people whose labels it stands on, and what was measured of them."""

    people: int
    """How many different people may be asked about one item; the majority of them is taken for the truth."""
    second_opinions: int
    """Blind answers beyond the first of each item."""
    pairs: int
    """Items labelled by two people that ``rate`` was estimated from."""
    disagreement: Interval | None
    """Share of all items on which two people differ; None: not measured."""
    rate: Interval | None
    """Share of all items on which one person is wrong."""
    checked: int
    """Items on which the first person agreed with the model, and a second was asked all the same, by lot."""
    overturned: int
    """Of these, on how many people came to say something else than the model, or to no majority."""
    overturned_upper: float | None
    """Clopper-Pearson bound of that share: what goes unseen where an agreement is taken as it is; None: unmeasured."""
    floor: float | None
    """Error rate that labels like these would show of a model without error, by ``rate.estimate``."""

    def assumption(self) -> str:
        """One sentence for an operator: whose word is taken for the truth, and how noisy it is."""
        if self.people == 1:
            taken = "each blind label is taken for the truth"
        else:
            taken = f"where model and first label disagree, the majority of {self.people} people is taken for the truth"
        if self.rate is None:
            return f"{taken}; how often one person is wrong was not measured"
        noise = f"one person is wrong on {self.rate.text()} of the items, from {self.pairs} labelled twice"
        if self.people == 1 or self.overturned_upper is None:
            return f"{taken}; {noise}"
        unseen = (
            f"of {self.checked} agreements checked {self.overturned} fell, at most {_percent(self.overturned_upper)}"
        )
        return f"{taken}; {noise}; {unseen}"

    def warning(self, epsilon: float) -> str:
        """Why people's noise alone makes the budget unreachable, and what would help; '' where it does not."""
        if self.floor is None or self.rate is None or self.disagreement is None or self.floor < epsilon:
            return ""
        labels = "single labels" if self.people == 1 else f"the majority of {self.people} people"
        found = people_needed(self.rate.estimate, epsilon)
        more = f"take validation_people = {found}" if found else "it takes clearer guidelines, or a larger budget"
        return (
            f"People disagree with each other on about {_percent(self.disagreement.estimate)} of the items "
            f"({self.pairs} labelled twice), so one person is wrong on about {_percent(self.rate.estimate)}: with "
            f"{labels} no budget below {_percent(self.floor)} can be shown; {more}."
        )

    def finding(self, epsilon: float) -> str:
        """``warning``, or how far people's noise is from making the budget unreachable; '' where it is not known."""
        if self.rate is None:
            return ""
        if warning := self.warning(epsilon):
            return warning
        if floor(self.rate.upper, self.people) < epsilon:
            lead = "People's own mistakes alone do not explain it"
        else:
            lead = "Whether people's own mistakes explain it is not clear"
        return f"{lead}: one person is wrong on {self.rate.text()} of the items, from {self.pairs} labelled twice."


def measure(
    pairs: Pairs, *, people: int, second_opinions: int, overturned: int = 0, classes: int | None = None
) -> Noise:
    """What is known of people's noise.

    Args:
        pairs: what was labelled twice.
        people: how many different people may be asked about one item, >= 1.
        second_opinions: blind answers beyond the first of each item.
        overturned: of the checked agreements, those that people did not uphold.
        classes: how many answers there are; None: so many that two wrong ones never coincide.
    """
    if not 0 <= overturned <= pairs.checked:
        raise ValueError(f"overturned must lie in [0, {pairs.checked}], not {overturned}")
    split = disagreement(pairs)
    rate = None
    if split is not None:
        rate = Interval(*(error_rate(share, classes) for share in (split.estimate, split.lower, split.upper)))
    return Noise(
        people=people,
        second_opinions=second_opinions,
        pairs=pairs.disputed + pairs.checked if split is not None else 0,
        disagreement=split,
        rate=rate,
        checked=pairs.checked,
        overturned=overturned,
        overturned_upper=binomial_upper(overturned, pairs.checked, DOUBT) if pairs.checked else None,
        floor=floor(rate.estimate, people) if rate is not None else None,
    )


def disagreement(pairs: Pairs) -> Interval | None:
    """Share of all items on which two people differ; None while some kind of item was never labelled twice.

    ``P(differ) = P(disputed and differ) + P(agreed) P(differ | agreed)``: each of the three is binomial, with a
    Clopper-Pearson bound at a third of ``DOUBT``.
    """
    agreed = pairs.items - pairs.disputed
    if not pairs.items or (agreed and not pairs.checked):
        return None
    if not agreed:
        return Interval(pairs.disputed_split / pairs.items, *_bounds(pairs.disputed_split, pairs.items, DOUBT))
    if not pairs.disputed:
        return Interval(pairs.checked_split / pairs.checked, *_bounds(pairs.checked_split, pairs.checked, DOUBT))
    both = _bounds(pairs.disputed_split, pairs.items, DOUBT / 3)
    share = _bounds(agreed, pairs.items, DOUBT / 3)
    split = _bounds(pairs.checked_split, pairs.checked, DOUBT / 3)
    estimate = pairs.disputed_split / pairs.items + agreed / pairs.items * pairs.checked_split / pairs.checked
    lower, upper = (both[side] + share[side] * split[side] for side in (0, 1))
    return Interval(estimate, lower, min(1.0, upper))


def error_rate(share: float, classes: int | None) -> float:
    """How often one person is wrong, if two differ on ``share`` of the items.

    Two people differ where exactly one is wrong, or both are, differently: ``share = 2 e - e^2 K / (K - 1)`` for K
    classes. Solved for the smaller ``e``; people who answer at random differ most, and more than that counts as that.
    """
    if not 0.0 <= share <= 1.0:
        raise ValueError(f"a share lies in [0, 1], not {share}")
    if classes is not None and classes < 2:
        raise ValueError(f"there are at least two answers, not {classes}")
    most = 1.0 if classes is None else (classes - 1) / classes
    return most * (1.0 - math.sqrt(max(0.0, 1.0 - share / most)))


def floor(rate: float, people: int) -> float:
    """Error rate that is seen of a model without error, if each person is wrong with probability ``rate``.

    An error is counted where the first answer is wrong and those asked after it do not make the right answer the
    majority of ``people``: ``e P(Bin(people - 1, 1 - e) <= people // 2)``; with one person it is ``e``.
    """
    if people < 1:
        raise ValueError(f"people must be >= 1, not {people}")
    if not 0.0 <= rate <= 1.0:
        raise ValueError(f"rate must lie in [0, 1], not {rate}")
    if people == 1:
        return rate
    return rate * float(bdtr(people // 2, people - 1, 1.0 - rate))


def people_needed(rate: float, epsilon: float) -> int | None:
    """The smallest odd number of people whose noise leaves room for the model within ``epsilon``; None: too many.

    An even number never does better than the odd one below: a tie counts as an error.
    """
    return next((n for n in range(1, MOST_PEOPLE + 1, 2) if floor(rate, n) <= ROOM * epsilon), None)


def _bounds(count: int, n: int, doubt: float) -> tuple[float, float]:
    return 1.0 - binomial_upper(n - count, n, doubt), binomial_upper(count, n, doubt)


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %"
