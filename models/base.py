"""What a model must be able to do, and how one is described.

``ModelSpec`` (data) -> ``models.registry.load`` -> ``Model``. A trained head adds an artefact folder.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, Protocol

from pydantic import Field

from models.types import ControlSpec, Frozen, HumanLabel, Item, Scored

Provider = Literal["cpu", "cuda", "tensorrt"]
"""Where the arithmetic runs. Falling back silently is an error (``ProviderError``)."""

EncoderName = Literal["ngram", "pixels", "minilm"]

ConfidenceChoice = Literal["auto", "max", "temperature", "correctness"]
"""How a head's probabilities become a confidence (``models.gate.confidence``); auto: by its train labels."""


class HeadSpec(Frozen):
    """A small trainable head over a frozen encoder, retrained from the project's own labels."""

    kind: Literal["head"] = "head"
    encoder: EncoderName
    provider: Provider = "cpu"
    quantize: bool = True
    """int8 weights where the encoder is a network (minilm). Shifts confidences a little."""
    confidence: ConfidenceChoice = "auto"


class TransformersSpec(Frozen):
    """Any ``transformers`` sequence classifier, used as it is."""

    kind: Literal["transformers"] = "transformers"
    source: str
    """Hub id or local folder."""
    revision: str | None = None
    runtime: Literal["torch", "onnx"] = "torch"
    provider: Provider = "cpu"
    label_map: dict[str, str] = Field(default_factory=dict)
    """What the model calls a class -> what the label config calls it; exact and
    case-insensitive matches need no entry."""


ModelSpec = HeadSpec | TransformersSpec


class ModelRef(Frozen):
    """One loadable model version; travels with every chunk, so a swap drops nothing."""

    spec: ModelSpec = Field(discriminator="kind")
    control: ControlSpec
    version: str
    """What Label Studio shows as ``model_version``: ``name-<first 12 hex of sha256>``."""
    sha256: str
    """Digest of the artefact's content, or of the model folder."""
    path: str | None = None
    """Artefact folder of a trained head; None for a model that is used as it is."""


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
        spec: HeadSpec,
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
