"""Rows about people who label, as the rest of the service sees them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from models.fair_queue import Kind
from models.skills import Skill


@dataclass(frozen=True, slots=True)
class TrainerRow:
    """A Label Studio user who labels."""

    id: int
    platform_url: str
    user_id: int
    email: str
    name: str
    token: bytes | None
    """The person's own Label Studio token, encrypted; None: not signed in."""
    created_at: float


@dataclass(frozen=True, slots=True)
class Paused:
    """Why a person is given nothing."""

    at: float
    """Since when, epoch seconds."""
    reason: str
    """An operator's words, or what the numbers say."""
    measured: bool
    """Whether the numbers alone allowed it."""
    field: str
    """Field of work that the numbers are about; empty where there are none."""
    numbers: dict[str, float]
    """See ``models.people.skill.Pause``."""


@dataclass(frozen=True, slots=True)
class DeskRow:
    """A person at work for a project."""

    trainer: TrainerRow
    skills: tuple[Skill, ...]
    project_id: int
    offered: float
    """Items that were offered, on the queue's scale: whoever was away starts where the others are."""
    waits_since: float | None
    """Asked then, and has got nothing since, epoch seconds."""
    seen_at: float
    daily_cap: int | None
    reviews: bool = False
    """May judge others' labels."""
    pause: Paused | None = None


class WorkState(StrEnum):
    """``held -> done | skipped | released | expired -> late``."""

    HELD = "held"
    DONE = "done"
    """Handed in while it was held."""
    SKIPPED = "skipped"
    RELEASED = "released"
    """Given back by the person, with a reason."""
    EXPIRED = "expired"
    LATE = "late"
    """Handed in after it had ended otherwise: it counts as any other."""


@dataclass(frozen=True, slots=True)
class WorkRow:
    """One item in one person's hands, now or once."""

    id: int
    project_id: int
    item_id: int
    trainer_id: int
    kind: Kind
    state: WorkState
    why: dict[str, Any]
    """Reason code and numbers."""
    granted_at: float
    until: float
    """When the lease ends, epoch seconds."""
    beat_at: float
    """When the person's page last said that it is open."""
    extended: bool
    ended_at: float | None


class Nothing(StrEnum):
    """Why a person gets nothing now."""

    EMPTY = "empty"
    """Nothing is left that this person may do."""
    OTHERS_FIRST = "others_first"
    """What is left goes to people who wait and have been offered less."""
    CAP = "cap"
    """The day's cap is reached."""
    PAUSED = "paused"
    """An operator has paused this person."""
