"""Which items people should label next, and which of them blind."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from sqlalchemy import Connection, Select, exists, func, or_, select, text, update

from models.fair_queue import Kind
from models.types import Fold, Route
from serving.store.asking import SHOWN, listed
from serving.store.opinions import ANSWERS, because_of, wanting, wanting_more
from serving.store.outbox import MAY_STAND, OVER, cancel, settle
from serving.store.records import BLIND_AUDIT, LABEL_REJECTED, ItemRow, ItemState, LabelRole, OutboxKind
from serving.store.rows import to_item
from serving.store.sql import NO_LEASE, batches, lock_items
from serving.store.tables import (
    AWAITS_BLIND,
    AWAITS_TRAINING,
    MAY_BE_DRAWN,
    SEVERAL_WANTED,
    decision,
    item,
    label,
    outbox,
    project,
)


def drawn(conn: Connection, project_id: int, *, cut: float, limit: int, since: float) -> list[ItemRow]:
    """See ``ItemRepository.drawn``."""
    query = _drawn(select(item), project_id, cut, since).order_by(item.c.draw).limit(limit)
    return [to_item(row) for row in conn.execute(query)]


def set_blind(conn: Connection, project_id: int, *, cut: float, now: float, since: float) -> list[int]:
    """See ``ItemRepository.set_blind``."""
    found = conn.scalars(_drawn(select(item.c.id), project_id, cut, since).where(item.c.blind.is_(False))).all()
    ids = [row.id for row in lock_items(conn, found)]
    for batch in batches(ids):
        blind = {"blind": True, "inclusion": cut, "updated_at": now, **NO_LEASE}
        conn.execute(update(item).where(item.c.id.in_(batch)).values(blind))
    cancel(conn, ids, now, keep=[OutboxKind.WITHDRAWAL])
    settle(conn, ids, now)
    return sorted(_shown(conn, ids))


def wanted(
    conn: Connection, project_id: int, *, limit: int, train: bool, exclude: Collection[int], by: int | None
) -> list[ItemRow]:
    """See ``ItemRepository.wanted``."""
    found: list[ItemRow] = []
    for _, query in queues(project_id, train=train, by=by):
        if exclude:
            query = query.where(item.c.id.not_in(exclude))
        found += [to_item(row) for row in conn.execute(query.limit(limit - len(found)))]
        if len(found) >= limit:
            break
    return found


def queues(project_id: int, *, train: bool, by: int | None) -> Iterator[tuple[Kind, Select[Any]]]:
    """What people may label, most urgent first; each query in its order.

    What is not listed comes in order of draw: the control last, and the next to be drawn blind last of all.
    """
    mine = select(item).where(item.c.project_id == project_id)
    audit = item.c.reason == BLIND_AUDIT
    same = (decision.c.item_id == item.c.id, decision.c.revision == item.c.revision)
    drawn_by = select(func.min(decision.c.id)).where(
        *same, decision.c.route == Route.AUDIT, decision.c.certificate_id.is_not(None)
    )
    yield Kind.AUDIT, mine.where(text(AWAITS_BLIND), audit).order_by(drawn_by.scalar_subquery())
    yield Kind.VALIDATION, mine.where(text(AWAITS_BLIND), or_(item.c.reason.is_(None), ~audit)).order_by(item.c.draw)
    yield Kind.OPINION, _again(mine, by).order_by(item.c.draw)
    yield Kind.OPINION, _further(mine, by).order_by(item.c.draw)
    yield Kind.TEACHING, select(item).where(*listed(project_id, train=train)).order_by(item.c.asked)
    rest = mine.where(item.c.asked.is_(None))
    if train:
        seeds = rest.where(text(AWAITS_TRAINING), item.c.blind.is_(False))
        yield Kind.TEACHING, seeds.order_by(item.c.draw)
    yield Kind.SUGGESTION, rest.where(*SHOWN, item.c.fold == Fold.TRAIN).order_by(item.c.draw)
    yield Kind.SUGGESTION, rest.where(*SHOWN, item.c.fold == Fold.VALIDATION).order_by(item.c.draw.desc())


def _again(query: Select[Any], by: int | None) -> Select[Any]:
    """Items that another person is to answer because of what the active model says; not those of the first queue."""
    active = select(project.c.active_model).where(project.c.id == item.c.project_id).scalar_subquery()
    labelled = (item.c.blind.is_(True), item.c.state == ItemState.LABELED, because_of(active))
    query = query.where(text(SEVERAL_WANTED), *labelled, wanting())
    if by is None:
        return query
    mine = (label.c.item_id == item.c.id, label.c.completed_by == by)
    tested = exists().where(*mine, label.c.role == LabelRole.GOLD, label.c.deleted.is_(False))
    return query.where(~exists().where(*mine, *ANSWERS), ~tested)


def _further(query: Select[Any], by: int | None) -> Select[Any]:
    """Items that are not blind and that another person is to answer: see ``serving.workforce.overlap``."""
    query = query.where(text(SEVERAL_WANTED), item.c.blind.is_(False), item.c.state == ItemState.LABELED)
    query = query.where(wanting_more())
    if by is None:
        return query
    return query.where(~exists().where(label.c.item_id == item.c.id, label.c.completed_by == by, ~label.c.deleted))


def _drawn(query: Select[Any], project_id: int, cut: float, since: float) -> Select[Any]:
    if since > 0:
        query = query.where(item.c.received_at >= since)
    return query.where(
        item.c.project_id == project_id,
        text(MAY_BE_DRAWN),
        item.c.draw < cut,
        item.c.state.not_in(OVER),
        or_(item.c.route.is_(None), item.c.route != Route.ACCEPT),
        or_(item.c.reason.is_(None), item.c.reason != LABEL_REJECTED),  # chosen by who saw the suggestion
    )


def _shown(conn: Connection, ids: Collection[int]) -> Iterator[int]:
    """Tasks whose suggestion was sent, or may have been."""
    sent = exists().where(outbox.c.item_id == item.c.id, outbox.c.kind == OutboxKind.SUGGESTION, MAY_STAND)
    for batch in batches(ids):
        yield from conn.scalars(select(item.c.task_id).where(item.c.id.in_(batch), sent))
