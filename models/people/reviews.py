"""Reviews of labels: what a rejection is made of, and how often a reviewer's decisions fall on appeal."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from models.errors import EvidenceMissing
from models.people.skill import Skill
from models.saying import Say, english
from models.tasks import control_loss, item_loss
from models.types import Frozen, LabelConfig, Region
from models.values import path_text


class Outcome(StrEnum):
    """What a reviewer says of a label."""

    ACCEPT = "accept"
    FIX = "fix"
    """The reviewer's own answer takes its place."""
    REJECT = "reject"


class Answer(StrEnum):
    """What a second reviewer says of an appeal."""

    UPHOLD = "uphold"
    """The first decision stands."""
    OVERTURN = "overturn"
    """The label counts again."""


class Code(StrEnum):
    """Why a label was rejected. The list is closed: a reason that is not on it is none."""

    WRONG_LABEL = "wrong_label"
    MISSED_REGION = "missed_region"
    EXTRA_REGION = "extra_region"
    BAD_BOUNDARY = "bad_boundary"
    WRONG_TEXT = "wrong_text"
    GUIDELINE = "guideline"
    """A rule was broken; takes that rule as its evidence."""
    GOLD = "gold"
    """A gold item of the same kind says otherwise; takes that item as its evidence."""
    NOT_DONE = "not_done"


class Rule(Frozen):
    """A rule of the guideline that the label breaks."""

    kind: Literal["rule"] = "rule"
    text: Annotated[str, Field(min_length=3, max_length=1000)]
    """Its section or its words."""


class Gold(Frozen):
    """A task whose right answer is known, and which shows what is right here."""

    kind: Literal["gold"] = "gold"
    task: Annotated[int, Field(ge=0, lt=2**63)]


class Diff(Frozen):
    """What the reviewer would have answered, and how far the label is from it."""

    kind: Literal["diff"] = "diff"
    annotation: int
    """The reviewer's own, in Label Studio."""
    said: tuple[str, ...]
    """What it says, a line a region."""
    loss: float = Field(ge=0.0, le=1.0)
    """Of the label against it."""
    controls: dict[str, float]
    """Control -> loss of the label on it, in [0, 1]; those without any are left out."""


class Own(Frozen):
    """The reviewer's own answer, which they have submitted in Label Studio; it is compared, and becomes a ``Diff``."""

    kind: Literal["own"] = "own"


Evidence = Annotated[Rule | Gold | Diff, Field(discriminator="kind")]
"""As it is kept."""
Offered = Annotated[Rule | Gold | Own, Field(discriminator="kind")]
"""As a reviewer names it."""

NEEDS: dict[Code, type[Rule] | type[Gold]] = {Code.GUIDELINE: Rule, Code.GOLD: Gold}
"""Reasons that one kind of evidence alone can show."""


def check(code: Code | None, evidence: Rule | Gold | Own | None, say: Say = english) -> None:
    """Make sure that a rejection has a reason, and evidence for it.

    Raises:
        EvidenceMissing: one is missing, or the evidence is not of the kind that shows this reason.
    """
    if code is None:
        raise EvidenceMissing(say("a rejection needs a reason of the list"))
    if evidence is None:
        raise EvidenceMissing(
            say("a rejection needs evidence: a rule of the guideline, a gold task, or your own answer")
        )
    needed = NEEDS.get(code)
    if needed is not None and not isinstance(evidence, needed):
        reason = repr(say(code.value))
        raise EvidenceMissing(
            say("the reason {reason} is shown by a rule, not otherwise", reason=reason)
            if needed is Rule
            else say("the reason {reason} is shown by a gold, not otherwise", reason=reason)
        )


def difference(said: Sequence[Region], other: Sequence[Region], config: LabelConfig) -> tuple[float, dict[str, float]]:
    """How far one person's answer is from another's: item loss, and control -> loss where there is any, in [0, 1].

    Controls that are left to people count as well: it is people who are compared. Tolerances hold for the item loss.
    """
    everything = config.model_copy(update={"controls": config.controls + config.by_people, "by_people": ()})
    losses = {one.name: control_loss(said, other, one) for one in everything.controls}
    return item_loss(said, other, everything), {name: loss for name, loss in losses.items() if loss > 0.0}


def lines(regions: Sequence[Region], say: Say = english) -> list[str]:
    """What was answered, a line a region, for people to read."""
    return [f"{region.control}: {_words(region, say)}" for region in regions]


def _words(region: Region, say: Say) -> str:
    value = region.value.model_dump(mode="json", exclude={"kind", "labels", "paths", "runs"}, exclude_defaults=True)
    paths = getattr(region.value, "paths", ())
    named = ", ".join(map(path_text, paths) if paths else region.labels)
    parts = [f"{say(name)} {round(held, 2) if isinstance(held, float) else held}" for name, held in value.items()]
    return "; ".join([*([named] if named else []), *parts]) or say("nothing")


class Rate(Frozen):
    """A share with its interval."""

    share: float
    lower: float
    upper: float
    n: int


def overturned(overturned: int, upheld: int) -> Rate | None:
    """How often a reviewer's decision falls when a second person looks at it; None: nobody has yet.

    The interval is that of Jeffreys' posterior at 95 % (``models.people.skill``). It speaks of the decisions that were
    appealed, which trainers choose: not of all that the reviewer decided.
    """
    if overturned + upheld == 0:
        return None
    lower, upper = Skill.of(overturned, upheld).interval()
    n = overturned + upheld
    return Rate(share=overturned / n, lower=lower, upper=upper, n=n)
