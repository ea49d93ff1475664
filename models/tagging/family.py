"""Taggers, as a kind of model; see ``models.families``."""

from __future__ import annotations

from pathlib import Path

from models.base import Model, ModelRef, Trainer
from models.errors import ConfigurationError
from models.specs import TaggerSpec
from models.types import ControlSpec, LabelConfig, Medium


def controls(spec: TaggerSpec, config: LabelConfig) -> tuple[ControlSpec, ...]:
    """The first Labels on a text."""
    found = next((one for one in config.controls if marks_text(one)), None)
    if found is None:
        raise ConfigurationError("A tagger fills Labels on a text, and the label config has none.")
    check(spec)
    return (found,)


def reference(spec: TaggerSpec, controls: tuple[ControlSpec, ...], *, name: str) -> ModelRef:
    """There is none before it was trained."""
    raise ConfigurationError("A tagger is trained first: it brings its own reference.")


def load(ref: ModelRef, *, threads: int, model_dir: Path | None) -> Model:
    """See ``models.registry.load``."""
    from models.tagging.model import TaggerModel  # scikit-learn: a second, which most commands do not need

    assert isinstance(ref.spec, TaggerSpec)
    check(ref.spec)
    return TaggerModel(ref)


def trainer(*, threads: int, model_dir: Path | None) -> Trainer:
    """See ``models.registry.trainer``."""
    from models.tagging.trainer import TaggerTrainer

    return TaggerTrainer()


def marks_text(control: ControlSpec) -> bool:
    """Whether it is a Labels on a text."""
    return control.kind == "labels" and control.input.medium is Medium.TEXT


def check(spec: TaggerSpec) -> None:
    """Refuse what no tagger can stand on.

    Raises:
        ConfigurationError: the encoder gives no states of tokens, or a device that is not used.
    """
    if spec.encoder != "ngram":
        raise ConfigurationError(
            f"The export of {spec.encoder!r} gives one vector a text and none a token: "
            "choose the encoder ngram, or a model of kind tokens."
        )
    if spec.provider != "cpu":
        raise ConfigurationError("A tagger runs on the CPU only: set provider to cpu.")
