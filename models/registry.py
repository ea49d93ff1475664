"""From a description (data) to a running model: the one door into this package."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from models import encoders
from models.backends import onnx, transformers
from models.base import EncoderName, HeadSpec, Model, ModelRef, ModelSpec, Provider, Trainer, TransformersSpec
from models.encoders.minilm import PACKAGE
from models.errors import ConfigurationError
from models.types import ControlSpec, Frozen, Medium


class EncoderInfo(Frozen):
    """One encoder that a head may stand on."""

    name: EncoderName
    medium: Medium
    ready: bool
    """Whether the package that it needs is installed."""
    providers: tuple[Provider, ...]


class Description(Frozen):
    """What this installation can run."""

    encoders: tuple[EncoderInfo, ...]
    runtimes: tuple[str, ...]
    """For ready-made classifiers."""


def load(ref: ModelRef, *, threads: int = 1, model_dir: Path | None = None) -> Model:
    """Load a model version; encoders are loaded once a process and shared.

    Args:
        ref: which version.
        threads: CPU threads of one inference call.
        model_dir: where exported networks are kept; ``PRELABEL_MODEL_DIR`` or ``var/models`` when None.

    Raises:
        ModelError: the artefact is missing, damaged or another one.
        ConfigurationError: model and label config do not fit.
        ProviderError: the provider asked for is not there.
    """
    if isinstance(ref.spec, HeadSpec):
        from models.heads.model import HeadModel  # scikit-learn: a second, which most commands do not need

        return HeadModel(ref, ref.spec, threads=threads, model_dir=model_dir)
    return transformers.TransformersModel(ref, ref.spec, threads=threads, model_dir=model_dir)


def trainer(spec: ModelSpec, *, threads: int = 1, model_dir: Path | None = None) -> Trainer:
    """What trains models of this kind; arguments as for ``load``, equal ones share an encoder.

    Raises:
        ConfigurationError: a model that is used as it is cannot be trained.
    """
    if isinstance(spec, HeadSpec):
        from models.heads.trainer import HeadTrainer

        return HeadTrainer(threads=threads, model_dir=model_dir)
    raise ConfigurationError("A ready-made classifier is used as it is: choose a head to learn from labels.")


def reference(spec: TransformersSpec, control: ControlSpec, *, name: str) -> ModelRef:
    """What to give ``load`` for a ready-made classifier; a trained head brings its own reference.

    Raises:
        ModelError: the model is not there and cannot be downloaded.
    """
    return transformers.reference(spec, control, name=name)


def describe() -> Description:
    """What can be chosen here, for consoles and ``prelabel models list``; loads nothing."""
    on_cpu: tuple[Provider, ...] = ("cpu",)
    return Description(
        encoders=tuple(
            EncoderInfo(
                name=name,
                medium=medium,
                ready=name != "minilm" or find_spec(PACKAGE) is not None,
                providers=onnx.available() if name == "minilm" else on_cpu,
            )
            for name, medium in encoders.MEDIA.items()
        ),
        runtimes=("torch", "onnx"),
    )
