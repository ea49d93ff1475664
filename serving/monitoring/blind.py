"""The active model on the blind sample, for charts and for what another budget would buy.

The blind sample is what the gate is certified on: drawn at random, labelled without a suggestion. Items that the active
model has not spoken of, or nobody has answered, are left out and counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from models.gate import Certificate, certify, spend
from models.gate.arrays import Floats
from models.gate.curve import Curve, Pool, Sample, draw
from models.people import class_of, options
from models.tasks import control_loss, tolerance
from models.types import Prediction
from serving.pipeline import opinions
from serving.pipeline.certifying import validation_sample
from serving.pipeline.runtime import Runtime
from serving.store.engine import UnitOfWork
from serving.store.records import LabelRow, ProjectRow

BANDS: Final = ((0.5, 0.505), (0.5, 0.55), (0.0, 1.0))
"""Of the draw: a random part of what waits is looked at, the first that has items enough."""
ENOUGH: Final = 2_000
"""Waiting items from which a coverage is known to about 2 percentage points (95 %)."""
MOST_CLASSES: Final = 30
"""A confusion matrix with more is unreadable."""
NOTHING: Final = "(nothing)"


@dataclass(frozen=True, slots=True)
class TagLoss:
    """One control on the blind sample, by the first answer of each item."""

    control: str
    kind: str
    n: int
    mean: float
    """Mean loss in [0, 1]."""
    wrong: int
    """Items whose loss is above the control's tolerance."""


@dataclass(frozen=True, slots=True)
class Blind:
    """What the active model says of the blind sample, and how wrong it is."""

    model_version: str | None
    confidences: Floats
    """``(n,)``, in [0, 1]."""
    losses: Floats
    """``(n,)``, 0 or 1: as the gate counts them, by a majority where several people may be asked."""
    left_out: int
    """Items of the sample without an answer, or without a prediction of this model."""
    pool: Floats
    """Confidences of waiting items, or of a random part of them; of the sample itself where nothing waits."""
    waiting: bool
    """Whether ``pool`` is of waiting items."""
    tags: tuple[TagLoss, ...]
    confusion: Mapping[str, Counter[tuple[str, str]]]
    """Control whose answer is one class -> (the person's class, the model's) -> items."""
    tests: int
    """Certificates so far: each has spent its share of delta."""


def blind(runtime: Runtime, project: ProjectRow) -> Blind:
    """Read the sample, and what waits.

    Raises:
        StoreError: another secret key than the lot of second opinions was drawn with.
    """
    with runtime.store.read() as uow:
        every, version = validation_sample(uow, project), project.active_model
        sample = [
            (item, label)
            for item, label in every
            if label is not None and item.prediction_id is not None and item.model_version == version
        ]
        rows = uow.items.predictions([item.prediction_id for item, _ in sample if item.prediction_id is not None])
        pool = _pool(uow, project, {item.id for item, _ in every})
        tests = uow.gate.tests(project.id)
    said = {row.item_id: row.prediction for row in rows.values()}
    sample = [(item, label) for item, label in sample if item.id in said]
    confidences = np.array([said[item.id].confidence for item, _ in sample])
    pairs = [(said[item.id], label) for item, label in sample if not label.was_cancelled]
    return Blind(
        model_version=version,
        confidences=confidences,
        losses=opinions.hear(runtime, project, list(sample), said).losses,
        left_out=len(every) - len(sample),
        pool=pool if pool.size else confidences,
        waiting=bool(pool.size),
        tags=_tags(project, pairs),
        confusion=_confusion(project, pairs),
        tests=tests,
    )


def curve(seen: Blind) -> Curve:
    """Coverage and errors at thresholds of the pool; needs a label and a confidence to accept."""
    pool = Pool.of(seen.pool, None)
    sample = Sample(seen.confidences, seen.losses, np.ones_like(seen.confidences))
    return draw(sample, pool, 0.0, lambda thresholds: pool.at_or_above(thresholds) / seen.pool.size)


def what_if(seen: Blind, *, epsilon: float, delta: float) -> Certificate:
    """What the next test would say at another budget with the labels that are there.

    It certifies nothing: thresholds may be of a part of what waits, and whoever looks first and chooses the budget
    after has not stated it before the labels were seen.
    """
    return certify(
        seen.confidences,
        seen.losses,
        seen.pool,
        epsilon=epsilon,
        delta=spend(delta, seen.tests + 1),
        next_delta=spend(delta, seen.tests + 2),
        targeted_from=0.0,
    )


def _pool(uow: UnitOfWork, project: ProjectRow, drawn: set[int]) -> Floats:
    if project.active_model is None:
        return np.array([])
    found: list[float] = []
    for start, end in BANDS:
        rows = uow.charts.pool(project.id, project.active_model, start=start, end=end)
        found = [confidence for id, confidence in rows if id not in drawn]
        if len(found) >= ENOUGH:
            break
    return np.array(found)


def _tags(project: ProjectRow, pairs: list[tuple[Prediction, LabelRow]]) -> tuple[TagLoss, ...]:
    if not pairs:
        return ()
    found = []
    for control in project.label_config.controls:
        losses = [control_loss(said.regions, label.regions, control) for said, label in pairs]
        wrong = sum(loss > tolerance(control) for loss in losses)
        found.append(TagLoss(control.name, control.kind, len(losses), sum(losses) / len(losses), wrong))
    return tuple(found)


def _confusion(project: ProjectRow, pairs: list[tuple[Prediction, LabelRow]]) -> Mapping[str, Counter[tuple[str, str]]]:
    controls = [control for control in project.label_config.controls if 0 < len(options(control)) <= MOST_CLASSES]
    return {
        control.name: Counter(
            (class_of(label.regions, control) or NOTHING, class_of(said.regions, control) or NOTHING)
            for said, label in pairs
        )
        for control in controls
        if pairs
    }
