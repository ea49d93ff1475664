"""A learned preference over its encoder: the ``Model`` that a project serves."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from models import encoders
from models.answers import Case, read_case, traits
from models.base import ModelRef
from models.errors import ConfigurationError, ModelError, PrelabelError
from models.preference import artefact, features
from models.preference.artefact import PreferenceManifest
from models.preference.fitting import Floats, spread_out
from models.preference.judging import judgement
from models.preference.trainer import check, encoder_spec, fields, measures
from models.specs import PreferenceSpec
from models.tasks.inputs import UnreadableItem
from models.types import ControlSpec, Failure, Item, Prediction, Region, Scored


class PreferenceModel:
    """See ``models.base.Model``."""

    def __init__(self, ref: ModelRef, spec: PreferenceSpec, *, threads: int = 1, model_dir: Path | None = None) -> None:
        """Load, and check that the control is still the one that was learnt.

        Raises:
            ConfigurationError: it is not, or the model was not trained yet.
            ModelError: the artefact is missing or damaged, or was made with another encoder.
        """
        if ref.path is None:
            raise ConfigurationError(f"The model {ref.version} has no artefact folder: train it first.")
        check(ref.control)
        multiple = judgement(ref.control, ("1", "2")).multiple
        manifest, self._utility, self._sure = artefact.load(Path(ref.path), ref.sha256, multiple=multiple)
        self._encoder = encoders.get(encoder_spec(spec), threads=threads, model_dir=model_dir)
        _check_fit(ref, manifest, self._encoder.digest)
        self._kind = judgement(ref.control, manifest.levels)
        self._control, self.version = ref.control, ref.version

    def predict(self, items: Sequence[Item]) -> list[Scored]:
        """See ``models.base.Model``."""
        answers: list[Scored | None] = [None] * len(items)
        cases: list[tuple[int, Case]] = []
        for place, item in enumerate(items):
            try:
                cases.append((place, read_case(item, self._control)))
            except UnreadableItem as error:
                answers[place] = Failure(key=item.key, code=error.code, message=str(error))
        for (place, _), prediction in zip(
            cases, self._judge([(items[place].key, case) for place, case in cases]), strict=True
        ):
            answers[place] = prediction
        return [answer for answer in answers if answer is not None]

    def warm_up(self) -> None:
        """See ``models.base.Model``."""
        self.self_test()

    def self_test(self) -> None:
        """See ``models.base.Model``."""
        several = ("Yes.", "No, not that I know of.")
        shown = several[:1] if self._control.kind == "rating" else several
        self._judge([("self-test", Case("Is anyone there?", shown, ("1", "2")[: len(shown)]))])

    def _judge(self, cases: Sequence[tuple[str, Case]]) -> list[Prediction]:
        if not cases:
            return []
        shown = [case for _, case in cases]
        utilities = self._utilities(shown)
        own = self._utility.own
        sure = self._sure.confidence(self._kind.decisions(utilities, np.tile(own, (len(cases), 1))), measures(shown))
        return [
            self._prediction(key, case, row[: len(case.answers)], float(one))
            for (key, case), row, one in zip(cases, utilities, sure, strict=True)
        ]

    def _utilities(self, cases: Sequence[Case]) -> Floats:
        try:
            found = self._utility(features.measure(self._encoder, cases))
        except PrelabelError:
            raise
        except Exception as error:
            raise ModelError(f"The model {self.version} failed on {len(cases)} items: {error!r}") from error
        if not np.isfinite(found).all():
            raise ModelError(f"The model {self.version} gave no finite utilities for {len(cases)} items.")
        return spread_out(found, [len(case.answers) for case in cases])

    def _prediction(self, key: str, case: Case, utilities: Floats, sure: float) -> Prediction:
        verdict = self._kind.said(utilities, self._utility.own, case)
        return Prediction(
            key=key,
            regions=(Region(control=self._control.name, value=verdict.value, score=sure),),
            confidence=sure,
            model_version=self.version,
            numbers=verdict.numbers | traits(case),
        )


def _check_fit(ref: ModelRef, manifest: PreferenceManifest, encoder_digest: str) -> None:
    if manifest.encoder_digest != encoder_digest or manifest.features != features.EDITION:
        raise ModelError(f"The model {ref.version} was trained on another encoder than the one at hand: train again.")
    control: ControlSpec = ref.control
    if manifest.control_kind != control.kind or manifest.fields != fields(control):
        raise ConfigurationError(
            f"The model {ref.version} judges {manifest.control_kind} of {', '.join(manifest.fields)}; the control "
            f"{control.name!r} is now {control.kind} of {', '.join(fields(control))}: train again."
        )
    highest = control.maximum
    if control.kind == "rating" and highest is not None and any(int(level) > highest for level in manifest.levels):
        raise ConfigurationError(
            f"The model {ref.version} gives up to {manifest.levels[-1]} stars; the control {control.name!r} now has "
            f"{highest:g}: train again."
        )
