"""ONNX classifiers of pictures, as a kind of model; see ``models.families``.

Enters: items with a picture. Leaves: the choice, or choices, that the network finds. Classes of the same label count
together.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, softmax

from models import labels
from models.backends.onnx import OnnxRunner
from models.base import Model, ModelRef
from models.errors import ConfigurationError, ModelError
from models.pictures import manifest
from models.pictures.failed import failed_on
from models.pictures.manifest import Manifest
from models.pictures.placing import fill, place
from models.pictures.reading import Picture, read_picture
from models.specs import ClassifierSpec
from models.tasks import choices
from models.tasks.inputs import UnreadableItem, read
from models.types import ControlSpec, Failure, Item, LabelConfig, Medium, Prediction, Scored

Floats = NDArray[np.float64]


class ClassifierModel:
    """See ``models.base.Model``."""

    def __init__(self, ref: ModelRef, spec: ClassifierSpec, *, threads: int = 1) -> None:
        """Load the network, and check that classes and labels fit.

        Raises:
            ModelError: the network is not the one that ``ref`` names, or cannot be loaded.
            ConfigurationError: one of its classes has no label.
            ProviderError: the provider is not there.
        """
        folder = Path(spec.source)
        found = manifest.digest(folder)
        if found != ref.sha256:
            raise ModelError(f"{spec.source} holds {found[:12]}, not {ref.sha256[:12]}: connect the model again.")
        self.version, self._control = ref.version, ref.control
        self._manifest, path = _load(folder)
        targets = _targets(self._manifest, spec, ref.control)
        self._labels = tuple(dict.fromkeys(targets))
        self._places = np.array([self._labels.index(label) for label in targets])
        self._runner = OnnxRunner(path, spec.provider, threads=threads)
        if len(self._runner.inputs) != 1:
            raise ModelError(f"{folder.name} has {len(self._runner.inputs)} inputs: a classifier has one, the picture.")

    def predict(self, items: Sequence[Item]) -> list[Scored]:
        """See ``models.base.Model``."""
        return [self._of(item) for item in items]

    def warm_up(self) -> None:
        """See ``models.base.Model``."""
        self.self_test()

    def self_test(self) -> None:
        """See ``models.base.Model``."""
        self._probabilities(np.full((64, 64, 3), 255, np.uint8))

    def _of(self, item: Item) -> Scored:
        try:
            picture = read_picture(read(item, self._control.input), self._wanted)
        except UnreadableItem as error:
            return Failure(key=item.key, code=error.code, message=str(error))
        try:
            return self._prediction(item.key, picture)
        except ModelError as error:
            return Failure(key=item.key, code=error.code, message=str(error))
        except Exception as error:
            return failed_on(item.key, error)

    def _prediction(self, key: str, picture: Picture) -> Prediction:
        outcome = choices.decide(self._labels, self._probabilities(picture.pixels), self._control)
        return Prediction(
            key=key,
            regions=outcome.regions,
            confidence=outcome.confidence,
            model_version=self.version,
            numbers=outcome.numbers | picture.traits,
        )

    def _wanted(self, width: int, height: int) -> tuple[int, int]:
        at = place(width, height, self._manifest)
        return at.width, at.height

    def _probabilities(self, pixels: NDArray[np.uint8]) -> Floats:
        """``(H, W, 3)``, RGB -> ``(K,)``, one a label, in [0, 1].

        Raises:
            ModelError: the network gave something else than one finite score a class, or no probabilities.
        """
        at = place(pixels.shape[1], pixels.shape[0], self._manifest)
        outputs = self._runner.named({self._runner.inputs[0]: fill(pixels, at, self._manifest)[None]})
        scores: Floats = next(iter(outputs.values())).astype(np.float64).reshape(-1)
        if scores.shape != (len(self._places),) or not np.isfinite(scores).all():
            raise ModelError(
                f"The classifier {self.version} gave {scores.size} scores for {len(self._places)} classes, or some are "
                "not finite: correct the classes of its manifest."
            )
        found = _activated(scores, self._manifest)
        if not 0.0 <= found.min() <= found.max() <= 1.0:
            raise ModelError("The classifier's scores are not in [0, 1]: set activation in its manifest.")
        row = np.zeros(len(self._labels))
        if self._manifest.activation == "sigmoid":
            np.maximum.at(row, self._places, found)
        else:
            np.add.at(row, self._places, found)
        return row.clip(0.0, 1.0)


def unmatched(spec: ClassifierSpec, controls: tuple[ControlSpec, ...]) -> labels.Unmatched:
    """See ``models.families.MatchingFamily``."""
    control, (found, _) = controls[0], _load(Path(spec.source))
    targets = _targets(found, spec, control)
    return labels.unmatched(control.name, dict(zip(found.classes, targets, strict=True)), found.classes, control.labels)


def controls(spec: ClassifierSpec, config: LabelConfig) -> tuple[ControlSpec, ...]:
    """The first choice on a picture."""
    for control in config.controls:
        if control.kind == "choices" and not control.per_region and control.input.medium is Medium.IMAGE:
            return (control,)
    raise ConfigurationError(f"{spec.source} fills Choices on an image, and the label config has none.")


def reference(spec: ClassifierSpec, controls: tuple[ControlSpec, ...], *, name: str) -> ModelRef:
    """A loadable reference; its sha256 is over manifest and network."""
    folder = Path(spec.source)
    _targets(_load(folder)[0], spec, controls[0])
    found = manifest.digest(folder)
    return ModelRef(spec=spec, control=controls[0], version=f"{name}-{found[:12]}", sha256=found)


def load(ref: ModelRef, *, threads: int, model_dir: Path | None) -> Model:
    """See ``models.registry.load``."""
    assert isinstance(ref.spec, ClassifierSpec)
    return ClassifierModel(ref, ref.spec, threads=threads)


def _load(folder: Path) -> tuple[Manifest, Path]:
    found, path = manifest.load(folder)
    if found.layout != "classes":
        raise ModelError(f"{folder.name} is a detector ({found.layout}): use kind detector, or layout classes.")
    return found, path


def _targets(found: Manifest, spec: ClassifierSpec, control: ControlSpec) -> list[str]:
    """The label of each class. Raises ConfigurationError where one has none."""
    return labels.match(found.classes, control.labels, spec.label_map, control.names)


def _activated(scores: Floats, found: Manifest) -> Floats:
    if found.activation == "none":
        return scores
    made: Floats = expit(scores) if found.activation == "sigmoid" else softmax(scores)
    return made
