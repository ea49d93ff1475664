"""What a model must be able to do, and how one is described.

``ModelSpec`` (data) -> ``models.registry.load`` -> ``Model``. A trained head adds an artefact folder.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from pydantic import Field

from models.specs import ModelSpec, Trainable
from models.types import ControlSpec, Frozen, HumanLabel, Item, Scored


class ModelRef(Frozen):
    """One loadable model version; travels with every chunk, so a swap drops nothing."""

    spec: ModelSpec
    control: ControlSpec
    """What it fills, or the first of several: the one that a trained model was trained for."""
    others: tuple[ControlSpec, ...] = ()
    """Further controls that it fills."""
    parts: tuple[ModelRef, ...] = ()
    """Of several models: each one's own."""
    version: str
    """What Label Studio shows as ``model_version``: ``name-<first 12 hex of sha256>``."""
    sha256: str
    """Digest of the artefact's content, or of the model folder."""
    path: str | None = None
    """Artefact folder of a trained head; None for a model that is used as it is."""

    @property
    def controls(self) -> tuple[ControlSpec, ...]:
        """All that it fills."""
        return (self.control, *self.others)


class Model(Protocol):
    """Items in, predictions with a confidence out."""

    version: str

    def predict(self, items: Sequence[Item]) -> list[Scored]:
        """Say something of every item, in order; ``len(result) == len(items)``.

        An item that cannot be read gives a ``Failure`` in its place and never harms its neighbours.

        Raises:
            ModelError: the model failed on the chunk as a whole.
        """
        ...

    def warm_up(self) -> None:
        """Run once on made-up input, so that the first real chunk is not the slow one."""
        ...

    def self_test(self) -> None:
        """Check that the model still answers.

        Raises:
            ModelError: it does not.
        """
        ...


class TrainingExample(Frozen):
    """One labelled item of the train fold."""

    item: Item
    label: HumanLabel


class Budget(Frozen):
    """What the project's gate will have to show: a head's confidence is chosen for it."""

    epsilon: float = Field(default=0.05, gt=0.0, lt=1.0)
    delta: float = Field(default=0.1, gt=0.0, lt=1.0)


class TrainingReport(Frozen):
    """What came of a training run."""

    ref: ModelRef
    n: int
    """Examples used."""
    skipped: int
    """Examples left out: unreadable, or without a label for the control."""
    classes: dict[str, int]
    """Examples of each class."""
    accuracy: float | None
    """Cross-validated accuracy in [0, 1] on the train fold; None when too few to split."""
    seconds: float
    confidence: str = "max"
    """Which kind of confidence the head has (``models.gate.confidence``)."""
    expected: dict[str, float] = Field(default_factory=dict)
    """The coverage in [0, 1] that a gate was expected to certify with each kind that was tried, by cross-validation."""


class Trainer(Protocol):
    """Labels in, a new model version out."""

    def train(
        self,
        spec: Trainable,
        control: ControlSpec,
        examples: Sequence[TrainingExample],
        *,
        name: str,
        folder: Path,
        budget: Budget | None = None,
    ) -> TrainingReport:
        """Fit a head and write its artefact to ``folder/<sha256>/``; without a budget, for the default one.

        Raises:
            NotTrainableError: fewer than two classes, or too few examples.
        """
        ...
