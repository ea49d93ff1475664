"""Which labels another person looks at: a share, drawn by keyed hash, of those that were not given blind.

Blind labels are never among them. They certify: whoever chose among them knowing what the model says would bend the
certificate. Second opinions check them (``serving.pipeline.opinions``).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from models.gate.sampling import keyed_uniform
from serving.store.engine import UnitOfWork
from serving.store.records import ItemState, LabelRow, NewLabel, ProjectRow

PURPOSE = "review"


def draw(
    uow: UnitOfWork,
    project: ProjectRow,
    secret: bytes,
    annotation_ids: Collection[int],
    known: Mapping[int, LabelRow],
    *,
    due_s: float,
    now: float,
) -> int:
    """Draw from the labels that have just come in; how many are to be reviewed.

    A label that was edited after it had been decided on is drawn as a new one, and falls as it fell before. One that
    waits for its review is judged as it stands by then.

    Args:
        uow: the transaction in which they came in.
        project: where.
        secret: key of the hash.
        annotation_ids: of what came in.
        known: annotation id -> what was stored of it before.
        due_s: after how many seconds a label that nobody has looked at is approved.
        now: epoch seconds.
    """
    rows = [
        row
        for id, row in uow.labels.by_annotation(project.id, annotation_ids).items()
        if row.counts
        and not row.role.blind
        and (id not in known or known[id].remote_updated_at < row.remote_updated_at)
        and keyed_uniform(secret, PURPOSE, id) < project.review_rate
    ]
    if not rows:
        return 0
    items = {item.id: item for item in uow.items.rows([row.item_id for row in rows])}
    opened, seen = uow.reviews.open_labels([row.id for row in rows]), uow.reviews.seen_by(items)
    drawn = [
        (row, items[row.item_id].revision)
        for row in rows
        if row.id not in opened
        and (row.item_id, row.completed_by) not in seen
        and not items[row.item_id].blind
        and items[row.item_id].state is ItemState.LABELED
    ]
    return uow.reviews.draw(drawn, due_at=now + due_s, now=now)


def bar(uow: UnitOfWork, project: ProjectRow, labels: Sequence[NewLabel], now: float) -> None:
    """Another answer by somebody whose own was set aside does not count: the item is for others."""
    barred = uow.reviews.barred({one.item_id for one in labels})
    ids = [one.annotation_id for one in labels if (one.item_id, one.completed_by) in barred]
    if ids:
        rows = uow.labels.by_annotation(project.id, ids).values()
        uow.labels.set_aside([row.id for row in rows if not row.set_aside], now)
