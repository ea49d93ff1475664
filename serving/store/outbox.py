"""Writes that Label Studio still has to hear of. Rows are made by ``ItemRepository.decide``, in its transaction."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, exists, func, insert, or_, select, update

from serving.store.records import UNAIDED, ItemState, OutboxKind, OutboxRow, OutboxState
from serving.store.rows import to_outbox
from serving.store.sql import NO_LEASE, batches, lock_items, readable, share_turn, take_turn, update_all, update_each
from serving.store.tables import item, outbox, prediction

GIVEN_UP = (ItemState.GONE, ItemState.DEAD)
OVER = (ItemState.LABELED, *GIVEN_UP)
UNDOING = (OutboxKind.WITHDRAWAL, OutboxKind.RETRACTION)
"""Writes that a person's label does not make needless."""
MAY_STAND = or_(outbox.c.state == OutboxState.SENT, outbox.c.attempts > 0)
"""Rows that were sent, or may have been: somebody had claimed them."""
UNSEEN = func.coalesce(item.c.reason, "").in_(sorted(UNAIDED))
"""Items whose suggestion people are not to see, though they are not blind."""


class OutboxRepository:
    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def claim(
        self, project_id: int, kind: OutboxKind, *, limit: int, owner: str, lease_s: float, now: float
    ) -> list[OutboxRow]:
        """The oldest rows that may be sent now, all of one model version; they are the owner's until the lease ends.

        An acceptance waits for the suggestion that it turns into an annotation. A withdrawal or a retraction waits
        until nobody can be sending anything else for the item, and a suggestion until its withdrawal is over. Nothing
        but these two is sent for an item whose suggestion is not to be seen.
        """
        share_turn(self._conn)
        query = (
            select(outbox, item.c.task_id, prediction.c.prediction)
            .join(item, item.c.id == outbox.c.item_id)
            .join(prediction, prediction.c.id == outbox.c.prediction_id)
            .where(
                outbox.c.project_id == project_id,
                outbox.c.kind == kind,
                outbox.c.state == OutboxState.PENDING,
                outbox.c.not_before <= now,
                outbox.c.lease_until <= now,
                item.c.state.not_in(GIVEN_UP if kind in UNDOING else OVER),
                *_may_be_sent(kind, now),
            )
            .order_by(outbox.c.id)
            .limit(limit)
            .with_for_update(of=outbox, skip_locked=True, key_share=True)
        )
        found = self._conn.execute(query).all()
        rows = [to_outbox(row) for row in found if row.model_version == found[0].model_version]
        update_all(
            self._conn,
            outbox,
            [row.id for row in rows],
            lease_owner=owner,
            lease_until=now + lease_s,
            attempts=outbox.c.attempts + 1,
        )
        return rows

    def sent(self, owner: str, ids: Sequence[int], now: float) -> list[int]:
        """Label Studio has them. Rows whose lease ended, or that were cancelled meanwhile, are left out.

        Returns:
            Ids of the rows that are ``sent`` now. An item with nothing left to send is published.
        """
        share_turn(self._conn)
        items = self._lock(owner, ids)
        done = self._fenced(owner, ids, now)
        update_all(
            self._conn,
            outbox,
            done,
            state=OutboxState.SENT,
            last_error=None,
            not_before=0.0,
            updated_at=now,
            **NO_LEASE,
        )
        if len(done) < len(set(ids)):
            self._let_go_of_cancelled(owner, ids)
        settle(self._conn, items, now)
        return done

    def release(self, owner: str, ids: Sequence[int], *, error: str, not_before: float, now: float) -> int:
        """They could not be sent now; they wait until ``not_before``. Returns how many were the owner's."""
        share_turn(self._conn)
        self._lock(owner, ids)
        done = 0
        for batch in batches(sorted(set(ids))):
            mine = (outbox.c.id.in_(batch), outbox.c.lease_owner == owner)
            done += self._conn.execute(
                update(outbox)
                .where(*mine)
                .values(last_error=readable(error), not_before=not_before, updated_at=now, **NO_LEASE)
            ).rowcount
        return done

    def bury(self, owner: str, reasons: Mapping[int, str], now: float) -> int:
        """Label Studio refused them for good: rows and items are dead, each with its reason (by outbox id)."""
        share_turn(self._conn)
        self._lock(owner, list(reasons))
        done = self._fenced(owner, list(reasons), now)
        rows = [{"row_id": id, "new_last_error": readable(reasons[id])} for id in done]
        update_each(self._conn, outbox, ["last_error"], rows, state=OutboxState.DEAD, updated_at=now, **NO_LEASE)
        items: dict[int, str] = {}
        for batch in batches(done):
            pairs = self._conn.execute(select(outbox.c.id, outbox.c.item_id).where(outbox.c.id.in_(batch)))
            items |= {item_id: reasons[id] for id, item_id in pairs}
        kill(self._conn, items, now)
        return len(done)

    def cancel_item(self, item_ids: Collection[int], now: float) -> None:
        """Send nothing more for these items."""
        take_turn(self._conn)
        lock_items(self._conn, item_ids)
        cancel(self._conn, item_ids, now)
        settle(self._conn, item_ids, now)

    def shown_until(self, item_ids: Collection[int]) -> dict[int, float]:
        """Item id -> when its suggestion was taken from Label Studio (epoch seconds), infinite while it may be there.

        Items whose suggestion nobody ever sent are left out.
        """
        columns = (outbox.c.item_id, outbox.c.kind, outbox.c.state, outbox.c.updated_at)
        shown: dict[int, float] = {}
        taken: dict[int, list[float]] = defaultdict(list)
        for batch in batches(item_ids):
            kinds = outbox.c.kind.in_((OutboxKind.SUGGESTION, OutboxKind.WITHDRAWAL))
            for row in self._conn.execute(select(*columns).where(outbox.c.item_id.in_(batch), kinds, MAY_STAND)):
                if row.kind == OutboxKind.SUGGESTION:
                    shown[row.item_id] = max(shown.get(row.item_id, 0.0), row.updated_at)
                elif row.state == OutboxState.SENT:
                    taken[row.item_id].append(row.updated_at)
        return {id: min((t for t in taken[id] if t >= last), default=math.inf) for id, last in shown.items()}

    def release_leases(self, owner: str) -> int:
        """Give back whatever the owner still holds."""
        share_turn(self._conn)
        return self._conn.execute(update(outbox).where(outbox.c.lease_owner == owner).values(NO_LEASE)).rowcount

    def counts(self, project_id: int, *, model_version: str | None = None) -> dict[tuple[OutboxKind, OutboxState], int]:
        """Rows by kind and state, of one model version or of all."""
        query = select(outbox.c.kind, outbox.c.state, func.count()).where(outbox.c.project_id == project_id)
        if model_version is not None:
            query = query.where(outbox.c.model_version == model_version)
        rows = self._conn.execute(query.group_by(outbox.c.kind, outbox.c.state))
        return {(OutboxKind(kind), OutboxState(state)): n for kind, state, n in rows}

    def first_suggestion(self, project_id: int, model_version: str) -> float | None:
        """When Label Studio first had a suggestion of this version, epoch seconds; None: it has none."""
        sent = (outbox.c.kind == OutboxKind.SUGGESTION, outbox.c.state == OutboxState.SENT)
        query = select(func.min(outbox.c.updated_at)).where(outbox.c.project_id == project_id, *sent)
        first: float | None = self._conn.scalar(query.where(outbox.c.model_version == model_version))
        return first

    def oldest_pending(self, project_id: int) -> float | None:
        """When the oldest row that still waits was made, epoch seconds."""
        waiting = (outbox.c.kind.in_(list(OutboxKind)), outbox.c.state == OutboxState.PENDING)
        query = select(func.min(outbox.c.created_at)).where(outbox.c.project_id == project_id, *waiting)
        oldest: float | None = self._conn.scalar(query)
        return oldest

    def _lock(self, owner: str, ids: Sequence[int]) -> list[int]:
        """Lock the items of the owner's rows: items come first, see ``serving.store.sql``."""
        items: set[int] = set()
        for batch in batches(ids):
            mine = (outbox.c.id.in_(batch), outbox.c.lease_owner == owner)
            items |= set(self._conn.scalars(select(outbox.c.item_id).where(*mine)))
        return [row.id for row in lock_items(self._conn, items)]

    def _fenced(self, owner: str, ids: Sequence[int], now: float) -> list[int]:
        done: list[int] = []
        for batch in batches(sorted(set(ids))):
            live = (outbox.c.lease_owner == owner, outbox.c.lease_until > now, outbox.c.state == OutboxState.PENDING)
            query = select(outbox.c.id).where(outbox.c.id.in_(batch), *live).order_by(outbox.c.id)
            done += self._conn.scalars(query.with_for_update(key_share=True))
        return done

    def _let_go_of_cancelled(self, owner: str, ids: Sequence[int]) -> None:
        """The sending is over, so a withdrawal need not wait for its lease any longer."""
        for batch in batches(ids):
            mine = (outbox.c.id.in_(batch), outbox.c.lease_owner == owner, outbox.c.state == OutboxState.CANCELLED)
            self._conn.execute(update(outbox).where(*mine).values(NO_LEASE))


def _may_be_sent(kind: OutboxKind, now: float) -> tuple[ColumnElement[bool], ...]:
    other = outbox.alias("other")
    if kind in (OutboxKind.WITHDRAWAL, OutboxKind.RETRACTION):
        sending = (other.c.item_id == outbox.c.item_id, other.c.id != outbox.c.id, other.c.lease_until > now)
        return (~exists().where(*sending),)
    if kind is OutboxKind.SUGGESTION:
        taking = (other.c.item_id == outbox.c.item_id, other.c.kind == OutboxKind.WITHDRAWAL)
        return item.c.blind.is_(False), ~UNSEEN, ~exists().where(*taking, other.c.lease_until > now)
    shown = and_(
        other.c.item_id == outbox.c.item_id,
        other.c.revision == outbox.c.revision,
        other.c.kind == OutboxKind.SUGGESTION,
        other.c.model_version == outbox.c.model_version,
        other.c.state == OutboxState.SENT,
    )
    return item.c.blind.is_(False), exists().where(shown)


def cancel(conn: Connection, item_ids: Collection[int], now: float, *, keep: Collection[OutboxKind] = ()) -> None:
    """Cancel what waits for these (locked) items. A live lease stays: somebody may be sending the row right now."""
    for batch in batches(item_ids):
        pending = [outbox.c.item_id.in_(batch), outbox.c.state == OutboxState.PENDING]
        if keep:
            pending.append(outbox.c.kind.not_in(keep))
        conn.execute(update(outbox).where(*pending).values(state=OutboxState.CANCELLED, updated_at=now))


def settle(conn: Connection, item_ids: Collection[int], now: float) -> None:
    """Decided items with nothing left to send are published."""
    waiting = exists().where(outbox.c.item_id == item.c.id, outbox.c.state == OutboxState.PENDING)
    for batch in batches(item_ids):
        mine = (item.c.id.in_(batch), item.c.state == ItemState.DECIDED, ~waiting)
        conn.execute(update(item).where(*mine).values(state=ItemState.PUBLISHED, updated_at=now))


def kill(conn: Connection, reasons: Mapping[int, str], now: float) -> None:
    """These (locked) items are dead, each with its reason, and nothing more is sent for them."""
    rows = [{"row_id": id, "new_last_error": readable(reason)} for id, reason in reasons.items()]
    update_each(conn, item, ["last_error"], rows, state=ItemState.DEAD, updated_at=now, **NO_LEASE)
    cancel(conn, reasons.keys(), now)


def take_back(conn: Connection, item_ids: Collection[int], now: float) -> None:
    """People labelled these (locked) items: whatever may have been accepted of them is retracted, theirs stands."""
    columns = [outbox.c[name] for name in ("project_id", "item_id", "revision", "model_version", "prediction_id")]
    for batch in batches(item_ids):
        tried = (outbox.c.item_id.in_(batch), outbox.c.kind == OutboxKind.ACCEPTANCE, outbox.c.attempts > 0)
        undone = [dict(row._mapping) for row in conn.execute(select(*columns).where(*tried))]
        conn.execute(update(outbox).where(*tried).values(state=OutboxState.CANCELLED, updated_at=now))
        send_again(conn, undone, OutboxKind.RETRACTION, now)


def send_again(conn: Connection, rows: Sequence[Mapping[str, Any]], kind: OutboxKind, now: float) -> None:
    """Something of this kind is to be sent for each of these, whether or not it was before; their items are locked.

    Args:
        conn: the transaction.
        rows: ``project_id``, ``item_id``, ``revision``, ``model_version`` and ``prediction_id`` of what is sent.
        kind: what is sent.
        now: epoch seconds.
    """
    pending = {"state": OutboxState.PENDING, "not_before": 0.0, "updated_at": now}
    there: dict[tuple[int, int, str], int] = {}
    for batch in batches({row["item_id"] for row in rows}):
        known = (outbox.c.item_id.in_(batch), outbox.c.kind == kind)
        columns = (outbox.c.id, outbox.c.item_id, outbox.c.revision, outbox.c.model_version)
        there |= {(r.item_id, r.revision, r.model_version): r.id for r in conn.execute(select(*columns).where(*known))}
    keys = [(row["item_id"], row["revision"], row["model_version"]) for row in rows]
    update_all(conn, outbox, [there[key] for key in keys if key in there], **pending)
    fresh = [
        {**row, **pending, "kind": kind, "created_at": now}
        for row, key in zip(rows, keys, strict=True)
        if key not in there
    ]
    if fresh:
        conn.execute(insert(outbox), fresh)
