"""From a description (data) to a running model: the one door into this package."""

from __future__ import annotations

from models.base import HeadSpec, Model, ModelRef, ModelSpec, Trainer
from models.errors import ConfigurationError
from models.heads.model import HeadModel
from models.heads.trainer import HeadTrainer


def load(ref: ModelRef, *, threads: int = 1) -> Model:
    """Load a model version; encoders are loaded once a process and shared.

    Args:
        ref: which version.
        threads: CPU threads of one inference call.

    Raises:
        ModelError: the artefact is missing, damaged or another one.
        ConfigurationError: model and label config do not fit.
        ProviderError: the provider asked for is not there.
    """
    if isinstance(ref.spec, HeadSpec):
        return HeadModel(ref, ref.spec, threads=threads)
    raise ConfigurationError(f"No loader for {ref.spec.kind!r}.")


def trainer(spec: ModelSpec) -> Trainer:
    """What trains models of this kind.

    Raises:
        ConfigurationError: a model that is used as it is cannot be trained.
    """
    if isinstance(spec, HeadSpec):
        return HeadTrainer()
    raise ConfigurationError("A ready-made classifier is used as it is: choose a head to learn from labels.")
