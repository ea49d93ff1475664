"""How good a person is at one skill: a Beta posterior of their accuracy, and what may follow from it.

The prior is Jeffreys', Beta(1/2, 1/2): worth one item, it favours nobody, and its equal-tailed intervals hold their
level for few items and near 1, where people are, better than those of a uniform prior (Brown, Cai & DasGupta, Interval
Estimation for a Binomial Proportion, 2001). An item whose truth is known counts whole. One whose truth is only probable
counts as far as that probability speaks for or against the person: see ``Skill.seen``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.special import betainc, betaincinv, betaln

from models.gate.arrays import check_open_interval

PRIOR = 0.5
"""Both parameters of the prior."""
LEVELS = (0.5, 0.7, 0.8, 0.9, 0.95)
"""Lower end of the 95 % interval from which on a person has level 1, 2 ... 5."""
FEWEST = 20
"""Items' worth of evidence before which nobody may be paused."""
DOUBT = 0.05
"""Share of the people who are good enough that may ever be paused for chance, however often one looks."""


@dataclass(frozen=True, slots=True)
class Skill:
    """Accuracy of one person in one skill is Beta(``right``, ``wrong``)."""

    right: float = PRIOR
    """Above 0."""
    wrong: float = PRIOR
    """Above 0."""

    def __post_init__(self) -> None:
        if not (0.0 < self.right < math.inf and 0.0 < self.wrong < math.inf):
            raise ValueError(f"both parameters must be above 0 and finite: {self}")

    @classmethod
    def of(cls, right: float, wrong: float) -> Skill:
        """After ``right`` and ``wrong`` items whose truth is known, each >= 0; halves are fine."""
        if not (right >= 0.0 and wrong >= 0.0):
            raise ValueError(f"counts must not be negative: {right} right, {wrong} wrong")
        return cls(PRIOR + right, PRIOR + wrong)

    @property
    def evidence(self) -> float:
        """How many items of known truth it is worth."""
        return self.right + self.wrong - 2.0 * PRIOR

    @property
    def mean(self) -> float:
        """Expected accuracy, in (0, 1)."""
        return self.right / (self.right + self.wrong)

    def interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """Equal-tailed: the accuracy lies below, and above it, with probability ``(1 - confidence) / 2`` each."""
        check_open_interval("confidence", confidence)
        tail = (1.0 - confidence) / 2.0
        lower, upper = (float(betaincinv(self.right, self.wrong, share)) for share in (tail, 1.0 - tail))
        return lower, upper

    def lower(self, confidence: float = 0.95) -> float:
        """Lower end of ``interval``: what this person is at least trusted with."""
        return self.interval(confidence)[0]

    def level(self, confidence: float = 0.95) -> int:
        """0 to 5, by the lower end of the interval (``LEVELS``): chance raises nobody, and more items help."""
        bound = self.lower(confidence)
        return sum(bound >= start for start in LEVELS)

    def seen(self, supported: float, classes: int = 2) -> Skill:
        """After one more item, on which the person said what is right with probability ``supported``.

        That probability must come without this person's own answer: a gold label (0 or 1), or
        ``models.people.consensus.Consensus.supported``. The answer's likelihood at accuracy ``a`` is
        ``q a + (1 - q) (1 - a) / (K - 1)`` for ``q = supported`` and wrong answers spread evenly. The posterior is then
        a mixture of "it was right" and "it was wrong", and a Beta with its first two moments takes its place. So
        ``q = 1`` adds 1 to ``right``, ``q = 0`` to ``wrong``, and ``q = 1 / K``, where nobody else said anything, adds
        nothing.

        Args:
            supported: in [0, 1].
            classes: K >= 2, how many answers there are; 2 where it is not known, which trusts agreement least.

        Source: assumed-density filtering: Minka, Expectation Propagation (2001), section 3.1.
        """
        if not 0.0 <= supported <= 1.0:
            raise ValueError(f"a probability lies in [0, 1], not {supported}")
        if classes < 2:
            raise ValueError(f"there are at least two answers, not {classes}")
        a, b = self.right, self.wrong
        n = a + b
        for_it, against = supported * a, (1.0 - supported) / (classes - 1) * b
        share = for_it / (for_it + against)
        if share in (0.0, 1.0):
            return Skill(a + share, b + 1.0 - share)
        first = (a + share) / (n + 1.0)
        second = (share * (a + 1.0) * (a + 2.0) + (1.0 - share) * a * (a + 1.0)) / ((n + 1.0) * (n + 2.0))
        total = (first - second) / (second - first * first)
        return Skill(first * total, (1.0 - first) * total)


@dataclass(frozen=True, slots=True)
class Pause:
    """Whether a person may be paused in a skill. It is a permission: what is done with it a person decides."""

    allowed: bool
    reason: str
    """``few_items``, ``good_enough``, ``not_shown`` or ``below_required``."""
    numbers: dict[str, float]
    """``evidence``, ``mean``, ``lower``, ``upper``, ``required``, and ``odds``: see ``may_pause``."""


def may_pause(skill: Skill, required: float, *, fewest: float = FEWEST, doubt: float = DOUBT) -> Pause:
    """Whether it is shown that this person is below the required accuracy.

    Only if all three hold: there are ``fewest`` items' worth of evidence; the upper end of the interval at
    ``1 - doubt`` lies below ``required``; and the odds against "at least ``required``" reach ``1 / doubt``. The
    interval holds for one look: who is looked at after every item would cross it by chance sooner or later. So the odds
    are what a bet against ``required`` has won, ``B(a, b) I_r(a, b) / (B(a0, b0) I_r(a0, b0) r^s (1 - r)^f)`` for ``s``
    right and ``f`` wrong of known truth. Of a person who is good enough it ever reaches ``1 / doubt`` with probability
    at most ``doubt``.

    Args:
        skill: of the person; should the prior not be Jeffreys', the odds are off.
        required: accuracy in (0, 1).
        fewest: items' worth of evidence.
        doubt: in (0, 1).

    Source: Ville (1939); Robbins, Statistical Methods Related to the Law of the Iterated Logarithm (1970), mixtures.
    """
    check_open_interval("required", required)
    check_open_interval("doubt", doubt)
    lower, upper = skill.interval(1.0 - doubt)
    odds = _odds(skill, required)
    numbers = {
        "evidence": skill.evidence,
        "mean": skill.mean,
        "lower": lower,
        "upper": upper,
        "required": required,
        "odds": odds,
    }
    if skill.evidence < fewest:
        return Pause(False, "few_items", numbers)
    if upper >= required:
        return Pause(False, "good_enough" if skill.mean >= required else "not_shown", numbers)
    return Pause(True, "below_required", numbers) if odds >= 1.0 / doubt else Pause(False, "not_shown", numbers)


def _odds(skill: Skill, required: float) -> float:
    mass = float(betainc(skill.right, skill.wrong, required))
    if mass == 0.0:
        return 0.0
    log = float(betaln(skill.right, skill.wrong)) + math.log(mass)
    log -= float(betaln(PRIOR, PRIOR)) + math.log(float(betainc(PRIOR, PRIOR, required)))
    log -= (skill.right - PRIOR) * math.log(required) + (skill.wrong - PRIOR) * math.log1p(-required)
    return math.exp(min(log, 700.0))
