"""A model on the blind sample: what it says, how wrong that is, and the certificate that follows."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.base import ModelRef
from models.errors import PlatformUnavailable
from models.gate import Certificate, certify, spend
from models.gate.noise import Noise
from models.types import GateState, LabelConfig, Prediction
from serving.pipeline import opinions, score
from serving.pipeline.opinions import Sample
from serving.pipeline.runtime import Runtime
from serving.pipeline.standing import held, move
from serving.store.engine import UnitOfWork
from serving.store.records import BLIND_AUDIT, WAITING, CertificateRow, ItemState, LabelRole, ProjectRow

log = logging.getLogger(__name__)

Floats = NDArray[np.float64]

UNSCORED = 0.05
"""Share of the pool that may still wait to be scored when the gate is certified."""


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


def answered(sample: Sample) -> bool:
    """Whether there is a sample, and people have said something of every item in it.

    An item that was given up before anybody answered for it is an answer: no model can read it, so it is never
    accepted, and nobody is asked for it.
    """
    return bool(sample) and all(label is not None or item.state is ItemState.DEAD for item, label in sample)


def certify_if_due(runtime: Runtime, project: ProjectRow) -> CertificateRow | None:
    """Certify once for each (model version, number of answered validation items, people); None when it is not due."""
    if project.active_model is None:
        return None
    with runtime.store.read() as uow:
        sample = validation_sample(uow, project)
        ref = uow.models.get(project.id, project.active_model).ref
        due = _due(uow, project, ref.version, sample)
    if not due:
        return None
    said = _score_sample(runtime, project, ref, sample)
    with runtime.store.begin() as uow:
        keep(uow, sample, said, project.label_config, runtime.now())
    hearing = opinions.hear(runtime, project, sample, said)
    if opinions.ask(runtime, project, hearing):
        return None
    with runtime.store.begin() as uow:
        current = uow.projects.hold(project.id)
        config = current.label_config.digest == project.label_config.digest
        if not config or not _due(uow, current, ref.version, sample) or held(uow, current) is not None:
            return None
        pool = np.array(_pool(uow, current, ref.version, sample))
        certificate = test(uow, current, confidences(ids_of(sample), said), hearing.losses, pool)
        row = record(uow, current, ref, certificate, hearing.noise, n_validation=len(sample), now=runtime.now())
        move(
            uow,
            current,
            GateState.OPEN if certificate.open else GateState.CLOSED,
            reason=row.reason,
            numbers={"certificate": row.id, "n": certificate.n, "errors": certificate.errors},
            now=runtime.now(),
        )
    log.info("gate", extra={"project": project.slug, "open": certificate.open, "reason": row.reason})
    return row


def _due(uow: UnitOfWork, project: ProjectRow, version: str, sample: Sample) -> bool:
    """Whether a test of this model on this sample would be a new one, and has all that it needs.

    After a change of the stream the sample fills as items arrive; it is tested once it is full, not at each one.
    """
    if not answered(sample) or (project.valid_since and len(sample) < project.validation_target):
        return False
    if waits_for_opinions(uow, project):
        return False
    if tested(uow, project, version, sample):
        return False
    pool = _pool(uow, project, version, sample)
    unscored = uow.items.counts(project.id).get(ItemState.RECEIVED, 0)
    return project.active_model == version and bool(pool) and unscored <= UNSCORED * len(pool)


def tested(uow: UnitOfWork, project: ProjectRow, version: str, sample: Sample) -> bool:
    """Whether this model was tested on so many labels of as many people, so that another test would be none."""
    latest = uow.gate.latest(project.id)
    if latest is None or latest.created_at < max(project.valid_since, project.tolerance_since):
        return False
    if (latest.model_version, latest.n_validation, latest.people) != (version, len(sample), project.validation_people):
        return False
    return not (latest.open and latest.label_config_digest != project.label_config.digest)


def waits_for_opinions(uow: UnitOfWork, project: ProjectRow) -> int:
    """Items of the sample that more people were asked about, and have not answered."""
    if project.validation_people == 1 or project.active_model is None:
        return 0
    return uow.opinions.waiting(project.id, project.active_model, audits=False)


def _pool(uow: UnitOfWork, project: ProjectRow, version: str, sample: Sample) -> list[float]:
    """Confidences of what may be accepted: scored by this model, labelled by nobody, not drawn for validation."""
    drawn = {item.id for item, _ in sample}
    rows = uow.items.confidences(project.id, version)
    return [confidence for id, _, _, confidence, state in rows if state in WAITING and id not in drawn]


def _score_sample(runtime: Runtime, project: ProjectRow, ref: ModelRef, sample: Sample) -> dict[int, Prediction]:
    """Item id -> what the model says; items that it cannot read are left out.

    Raises:
        PlatformUnavailable: the media of one do not answer; try again.
    """
    size = runtime.settings.chunk_size
    said: dict[int, Prediction] = {}
    for start in range(0, len(sample), size):
        items = [score.to_item(item) for item, _ in sample[start : start + size]]
        for one in score.predict(runtime, project, ref, items):
            if isinstance(one, Prediction):
                said[int(one.key)] = one
            elif one.code == score.AWAY:
                raise PlatformUnavailable(f"the media of a validation item do not answer: {one.message}")
    return said


def confidences(ids: Iterable[int], said: Mapping[int, Prediction]) -> Floats:
    """``(n,)``, in the order of the item ids; 0 where the model cannot read an item, so that it is never accepted."""
    return np.array([said[id].confidence if id in said else 0.0 for id in ids])


def ids_of(sample: Sample) -> list[int]:
    """Ids of the items of a sample, in its order."""
    return [item.id for item, _ in sample]


def keep(uow: UnitOfWork, sample: Sample, said: Mapping[int, Prediction], config: LabelConfig, now: float) -> None:
    """What the model said becomes the current prediction of the sample, and what its labels are compared with."""
    ids = uow.items.record_predictions([(item.id, said[item.id]) for item, _ in sample if item.id in said], now)
    uow.labels.set_losses(
        {
            label.id: (ids[item.id], opinions.loss_against(said[item.id], label, config))
            for item, label in sample
            if item.id in ids and label is not None and not label.was_cancelled
        }
    )


def test(uow: UnitOfWork, project: ProjectRow, confidences: Floats, losses: Floats, pool: Floats) -> Certificate:
    """The next test of the project, on losses of 0 or 1, with its share of what is left of delta."""
    tests = uow.gate.tests(project.id)
    return certify(
        confidences,
        losses,
        pool,
        epsilon=project.epsilon,
        delta=spend(project.delta, tests + 1),
        next_delta=spend(project.delta, tests + 2),
        targeted_from=0.0,
    )


def record(
    uow: UnitOfWork,
    project: ProjectRow,
    ref: ModelRef,
    certificate: Certificate,
    noise: Noise,
    *,
    n_validation: int,
    now: float,
    trial: bool = False,
) -> CertificateRow:
    """Store what a test said, with all that it was made for; one that stays closed says if people's noise is why."""
    warning = "" if certificate.open else noise.warning(certificate.epsilon)
    figures: dict[str, Any] = {
        name: getattr(certificate, name)
        for name in (
            "open",
            "threshold",
            "n",
            "epsilon",
            "delta",
            "selective_upper",
            "overall_upper",
            "coverage",
            "needed_labels",
        )
    }
    return uow.gate.add_certificate(
        project.id,
        model_version=ref.version,
        model_sha256=ref.sha256,
        label_config_digest=project.label_config.digest,
        errors=int(certificate.errors),
        n_validation=n_validation,
        reason=f"{certificate.reason} {warning}".rstrip(),
        noise=noise,
        now=now,
        trial=trial,
        **figures,
    )
