"""Arrow 2: received items -> predictions, one chunk a call, poison items singled out by bisection.

How large a chunk is follows the model (``ChunkPace``). An item that alone takes longer than a call may is at fault.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from models.base import ModelRef
from models.errors import MediaUnavailable, ModelError, PlatformUnavailable, PrelabelError, ScorerLate
from models.types import Failure, Item, Prediction, Scored
from serving.pipeline import needs
from serving.pipeline.runtime import Runtime, backoff
from serving.store.engine import UnitOfWork
from serving.store.records import ItemRow, ItemState, ProjectRow
from serving.tracing import span

log = logging.getLogger(__name__)

AWAY = MediaUnavailable.code
"""Code of a failure that is not the item's fault: its media may be there later."""


@dataclass(frozen=True, slots=True)
class Measured:
    """How fast a model was; calls that failed are left out."""

    items: int = 0
    seconds: float = 0.0
    """In which a scorer worked on them."""


def to_item(row: ItemRow) -> Item:
    """What the model sees of a row; the row's id is the key."""
    return Item(key=str(row.id), data=row.data)


def predict(runtime: Runtime, project: ProjectRow, ref: ModelRef, items: Sequence[Item]) -> list[Scored]:
    """Fetch media and predict, item for item; what cannot be fetched is a failure of that item alone.

    Raises:
        PlatformUnavailable: nothing is known of any item; try again.
    """
    return timed(runtime, project, ref, items)[0]


def timed(runtime: Runtime, project: ProjectRow, ref: ModelRef, items: Sequence[Item]) -> tuple[list[Scored], Measured]:
    """As ``predict``, with how fast the model was."""
    attached = runtime.media.attach(project, items)
    ready = [a for a in attached if isinstance(a, Item)]
    said, measured = bisect(runtime, ref, ready)
    scored = {s.key: s for s in said}
    return [
        scored[item.key] if isinstance(got, Item) else Failure(key=item.key, code=got.code, message=str(got))
        for item, got in zip(items, attached, strict=True)
    ], measured


def bisect(runtime: Runtime, ref: ModelRef, items: Sequence[Item]) -> tuple[list[Scored], Measured]:
    """Score a chunk; where it fails as a whole, halve it until the item at fault stands alone."""
    if not items:
        return [], Measured()
    try:
        said, seconds = runtime.scorer.timed(ref, items)
    except ModelError as error:
        if len(items) == 1:
            return [Failure(key=items[0].key, code=error.code, message=str(error))], Measured()
        middle = len(items) // 2
        (one, fast), (other, slow) = bisect(runtime, ref, items[:middle]), bisect(runtime, ref, items[middle:])
        return one + other, Measured(fast.items + slow.items, fast.seconds + slow.seconds)
    return said, Measured(len(items), seconds)


def run(
    runtime: Runtime, project: ProjectRow, ref: ModelRef, *, away: Callable[[PrelabelError], None] = lambda error: None
) -> int:
    """Score one chunk of the project. Returns the number of items that went on or were given up.

    ``away`` is told where the scorer gave no answer: the items wait, and nothing is raised.
    """
    settings = runtime.settings
    with runtime.store.begin() as uow:
        rows = uow.items.claim(
            project.id,
            ItemState.RECEIVED,
            limit=runtime.chunks.size(ref.version, settings.chunk_size),
            owner=runtime.owner,
            lease_s=settings.lease_s,
            now=runtime.now(),
        )
    if not rows:
        return 0
    started = runtime.now()
    tasks = [row.task_id for row in rows]
    try:
        with span("chunk", items=len(rows), first_task=min(tasks), last_task=max(tasks)):
            results, fast = timed(runtime, project, ref, [to_item(row) for row in rows])
    except ScorerLate as error:
        away(error)
        runtime.chunks.late(ref.version, len(rows))
        if len(rows) == 1 and runtime.chunks.proven(ref.version):
            failure = Failure(key=str(rows[0].id), code=error.code, message=str(error))
            with runtime.store.begin() as uow:
                _give_up_or_wait(runtime, uow, rows, {rows[0].id: failure})
        else:
            _wait(runtime, rows, str(error))
        return 0
    except PlatformUnavailable as error:
        away(error)
        _wait(runtime, rows, str(error))
        return 0
    except PrelabelError as error:
        _wait(runtime, rows, str(error))
        raise
    runtime.chunks.took(ref.version, len(rows), runtime.now() - started, settings.scorer_timeout_s)
    failures = {int(r.key): r for r in results if isinstance(r, Failure)}
    good = [(int(r.key), r) for r in results if isinstance(r, Prediction)]
    try:
        with runtime.store.begin() as uow:
            stored = set(uow.items.store_predictions(runtime.owner, good, runtime.now()))
            needs.keep(uow, project, [row for row in rows if row.id in stored], dict(good), runtime.now())
            if uow.projects.get(project.id).active_model != ref.version:
                raise _Overtaken
            _give_up_or_wait(runtime, uow, [row for row in rows if row.id in failures], failures)
            uow.stats.add(project.id, "score", len(rows), runtime.now() - started)
            uow.models.measured(project.id, ref.version, fast.items, fast.seconds)
    except _Overtaken:
        _wait(runtime, rows, "another model predicts now", wait_s=0.0)
    return len(rows)


class _Overtaken(Exception):
    """Another model was activated while a chunk was scored: what the old one says would never be looked at again."""


def _give_up_or_wait(runtime: Runtime, uow: UnitOfWork, rows: Sequence[ItemRow], failures: dict[int, Failure]) -> None:
    """An item that failed by itself is tried again a few times, then buried with its reason."""
    settings = runtime.settings
    away = [row for row in rows if failures[row.id].code == AWAY]
    for row in away:
        _release(runtime, uow, [row], failures[row.id].message, settings.retry_max_s, blameless=True)
    rows = [row for row in rows if row not in away]
    hopeless = {r.id: failures[r.id].message for r in rows if r.attempts >= settings.max_attempts}
    if hopeless:
        uow.items.bury(runtime.owner, hopeless, runtime.now())
    for row in rows:
        if row.id in hopeless:
            log.error("item is dead", extra={"item": row.id, "task": row.task_id, "reason": hopeless[row.id]})
            continue
        wait = backoff(row.attempts, base_s=settings.retry_base_s, max_s=settings.retry_max_s)
        _release(runtime, uow, [row], failures[row.id].message, wait)


def _wait(runtime: Runtime, rows: Sequence[ItemRow], error: str, *, wait_s: float | None = None) -> None:
    """Not the items' fault: they wait, and do not come closer to being given up."""
    wait = runtime.settings.retry_base_s if wait_s is None else wait_s
    with runtime.store.begin() as uow:
        _release(runtime, uow, rows, error, wait, blameless=True)


def _release(
    runtime: Runtime, uow: UnitOfWork, rows: Sequence[ItemRow], error: str, wait_s: float, *, blameless: bool = False
) -> None:
    now = runtime.now()
    uow.items.release(
        runtime.owner, [r.id for r in rows], error=error, not_before=now + wait_s, now=now, blameless=blameless
    )
