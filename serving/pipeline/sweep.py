"""Finds what was lost in Label Studio after it was written there, and what is there though it should not be.

Somebody may delete predictions or annotations, an order that we gave up may be carried out late, and a server may come
back from an older backup. Predictions are sent again. An accepted annotation that is gone is not: whoever deleted it
disagreed, so its item goes to people, and no longer counts as accepted.
"""

from __future__ import annotations

import logging
from collections.abc import Collection

from connectors.base import Platform
from serving.pipeline.decide import RETURNED
from serving.pipeline.runtime import Runtime
from serving.store.records import OutboxKind, OutboxState, ProjectRow, Stand

log = logging.getLogger(__name__)

RECOUNT = 50
"""Annotations that one pass makes Label Studio count: some seconds."""

FOUND = {
    Stand.SHOWN: "predictions are gone from Label Studio: they are sent again",
    Stand.HIDDEN: "blind items show a prediction in Label Studio: it is removed",
    Stand.ACCEPTED: "accepted annotations were deleted in Label Studio: people get these items",
    Stand.UNLABELED: "annotations by our account stand where none is wanted: they are removed",
}


def recount(runtime: Runtime, project: ProjectRow) -> bool:
    """Have Label Studio count what was accepted and what it forgot. Returns whether there is more of it.

    It has forgotten what it had not counted at the look before either: it counts a moment after it writes.
    """
    if project.active_model is None:
        return False
    platform = runtime.platform(project)
    found = set(platform.uncounted())
    forgotten = sorted(found & runtime.uncounted.get(project.id, set()))
    runtime.uncounted[project.id] = found
    if not forgotten:
        return False
    platform.recount(forgotten[:RECOUNT])
    log.info("accepted annotations that Label Studio had not counted", extra=extra(project, len(forgotten[:RECOUNT])))
    return len(forgotten) > RECOUNT


def run(runtime: Runtime, project: ProjectRow) -> int:
    """Compare, if the counts say that something has changed. Returns the number of items that were taken up again."""
    version = project.active_model
    if version is None:
        return 0
    platform = runtime.platform(project)
    with runtime.store.read() as uow:
        versions = tuple(row.ref.version for row in uow.models.list(project.id) if row.activated_at is not None)
    seen = (versions, *_difference(runtime, project, platform, versions))
    if runtime.swept.get(project.id) == seen:
        return 0
    mended = compare(runtime, project, platform, version)
    if mended:
        runtime.swept.pop(project.id, None)
    else:
        runtime.swept[project.id] = seen
    return mended


def _difference(
    runtime: Runtime, project: ProjectRow, platform: Platform, versions: Collection[str]
) -> tuple[int, int]:
    """By how much Label Studio's counts of predictions and of our annotations are above our own.

    The difference need not be zero (suggestions are withdrawn, tasks deleted with all that they have); but as long as
    it stays what it was when all was well, nothing was lost since.
    """
    predictions, annotated = platform.standing(versions)
    with runtime.store.read() as uow:
        sent = sum(
            uow.outbox.counts(project.id, model_version=version).get((OutboxKind.SUGGESTION, OutboxState.SENT), 0)
            for version in versions
        )
        accepted = uow.items.accepted(project.id)
    return predictions - sent, annotated - accepted


def compare(runtime: Runtime, project: ProjectRow, platform: Platform, version: str) -> int:
    """Read what stands in Label Studio, and take up again every item of which it is not what it should be."""
    asked_at = runtime.now()
    predicted, annotated = platform.predicted_tasks(version), platform.annotated_tasks()
    with runtime.store.read() as uow:
        ours = {stand: uow.sweep.tasks(project.id, stand, version=version, before=asked_at) for stand in Stand}
        former = uow.sweep.accepted_by_others(project.id, version, before=asked_at)
    wrong = {
        Stand.SHOWN: ours[Stand.SHOWN] - predicted,
        Stand.HIDDEN: ours[Stand.HIDDEN] & predicted,
        Stand.ACCEPTED: _without(platform, project, ours[Stand.ACCEPTED] - annotated),
        Stand.UNLABELED: ours[Stand.UNLABELED] & annotated,
    }
    lost = {other: tasks - platform.predicted_tasks(other) for other, tasks in former.items()}
    return sum(
        _mend(runtime, project, stand, tasks, of, asked_at)
        for stand, tasks, of in (
            *((stand, tasks, version) for stand, tasks in wrong.items()),
            *((Stand.SHOWN, tasks, other) for other, tasks in lost.items()),
        )
        if tasks
    )


def _without(platform: Platform, project: ProjectRow, suspects: set[int]) -> set[int]:
    """Those that really have no annotation of ours; deleted tasks are left to reconcile."""
    found = platform.annotations(sorted(suspects)) if suspects else {}
    return {task for task, all_ in found.items() if all(a.completed_by != project.service_user for a in all_)}


def _mend(runtime: Runtime, project: ProjectRow, stand: Stand, tasks: set[int], version: str, asked_at: float) -> int:
    with runtime.store.begin() as uow:
        if stand is Stand.ACCEPTED:
            done = uow.sweep.give_back(
                project.id, tasks, reason=RETURNED, version=version, before=asked_at, now=runtime.now()
            )
        else:
            done = uow.sweep.mend(project.id, stand, tasks, version=version, before=asked_at, now=runtime.now())
    if done:
        log.warning(FOUND[stand], extra=extra(project, done))
    return done


def extra(project: ProjectRow, count: int) -> dict[str, object]:
    return {"project": project.slug, "count": count}
