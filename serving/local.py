"""A scorer in this very process: for commands and tests, without Ray."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from models.base import Budget, Model, ModelRef, TrainingExample, TrainingReport
from models.errors import ModelError, PlatformUnavailable, PrelabelError
from models.heads.spread import spread
from models.registry import load, train
from models.specs import HeadSpec, ModelSpec
from models.types import ControlSpec, Item, Scored


class LocalScorer:
    """Loads each model version once, keeps the last few; thread-safe."""

    def __init__(self, model_dir: Path, *, threads: int = 1, keep: int = 4) -> None:
        self._folder = model_dir
        self._threads = threads
        self._keep = keep
        self._models: dict[tuple[str, str], Model] = {}
        self._lock = threading.Lock()

    def score(self, ref: ModelRef, items: Sequence[Item]) -> list[Scored]:
        """See ``serving.pipeline.runtime.Scorer``; a model that cannot be loaded here is no item's fault."""
        try:
            model = self.model(ref)
        except PrelabelError as error:
            raise PlatformUnavailable(f"the model cannot be loaded here: {error}") from error
        try:
            return model.predict(items) if items else []
        except PrelabelError:
            raise
        except Exception as error:
            raise ModelError(f"the model failed: {error!r}") from error

    def timed(self, ref: ModelRef, items: Sequence[Item]) -> tuple[list[Scored], float]:
        """See ``serving.pipeline.runtime.Scorer``."""
        with suppress(PrelabelError):  # said by ``score``
            self.model(ref)
        began = time.perf_counter()
        said = self.score(ref, items)
        return said, time.perf_counter() - began

    def model(self, ref: ModelRef) -> Model:
        """The loaded model; a new one is warmed up before anybody waits for it."""
        with self._lock:
            key = (ref.version, ref.sha256)  # the same labels give two projects the same weights, not the same version
            model = self._models.pop(key, None)
            if model is None:
                model = load(ref, threads=self._threads, model_dir=self._folder)
                model.warm_up()
            self._models[key] = model
            while len(self._models) > self._keep:
                self._models.pop(next(iter(self._models)))
            return model

    def train(
        self,
        spec: ModelSpec,
        controls: tuple[ControlSpec, ...],
        examples: Sequence[TrainingExample],
        *,
        name: str,
        budget: Budget | None = None,
    ) -> TrainingReport:
        return train(
            spec,
            controls,
            examples,
            name=name,
            folder=self._folder,
            budget=budget,
            threads=self._threads,
            model_dir=self._folder,
        )

    def spread(self, spec: HeadSpec, control: ControlSpec, items: Sequence[Item], n: int) -> list[str]:
        return spread(spec, control, items, n, threads=self._threads, model_dir=self._folder)

    def self_test(self) -> None:
        """Ask every loaded model whether it still answers."""
        with self._lock:
            models = list(self._models.values())
        for model in models:
            model.self_test()
