"""Rows of gold items, answers and qualifications, as the rest of the service sees them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from models.skills import FieldOfWork
from models.types import Region


class GoldSource(StrEnum):
    """Where the answer comes from."""

    OPERATOR = "operator"
    """An operator gave it."""
    LABEL = "label"
    """The item's own label."""
    AGREEMENT = "agreement"
    """Several people's labels, which agree."""


class Ruling(StrEnum):
    """What an operator says of a dispute."""

    UPHELD = "upheld"
    """The gold stands, and so does the mark."""
    WITHDRAWN = "withdrawn"
    """The gold was wrong: nobody's mark on it counts."""


@dataclass(frozen=True, slots=True)
class GoldRow:
    """An item whose answer is known."""

    id: int
    project_id: int
    item_id: int
    field: FieldOfWork
    """In what it tests people; no word: in nothing in particular."""
    revision: int
    """Of the item's data; another one needs another answer."""
    regions: tuple[Region, ...]
    """The answer."""
    source: GoldSource
    uses: int
    """How often it was given to somebody."""
    created_at: float
    retired_at: float | None
    retired_reason: str | None


@dataclass(frozen=True, slots=True)
class GoldAnswerRow:
    """What one person answered to a gold item."""

    id: int
    gold_id: int
    trainer_id: int
    qualification_id: int | None
    """The qualification that it was part of; None: given unmarked among other work."""
    regions: tuple[Region, ...]
    is_right: bool
    counts: bool
    """Whether the mark stands: that of a gold that was withdrawn, or retired itself, does not."""
    answered_at: float
    disputed_at: float | None
    dispute: str | None
    """What the person says against the mark."""
    ruled_at: float | None
    ruling: Ruling | None
    ruling_reason: str | None

    @property
    def open_dispute(self) -> bool:
        """Disputed, and no operator has said anything to it yet."""
        return self.disputed_at is not None and self.ruled_at is None


@dataclass(frozen=True, slots=True)
class Tally:
    """What has come of a gold item."""

    answers: int = 0
    failures: int = 0
    disputes: int = 0
    """Upheld ones, where the mark stood, are not counted."""
    open_disputes: int = 0


@dataclass(frozen=True, slots=True)
class QualificationRow:
    """One attempt at a skill."""

    id: int
    project_id: int
    trainer_id: int
    field: FieldOfWork
    wanted: int
    """Items it has."""
    started_at: float
    ended_at: float | None
    level: int | None
    """What it came to; None: it is under way, or was given up."""
