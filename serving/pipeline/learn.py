"""Arrow 5: labels -> a trained head, a drawn validation sample, a certificate; and what follows from each.

``tick`` looks at one project and takes the steps that are due, in order:

1. *draw*: enough items of the validation fold are marked for a blind label (lowest hash draws first);
2. *train*: the first head once the train labels are there, another when they have grown by ``RETRAIN_GROWTH``;
3. *certify*: when every drawn item has been answered, by several people where the project asks for it
   (``serving.pipeline.opinions``), and nearly everything received has been scored;
4. *ask*: a new list of train items that people should label next, when the old one is used up.
"""

from __future__ import annotations

import logging
import math
from typing import Any

import numpy as np

from models.base import Budget, HeadSpec, ModelRef, TrainingExample, TransformersSpec
from models.errors import MediaUnavailable, NotTrainableError, PlatformUnavailable, PrelabelError
from models.gate import Certificate, certify, spend
from models.gate.noise import Noise
from models.registry import reference
from models.tasks import item_loss
from models.types import Fold, GateState, HumanLabel, Item, Prediction, Route
from serving.pipeline import asking, history, opinions, score
from serving.pipeline.opinions import Sample
from serving.pipeline.runtime import Runtime
from serving.pipeline.standing import SELF, fall_back, held, move
from serving.store.engine import UnitOfWork
from serving.store.records import (
    BLIND_AUDIT,
    CertificateRow,
    ItemState,
    LabelRole,
    ProjectRow,
)

log = logging.getLogger(__name__)

RETRAIN_GROWTH = 1.5
"""A head is retrained by itself, while the gate is not open, when its examples have grown by this factor."""
UNSCORED = 0.05
"""Share of the pool that may still wait to be scored when the gate is certified."""


def tick(runtime: Runtime, project: ProjectRow) -> bool:
    """Take what steps are due. Returns whether anything changed for the other stages; a new list does not."""
    changed = draw_validation(runtime, project)
    if isinstance(project.spec, TransformersSpec) and project.active_model is None:
        changed |= adopt(runtime, project, project.spec) is not None
    if training_due(runtime, project):
        changed |= train(runtime, project, actor=SELF) is not None
    with runtime.store.read() as uow:
        project = uow.projects.get(project.id)
        closed = held(uow, project)
    if project.gate_state in (GateState.SHADOW, GateState.CLOSED) and closed is None:
        changed |= certify_if_due(runtime, project) is not None
        changed |= opinions.look_into(runtime, project, validation_sample)
    asking.refresh(runtime, project, lambda: labels_to_go(runtime, project))
    return changed


def draw_validation(runtime: Runtime, project: ProjectRow) -> bool:
    """Mark the ``validation_target`` lowest draws of the validation fold as blind.

    The cut is an order statistic of hash values, so the sample does not depend on any item's content. Nothing is
    drawn before the tasks that were there at first have all been read: the sample would be of the first page only.
    After the stream has changed (``valid_since``) only items that arrived since are drawn.
    """
    if project.watermark == 0.0 or project.gate_state.accepts:
        return False
    since = project.valid_since
    with runtime.store.begin() as uow:
        missing = project.validation_target - len(validation_sample(uow, project))
        if missing <= 0:
            return False
        found = uow.items.drawn(project.id, cut=1.0, limit=project.validation_target * 2, since=since)
        waiting = [i for i in found if not i.blind]
        if not waiting:
            return False
        last = waiting[min(missing, len(waiting)) - 1]
        cut = math.nextafter(last.draw, math.inf)
        uow.items.set_blind(project.id, cut=cut, now=runtime.now(), since=since)
        uow.items.restart(
            project.id,
            states=(ItemState.DECIDED, ItemState.PUBLISHED),
            to=ItemState.SCORED,
            now=runtime.now(),
            route=Route.SUGGEST,
            blind=True,
        )
        uow.projects.update(project.id, validation_cut=max(cut, uow.projects.get(project.id).validation_cut))
    return True


def validation_sample(uow: UnitOfWork, project: ProjectRow) -> Sample:
    """Every item drawn for validation, with its blind label once it has one; a skip is an answer too.

    Audits are left out, also those of the validation fold: they were drawn among the surest items only. So are items
    that somebody labelled while the suggestion was still to be withdrawn: another is drawn in their place. And so are
    those that arrived before the stream changed: they say nothing of what comes now.
    """
    sample: Sample = []
    for item, label in uow.labels.validation(project.id):
        if label is None or label.role is LabelRole.VALIDATION:
            sample.append((item, label))
        elif label.was_cancelled:
            sample.append((item, None))
    since = project.valid_since
    return [(item, label) for item, label in sample if item.reason != BLIND_AUDIT and item.received_at >= since]


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
    if not isinstance(project.spec, HeadSpec) or project.gate_state.accepts:
        return False
    return labels_to_go(runtime, project) <= 0


def labels_to_go(runtime: Runtime, project: ProjectRow) -> int:
    """How many more train labels the next head takes; 0 or less: there are enough."""
    with runtime.store.read() as uow:
        count = uow.labels.training_count(project.id) + history.count(runtime.settings, project)
        enough = project.train_target
        if project.active_model is not None:
            row = uow.models.get(project.id, project.active_model)
            enough = max(enough, math.ceil(RETRAIN_GROWTH * row.metrics.get("labels", row.n_train)))
    return enough - count


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
        budget = Budget(epsilon=project.epsilon, delta=project.delta)
        report = runtime.scorer.train(project.spec, control, usable, name=project.slug, budget=budget)
    except NotTrainableError as error:
        log.info("not trainable yet", extra={"project": project.slug, "reason": str(error)})
        return None
    metrics = report.model_dump(mode="json", exclude={"ref"}) | {"labels": len(data)}
    with runtime.store.begin() as uow:
        project = uow.projects.hold(project.id)
        if project.label_config.controls[:1] != (control,):
            log.info("trained for a label config of the past", extra={"project": project.slug})
            return None
        uow.models.add(project.id, report.ref, report.n, metrics, runtime.now())
        if project.active_model == report.ref.version:
            return None
        activate(runtime, uow, project, report.ref, actor=actor, numbers=metrics)
    log.info("head trained", extra={"project": project.slug, "model_version": report.ref.version, "n": report.n})
    return report.ref


def adopt(runtime: Runtime, project: ProjectRow, spec: TransformersSpec) -> ModelRef | None:
    """Put a ready-made classifier to work again after the label config changed; its version names the config too.

    Raises:
        PrelabelError: the model is not there, or its classes are not those of the control.
    """
    control, digest = project.label_config.controls[0], project.label_config.digest
    ref = reference(spec, control, name=f"{project.slug}-{digest[:6]}")
    with runtime.store.begin() as uow:
        current = uow.projects.hold(project.id)
        if current.active_model is not None or current.label_config.digest != digest:
            return None
        uow.models.add(project.id, ref, 0, {}, runtime.now())
        activate(runtime, uow, current, ref, actor=SELF, numbers={})
    return ref


def activate(
    runtime: Runtime, uow: UnitOfWork, project: ProjectRow, ref: ModelRef, *, actor: str, numbers: dict[str, Any]
) -> None:
    """Let a model version predict from now on: the gate falls back to shadow, suggestions are made again.

    Items that were accepted under the certificate of their time stay accepted.
    """
    now = runtime.now()
    uow.models.activate(project.id, ref.version, now)
    uow.asking.clear(project.id)
    fall_back(
        uow,
        uow.projects.get(project.id),
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
    """Certify once for each (model version, number of answered validation items); None when it is not due.

    An item that was given up before anybody answered for it is an answer: no model can read it, so it is never
    accepted, and nobody is asked for it.
    """
    if project.active_model is None:
        return None
    with runtime.store.read() as uow:
        sample = validation_sample(uow, project)
        ref = uow.models.get(project.id, project.active_model).ref
        due = _due(uow, project, ref.version, sample)
    if not due:
        return None
    confidences, said = _score_sample(runtime, project, ref, sample)
    hearing = opinions.hear(runtime, project, sample, said)
    if opinions.ask(runtime, project, hearing):
        return None
    with runtime.store.begin() as uow:
        current = uow.projects.hold(project.id)
        config = current.label_config.digest == project.label_config.digest
        if not config or not _due(uow, current, ref.version, sample) or held(uow, current) is not None:
            return None
        pool = np.array(_pool(uow, current, ref.version, sample))
        tests = uow.gate.tests(project.id)
        certificate = certify(
            confidences,
            hearing.losses,
            pool,
            epsilon=current.epsilon,
            delta=spend(current.delta, tests + 1),
            next_delta=spend(current.delta, tests + 2),
            targeted_from=0.0,
        )
        return _record(runtime, uow, current, ref, certificate, n_validation=len(sample), noise=hearing.noise)


def _due(uow: UnitOfWork, project: ProjectRow, version: str, sample: Sample) -> bool:
    """Whether a test of this model on this sample would be a new one, and has all that it needs.

    After a change of the stream the sample fills as items arrive; it is tested once it is full, not at each one.
    """
    if not sample or any(label is None and item.state is not ItemState.DEAD for item, label in sample):
        return False
    if project.valid_since and len(sample) < project.validation_target:
        return False
    if project.validation_people > 1 and uow.opinions.waiting(project.id, version, audits=False):
        return False
    latest = uow.gate.latest(project.id)
    if latest is not None and latest.created_at < project.valid_since:
        latest = None
    this = (version, len(sample), project.validation_people)
    if latest is not None and (latest.model_version, latest.n_validation, latest.people) == this:
        moved_on = latest.label_config_digest != project.label_config.digest
        if not (latest.open and moved_on):
            return False
    pool = _pool(uow, project, version, sample)
    unscored = uow.items.counts(project.id).get(ItemState.RECEIVED, 0)
    return project.active_model == version and bool(pool) and unscored <= UNSCORED * len(pool)


def _pool(uow: UnitOfWork, project: ProjectRow, version: str, sample: Sample) -> list[float]:
    """Confidences of what may be accepted: scored by this model, labelled by nobody, not drawn for validation."""
    drawn = {item.id for item, _ in sample}
    waiting = (ItemState.SCORED, ItemState.DECIDED, ItemState.PUBLISHED)
    rows = uow.items.confidences(project.id, version)
    return [confidence for id, _, _, confidence, state in rows if state in waiting and id not in drawn]


def _score_sample(
    runtime: Runtime, project: ProjectRow, ref: ModelRef, sample: Sample
) -> tuple[np.ndarray[Any, np.dtype[np.float64]], dict[int, Prediction]]:
    """What the model version says of the blind sample: confidences, shape (n,), and predictions by item id.

    An item that the model cannot read stands at confidence 0, so that it is never accepted.
    """
    size = runtime.settings.chunk_size
    scored = []
    for start in range(0, len(sample), size):
        items = [score.to_item(item) for item, _ in sample[start : start + size]]
        scored += score.predict(runtime, project, ref, items)
    confidences = np.zeros(len(sample))
    exact: dict[int, float] = {}
    kept: list[tuple[int, Prediction]] = []
    for i, ((item, label), said) in enumerate(zip(sample, scored, strict=True)):
        if not isinstance(said, Prediction):
            if said.code == score.AWAY:
                raise PlatformUnavailable(f"the media of a validation item do not answer: {said.message}")
            continue
        kept.append((item.id, said))
        confidences[i] = said.confidence
        if label is not None and not label.was_cancelled:
            exact[label.id] = item_loss(said.regions, label.regions, project.label_config)
    with runtime.store.begin() as uow:
        ids = uow.items.record_predictions(kept, runtime.now())
        uow.labels.set_losses(
            {
                label.id: (ids[item.id], exact[label.id])
                for item, label in sample
                if item.id in ids and label is not None and label.id in exact
            }
        )
    return confidences, dict(kept)


def _record(
    runtime: Runtime,
    uow: UnitOfWork,
    project: ProjectRow,
    ref: ModelRef,
    certificate: Certificate,
    *,
    n_validation: int,
    noise: Noise,
) -> CertificateRow:
    now = runtime.now()
    warning = "" if certificate.open else noise.warning(certificate.epsilon)
    reason = f"{certificate.reason} {warning}".rstrip()
    row = uow.gate.add_certificate(
        project.id,
        model_version=ref.version,
        model_sha256=ref.sha256,
        label_config_digest=project.label_config.digest,
        open=certificate.open,
        threshold=certificate.threshold,
        n=certificate.n,
        errors=int(certificate.errors),
        n_validation=n_validation,
        epsilon=certificate.epsilon,
        delta=certificate.delta,
        selective_upper=certificate.selective_upper,
        overall_upper=certificate.overall_upper,
        coverage=certificate.coverage,
        needed_labels=certificate.needed_labels,
        reason=reason,
        noise=noise,
        now=now,
    )
    move(
        uow,
        project,
        GateState.OPEN if certificate.open else GateState.CLOSED,
        reason=reason,
        numbers={"certificate": row.id, "n": certificate.n, "errors": certificate.errors},
        now=now,
    )
    log.info("gate", extra={"project": project.slug, "open": certificate.open, "reason": reason})
    return row


def safe_tick(runtime: Runtime, project: ProjectRow) -> bool:
    """``tick``, with its errors written down instead of raised: one project never stops another."""
    try:
        return tick(runtime, project)
    except PrelabelError as error:
        log.warning("learning waits", extra={"project": project.slug, "reason": str(error)})
        return False
