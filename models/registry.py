"""From a description (data) to a running model: the one door into this package."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from models import several
from models.base import Budget, Model, ModelRef, Trainer, TrainingExample, TrainingReport
from models.errors import ModelError
from models.families import family, matching, trainable
from models.labels import Unmatched
from models.specs import ModelSpec, SeveralSpec, Trainable, learns
from models.types import ControlSpec, LabelConfig


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
    return family(ref.spec).load(ref, threads=threads, model_dir=model_dir)


def verify(ref: ModelRef) -> None:
    """Read the files of a model version and compare their digest, without loading a network.

    Raises:
        ModelError: they are missing, damaged, or others than when the version was made.
        ConfigurationError: they do not fit the controls any more.
    """
    from models.heads import artefact  # scikit-learn: a second, which most commands do not need

    if ref.parts:
        for part in ref.parts:
            verify(part)
    elif ref.path is not None:
        artefact.check(Path(ref.path), ref.sha256)
    else:
        found = family(ref.spec).reference(ref.spec, ref.controls, name="check").sha256
        if found != ref.sha256:
            raise ModelError(f"The files of {ref.version} have changed: {found[:12]}, not {ref.sha256[:12]}.")


def train(
    spec: ModelSpec,
    controls: tuple[ControlSpec, ...],
    examples: Sequence[TrainingExample],
    *,
    name: str,
    folder: Path,
    budget: Budget | None = None,
    threads: int = 1,
    model_dir: Path | None = None,
) -> TrainingReport:
    """Fit what learns and write its artefact below ``folder``; see ``models.base.Trainer``.

    Args:
        spec: what to train.
        controls: those that it fills (``assign``), the main one first.
        examples: labelled items of the train fold.
        name: the project's, for the version.
        folder: where artefacts go.
        budget: what the gate will have to show; the default one where None.
        threads: as for ``load``; equal arguments share an encoder.
        model_dir: as for ``load``.

    Raises:
        NotTrainableError: the labels do not allow it yet.
        ConfigurationError: a model that is used as it is cannot be trained.
    """
    budget = budget or Budget()
    if isinstance(spec, SeveralSpec) and learns(spec):
        return several.train(
            spec, controls, examples, name=name, folder=folder, budget=budget, threads=threads, model_dir=model_dir
        )
    learner = trainer(spec, threads=threads, model_dir=model_dir)
    return learner.train(_learning(spec), controls[0], examples, name=name, folder=folder, budget=budget)


def trainer(spec: ModelSpec, *, threads: int = 1, model_dir: Path | None = None) -> Trainer:
    """What trains models of this kind.

    Raises:
        ConfigurationError: a model that is used as it is cannot be trained.
    """
    return trainable(spec).trainer(threads=threads, model_dir=model_dir)


def _learning(spec: ModelSpec) -> Trainable:
    assert isinstance(spec, Trainable)
    return spec


def assign(spec: ModelSpec, config: LabelConfig) -> LabelConfig:
    """The label config of a project with such a model: ``controls`` are those that it fills, the main one first.

    The others are left to people (``by_people``). Give the config as it was read, with all controls in ``controls``.

    Raises:
        ConfigurationError: the model can fill none of them.
    """
    everything = config.model_copy(update={"controls": config.controls + config.by_people, "by_people": ()})
    filled = family(spec).controls(spec, everything)
    names = {control.name for control in filled}
    rest = tuple(control for control in everything.controls if control.name not in names)
    return config.model_copy(update={"controls": filled, "by_people": rest})


def unmatched(spec: ModelSpec, controls: tuple[ControlSpec, ...]) -> list[Unmatched]:
    """What the model's classes and the controls' labels lack of each other; only where they lack something.

    Raises:
        ModelError: the model is not there and cannot be downloaded.
        ConfigurationError: model and controls do not fit at all.
    """
    if isinstance(spec, SeveralSpec):
        shares = several.shares(spec, controls)
        return [one for part, share in zip(spec.parts, shares, strict=True) for one in unmatched(part.spec, share)]
    family_of = matching(spec)
    found = [] if family_of is None else [family_of.unmatched(spec, controls)]
    return [one for one in found if one.classes or one.labels]


def reference(spec: ModelSpec, controls: tuple[ControlSpec, ...], *, name: str) -> ModelRef:
    """What to give ``load`` for a model that is used as it is; a trained one brings its own reference.

    Raises:
        ModelError: the model is not there and cannot be downloaded.
        ConfigurationError: model and controls do not fit.
    """
    return family(spec).reference(spec, controls, name=name)
