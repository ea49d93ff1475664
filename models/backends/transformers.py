"""Any ``transformers`` sequence classifier, by hub id or local folder, on torch or onnxruntime."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, softmax

from models import labels
from models.backends import pretrained
from models.backends.onnx import OnnxRunner, require
from models.backends.tokens import TOKEN_BUDGET, Columns, Padding, TextRunner
from models.backends.torch import TorchRunner, device
from models.base import Model, ModelRef
from models.errors import ConfigurationError, ModelError
from models.export import build
from models.export.cache import Manifest, folder_sha256
from models.specs import TransformersSpec
from models.tasks.classify import Classifier, Probabilities
from models.tasks.traits import of_text
from models.types import ControlSpec, Item, LabelConfig, Medium, Scored

MAX_TOKENS = 512
"""Text beyond this, or beyond what the model can read, is not read."""


class TransformersModel:
    """See ``models.base.Model``."""

    def __init__(
        self, ref: ModelRef, spec: TransformersSpec, *, threads: int = 1, model_dir: Path | None = None
    ) -> None:
        """Load, and check that classes and labels fit.

        Raises:
            ConfigurationError: a class has no label, or the control is not one of text.
            ProviderError: the provider is not there.
            ModelError: the folder is not the one that ``ref`` names, or cannot be loaded.
        """
        if ref.control.input.medium is not Medium.TEXT:
            raise ConfigurationError(f"{spec.source} reads text, but {ref.control.name!r} labels an image.")
        folder = pretrained.resolve(spec)
        found = folder_sha256(folder)
        if found != ref.sha256:
            raise ModelError(f"{spec.source} holds {found[:12]}, not {ref.sha256[:12]}: connect the model again.")
        tokenizer, config = pretrained.describe(folder)
        targets = labels.match(_classes(spec, config), ref.control.labels, spec.label_map, ref.control.names)
        self._gather = Gather(targets, independent=config.problem_type == "multi_label_classification")
        self._network = _Network(folder, spec, tokenizer, config, threads=threads, model_dir=model_dir)
        self.version = ref.version
        self._classifier = Classifier(
            ref.version, ref.control, self._gather.labels, str, self._probabilities, traits=of_text
        )

    def _probabilities(self, texts: Sequence[str]) -> Probabilities:
        return self._gather(self._network(texts))

    def predict(self, items: Sequence[Item]) -> list[Scored]:
        """See ``models.base.Model``."""
        return self._classifier.predict(items)

    def warm_up(self) -> None:
        """See ``models.base.Model``."""
        self._classifier.check(["Is anyone there?", "word " * 64])

    def self_test(self) -> None:
        """See ``models.base.Model``."""
        self._classifier.check(["Is anyone there?"])


class Gather:
    """Logits of the model's classes -> probabilities of the label config's labels."""

    def __init__(self, targets: Sequence[str], *, independent: bool) -> None:
        """Classes with the same label are added up (where they exclude each other) or the likeliest counts.

        Args:
            targets: label of each class.
            independent: whether several classes may hold at once.
        """
        self.labels = tuple(dict.fromkeys(targets))
        self._independent = independent
        self._columns = [[k for k, target in enumerate(targets) if target == label] for label in self.labels]

    def __call__(self, logits: NDArray[np.float32]) -> Probabilities:
        """``(N, classes)`` -> ``(N, labels)``."""
        wide = logits.astype(np.float64)
        rows = expit(wide) if self._independent else softmax(wide, axis=1)
        merged = [rows[:, k].max(axis=1) if self._independent else rows[:, k].sum(axis=1) for k in self._columns]
        return np.stack(merged, axis=1)


class _Network:
    """Texts -> logits ``(N, classes)``."""

    def __init__(
        self, folder: Path, spec: TransformersSpec, tokenizer: Any, config: Any, *, threads: int, model_dir: Path | None
    ) -> None:
        self._tokenizer, self._lock = tokenizer, Lock()
        self._longest = _longest(tokenizer, config)
        run = self._runner(folder, spec, threads, model_dir)
        self._texts = TextRunner(self._tokenize, run, _padding(tokenizer), budget=TOKEN_BUDGET[spec.provider])

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self._texts(texts)

    def _tokenize(self, texts: Sequence[str]) -> Columns:
        with self._lock:  # a fast tokenizer refuses a second thread while it sets its truncation
            columns: Columns = self._tokenizer(list(texts), truncation=True, max_length=self._longest).data
        return columns

    def _runner(self, folder: Path, spec: TransformersSpec, threads: int, model_dir: Path | None) -> Any:
        if spec.runtime == "torch":
            device(spec.provider)
            return TorchRunner(pretrained.load(folder, "classification"), spec.provider, threads=threads)
        require(spec.provider)
        path, _ = _exported(spec, folder, tuple(self._tokenize([""])), self._longest, model_dir)
        return OnnxRunner(path, spec.provider, threads=threads)


def export(spec: TransformersSpec, model_dir: Path | None) -> tuple[Path, Manifest]:
    """The network on onnxruntime, exporting it now where that was not done, and how it compared with its source.

    Raises:
        ParityError: the export does not give what its source gives.
        ModelError: the source is not there, or its architecture cannot be exported.
    """
    folder = pretrained.resolve(spec)
    tokenizer, config = pretrained.describe(folder)
    return _exported(spec, folder, tuple(tokenizer([""]).data), _longest(tokenizer, config), model_dir)


def _exported(
    spec: TransformersSpec, folder: Path, names: tuple[str, ...], longest: int, model_dir: Path | None
) -> tuple[Path, Manifest]:
    wanted = build.recipe(spec.source, folder, "classification", quantized=False)
    return build.obtain(wanted, folder, names, longest=longest, root=model_dir)


def _longest(tokenizer: Any, config: Any) -> int:
    """Tokens that the model can read."""
    readable = getattr(config, "max_position_embeddings", MAX_TOKENS)
    return int(min(tokenizer.model_max_length, readable, MAX_TOKENS))


def controls(spec: TransformersSpec, config: LabelConfig) -> tuple[ControlSpec, ...]:
    """The first choice on a text."""
    choices = [one for one in config.controls if one.kind == "choices" and not one.per_region]
    found = next((one for one in choices if one.input.medium is Medium.TEXT), None)
    if found is None:
        raise ConfigurationError(f"{spec.source} fills Choices on a text, and the label config has none.")
    return (found,)


def reference(spec: TransformersSpec, controls: tuple[ControlSpec, ...], *, name: str) -> ModelRef:
    """A loadable reference to a ready-made classifier; its sha256 is over all files of the folder."""
    digest = folder_sha256(pretrained.resolve(spec))
    return ModelRef(spec=spec, control=controls[0], version=f"{name}-{digest[:12]}", sha256=digest)


def load(ref: ModelRef, *, threads: int, model_dir: Path | None) -> Model:
    """See ``models.registry.load``."""
    assert isinstance(ref.spec, TransformersSpec)
    return TransformersModel(ref, ref.spec, threads=threads, model_dir=model_dir)


def unmatched(spec: TransformersSpec, controls: tuple[ControlSpec, ...]) -> labels.Unmatched:
    """See ``models.families.MatchingFamily``. A class without a label is an error, so only labels can be left."""
    control = controls[0]
    classes = _classes(spec, pretrained.describe(pretrained.resolve(spec))[1])
    found = labels.match(classes, control.labels, spec.label_map, control.names)
    return labels.unmatched(control.name, dict(zip(classes, found, strict=True)), classes, control.labels)


def _classes(spec: TransformersSpec, config: Any) -> list[str]:
    if config.num_labels < 2:
        raise ConfigurationError(f"{spec.source} has one output: a classifier needs two classes.")
    return [str(config.id2label[k]) for k in range(config.num_labels)]


def _padding(tokenizer: Any) -> Padding:
    values = {"input_ids": tokenizer.pad_token_id or 0, "token_type_ids": tokenizer.pad_token_type_id}
    return Padding(values, left=tokenizer.padding_side == "left", possible=tokenizer.pad_token_id is not None)
