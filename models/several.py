"""Several models as one: each fills controls of its own, and what they say of an item is one prediction.

The item is right where every part is, so its confidence is the product of theirs: they are taken as independent, which
a certificate does not rely on. An item that one part cannot read is a failure: half a prediction would look whole.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from hashlib import sha256
from math import prod
from pathlib import Path

from models import families
from models.base import Budget, Model, ModelRef, TrainingExample, TrainingReport
from models.errors import ConfigurationError
from models.specs import Part, SeveralSpec, Trainable
from models.tasks.traits import INPUT
from models.types import ControlSpec, Failure, Item, LabelConfig, Prediction, Scored


def controls(spec: SeveralSpec, config: LabelConfig) -> tuple[ControlSpec, ...]:
    """What the parts fill, each of the controls that it is named for, in the order of the parts."""
    there = {control.name for control in config.controls}
    if missing := [name for part in spec.parts for name in part.controls if name not in there]:
        raise ConfigurationError(f"A part is to fill {missing[0]!r}, but the label config has {_list(sorted(there))}.")
    return tuple(control for part in spec.parts for control in _of(part, config))


def _of(part: Part, config: LabelConfig) -> tuple[ControlSpec, ...]:
    named = tuple(control for name in part.controls for control in config.controls if control.name == name)
    rest = tuple(control for control in config.controls if control not in named)
    own = config.model_copy(update={"controls": named, "by_people": config.by_people + rest})
    filled = families.family(part.spec).controls(part.spec, own)
    if left := sorted({control.name for control in named} - {control.name for control in filled}):
        raise ConfigurationError(f"A model of kind {part.spec.kind!r} cannot fill {_list(left)}.")
    return filled


def shares(spec: SeveralSpec, controls: Sequence[ControlSpec]) -> list[tuple[ControlSpec, ...]]:
    """The controls of each part, in their order."""
    return [tuple(control for control in controls if control.name in part.controls) for part in spec.parts]


def reference(spec: SeveralSpec, controls: tuple[ControlSpec, ...], *, name: str) -> ModelRef:
    """See ``models.families.Family``; none of the parts may have to be trained."""
    parts = [
        families.family(part.spec).reference(part.spec, share, name=name)
        for part, share in zip(spec.parts, shares(spec, controls), strict=True)
    ]
    return compose(spec, parts, name=name)


def compose(spec: SeveralSpec, parts: Sequence[ModelRef], *, name: str) -> ModelRef:
    """The reference to these parts together; other parts, another version."""
    digest = sha256(" ".join(part.sha256 for part in parts).encode()).hexdigest()
    first, *others = (control for part in parts for control in part.controls)
    return ModelRef(
        spec=spec,
        control=first,
        others=tuple(others),
        parts=tuple(parts),
        version=f"{name}-{digest[:12]}",
        sha256=digest,
    )


def train(
    spec: SeveralSpec,
    controls: tuple[ControlSpec, ...],
    examples: Sequence[TrainingExample],
    *,
    name: str,
    folder: Path,
    budget: Budget,
    threads: int,
    model_dir: Path | None,
) -> TrainingReport:
    """Train the parts that learn, each from its own controls, and put all parts together.

    Each part is chosen for its share of the budget: errors of different parts add up.

    Raises:
        NotTrainableError: one of them cannot be trained yet.
    """
    started = time.monotonic()
    share = Budget(epsilon=budget.epsilon / len(spec.parts), delta=budget.delta)
    parts: list[ModelRef] = []
    reports: list[TrainingReport] = []
    for part, own in zip(spec.parts, shares(spec, controls), strict=True):
        if isinstance(part.spec, Trainable):
            trainer = families.trainable(part.spec).trainer(threads=threads, model_dir=model_dir)
            reports.append(trainer.train(part.spec, own[0], examples, name=name, folder=folder, budget=share))
            parts.append(reports[-1].ref)
        else:
            parts.append(families.family(part.spec).reference(part.spec, own, name=name))
    return TrainingReport(
        ref=compose(spec, parts, name=name),
        n=min(report.n for report in reports),
        skipped=max(report.skipped for report in reports),
        classes={f"{r.ref.control.name}: {label}": n for r in reports for label, n in r.classes.items()},
        accuracy=None if any(r.accuracy is None for r in reports) else prod(r.accuracy or 0.0 for r in reports),
        seconds=time.monotonic() - started,
        confidence=", ".join(dict.fromkeys(report.confidence for report in reports)),
        expected={f"{r.ref.control.name}: {kind}": share for r in reports for kind, share in r.expected.items()},
    )


def load(ref: ModelRef, *, threads: int, model_dir: Path | None) -> Model:
    """See ``models.registry.load``."""
    parts = [families.family(part.spec).load(part, threads=threads, model_dir=model_dir) for part in ref.parts]
    return SeveralModel(ref, parts)


class SeveralModel:
    """See ``models.base.Model``."""

    def __init__(self, ref: ModelRef, parts: Sequence[Model]) -> None:
        self.version = ref.version
        self._names = tuple(part.control.name for part in ref.parts)
        self._parts = tuple(parts)

    def predict(self, items: Sequence[Item]) -> list[Scored]:
        """See ``models.base.Model``."""
        said = [part.predict(items) for part in self._parts]
        return [self._merged(answers) for answers in zip(*said, strict=True)]

    def _merged(self, answers: Sequence[Scored]) -> Scored:
        good = [one for one in answers if isinstance(one, Prediction)]
        if len(good) < len(answers):
            return next(one for one in answers if isinstance(one, Failure))
        numbers: dict[str, float] = {}
        for name, one in zip(self._names, good, strict=True):
            mine = {key: value for key, value in one.numbers.items() if not key.startswith(INPUT)}
            numbers |= {key: value for key, value in one.numbers.items() if key.startswith(INPUT)}
            numbers |= {f"{name}.{key}": value for key, value in mine.items()} | {f"{name}.confidence": one.confidence}
        return Prediction(
            key=good[0].key,
            regions=tuple(region for one in good for region in one.regions),
            confidence=prod(one.confidence for one in good),
            model_version=self.version,
            numbers=numbers,
        )

    def warm_up(self) -> None:
        """See ``models.base.Model``."""
        for part in self._parts:
            part.warm_up()

    def self_test(self) -> None:
        """See ``models.base.Model``."""
        for part in self._parts:
            part.self_test()


def _list(names: Sequence[str]) -> str:
    return ", ".join(repr(name) for name in names)
