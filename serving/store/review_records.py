"""Rows of reviews and appeals, as the rest of the service sees them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from models.people.reviews import Code, Diff, Gold, Rule
from models.types import Region
from serving.store.people_records import WorkState


class ReviewState(StrEnum):
    """``pending -> accepted | fixed | rejected | void``, ``fixed | rejected -> appealed -> upheld | overturned``."""

    PENDING = "pending"
    """Somebody is to look at the label, which counts meanwhile."""
    ACCEPTED = "accepted"
    FIXED = "fixed"
    """The reviewer's own answer counts in its place."""
    REJECTED = "rejected"
    APPEALED = "appealed"
    """A second person is to look at it; the label does not count meanwhile."""
    UPHELD = "upheld"
    OVERTURNED = "overturned"
    """The label counts again."""
    VOID = "void"
    """There was nothing to judge any more: the label, or the data that it is for, is gone."""


AGAINST = (ReviewState.FIXED, ReviewState.REJECTED)
"""Decisions that the author may appeal against."""
TOLD = (*AGAINST, ReviewState.APPEALED, ReviewState.UPHELD, ReviewState.OVERTURNED)
"""What a person is told of reviews of their own labels."""
TO_DECIDE = (ReviewState.PENDING, ReviewState.APPEALED)


class By(StrEnum):
    """Who decided. Never says which person: a trainer is told the role alone."""

    REVIEWER = "reviewer"
    DEADLINE = "deadline"
    """Nobody did in time; it was decided for whoever labelled."""


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """What became of one label that was drawn for review."""

    id: int
    project_id: int
    item_id: int
    label_id: int
    author: int
    """Label Studio user id of whoever labelled."""
    revision: int
    """Of the item's data that was labelled."""
    state: ReviewState
    drawn_at: float
    due_at: float
    """When it moves on by itself, epoch seconds: a pending one is approved; of a rejected or fixed one the time to
    appeal is over; an appeal is decided for the author."""
    reviewer_id: int | None
    """Trainer; None: nobody yet, or somebody who was forgotten."""
    decided_by: By | None
    decided_at: float | None
    code: Code | None
    evidence: Rule | Gold | Diff | None
    note: str
    """The reviewer's, to the author."""
    judged: tuple[Region, ...] | None
    """The label as it stood when it was decided on."""
    fix_id: int | None
    """The label that took its place."""
    appealed_at: float | None
    appeal: str | None
    """The author's reason."""
    second_id: int | None
    answered_by: By | None
    answered_at: float | None
    answer: str
    """The second reviewer's reason."""
    closed_at: float | None
    """Nothing can come of it any more."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A reviewer's decision, as it is kept."""

    state: ReviewState
    code: Code | None = None
    evidence: Rule | Gold | Diff | None = None
    note: str = ""
    fix_id: int | None = None
    aside: tuple[int, ...] = ()
    """Labels that count no longer by it."""


@dataclass(frozen=True, slots=True)
class TurnRow:
    """One review or appeal in one reviewer's hands, now or once."""

    id: int
    project_id: int
    item_id: int
    review_id: int
    trainer_id: int
    appeal: bool
    state: WorkState
    """``held -> done | released | expired -> late``."""
    granted_at: float
    until: float
    ended_at: float | None
    why: str
    """Why it was given back."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What one reviewer did."""

    trainer_id: int
    outcomes: dict[ReviewState, int]
    """First decisions, as they stand now."""
    codes: dict[Code, int]
    """Decisions against labels by reason, whatever became of them."""
    fixes: int
    """First decisions that put another answer in the label's place, whatever became of them."""
    turns: dict[WorkState, int]
    """Reviews and appeals that were given out: done in time, late, given back, let go."""
    answered: dict[ReviewState, int]
    """Appeals that this person decided as the second."""
    overturned: int
    """First decisions that a second person overturned; what a deadline overturned is not among them."""
    upheld: int
