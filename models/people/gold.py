"""Items with a known answer: whether an answer is right, where it differs, and when such an item is to be given up.

A gold item can be wrong itself. So it is judged by those who answer it: by how many of them dispute its answer, and by
how many fail it who are right elsewhere. Both are shares with an interval, and the lower end decides: what chance alone
may bring gives up no gold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from models.people.skill import Skill
from models.saying import Say, english
from models.tasks import control_loss, item_loss
from models.types import LabelConfig, Region
from models.values import Number, Pair, Ranking, Rating, Taxonomy, Text, path_text

FEWEST = 5
"""Answers before which no gold item is given up by itself."""
DISPUTED = 0.2
"""Share of people who dispute it: reached by the lower end of its 95 % interval, the item is given up."""
FAILED = 1.0 / 3.0
"""The same of those in good standing who fail it."""
GOOD = 0.8
"""Expected accuracy on everything else from which on a person is in good standing ..."""
GOOD_EVIDENCE = 5.0
"""... if so many items' worth of evidence stand behind it."""


@dataclass(frozen=True, slots=True)
class GivenUp:
    """Why a gold item is to be given up."""

    reason: str
    """``disputed`` or ``failed``."""
    numbers: dict[str, float]
    """``answers`` that were looked at, how many of them ``against`` it, ``lower`` end of that share, ``bound``."""

    def __str__(self) -> str:
        against, of = (round(self.numbers[name]) for name in ("against", "answers"))
        who = "people who are right elsewhere failed it" if self.reason == "failed" else "people disputed it"
        return (
            f"{against} of {of} {who}: at least {self.numbers['lower']:.0%}, and {self.numbers['bound']:.0%} is enough"
        )


def good_standing(elsewhere: Skill) -> bool:
    """Whether a failure of this person speaks against the item: the person is right elsewhere, as far as is known."""
    return elsewhere.evidence >= GOOD_EVIDENCE and elsewhere.mean >= GOOD


def given_up(*, answers: int, disputes: int, good: int, failed: int) -> GivenUp | None:
    """Whether a gold item is to be given up; None: it stays.

    Args:
        answers: people who answered it.
        disputes: of these, who dispute it and were not told by an operator that it stands.
        good: of these, who are in good standing.
        failed: of these last, who failed it.
    """
    for reason, against, of, bound in (("disputed", disputes, answers, DISPUTED), ("failed", failed, good, FAILED)):
        lower = Skill.of(against, of - against).lower()
        if of >= FEWEST and lower >= bound:
            return GivenUp(reason, {"answers": of, "against": against, "lower": lower, "bound": bound})
    return None


def is_right(said: Sequence[Region], answer: Sequence[Region], config: LabelConfig) -> bool:
    """Whether an answer is that of the gold, within what the project tolerates; only controls with a model count."""
    return item_loss(said, answer, config.model_copy(update={"by_people": ()})) == 0.0


@dataclass(frozen=True, slots=True)
class Difference:
    """One control of an answer beside the gold's."""

    control: str
    loss: float
    """In [0, 1]; what is tolerated is not taken off."""
    said: str
    answer: str


def differences(
    said: Sequence[Region], answer: Sequence[Region], config: LabelConfig, say: Say = english
) -> list[Difference]:
    """Every control on which they differ at all, in the config's order."""
    losses = [(control, control_loss(said, answer, control)) for control in config.controls]
    return [
        Difference(control.name, loss, in_words(said, control.name, say), in_words(answer, control.name, say))
        for control, loss in losses
        if loss > 0.0
    ]


def in_words(regions: Sequence[Region], control: str, say: Say = english) -> str:
    """What an answer says with one control, short enough for a line; places and shapes are counted, not told."""
    mine = [region for region in regions if region.control == control]
    words = [text for region in mine for text in _words(region, say)]
    return ", ".join(words) if words else say("{n} marked", n=len(mine)) if mine else say("nothing")


def _words(region: Region, say: Say) -> tuple[str, ...]:
    match region.value:
        case Taxonomy(paths=paths):
            return tuple(map(path_text, paths))
        case Text(texts=texts):
            return texts
        case Rating(stars=stars):
            return (say("{n} stars", n=stars),)
        case Number(number=number):
            return (f"{number:g}",)
        case Pair(selected=side):
            return (side,)
        case Ranking(buckets=buckets):
            return tuple(f"{name}: {' > '.join(items)}" for name, items in buckets.items())
        case value:
            labels: tuple[str, ...] = getattr(value, "labels", ())
            place = getattr(value, "text", "")
            return tuple(f"{label} “{place}”" if place else label for label in labels) or ((place,) if place else ())
