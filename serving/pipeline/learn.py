"""Arrow 5: labels -> a trained head, a drawn validation sample, a certificate; and what follows from each.

``tick`` looks at one project and takes the steps that are due, in order:

1. *draw*: enough items of the validation fold are marked for a blind label (lowest hash draws first);
2. *train*: the first head once the train labels are there, another when they have grown by ``RETRAIN_GROWTH``;
3. *certify*: when every drawn item has been answered, and everything received has been scored.
"""

from __future__ import annotations

import logging
import math
from typing import Any

import numpy as np

from models.base import HeadSpec, ModelRef, TrainingExample
from models.errors import MediaUnavailable, NotTrainableError, PlatformUnavailable, PrelabelError
from models.gate.certify import Certificate, certify, spend
from models.tasks import item_loss
from models.types import Fold, GateState, HumanLabel, Item, Prediction, Route
from serving.pipeline import history, score
from serving.pipeline.decide import BLIND_AUDIT
from serving.pipeline.runtime import Runtime
from serving.store.engine import UnitOfWork
from serving.store.records import CertificateRow, ItemRow, ItemState, LabelRow, ProjectRow

log = logging.getLogger(__name__)

SELF = "prelabel"
"""The actor of what happens by itself."""

RETRAIN_GROWTH = 1.5
"""A head is retrained by itself, while the gate is not open, when its examples have grown by this factor."""


def tick(runtime: Runtime, project: ProjectRow) -> bool:
    """Take what steps are due. Returns whether anything changed."""
    changed = draw_validation(runtime, project)
    if held(runtime, project):
        return changed
    if training_due(runtime, project):
        changed |= train(runtime, project, actor=SELF) is not None
    with runtime.store.read() as uow:
        project = uow.projects.get(project.id)
    if project.gate_state in (GateState.SHADOW, GateState.CLOSED):
        changed |= certify_if_due(runtime, project) is not None
    return changed


def held(runtime: Runtime, project: ProjectRow) -> bool:
    """Whether a person closed the gate: what a person closed, nothing here opens again."""
    if project.gate_state is not GateState.CLOSED:
        return False
    with runtime.store.read() as uow:
        return uow.gate.events(project.id)[-1].actor != SELF


def draw_validation(runtime: Runtime, project: ProjectRow) -> bool:
    """Mark the ``validation_target`` lowest draws of the validation fold as blind.

    The cut is an order statistic of hash values, so the sample does not depend on any item's content. Nothing is
    drawn before the tasks that were there at first have all been read: the sample would be of the first page only.
    """
    if project.watermark == 0.0 or project.gate_state is GateState.OPEN:
        return False
    with runtime.store.begin() as uow:
        missing = project.validation_target - len(validation_sample(uow, project))
        if missing <= 0:
            return False
        waiting = [i for i in uow.items.drawn(project.id, cut=1.0, limit=project.validation_target * 2) if not i.blind]
        if not waiting:
            return False
        last = waiting[min(missing, len(waiting)) - 1]
        cut = math.nextafter(last.draw, math.inf)
        uow.items.set_blind(project.id, cut=cut, now=runtime.now())
        uow.items.restart(
            project.id,
            states=(ItemState.DECIDED, ItemState.PUBLISHED),
            to=ItemState.SCORED,
            now=runtime.now(),
            route=Route.SUGGEST,
        )
        uow.projects.update(project.id, validation_cut=cut)
    return True


def validation_sample(uow: UnitOfWork, project: ProjectRow) -> list[tuple[ItemRow, LabelRow | None]]:
    """Every item drawn for validation, with its label once it has one.

    Audits are left out, also those of the validation fold: they were drawn among the surest items only.
    """
    return [(item, label) for item, label in uow.labels.validation(project.id) if item.reason != BLIND_AUDIT]


def examples(runtime: Runtime, uow: UnitOfWork, project: ProjectRow) -> list[TrainingExample]:
    """Labelled items of the train fold, with the history that the project came with, and nothing else.

    What the history says of an item that certifies is left out: the model would be examined on what it was taught.
    """
    pairs = uow.labels.training(project.id)
    name = project.label_config.controls[0].input.field
    examined = {str(item.data.get(name)) for item, _ in uow.labels.validation(project.id)}
    past = [e for e in history.examples(runtime.settings, project) if str(e.item.data.get(name)) not in examined]
    return past + [
        TrainingExample(item=score.to_item(item), label=HumanLabel(regions=label.regions))
        for item, label in pairs
        if item.fold is Fold.TRAIN
    ]


def training_due(runtime: Runtime, project: ProjectRow) -> bool:
    """Whether a first or a better head can be trained now without being asked for."""
    if not isinstance(project.spec, HeadSpec) or project.gate_state is GateState.OPEN:
        return False
    with runtime.store.read() as uow:
        count = uow.labels.training_count(project.id) + history.count(runtime.settings, project)
        if count < project.train_target:
            return False
        active = project.active_model
        return active is None or count >= RETRAIN_GROWTH * uow.models.get(project.id, active).n_train


def train(runtime: Runtime, project: ProjectRow, *, actor: str) -> ModelRef | None:
    """Train a head on the train fold and put it to work. None when the labels do not allow it, or nothing changed."""
    if not isinstance(project.spec, HeadSpec):
        return None
    with runtime.store.read() as uow:
        data = examples(runtime, uow, project)
    control = project.label_config.controls[0]
    attached = runtime.media.attach(project, [e.item for e in data])
    if away := [got for got in attached if isinstance(got, MediaUnavailable)]:
        raise PlatformUnavailable(f"the media of {len(away)} labelled items do not answer: {away[0]}")
    usable = [
        e.model_copy(update={"item": got}) for e, got in zip(data, attached, strict=True) if isinstance(got, Item)
    ]
    try:
        report = runtime.scorer.train(project.spec, control, usable, name=project.slug)
    except NotTrainableError as error:
        log.info("not trainable yet", extra={"project": project.slug, "reason": str(error)})
        return None
    metrics = report.model_dump(mode="json", exclude={"ref"})
    with runtime.store.begin() as uow:
        uow.models.add(project.id, report.ref, report.n, metrics, runtime.now())
        if project.active_model == report.ref.version:
            return None
        activate(runtime, uow, project, report.ref, actor=actor, numbers=metrics)
    log.info("head trained", extra={"project": project.slug, "model_version": report.ref.version, "n": report.n})
    return report.ref


def activate(
    runtime: Runtime, uow: UnitOfWork, project: ProjectRow, ref: ModelRef, *, actor: str, numbers: dict[str, Any]
) -> None:
    """Let a model version predict from now on: the gate falls back to shadow, suggestions are made again.

    Items that were accepted under the certificate of their time stay accepted.
    """
    now = runtime.now()
    uow.models.activate(project.id, ref.version, now)
    uow.gate.transition(
        project.id,
        GateState.SHADOW,
        reason=f"model {ref.version} predicts; nothing is accepted before it is certified",
        actor=actor,
        numbers={"model_version": ref.version, **numbers},
        now=now,
    )
    uow.items.restart(project.id, states=(ItemState.SCORED,), to=ItemState.RECEIVED, now=now)
    uow.items.restart(
        project.id,
        states=(ItemState.DECIDED, ItemState.PUBLISHED),
        to=ItemState.RECEIVED,
        now=now,
        route=Route.SUGGEST,
    )


def certify_if_due(runtime: Runtime, project: ProjectRow) -> CertificateRow | None:
    """Certify once for each (model version, number of answered validation items); None when it is not due."""
    if project.active_model is None:
        return None
    with runtime.store.read() as uow:
        sample = validation_sample(uow, project)
        counts = uow.items.counts(project.id)
        latest = uow.gate.latest(project.id)
        ref = uow.models.get(project.id, project.active_model).ref
    if not sample or any(label is None for _, label in sample) or counts.get(ItemState.RECEIVED, 0):
        return None
    if latest is not None and latest.model_version == ref.version and latest.n_validation == len(sample):
        return None
    answered = [(item, label) for item, label in sample if label is not None]
    confidences, losses = _score_sample(runtime, project, ref, answered)
    with runtime.store.begin() as uow:
        pool = np.array(
            [
                confidence
                for _, _, _, confidence, state in uow.items.confidences(project.id, ref.version)
                if state in (ItemState.SCORED, ItemState.DECIDED, ItemState.PUBLISHED)
            ]
        )
        current = uow.projects.get(project.id)
        if current.active_model != ref.version or not len(pool):
            return None
        tests = uow.gate.tests(project.id)
        certificate = certify(
            confidences,
            losses,
            pool,
            epsilon=current.epsilon,
            delta=spend(current.delta, tests + 1),
            next_delta=spend(current.delta, tests + 2),
        )
        return _record(runtime, uow, current, ref, certificate, n_validation=len(sample))


def _score_sample(
    runtime: Runtime, project: ProjectRow, ref: ModelRef, sample: list[tuple[ItemRow, LabelRow]]
) -> tuple[np.ndarray[Any, np.dtype[np.float64]], np.ndarray[Any, np.dtype[np.float64]]]:
    """Confidences and losses, shape (n,) each, of the model version on the blind sample.

    An item that people skipped, or that the model cannot read, counts as lost (loss 1): leaving it out would make
    the sample easier than the stream.
    """
    size = runtime.settings.chunk_size
    scored = []
    for start in range(0, len(sample), size):
        items = [score.to_item(item) for item, _ in sample[start : start + size]]
        scored += score.predict(runtime, project, ref, items)
    confidences = np.ones(len(sample))
    losses = np.ones(len(sample))
    kept: list[tuple[int, Prediction]] = []
    for i, ((item, label), said) in enumerate(zip(sample, scored, strict=True)):
        if not isinstance(said, Prediction):
            if said.code == score.AWAY:
                raise PlatformUnavailable(f"the media of a validation item do not answer: {said.message}")
            continue
        kept.append((item.id, said))
        confidences[i] = said.confidence
        if not label.was_cancelled:
            losses[i] = item_loss(said.regions, label.regions, project.label_config)
    with runtime.store.begin() as uow:
        ids = uow.items.record_predictions(kept, runtime.now())
        uow.labels.set_losses(
            {
                label.id: (ids[item.id], float(losses[i]))
                for i, (item, label) in enumerate(sample)
                if item.id in ids and not label.was_cancelled
            }
        )
    return confidences, losses


def _record(
    runtime: Runtime,
    uow: UnitOfWork,
    project: ProjectRow,
    ref: ModelRef,
    certificate: Certificate,
    *,
    n_validation: int,
) -> CertificateRow:
    now = runtime.now()
    row = uow.gate.add_certificate(
        project.id,
        model_version=ref.version,
        model_sha256=ref.sha256,
        label_config_digest=project.label_config.digest,
        open=certificate.open,
        threshold=certificate.threshold,
        n=certificate.n,
        errors=certificate.errors,
        n_validation=n_validation,
        epsilon=certificate.epsilon,
        delta=certificate.delta,
        selective_upper=certificate.selective_upper,
        overall_upper=certificate.overall_upper,
        coverage=certificate.coverage,
        needed_labels=certificate.needed_labels,
        reason=certificate.reason,
        now=now,
    )
    uow.gate.transition(
        project.id,
        GateState.OPEN if certificate.open else GateState.CLOSED,
        reason=certificate.reason,
        actor=SELF,
        numbers={"certificate": row.id, "n": certificate.n, "errors": certificate.errors},
        now=now,
    )
    if certificate.open:
        uow.items.restart(
            project.id,
            states=(ItemState.DECIDED, ItemState.PUBLISHED),
            to=ItemState.SCORED,
            now=now,
            route=Route.SUGGEST,
        )
    log.info("gate", extra={"project": project.slug, "open": certificate.open, "reason": certificate.reason})
    return row


def safe_tick(runtime: Runtime, project: ProjectRow) -> bool:
    """``tick``, with its errors written down instead of raised: one project never stops another."""
    try:
        return tick(runtime, project)
    except PrelabelError as error:
        log.warning("learning waits", extra={"project": project.slug, "reason": str(error)})
        return False
