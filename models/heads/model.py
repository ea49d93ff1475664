"""A trained head over its encoder: the ``Model`` that a project serves."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from models import encoders
from models.base import ModelRef
from models.encoders.base import Encoder
from models.errors import ConfigurationError, ModelError
from models.heads import artefact
from models.specs import HeadSpec
from models.tasks.classify import Classifier, Confidences, Probabilities
from models.types import ControlSpec, Item, Scored


class HeadModel:
    """See ``models.base.Model``."""

    def __init__(self, ref: ModelRef, spec: HeadSpec, *, threads: int = 1, model_dir: Path | None = None) -> None:
        if ref.path is None:
            raise ConfigurationError(f"The model {ref.version} has no artefact folder: train it first.")
        check_medium(spec, ref.control)
        manifest, self._weights, self._sure = artefact.load(Path(ref.path), ref.sha256)
        self._encoder = encoders.get(spec, threads=threads, model_dir=model_dir)
        _check_fit(ref, manifest, self._encoder)
        self.version = ref.version
        self._classifier = Classifier(
            ref.version,
            ref.control,
            manifest.labels,
            self._encoder.prepare,
            self._probabilities,
            traits=self._encoder.traits,
            confidence=self._confidence,
        )

    def _probabilities(self, prepared: Sequence[Any]) -> Probabilities:
        return self._weights.probabilities(self._encoder.encode(prepared))

    def _confidence(self, rows: Probabilities, prepared: Sequence[Any]) -> Confidences:
        return self._sure.confidence(rows, self._encoder.measures(prepared))

    def predict(self, items: Sequence[Item]) -> list[Scored]:
        """See ``models.base.Model``."""
        return self._classifier.predict(items)

    def warm_up(self) -> None:
        """See ``models.base.Model``."""
        self.self_test()

    def self_test(self) -> None:
        """See ``models.base.Model``."""
        self._classifier.check([self._encoder.example()])


def check_medium(spec: HeadSpec, control: ControlSpec) -> None:
    """Refuse an encoder that cannot read what the control labels."""
    medium = encoders.MEDIA[spec.encoder]
    if medium is not control.input.medium:
        raise ConfigurationError(
            f"The encoder {spec.encoder!r} reads {medium}, but the control {control.name!r} labels "
            f"{control.input.medium}: choose another encoder."
        )


def _check_fit(ref: ModelRef, manifest: artefact.HeadManifest, encoder: Encoder[Any]) -> None:
    if manifest.encoder_digest != encoder.digest:
        raise ModelError(f"The model {ref.version} was trained on another encoder than the one at hand: train again.")
    if manifest.multiple != ref.control.multiple or not set(manifest.labels) <= set(ref.control.options):
        raise ConfigurationError(
            f"The model {ref.version} knows the labels {', '.join(manifest.labels)}; the control "
            f"{ref.control.name!r} now has {', '.join(ref.control.options)}: train again."
        )
