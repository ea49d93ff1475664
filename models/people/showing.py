"""Which items get no suggestion: a few by lot, and those on which a suggestion costs more time than it saves.

The lot goes both ways. Above the bound a share is left without its suggestion, below it the same share keeps it: so
times with and without one can be compared at every confidence, whatever the bound was before.
"""

from __future__ import annotations

from enum import StrEnum

from models.gate.sampling import keyed_uniform
from models.people.effort import Effort

PURPOSE = "suggestion"
STEP = 0.05
"""A bound that would move by less stays where it is: every move decides items again."""


class Showing(StrEnum):
    """What becomes of a suggestion."""

    SHOWN = "shown"
    CONTROL = "suggestion_control"
    """Hidden, though it would be shown: drawn by lot."""
    HIDDEN = "no_suggestion"
    """Hidden: the model is less sure than the bound."""
    SPARED = "suggestion_spared"
    """Shown, though it would be hidden: drawn by lot."""

    @property
    def hidden(self) -> bool:
        return self in (Showing.CONTROL, Showing.HIDDEN)


def showing_draw(secret: bytes, item: str | int, revision: int) -> float:
    """The draw in [0, 1) that decides about an item's suggestion, the same under every model and bound."""
    return keyed_uniform(secret, PURPOSE, item, revision)


def showing(confidence: float, draw: float, *, rate: float, below: float | None) -> Showing:
    """What becomes of one suggestion.

    Args:
        confidence: in [0, 1].
        draw: of ``showing_draw``. The lowest are always hidden, the highest always shown: another bound, or a higher
            rate, turns none of them round.
        rate: share that goes by lot, in [0, 0.5); 0: everything is shown.
        below: the bound; None: there is none.
    """
    if rate <= 0.0:
        return Showing.SHOWN
    if below is not None and confidence < below:
        return Showing.SPARED if draw >= 1.0 - rate else Showing.HIDDEN
    return Showing.CONTROL if draw < rate else Showing.SHOWN


def next_bound(now: float | None, found: Effort) -> float | None:
    """The bound from now on.

    It has a band to stand in, so that it does not flap: it rises to the confidence below which suggestions are
    certainly slower (``Effort.threshold``), and falls only to where they do not even seem to be slower any more. What
    too few items are known of changes nothing.

    Args:
        now: the bound; None: there is none.
        found: what the times say.

    Returns:
        A confidence in (0, 1]; None: nothing is hidden for its confidence.
    """
    certain = found.threshold or 0.0
    start = 0.0
    for one in found.ranges:
        if one.time.factor <= 1.0:
            break
        start = one.end
    else:
        start = 1.0  # wherever it is known, they seem slower
    bound = min(max(now or 0.0, certain), max(start, certain))
    if now is not None and bound and abs(bound - now) < STEP:
        return now
    return bound or None
