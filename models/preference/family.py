"""Learned preferences, as a kind of model; see ``models.families``."""

from __future__ import annotations

from pathlib import Path

from models.answers import JUDGEMENTS, judged, with_context
from models.base import Model, ModelRef, Trainer
from models.errors import ConfigurationError
from models.specs import PreferenceSpec
from models.types import ControlSpec, LabelConfig


def controls(spec: PreferenceSpec, config: LabelConfig) -> tuple[ControlSpec, ...]:
    """The first pair, or else the first rating, or else the first ranking of answers, with the question beside it."""
    found = [one for kind in JUDGEMENTS for one in config.controls if one.kind == kind and judged(one)]
    if not found:
        raise ConfigurationError(
            "A preference fills Pairwise, Rating (not per region) or Ranker (without buckets) on texts, and the label "
            "config has none."
        )
    return (with_context(found[0], config),)


def reference(spec: PreferenceSpec, controls: tuple[ControlSpec, ...], *, name: str) -> ModelRef:
    """There is none before it was trained."""
    raise ConfigurationError("A preference is trained first, from judgements: it brings its own reference.")


def load(ref: ModelRef, *, threads: int, model_dir: Path | None) -> Model:
    """See ``models.registry.load``."""
    from models.preference.model import PreferenceModel

    assert isinstance(ref.spec, PreferenceSpec)
    return PreferenceModel(ref, ref.spec, threads=threads, model_dir=model_dir)


def trainer(*, threads: int, model_dir: Path | None) -> Trainer:
    """See ``models.registry.trainer``."""
    from models.preference.trainer import PreferenceTrainer

    return PreferenceTrainer(threads=threads, model_dir=model_dir)
