"""Heads, as a kind of model; see ``models.families``."""

from __future__ import annotations

from pathlib import Path

from models import encoders
from models.base import Model, ModelRef, Trainer
from models.errors import ConfigurationError
from models.specs import HeadSpec
from models.types import ControlSpec, LabelConfig


def controls(spec: HeadSpec, config: LabelConfig) -> tuple[ControlSpec, ...]:
    """The first choice, or taxonomy, on what the encoder reads."""
    medium = encoders.MEDIA[spec.encoder]
    choices = [one for one in config.controls if one.kind in ("choices", "taxonomy") and not one.per_region]
    found = next((one for one in choices if one.input.medium is medium), None)
    if found is not None:
        return (found,)
    if choices:
        raise ConfigurationError(
            f"The encoder {spec.encoder!r} reads {medium}, but the control {choices[0].name!r} labels "
            f"{choices[0].input.medium}: choose another encoder."
        )
    raise ConfigurationError("A head fills Choices or a Taxonomy on a text or an image, and the label config has none.")


def reference(spec: HeadSpec, controls: tuple[ControlSpec, ...], *, name: str) -> ModelRef:
    """There is none before it was trained."""
    raise ConfigurationError(f"A head over {spec.encoder} is trained first: it brings its own reference.")


def load(ref: ModelRef, *, threads: int, model_dir: Path | None) -> Model:
    """See ``models.registry.load``."""
    from models.heads.model import HeadModel  # scikit-learn: a second, which most commands do not need

    assert isinstance(ref.spec, HeadSpec)
    return HeadModel(ref, ref.spec, threads=threads, model_dir=model_dir)


def trainer(*, threads: int, model_dir: Path | None) -> Trainer:
    """See ``models.registry.trainer``."""
    from models.heads.trainer import HeadTrainer

    return HeadTrainer(threads=threads, model_dir=model_dir)
