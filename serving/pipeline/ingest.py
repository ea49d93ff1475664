"""Arrow 1: what Label Studio tells us -> items and labels. Idempotent: any delivery may come twice or late."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from typing import Any

from connectors.base import RemoteAnnotation, RemoteTask
from connectors.label_studio.results import decode
from models.gate.sampling import fold_of, keyed_uniform
from models.tasks import item_loss
from models.types import Route
from serving.pipeline import needs
from serving.pipeline.runtime import Runtime
from serving.store.engine import UnitOfWork
from serving.store.records import BLIND_AUDIT, ItemRow, LabelRole, NewItem, NewLabel, ProjectRow, ReceiveResult
from serving.store.work import HandedIn
from serving.workforce import gold, overlap, review_draw


def digest_of(data: dict[str, Any]) -> str:
    """sha256 of the canonical JSON of a task's data, hex."""
    canonical = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode(errors="surrogatepass")).hexdigest()


def new_item(task: RemoteTask, project: ProjectRow, secret: bytes) -> NewItem:
    """Draw the item's place in the folds; the draw depends on the key and the task id alone."""
    draw = keyed_uniform(secret, "fold", task.id)
    return NewItem(
        task_id=task.id,
        digest=digest_of(task.data),
        data=task.data,
        fold=fold_of(draw, project.validation_fraction),
        draw=draw,
    )


def receive_tasks(runtime: Runtime, uow: UnitOfWork, project: ProjectRow, tasks: Sequence[RemoteTask]) -> ReceiveResult:
    """Store tasks that are new or changed."""
    if not tasks:
        return ReceiveResult(0, 0, 0)
    secret = runtime.sampling_secret(project)
    unique = {task.id: new_item(task, project, secret) for task in tasks}
    received = uow.items.receive(project.id, list(unique.values()), runtime.now())
    if received.new or received.changed:
        needs.of_arrived(uow, project, list(unique))
    return received


def role_of(item: ItemRow, *, opened: float = 0.0, shown_until: float = -math.inf) -> LabelRole:
    """What a new label may be used for; unseen a suggestion is only where none was shown when its task was opened.

    An item that people label without its suggestion, and that is not blind, was not drawn with a known probability:
    its label trains, and never certifies.

    Args:
        item: what was labelled.
        opened: when the person began, epoch seconds.
        shown_until: when the item's suggestion was taken away, as ``OutboxRepository.shown_until`` says it.
    """
    if item.blind and item.route in (None, Route.AUDIT) and opened >= shown_until:
        return LabelRole.AUDIT if item.reason == BLIND_AUDIT else LabelRole.VALIDATION
    unseen = item.route is None or (item.unaided and opened >= shown_until)
    return LabelRole.TRAIN if unseen else LabelRole.CORRECTION


def receive_annotations(
    runtime: Runtime, uow: UnitOfWork, project: ProjectRow, annotations: Sequence[RemoteAnnotation]
) -> list[int]:
    """Store people's labels; our own account's are the echo of our writes and are left out.

    Returns:
        Ids of the items that were labelled by this.
    """
    theirs = [a for a in annotations if a.completed_by != project.service_user and not a.given_back]
    if not theirs:
        return []
    items = uow.items.by_task(project.id, [a.task_id for a in theirs])
    shown = [i.prediction_id for i in items.values() if i.prediction_id is not None]
    predictions = uow.items.predictions(shown)
    shown_until = uow.outbox.shown_until([i.id for i in items.values() if i.blind or i.unaided])
    tests = uow.gold.given([i.id for i in items.values()])
    labels = []
    for annotation in theirs:
        item = items.get(annotation.task_id)
        if item is None:
            continue
        regions = decode(annotation.result, project.label_config)
        row = predictions.get(item.prediction_id) if item.prediction_id is not None else None
        loss = None
        if row is not None and not annotation.was_cancelled:
            loss = item_loss(row.prediction.regions, regions, project.label_config)
        labels.append(
            NewLabel(
                item_id=item.id,
                annotation_id=annotation.id,
                completed_by=annotation.completed_by,
                regions=regions,
                was_cancelled=annotation.was_cancelled,
                lead_time=annotation.lead_time,
                role=LabelRole.GOLD
                if (item.id, annotation.completed_by) in tests
                else role_of(
                    item,
                    opened=annotation.updated_at - (annotation.lead_time or 0.0),
                    shown_until=shown_until.get(item.id, -math.inf),
                ),
                inclusion=item.inclusion,
                prediction_id=row.id if row is not None else None,
                loss=loss,
                remote_updated_at=annotation.updated_at,
            )
        )
    now, ids = runtime.now(), [one.annotation_id for one in labels]
    reviewed = project.review_rate > 0.0
    known = uow.labels.by_annotation(project.id, ids) if reviewed else {}
    uow.work.handed_in(project.id, [HandedIn(one.item_id, one.completed_by, one.was_cancelled) for one in labels], now)
    newly = uow.labels.upsert(project.id, labels, now)
    gold.mark(uow, project, labels, tests, now)
    review_draw.bar(uow, project, labels, now)
    if reviewed:
        secret, due_s = runtime.sampling_secret(project), runtime.settings.review_due_s
        review_draw.draw(uow, project, secret, ids, known, due_s=due_s, now=now)
    overlap.review(uow, project, {one.item_id for one in labels if one.role is not LabelRole.GOLD}, now)
    return newly
