"""Arrow 4: outbox rows -> Label Studio, in bulk, at most once each.

A row that was claimed before may have been sent by whoever claimed it, and an item whose data changed may show what
the same model said before; such rows are read back first. Label Studio
being away is nobody's fault: rows wait with a growing delay and are never given up for it.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from connectors.base import OutgoingPrediction, Platform, PublishResult
from models.errors import AuthenticationError, PlatformError, PlatformRefused, PlatformUnavailable
from serving.pipeline.runtime import Runtime, backoff
from serving.store.records import OutboxKind, OutboxRow, ProjectRow

log = logging.getLogger(__name__)

NOBODY_ELSE = nullcontext()


def run(
    runtime: Runtime,
    project: ProjectRow,
    kind: OutboxKind,
    *,
    limit: int | None = None,
    turn: AbstractContextManager[Any] = NOBODY_ELSE,
) -> int:
    """Send one bulk of one kind. Returns the number of rows that were settled (sent or refused).

    Args:
        runtime: the composition.
        project: whose outbox.
        kind: which kind of write.
        limit: rows that one bulk takes at most; None: ``publish_batch``.
        turn: held from the claim until Label Studio has answered; what it answered is written down after that.

    Raises:
        PlatformError: nobody's fault and nothing lost; the rows wait in the outbox.
    """
    answers: list[tuple[list[OutboxRow], PublishResult]] = []
    failed: PlatformError | None = None
    with turn:
        rows = _claim(runtime, project, kind, limit or runtime.settings.publish_batch)
        started = runtime.now()
        try:
            for group in _by_history(rows):
                answers.append((group, send(runtime.platform(project), kind, group)))
        except (PlatformUnavailable, AuthenticationError, PlatformRefused) as error:
            failed = error
    seconds = runtime.now() - started
    settled = sum(_settle(runtime, project, group, result) for group, result in answers)
    if failed is not None:
        _wait(runtime, rows, str(failed))
        raise failed
    if rows:
        with runtime.store.begin() as uow:
            uow.stats.add(project.id, f"publish_{kind.value}", settled, seconds)
    return settled


def _claim(runtime: Runtime, project: ProjectRow, kind: OutboxKind, limit: int) -> list[OutboxRow]:
    lease_s = runtime.settings.publish_lease_s
    with runtime.store.begin() as uow:
        return uow.outbox.claim(project.id, kind, limit=limit, owner=runtime.owner, lease_s=lease_s, now=runtime.now())


def _by_history(rows: Sequence[OutboxRow]) -> list[list[OutboxRow]]:
    fresh = [r for r in rows if not _suspect(r)]
    suspect = [r for r in rows if _suspect(r)]
    return [group for group in (fresh, suspect) if group]


def _suspect(row: OutboxRow) -> bool:
    """Whether Label Studio may hold a prediction of this version: this one, or that of the item's former data."""
    return row.attempts > 1 or row.revision > 1


def send(platform: Platform, kind: OutboxKind, rows: Sequence[OutboxRow]) -> PublishResult:
    """One bulk write; ``rows`` share kind, model version, and whether they may have been sent before."""
    tasks = [row.task_id for row in rows]
    if kind is OutboxKind.SUGGESTION:
        batch = [OutgoingPrediction(task_id=row.task_id, prediction=row.prediction) for row in rows]
        return platform.publish_predictions(batch, check_existing=any(map(_suspect, rows)))
    if kind is OutboxKind.ACCEPTANCE:
        if outdated := [row.task_id for row in rows if row.revision > 1]:
            platform.retract(outdated)
        return platform.accept(tasks, model_version=rows[0].model_version)
    if kind is OutboxKind.RETRACTION:
        platform.retract(tasks)
    else:
        platform.remove_task_predictions(tasks)
    return PublishResult(stored=tuple(tasks))


def _settle(runtime: Runtime, project: ProjectRow, rows: Sequence[OutboxRow], result: PublishResult) -> int:
    by_task = {row.task_id: row for row in rows}
    overtaken = [refusal for refusal in result.refused if refusal.overtaken]
    dead = [refusal for refusal in result.refused if not refusal.overtaken]
    with runtime.store.begin() as uow:
        sent = uow.outbox.sent(runtime.owner, [by_task[task].id for task in result.stored], runtime.now())
        if dead:
            uow.outbox.bury(runtime.owner, {by_task[one.task_id].id: one.reason for one in dead}, runtime.now())
    if overtaken:  # reading the labels cancels these rows
        _put_back(runtime, [by_task[one.task_id] for one in overtaken], overtaken[0].reason)
        log.info("people labelled first", extra={"project": project.slug, "rows": len(overtaken)})
    for refusal in dead:
        log.error("item is dead", extra={"project": project.slug, "task": refusal.task_id, "reason": refusal.reason})
    if len(sent) < len(result.stored):
        missed = len(result.stored) - len(sent)
        log.info("sent, but overtaken or after the lease had run out", extra={"project": project.slug, "rows": missed})
    return len(sent) + len(dead)


def _wait(runtime: Runtime, rows: Sequence[OutboxRow], error: str) -> None:
    wait = _put_back(runtime, rows, error)
    log.warning("Label Studio did not take a batch; it will be tried again", extra={"reason": error, "wait_s": wait})


def _put_back(runtime: Runtime, rows: Sequence[OutboxRow], error: str) -> float:
    """They wait in the outbox; for how long, seconds."""
    settings, now = runtime.settings, runtime.now()
    attempts = max(row.attempts for row in rows)
    wait = backoff(attempts, base_s=settings.retry_base_s, max_s=settings.retry_max_s)
    with runtime.store.begin() as uow:
        uow.outbox.release(runtime.owner, [row.id for row in rows], error=error, not_before=now + wait, now=now)
    return wait
