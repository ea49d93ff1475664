"""Kind of a model -> the module that knows all of it: which controls it fills, what it is called, how it is loaded.

A new kind is a class in ``models.specs``, a module with the functions of ``Family``, and a line here. Modules are
imported when first asked for: most commands need none of them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

from models.base import Model, ModelRef, Trainer
from models.errors import ConfigurationError
from models.labels import Unmatched
from models.specs import ModelSpec
from models.types import ControlSpec, LabelConfig


class Family(Protocol):
    """What a module of a kind offers."""

    def controls(self, spec: Any, config: LabelConfig) -> tuple[ControlSpec, ...]:
        """Which of ``config.controls`` such a model fills, the main one first; of several alike the first one.

        Raises:
            ConfigurationError: there is nothing for it to fill; the message says what it could.
        """
        ...

    def reference(self, spec: Any, controls: tuple[ControlSpec, ...], *, name: str) -> ModelRef:
        """What to load, of a model that is used as it is.

        Raises:
            ModelError: it is not there.
            ConfigurationError: its classes and the control's labels do not fit, or it has to be trained first.
        """
        ...

    def load(self, ref: ModelRef, *, threads: int, model_dir: Path | None) -> Model:
        """See ``models.registry.load``."""
        ...


class MatchingFamily(Family, Protocol):
    """Of a kind whose classes have names of their own."""

    def unmatched(self, spec: Any, controls: tuple[ControlSpec, ...]) -> Unmatched:
        """Classes without a label and labels without a class, of the control that it fills.

        Raises:
            ModelError: the model is not there.
            ConfigurationError: classes and labels do not fit at all.
        """
        ...


class TrainableFamily(Family, Protocol):
    """Of a kind that learns from labels."""

    def trainer(self, *, threads: int, model_dir: Path | None) -> Trainer:
        """What trains it."""
        ...


def family(spec: ModelSpec) -> Family:
    """The module of a spec's kind."""
    match spec.kind:
        case "head":
            from models.heads import family as head

            return head
        case "transformers":
            from models.backends import transformers

            return transformers
        case "tagger":
            from models.tagging import family as tagger

            return tagger
        case "tokens":
            from models.backends import token_classifier

            return token_classifier
        case "zero-shot":
            from models.heads import zero_shot

            return zero_shot
        case "ocr":
            from models.pictures import ocr

            return ocr
        case "detector":
            from models.pictures import detector

            return detector
        case "classifier":
            from models.pictures import classifier

            return classifier
        case "speech":
            from models.audio import speech

            return speech
        case "pipeline":
            from models.backends import pipelines

            return pipelines
        case "preference":
            from models.preference import family as preference

            return preference
        case "reward":
            from models.backends import reward

            return reward
        case "judge":
            from models.judge import family as judge

            return judge
        case "several":
            from models import several

            return several


def matching(spec: ModelSpec) -> MatchingFamily | None:
    """The module of a kind whose classes have names of their own; None: it learns or reads what labels are called."""
    match spec.kind:
        case "transformers":
            from models.backends import transformers

            return transformers
        case "tokens":
            from models.backends import token_classifier

            return token_classifier
        case "detector":
            from models.pictures import detector

            return detector
        case "classifier":
            from models.pictures import classifier

            return classifier
        case "pipeline" if spec.task != "automatic-speech-recognition":
            from models.backends import pipelines

            return pipelines
        case _:
            return None


def trainable(spec: ModelSpec) -> TrainableFamily:
    """The module of a kind that learns.

    Raises:
        ConfigurationError: it is used as it is.
    """
    match spec.kind:
        case "head":
            from models.heads import family as head

            return head
        case "tagger":
            from models.tagging import family as tagger

            return tagger
        case "preference":
            from models.preference import family as preference

            return preference
        case _:
            raise ConfigurationError("A ready-made model is used as it is: choose a head to learn from labels.")
