"""Optical character recognition, as a kind of model; see ``models.families``.

Enters: items with a picture. Leaves: a region for each line of text, and what it says, in the controls that are there.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from models.base import Model, ModelRef
from models.errors import ConfigurationError, ModelError
from models.pictures.failed import failed_on
from models.pictures.lines import Roles, regions
from models.pictures.ocr_engine import BOX_THRESHOLD, LONGEST, OcrEngine, digest, sample
from models.pictures.reading import at_most, read_picture
from models.specs import OcrSpec
from models.tasks.combine import certainty
from models.tasks.inputs import UnreadableItem, read
from models.types import ControlSpec, Failure, Item, LabelConfig, Medium, Prediction, Scored

SHAPES = ("rectangle", "polygon", "rectanglelabels", "polygonlabels")
DEFAULT_LABEL = "text"


class OcrModel:
    """See ``models.base.Model``."""

    def __init__(self, ref: ModelRef, spec: OcrSpec, *, threads: int = 1) -> None:
        """Load the networks.

        Raises:
            MissingDependencyError: the package ``rapidocr`` is not installed.
            ModelError: its networks are not those that ``ref`` names.
            ProviderError: the provider is not there.
        """
        found = digest()
        if found != ref.sha256:
            raise ModelError(f"rapidocr holds {found[:12]}, not {ref.sha256[:12]}: connect the model again.")
        self.version = ref.version
        self._roles = roles(spec, ref.controls)
        self._source = ref.control.input
        self._minimum = spec.minimum
        self._engine = OcrEngine(spec.provider, threads=threads)
        self._wanted = at_most(LONGEST)

    def predict(self, items: Sequence[Item]) -> list[Scored]:
        """See ``models.base.Model``."""
        return [self._of(item) for item in items]

    def warm_up(self) -> None:
        """See ``models.base.Model``."""
        self.self_test()

    def self_test(self) -> None:
        """See ``models.base.Model``."""
        try:
            found = self._engine.read(sample())
        except Exception as error:
            raise ModelError(f"The model {self.version} failed on its sample: {error!r}") from error
        if not found:
            raise ModelError(f"The model {self.version} reads nothing on its sample: install rapidocr again.")

    def _of(self, item: Item) -> Scored:
        try:
            picture = read_picture(read(item, self._source), self._wanted)
        except UnreadableItem as error:
            return Failure(key=item.key, code=error.code, message=str(error))
        try:
            found = self._engine.read(picture.pixels)
        except Exception as error:
            return failed_on(item.key, error)
        lines = [line for line in found if line.score >= self._minimum]
        missed = max((line.score for line in found if line.score < self._minimum), default=0.0)
        sure, figures = certainty([line.score for line in lines], empty=1.0 - BOX_THRESHOLD)
        return Prediction(
            key=item.key,
            regions=regions(lines, picture.size, self._roles),
            confidence=sure * (1.0 - missed),
            model_version=self.version,
            numbers=figures | {"left_out_score": missed} | picture.traits,
        )


def roles(spec: OcrSpec, controls: Sequence[ControlSpec]) -> Roles:
    """Who says what: a shape with its label and text, and the whole text.

    Only controls on one picture are taken together: the one of the first shape, or else of the first text.

    Raises:
        ConfigurationError: no control takes lines of text, or ``spec.label`` is not one of the labels.
    """
    pictures = [one for one in controls if one.input.medium is Medium.IMAGE]
    shape = next((one for one in pictures if one.kind in SHAPES), None)
    plain = [one for one in pictures if one.kind == "textarea" and not one.per_region]
    if shape is None and not plain:
        raise ConfigurationError(
            "OCR fills Rectangle, Polygon, RectangleLabels or PolygonLabels on an image, with Labels and a perRegion "
            "TextArea where they are there, or one TextArea for the whole text; the label config has none of them."
        )
    source = (shape or plain[0]).input.name
    here = [one for one in pictures if one.input.name == source]
    if shape is None:
        return Roles(whole=plain[0])
    named = shape.kind.endswith("labels")
    labels = None if named else next((one for one in here if one.kind == "labels"), None)
    return Roles(
        shape=shape,
        labels=labels,
        text=next((one for one in here if one.kind == "textarea" and one.per_region), None),
        whole=next((one for one in here if one.kind == "textarea" and not one.per_region), None),
        label=_label(spec, shape if named else labels),
    )


def _label(spec: OcrSpec, control: ControlSpec | None) -> str | None:
    if control is None or not control.labels:
        return None
    if spec.label is None:
        return next((one for one in control.labels if one.casefold() == DEFAULT_LABEL), control.labels[0])
    if spec.label not in control.labels:
        raise ConfigurationError(
            f"OCR is to label lines {spec.label!r}, but {control.name!r} has {', '.join(control.labels)}."
        )
    return spec.label


def controls(spec: OcrSpec, config: LabelConfig) -> tuple[ControlSpec, ...]:
    """The first shape on a picture with its labels and texts, or else the first text; see ``roles``."""
    return roles(spec, config.controls).controls


def reference(spec: OcrSpec, controls: tuple[ControlSpec, ...], *, name: str) -> ModelRef:
    """A loadable reference; its sha256 is over the networks that come with the package."""
    roles(spec, controls)
    found = digest()
    first, *others = controls
    return ModelRef(spec=spec, control=first, others=tuple(others), version=f"{name}-{found[:12]}", sha256=found)


def load(ref: ModelRef, *, threads: int, model_dir: Path | None) -> Model:
    """See ``models.registry.load``."""
    assert isinstance(ref.spec, OcrSpec)
    return OcrModel(ref, ref.spec, threads=threads)
