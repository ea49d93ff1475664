"""Text choices without any label of the project: how near a text is to what is said of each label.

Text and descriptions go through MiniLM; the probabilities are a softmax over cosine similarities, divided by a fixed
temperature. Source: Radford et al., Learning Transferable Visual Models (2021), for the form.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import numpy as np
from scipy.special import expit, softmax

from models import encoders
from models.base import Model, ModelRef
from models.encoders.base import Dense
from models.errors import ConfigurationError, ModelError
from models.export.cache import folder_sha256
from models.specs import HeadSpec, ZeroShotSpec
from models.tasks.classify import Classifier, Probabilities
from models.types import ControlSpec, Item, LabelConfig, Medium, Scored

TEMPERATURE = 0.05
"""Of cosine similarities. The lowest log loss on 56 of the made-up messages of four topics in
``tests/unit/models/heads/topics.py`` (0.43 nats; 0.58 at 0.02, 0.57 at 0.1). On the other 56 of them 86 % are right at
a mean probability of 0.81 (chance: 25 %), with bare labels in place of descriptions 75 %. Real texts are harder."""
HALF = 0.2
"""Cosine at which a label of a multiple choice is as likely as not: of these messages 79 % are that near to their own
topic, and 16 % to another one."""


class ZeroShotModel:
    """See ``models.base.Model``. Nothing is fitted: its confidence orders items, and is no promise."""

    def __init__(self, ref: ModelRef, spec: ZeroShotSpec, *, threads: int = 1, model_dir: Path | None = None) -> None:
        """Load the encoder and read the descriptions.

        Raises:
            ConfigurationError: descriptions and labels do not fit, or the control is no choice on a text.
            ModelError: descriptions, labels or the encoder are not those of ``ref``.
            MissingDependencyError: MiniLM is not installed.
            ProviderError: the provider is not there.
        """
        _check(spec, ref.control)
        if _digest(spec, ref.control) != ref.sha256:
            raise ModelError(f"The labels or the descriptions of {ref.version} have changed: connect the model again.")
        head = HeadSpec(encoder="minilm", provider=spec.provider, quantize=False)
        self._encoder = encoders.get(head, threads=threads, model_dir=model_dir)
        self._labels = self._encoder.encode(_descriptions(spec, ref.control))
        self._multiple = ref.control.multiple
        self.version = ref.version
        self._classifier = Classifier(
            ref.version,
            ref.control,
            ref.control.options,
            self._encoder.prepare,
            self._probabilities,
            traits=self._encoder.traits,
        )

    def _probabilities(self, prepared: Sequence[str]) -> Probabilities:
        return probabilities(self._encoder.encode(prepared), self._labels, multiple=self._multiple)

    def predict(self, items: Sequence[Item]) -> list[Scored]:
        """See ``models.base.Model``."""
        return self._classifier.predict(items)

    def warm_up(self) -> None:
        """See ``models.base.Model``."""
        self.self_test()

    def self_test(self) -> None:
        """See ``models.base.Model``."""
        self._classifier.check([self._encoder.example()])


def probabilities(texts: Dense, labels: Dense, *, multiple: bool) -> Probabilities:
    """``(N, K)`` from ``(N, D)`` and ``(K, D)``, rows of length 1: a softmax; several labels: a sigmoid each."""
    near = np.asarray(texts @ labels.T, np.float64)
    return np.asarray(expit((near - HALF) / TEMPERATURE) if multiple else softmax(near / TEMPERATURE, axis=1))


def controls(spec: ZeroShotSpec, config: LabelConfig) -> tuple[ControlSpec, ...]:
    """The first choice on a text."""
    found = next((one for one in config.controls if _chooses(one)), None)
    if found is None:
        raise ConfigurationError(
            "A zero-shot model fills Choices or a Taxonomy on a text, and the label config has none."
        )
    _check(spec, found)
    return (found,)


def reference(spec: ZeroShotSpec, controls: tuple[ControlSpec, ...], *, name: str) -> ModelRef:
    """A loadable reference; its sha256 is over labels, descriptions and the encoder's files."""
    _check(spec, controls[0])
    digest = _digest(spec, controls[0])
    return ModelRef(spec=spec, control=controls[0], version=f"{name}-{digest[:12]}", sha256=digest)


def load(ref: ModelRef, *, threads: int, model_dir: Path | None) -> Model:
    """See ``models.registry.load``."""
    assert isinstance(ref.spec, ZeroShotSpec)
    return ZeroShotModel(ref, ref.spec, threads=threads, model_dir=model_dir)


def _chooses(control: ControlSpec) -> bool:
    return control.kind in ("choices", "taxonomy") and control.input.medium is Medium.TEXT and not control.per_region


def _check(spec: ZeroShotSpec, control: ControlSpec) -> None:
    if not _chooses(control):
        raise ConfigurationError(
            f"A zero-shot model fills Choices or a Taxonomy on a text, and {control.name!r} is none."
        )
    if unknown := [label for label in spec.descriptions if label not in control.options]:
        raise ConfigurationError(
            f"descriptions has {', '.join(map(repr, unknown))}, but the labels of {control.name!r} are "
            f"{', '.join(control.options)}: describe these."
        )
    if len(control.options) < 2:
        raise ConfigurationError(f"{control.name!r} has fewer than two labels: there is nothing to choose.")


def _descriptions(spec: ZeroShotSpec, control: ControlSpec) -> list[str]:
    """A label without a description is taken by what it is called besides, or as it reads."""
    return [
        spec.descriptions.get(label) or ", ".join((label, *control.names.get(label, ()))).replace("_", " ")
        for label in control.options
    ]


def _digest(spec: ZeroShotSpec, control: ControlSpec) -> str:
    from models.encoders.minilm import MAX_TOKENS, package_folder

    told = [TEMPERATURE, HALF, MAX_TOKENS, control.multiple, list(control.options), _descriptions(spec, control)]
    return sha256(f"zero-shot-1 {json.dumps(told)} {folder_sha256(package_folder())}".encode()).hexdigest()
