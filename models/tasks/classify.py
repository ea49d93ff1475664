"""The way of a chunk through any classifier: read each item, run the readable ones together, decide."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.errors import ModelError, PrelabelError
from models.tasks import choices
from models.tasks.inputs import UnreadableItem, read
from models.types import ControlSpec, Failure, Item, Prediction, Scored

Probabilities = NDArray[np.float64]
"""``(N, K)``: N items, K labels, each entry in [0, 1]."""
Confidences = NDArray[np.float64]
"""``(N,)``, each in [0, 1]."""


class Classifier:
    """Shared by heads and ready-made classifiers.

    ``prepare`` makes one value ready and may raise ``UnreadableItem``; ``run`` gives ``(N, K)`` for N prepared values;
    ``confidence`` says of these how sure they are, and without it a probability is taken as it is; ``traits`` is
    what is noted of each prepared value.
    """

    def __init__(
        self,
        version: str,
        control: ControlSpec,
        labels: Sequence[str],
        prepare: Callable[[str], Any],
        run: Callable[[Sequence[Any]], Probabilities],
        *,
        traits: Callable[[Any], dict[str, float]],
        confidence: Callable[[Probabilities, Sequence[Any]], Confidences] | None = None,
    ) -> None:
        self._version, self._control, self._labels = version, control, tuple(labels)
        self._prepare, self._run, self._traits, self._confidence = prepare, run, traits, confidence

    def predict(self, items: Sequence[Item]) -> list[Scored]:
        """One answer an item, in order.

        Raises:
            ModelError: the model failed on the chunk as a whole.
        """
        answers: list[Scored | None] = [None] * len(items)
        prepared: list[Any] = []
        places: list[int] = []
        for place, item in enumerate(items):
            try:
                prepared.append(self._prepare(read(item, self._control.input)))
                places.append(place)
            except UnreadableItem as error:
                answers[place] = Failure(key=item.key, code=error.code, message=str(error))
        rows = self.check(prepared)
        for place, value, row, sure in zip(places, prepared, rows, self._sure(rows, prepared), strict=True):
            answers[place] = self._prediction(items[place].key, row, sure, self._traits(value))
        return [answer for answer in answers if answer is not None]

    def check(self, prepared: Sequence[Any]) -> Probabilities:
        """Probabilities of prepared values, verified to be finite and of the right shape.

        Raises:
            ModelError: they are not, or the model raised.
        """
        if not prepared:
            return np.zeros((0, len(self._labels)))
        try:
            rows = self._run(prepared)
        except PrelabelError:
            raise
        except Exception as error:
            raise ModelError(f"The model {self._version} failed on {len(prepared)} items: {error!r}") from error
        if rows.shape != (len(prepared), len(self._labels)) or not np.isfinite(rows).all():
            raise ModelError(f"The model {self._version} gave no finite probabilities for {len(prepared)} items.")
        return rows

    def _sure(self, rows: Probabilities, prepared: Sequence[Any]) -> list[float | None]:
        if self._confidence is None or not prepared:
            return [None] * len(prepared)
        found = self._confidence(rows, prepared)
        if found.shape != (len(prepared),) or not ((found >= 0.0) & (found <= 1.0)).all():
            raise ModelError(f"The model {self._version} gave no confidence for {len(prepared)} items.")
        return [float(one) for one in found]

    def _prediction(self, key: str, row: Probabilities, sure: float | None, noted: dict[str, float]) -> Prediction:
        outcome = choices.decide(self._labels, row, self._control, confidence=sure)
        return Prediction(
            key=key,
            regions=outcome.regions,
            confidence=outcome.confidence,
            model_version=self._version,
            numbers=outcome.numbers | noted,
        )
