"""Any model of a ``transformers`` pipeline task, by hub id or local folder: what it says, on the project's controls.

Speech recognition fills a TextArea on audio, classification Choices on pictures, detection RectangleLabels,
segmentation PolygonLabels or BrushLabels. A picture is turned as its EXIF says before a model sees it; coordinates are
percent of it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Any

from models import labels
from models.backends import pretrained
from models.backends.hearing import Recognizer
from models.backends.looking import Detector, PictureClassifier, Segmenter
from models.backends.said import Reader, Said
from models.backends.torch import device
from models.base import Model, ModelRef
from models.errors import ConfigurationError, ModelError, PrelabelError
from models.export.cache import folder_sha256
from models.specs import PipelineSpec, PipelineTask
from models.tasks.inputs import UnreadableItem, read
from models.types import ControlKind, ControlSpec, Failure, Item, LabelConfig, Medium, Prediction, Scored

_FILLS: dict[PipelineTask, tuple[Medium, tuple[ControlKind, ...], str]] = {
    "automatic-speech-recognition": (Medium.AUDIO, ("textarea",), "TextArea on Audio"),
    "image-classification": (Medium.IMAGE, ("choices",), "Choices on Image"),
    "object-detection": (Medium.IMAGE, ("rectanglelabels",), "RectangleLabels on Image"),
    "image-segmentation": (Medium.IMAGE, ("polygonlabels", "brushlabels"), "PolygonLabels or BrushLabels on Image"),
}
_READERS: dict[PipelineTask, Callable[[Any, PipelineSpec, ControlSpec], Reader]] = {
    "automatic-speech-recognition": Recognizer,
    "image-classification": PictureClassifier,
    "object-detection": Detector,
    "image-segmentation": Segmenter,
}


class PipelineModel:
    """See ``models.base.Model``. Items are run one by one: inputs of one size are rare, and a bad one stays alone."""

    def __init__(self, ref: ModelRef, spec: PipelineSpec, *, threads: int = 1) -> None:
        """Load, and check that classes and labels fit.

        Raises:
            ConfigurationError: classes and labels do not fit.
            ProviderError: the device is not there.
            ModelError: the folder is not the one that ``ref`` names, or cannot be loaded.
        """
        where, folder = device(spec.provider), pretrained.resolve(spec)
        found = _digest(folder, spec)
        if found != ref.sha256:
            raise ModelError(f"{spec.source} holds {found[:12]}, not {ref.sha256[:12]}: connect the model again.")
        if spec.provider == "cpu":
            import torch

            torch.set_num_threads(threads)
        self.version, self._control = ref.version, ref.control
        self._reader = _READERS[spec.task](pretrained.pipeline(folder, spec.task, where), spec, ref.control)
        self._lock = Lock()

    def predict(self, items: Sequence[Item]) -> list[Scored]:
        """See ``models.base.Model``."""
        return [self._one(item) for item in items]

    def _one(self, item: Item) -> Scored:
        try:
            said = self._say(read(item, self._control.input))
        except UnreadableItem as error:
            return Failure(key=item.key, code=error.code, message=str(error))
        return Prediction(
            key=item.key,
            regions=said.regions,
            confidence=said.confidence,
            model_version=self.version,
            numbers=said.numbers,
        )

    def _say(self, path: str | None) -> Said:
        """Of a file, or of made-up input where None."""
        try:
            with self._lock:  # the hooks that watch the network belong to one call at a time
                return self._reader.example() if path is None else self._reader(Path(path))
        except (UnreadableItem, PrelabelError):
            raise
        except Exception as error:
            raise ModelError(f"The model {self.version} failed on an item: {error!r}") from error

    def warm_up(self) -> None:
        """See ``models.base.Model``."""
        self._say(None)

    def self_test(self) -> None:
        """See ``models.base.Model``."""
        self._say(None)


def controls(spec: PipelineSpec, config: LabelConfig) -> tuple[ControlSpec, ...]:
    """The first control of the kind that the task fills."""
    medium, kinds, called = _FILLS[spec.task]
    fitting = [one for one in config.controls if one.kind in kinds and not one.per_region]
    found = next((one for one in fitting if one.input.medium is medium), None)
    if found is None:
        raise ConfigurationError(f"{spec.task} fills {called}, and the label config has none.")
    return (found,)


def reference(spec: PipelineSpec, controls: tuple[ControlSpec, ...], *, name: str) -> ModelRef:
    """See ``models.families.Family``; the sha256 is of all files of the folder and of what the spec makes of them."""
    digest = _digest(pretrained.resolve(spec), spec)
    return ModelRef(spec=spec, control=controls[0], version=f"{name}-{digest[:12]}", sha256=digest)


def load(ref: ModelRef, *, threads: int, model_dir: Path | None) -> Model:
    """See ``models.registry.load``."""
    assert isinstance(ref.spec, PipelineSpec)
    return PipelineModel(ref, ref.spec, threads=threads)


def unmatched(spec: PipelineSpec, controls: tuple[ControlSpec, ...]) -> labels.Unmatched:
    """See ``models.families.MatchingFamily``: of the tasks that look at pictures."""
    control, named = controls[0], pretrained.configuration(pretrained.resolve(spec)).id2label
    classes = [str(named[number]) for number in sorted(named)]
    found, _ = labels.partial(classes, control.labels, spec.label_map, control.names)
    return labels.unmatched(control.name, found, classes, control.labels)


def _digest(folder: Path, spec: PipelineSpec) -> str:
    settings = json.dumps(spec.model_dump(include={"task", "minimum", "label_map"}), sort_keys=True)
    return sha256(f"{folder_sha256(folder)} {settings}".encode()).hexdigest()
