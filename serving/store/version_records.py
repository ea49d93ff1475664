"""Model versions as the rest of the service sees them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from models.base import ModelRef
from serving.store.records import LABELS_BY


@dataclass(frozen=True, slots=True)
class ModelVersionRow:
    """One model version of a project."""

    id: int
    project_id: int
    ref: ModelRef
    n_train: int
    metrics: dict[str, Any]
    created_at: float
    activated_at: float | None
    rejected_at: float | None = None
    """When it was tried beside the active model and certified no more, or a person rolled it back, epoch seconds."""
    scored_items: int = 0
    """Items that it was given, of which its speed was measured."""
    scored_seconds: float = 0.0
    """How long a scorer worked on them; waiting and loading apart."""

    @property
    def speed(self) -> float | None:
        """Items that one scorer does in a second; None: never measured."""
        return self.scored_items / self.scored_seconds if self.scored_seconds > 0.0 else None

    @property
    def impersonal(self) -> dict[str, Any]:
        """What was measured in training, without who gave the labels."""
        return {name: value for name, value in self.metrics.items() if name != LABELS_BY}
