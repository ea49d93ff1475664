"""Arrow 5: labels -> a trained head, a drawn validation sample, a certificate; and what follows from each.

``tick`` looks at one project and takes the steps that are due, in order:

1. *draw*: enough items of the validation fold are marked for a blind label (``draw``);
2. *train*: the first head once the train labels are there, another when they have grown by ``RETRAIN_GROWTH``;
3. *challenge*: while the gate accepts, a new head is tried beside the one that predicts (``challenge``);
4. *certify*: when every drawn item has been answered, by several people where the project asks for it
   (``opinions``), and nearly everything received has been scored (``certifying``);
5. *ask*: a new list of train items that people should label next, when the old one is used up;
6. *shadow*: a version that a person lets score beside the active one goes on (``shadow``).

Where a person chose the model that predicts, no other takes its place by itself: none is trained, and one that is
trained by hand is only kept.
"""

from __future__ import annotations

import logging
import math
from collections import Counter
from typing import Any

from models.base import Budget, ModelRef, TrainingExample, TrainingReport
from models.errors import MediaUnavailable, NotTrainableError, PlatformUnavailable, PrelabelError
from models.registry import reference
from models.specs import ModelSpec, learns
from models.types import Fold, GateState, HumanLabel, Item
from serving.pipeline import asking, challenge, draw, history, opinions, score, shadow, trouble
from serving.pipeline.certifying import certify_if_due, validation_sample
from serving.pipeline.runtime import Runtime
from serving.pipeline.standing import SELF, activate, held
from serving.pipeline.trouble import Part
from serving.store.engine import UnitOfWork
from serving.store.records import ACT, LABELS_BY, ProjectRow
from serving.store.version_records import ModelVersionRow

log = logging.getLogger(__name__)

RETRAIN_GROWTH = 1.5
"""A head is retrained by itself when its examples have grown by this factor."""


def tick(runtime: Runtime, project: ProjectRow) -> bool:
    """Take what steps are due. Returns whether anything changed for the other stages; a new list does not."""
    changed = draw.validation(runtime, project)
    if not learns(project.spec) and project.active_model is None:
        changed |= adopt(runtime, project) is not None
    if training_due(runtime, project):
        changed |= train(runtime, project, actor=SELF) is not None
    with runtime.store.read() as uow:
        project = uow.projects.get(project.id)
        closed = held(uow, project)
    if project.challenger is not None:
        changed |= challenge.advance(runtime, project)
    elif project.gate_state in (GateState.SHADOW, GateState.CLOSED) and closed is None:
        changed |= certify_if_due(runtime, project) is not None
        changed |= opinions.look_into(runtime, project, validation_sample)
    asking.refresh(runtime, project, lambda: labels_to_go(runtime, project))
    shadow.advance(runtime, project)
    return changed


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
    if not learns(project.spec) or project.challenger is not None or project.pinned:
        return False
    return labels_to_go(runtime, project) <= 0


def labels_to_go(runtime: Runtime, project: ProjectRow) -> int:
    """How many more train labels the next head takes; 0 or less: there are enough."""
    with runtime.store.read() as uow:
        count, enough = train_labels(runtime, uow, project)
    return enough - count


def train_labels(runtime: Runtime, uow: UnitOfWork, project: ProjectRow) -> tuple[int, int]:
    """Labels that the next head would learn from, those of the history among them; and how many it takes."""
    count = uow.labels.training_count(project.id) + history.count(runtime.settings, project)
    enough = project.train_target
    if project.active_model is not None:
        largest = max(map(_labels, _since(uow, project.id, project.active_model)))
        enough = max(enough, math.ceil(RETRAIN_GROWTH * largest))
    return count, enough


def _since(uow: UnitOfWork, project_id: int, version: str) -> list[ModelVersionRow]:
    """This version and those that were made after it: a challenger that was rejected is not made again and again."""
    first = uow.models.get(project_id, version).id
    return [row for row in uow.models.list(project_id) if row.id >= first]


def _labels(row: ModelVersionRow) -> int:
    return int(row.metrics.get("labels", row.n_train))


def train(runtime: Runtime, project: ProjectRow, *, actor: str) -> ModelRef | None:
    """Train a head on the train fold; None when the labels do not allow it, or nothing changed.

    While the gate accepts, the new head is a challenger; else it predicts from now on. Where a person chose the active
    model, it does neither.
    """
    if not learns(project.spec):
        return None
    controls = project.label_config.controls
    try:
        report, metrics = fit(runtime, project, project.spec)
    except NotTrainableError as error:
        log.info("not trainable yet", extra={"project": project.slug, "reason": str(error)})
        trouble.keep(runtime, project, Part.TRAINING, str(error))
        return None
    trouble.keep(runtime, project, Part.TRAINING, "")
    told = {name: value for name, value in metrics.items() if name != LABELS_BY}
    with runtime.store.begin() as uow:
        project, now = uow.projects.hold(project.id), runtime.now()
        if project.label_config.controls != controls:
            log.info("trained for a label config of the past", extra={"project": project.slug})
            return None
        made = uow.models.add(project.id, report.ref, report.n, metrics, now)
        if report.ref.version in (project.active_model, project.challenger):
            return None
        if project.pinned:
            return _kept(uow, project, made, actor=actor, numbers=told, now=now)
        if not project.gate_state.accepts:
            activate(uow, project, report.ref, actor=actor, numbers=told, now=now)
        elif made.rejected_at is None:
            challenge.enter(uow, project, report.ref, actor=actor, numbers=told, now=now)
        else:
            return None
    log.info("head trained", extra={"project": project.slug, "model_version": report.ref.version, "n": report.n})
    return report.ref


def _kept(
    uow: UnitOfWork, project: ProjectRow, made: ModelVersionRow, *, actor: str, numbers: dict[str, Any], now: float
) -> ModelRef | None:
    if made.created_at < now:
        return None
    version = made.ref.version
    reason = f"model {version} was trained and is kept: {project.active_model} was chosen by hand and stays"
    uow.gate.note(
        project.id, reason=reason, actor=actor, numbers={"model_version": version, **numbers, ACT: "train"}, now=now
    )
    return made.ref


def fit(runtime: Runtime, project: ProjectRow, spec: ModelSpec) -> tuple[TrainingReport, dict[str, Any]]:
    """Train a model of this kind on the project's train labels; with what is kept as its metrics.

    Raises:
        NotTrainableError: the labels do not allow it.
        PlatformUnavailable: media do not answer.
    """
    with runtime.store.read() as uow:
        data = examples(runtime, uow, project)
        people = uow.labels.taught_by(project.id)
    attached = runtime.media.attach(project, [e.item for e in data])
    if away := [got for got in attached if isinstance(got, MediaUnavailable)]:
        raise PlatformUnavailable(f"the media of {len(away)} labelled items do not answer: {away[0]}")
    usable = [
        e.model_copy(update={"item": got}) for e, got in zip(data, attached, strict=True) if isinstance(got, Item)
    ]
    budget = Budget(epsilon=project.epsilon, delta=project.delta)
    report = runtime.scorer.train(spec, project.label_config.controls, usable, name=project.slug, budget=budget)
    by = Counter(people[id] for example in usable if (id := _item_of(example)) in people)
    measured = report.model_dump(mode="json", exclude={"ref"})
    told = {"labels": len(data), "history": len(usable) - by.total(), LABELS_BY: dict(by)}
    return report, measured | told


def _item_of(example: TrainingExample) -> int | None:
    """The item's id; None: it is of the history, whose keys are no numbers."""
    return int(example.item.key) if example.item.key.isdigit() else None


def adopt(runtime: Runtime, project: ProjectRow) -> ModelRef | None:
    """Put a ready-made model to work again after the label config changed; its version names the config too.

    Raises:
        PrelabelError: the model is not there, or its classes are not those of the control.
    """
    digest = project.label_config.digest
    ref = reference(project.spec, project.label_config.controls, name=f"{project.slug}-{digest[:6]}")
    with runtime.store.begin() as uow:
        current = uow.projects.hold(project.id)
        if current.active_model is not None or current.label_config.digest != digest:
            return None
        uow.models.add(project.id, ref, 0, {}, runtime.now())
        activate(uow, current, ref, actor=SELF, numbers={}, now=runtime.now())
    return ref


def safe_tick(runtime: Runtime, project: ProjectRow) -> bool:
    """``tick``, with its errors written down instead of raised: one project never stops another."""
    try:
        changed, why = tick(runtime, project), ""
    except PrelabelError as error:
        log.warning("learning waits", extra={"project": project.slug, "reason": str(error)})
        changed, why = False, str(error)
    trouble.keep(runtime, project, Part.TURN, why)
    return changed
