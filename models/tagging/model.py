"""A trained tagger: the ``Model`` that a project serves."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from models.base import ModelRef
from models.errors import ConfigurationError, ModelError
from models.tagging import artefact, certainty, features, reading
from models.tagging.reading import Reading, Text
from models.tasks.inputs import UnreadableItem, read
from models.tasks.traits import of_text
from models.types import Failure, Item, Prediction, Region, Scored
from models.values import TextSpan


class TaggerModel:
    """See ``models.base.Model``. Spans come in order and do not overlap; no span is an answer with a confidence too."""

    def __init__(self, ref: ModelRef) -> None:
        """Read the artefact.

        Raises:
            ConfigurationError: it was not trained, or the control's labels have changed since.
            ModelError: the artefact is damaged, or was made with other features than the ones at hand.
        """
        if ref.path is None:
            raise ConfigurationError(f"The model {ref.version} has no artefact folder: train it first.")
        self._manifest, self._weights, self._sure = artefact.load(Path(ref.path), ref.sha256)
        if self._manifest.features_digest != features.DIGEST:
            raise ModelError(f"The model {ref.version} was trained on other features than the ones here: train again.")
        if not set(self._manifest.labels) <= set(ref.control.labels):
            raise ConfigurationError(
                f"The model {ref.version} knows the labels {', '.join(self._manifest.labels)}; the control "
                f"{ref.control.name!r} now has {', '.join(ref.control.labels)}: train again."
            )
        self.version = ref.version
        self._control = ref.control

    def predict(self, items: Sequence[Item]) -> list[Scored]:
        """See ``models.base.Model``."""
        answers: dict[int, Scored] = {}
        texts: dict[int, Text] = {}
        for place, item in enumerate(items):
            try:
                texts[place] = reading.prepare(read(item, self._control.input))
            except UnreadableItem as error:
                answers[place] = Failure(key=item.key, code=error.code, message=str(error))
        for (place, text), (found, sure) in zip(texts.items(), self._read(list(texts.values())), strict=True):
            answers[place] = self._prediction(items[place].key, text, found, sure)
        return [answers[place] for place in range(len(items))]

    def warm_up(self) -> None:
        """See ``models.base.Model``."""
        self.self_test()

    def self_test(self) -> None:
        """See ``models.base.Model``."""
        self._read([reading.prepare("Is anyone there?")])

    def _read(self, texts: Sequence[Text]) -> list[tuple[Reading, float]]:
        if not texts:
            return []
        found = reading.read(texts, reading.encode(texts), self._weights)
        sure = certainty.confidences(found, self._sure)
        if not np.isfinite(sure).all():
            raise ModelError(f"The model {self.version} gave no confidence for {len(texts)} items.")
        return [(one, float(confidence)) for one, confidence in zip(found, sure, strict=True)]

    def _prediction(self, key: str, text: Text, found: Reading, sure: float) -> Prediction:
        regions = tuple(
            Region(
                control=self._control.name,
                value=TextSpan(
                    start=span.start,
                    end=span.end,
                    text=text.content[span.start : span.end],
                    labels=(self._manifest.labels[span.label],),
                ),
                score=score,
            )
            for span, score in zip(found.spans, found.scores, strict=True)
        )
        numbers = {
            "regions": float(len(regions)),
            "min_score": min(found.scores, default=1.0),
            "mean_score": float(np.mean(found.scores)) if found.scores else 1.0,
            "p_all": float(np.exp(found.log_probability)),
            "entropy": found.entropy,
            "known": found.known,
        }
        return Prediction(
            key=key,
            regions=regions,
            confidence=sure,
            model_version=self.version,
            numbers=numbers | of_text(text.content),
        )
