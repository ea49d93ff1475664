"""Labels in, a new model version out."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from models import encoders
from models.base import Budget, ModelRef, TrainingExample, TrainingReport
from models.encoders.base import Encoder
from models.errors import NotTrainableError, fragment
from models.heads import certainty
from models.heads.artefact import HeadManifest, save
from models.heads.fitting import fit
from models.heads.logistic import Truth
from models.heads.model import check_medium
from models.specs import HeadSpec, Trainable
from models.tasks import choices
from models.tasks.inputs import UnreadableItem, read
from models.types import ControlSpec

Row = tuple[frozenset[str], Any]
"""Chosen labels, prepared value."""


class HeadTrainer:
    """Fits a head. The same examples, in any order, give the same sha256."""

    def __init__(self, *, threads: int = 1, model_dir: Path | None = None) -> None:
        self._threads, self._model_dir = threads, model_dir

    def train(
        self,
        spec: Trainable,
        control: ControlSpec,
        examples: Sequence[TrainingExample],
        *,
        name: str,
        folder: Path,
        budget: Budget | None = None,
    ) -> TrainingReport:
        """See ``models.base.Trainer``."""
        started = time.monotonic()
        assert isinstance(spec, HeadSpec)
        check_medium(spec, control)
        encoder = encoders.get(spec, threads=self._threads, model_dir=self._model_dir)
        rows = _readable(encoder, control, examples)
        classes = Counter(label for labels, _ in rows for label in labels)
        _refuse_too_few(control, rows, classes, skipped=len(examples) - len(rows))
        known = tuple(label for label in control.options if control.multiple or classes[label])
        values = [value for _, value in rows]
        features, truth = encoder.encode(values), _truth(rows, known, multiple=control.multiple)
        fitted = fit(features, truth, len(known), multiple=control.multiple)
        sure = certainty.learn(fitted, truth, encoder.measures(values), wish=spec.confidence, budget=budget or Budget())
        manifest = HeadManifest(
            encoder=spec.encoder,
            encoder_digest=encoder.digest,
            control=control.name,
            field=control.input.field,
            labels=known,
            multiple=control.multiple,
            features=features.shape[1],
            n=len(rows),
            classes={label: classes[label] for label in known},
            kind=fitted.kind,
            strength=fitted.strength,
            accuracy=fitted.score.accuracy,
            log_loss=fitted.score.log_loss,
            scored=fitted.rows.size,
            confidence=sure.kind,
            expected=dict(sure.expected),
        )
        digest, path = save(folder, manifest, fitted.weights, sure)
        ref = ModelRef(
            spec=spec, control=control, version=f"{name}-{digest[:12]}", sha256=digest, path=str(path.resolve())
        )
        return TrainingReport(
            ref=ref,
            n=len(rows),
            skipped=len(examples) - len(rows),
            classes=manifest.classes,
            accuracy=fitted.score.accuracy,
            seconds=time.monotonic() - started,
            confidence=sure.kind,
            expected=manifest.expected,
        )


def _readable(encoder: Encoder[Any], control: ControlSpec, examples: Sequence[TrainingExample]) -> list[Row]:
    """Usable examples in an order that depends on their content alone.

    Equal values come next to each other, and the order says nothing of what they hold.
    """
    keyed: list[tuple[bytes, list[str], Row]] = []
    for example in examples:
        labels = choices.target(example.label, control)
        if labels is None:
            continue
        try:
            prepared = encoder.prepare(read(example.item, control.input))
        except UnreadableItem:
            continue
        keyed.append((encoder.fingerprint(prepared), sorted(labels), (labels, prepared)))
    return [row for _, _, row in sorted(keyed, key=lambda entry: entry[:2])]


def _refuse_too_few(control: ControlSpec, rows: list[Row], classes: Counter[str], *, skipped: int) -> None:
    counts = ", ".join(f"{label}: {classes[label]}" for label in control.options)
    if control.multiple:
        if any(2 <= count <= len(rows) - 2 for count in classes.values()):
            return
        need = fragment("one label with at least two examples that have it and two that do not")
    else:
        if sum(count >= 2 for count in classes.values()) >= 2:
            return
        need = fragment("two classes with at least two examples each")
    raise NotTrainableError(
        f"Cannot train {control.name!r} yet: it needs {need}; "
        f"there are {len(rows)} usable examples ({counts}) and {skipped} skipped. Label more items."
    )


def _truth(rows: list[Row], known: tuple[str, ...], *, multiple: bool) -> Truth:
    if multiple:
        return np.array([[label in labels for label in known] for labels, _ in rows], dtype=np.int64)
    position = {label: k for k, label in enumerate(known)}
    return np.array([position[next(iter(labels))] for labels, _ in rows], dtype=np.int64)
