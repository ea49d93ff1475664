"""The answer of the gate."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Certificate:
    """What one test said. The figures of a closed gate describe the threshold at which it failed.

    With strata (``gates``) the figures sum up: of the open gates, or, where none is open, of all. Open means that at
    least one is, and an item is accepted at the threshold of its own stratum only.
    """

    open: bool
    threshold: float | None
    """Accept items whose confidence is at or above it; None when closed, and when there are several strata."""
    n: int
    """Validation labels at or above the threshold."""
    errors: float
    """Sum of their losses; of strict losses the number of wrong ones, a whole number."""
    selective_upper: float | None
    """Upper bound of loss / accepted at this threshold alone, in [0, 1]; at most epsilon when open. The largest of
    several strata. None when nothing could be tested."""
    overall_upper: float | None
    """Upper bound of the machine's loss / all items: what the finished data set gets from the machine. Shown; the gate
    does not open on it."""
    coverage: float
    """Share of the whole pool, of all strata, that lies in this one at or above the threshold, in [0, 1]; 0 when
    closed."""
    needed_labels: int
    """Estimated further validation labels until the gate opens; 0 when it is open, and when more labels alone would
    not open it (``reason`` says which)."""
    reason: str
    """For an operator: why it is open or closed, and what it would take."""
    epsilon: float
    delta: float
    """The delta that this test spent; all strata together."""
    gates: dict[str, Certificate] = field(default_factory=dict)
    """The gate of each stratum, by its name; empty without strata."""
