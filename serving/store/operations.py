"""What the service's metrics are read from: what waits, for how long, in whose hands.

Each query stands on an index and reads what waits, not what is done; ``states`` alone walks an index of all items.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Column, Connection, Select, Subquery, case, false, func, select, text, union_all

from models.types import Route
from serving.store.items import REQUEUED
from serving.store.people_records import WorkState
from serving.store.records import BLIND_AUDIT, ItemState, OutboxKind, OutboxState
from serving.store.stats import StatsRepository
from serving.store.tables import AWAITS_BLIND, AWAITS_TRAINING, decision, gate_event, item, outbox, work

HEAD = 500
"""Items of each priority among which the one is looked for that has waited longest: the next ones to be claimed."""
MOST = 1_000_000
"""Rows that are counted at most, where not every item is."""
OPEN = (OutboxState.PENDING, OutboxState.DEAD)
"""Outbox rows that are counted; those that were sent or cancelled are as many as all items."""


@dataclass(frozen=True, slots=True)
class Queue:
    """Items that wait for people, by what is asked of them; each is counted once."""

    audits: int
    """Blind audits that nobody has answered."""
    overdue: int
    """Of these."""
    validation: int
    """Other blind items."""
    seeds: int
    """Items of the train fold that no model has seen yet."""
    suggestions: int
    """Items with a suggestion."""


@dataclass(frozen=True, slots=True)
class Held:
    """What processes hold of a project."""

    items: int = 0
    """To score or to decide."""
    writes: int = 0
    """To be sent to Label Studio."""


class OperationsRepository:
    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def states(self, project_id: int) -> dict[ItemState, int]:
        """Items by state; every state is there."""
        query = select(item.c.state, func.count()).where(item.c.project_id == project_id).group_by(item.c.state)
        found = {ItemState(state): n for state, n in self._conn.execute(query)}
        return {state: found.get(state, 0) for state in ItemState}

    def oldest(self, project_id: int, state: ItemState) -> float | None:
        """Since when (epoch seconds) the item has not moved that has waited longest among the first of the queue.

        A try that failed counts as a move. None: no item is in this state.
        """
        heads = []
        for priority in (0, REQUEUED):
            mine = (item.c.project_id == project_id, item.c.state == state, item.c.priority == priority)
            head = select(item.c.updated_at).where(*mine).order_by(item.c.id).limit(HEAD).subquery()
            heads.append(select(func.min(head.c.updated_at).label("at")))
        each = union_all(*heads).subquery()
        found: float | None = self._conn.scalar(select(func.min(each.c.at)))
        return found

    def outbox(self, project_id: int) -> dict[tuple[OutboxKind, OutboxState], int]:
        """Rows that wait or were given up, by kind and state; every kind is there with both."""
        mine = (outbox.c.project_id == project_id, outbox.c.kind.in_(list(OutboxKind)), outbox.c.state.in_(OPEN))
        query = select(outbox.c.kind, outbox.c.state, func.count()).where(*mine).group_by(outbox.c.kind, outbox.c.state)
        found = {(OutboxKind(kind), OutboxState(state)): n for kind, state, n in self._conn.execute(query)}
        return {(kind, state): found.get((kind, state), 0) for kind in OutboxKind for state in OPEN}

    def oldest_write(self, project_id: int) -> dict[OutboxKind, float]:
        """Kind -> when its first row that waits was made, epoch seconds; kinds without one are left out."""
        found = {}
        for kind in OutboxKind:
            mine = (outbox.c.project_id == project_id, outbox.c.kind == kind, outbox.c.state == OutboxState.PENDING)
            first = self._conn.scalar(select(outbox.c.created_at).where(*mine).order_by(outbox.c.id).limit(1))
            if first is not None:
                found[kind] = first
        return found

    def throughput(self, project_id: int) -> dict[str, tuple[int, float]]:
        """Stage -> (items, busy seconds) since the project was connected."""
        return StatsRepository(self._conn).totals(project_id)

    def gate_moved_at(self, project_id: int) -> float | None:
        """When the gate last changed its state, epoch seconds; None: never."""
        moves = (gate_event.c.project_id == project_id, gate_event.c.before != gate_event.c.after)
        found: float | None = self._conn.scalar(select(func.max(gate_event.c.at)).where(*moves))
        return found

    def people(self, project_id: int, *, due: float) -> Queue:
        """What waits for people, in their hands or not; audits drawn before ``due`` (epoch seconds) are overdue."""
        mine = (item.c.project_id == project_id, text(AWAITS_BLIND))
        blind = _by_index(select(item.c.id, item.c.revision, item.c.reason).where(*mine), item.c.draw)
        drawn = select(func.min(decision.c.created_at)).where(
            decision.c.item_id == blind.c.id,
            decision.c.revision == blind.c.revision,
            decision.c.route == Route.AUDIT,
        )
        audit = blind.c.reason == BLIND_AUDIT
        late = case((audit, drawn.correlate(blind).scalar_subquery() < due), else_=false())
        counts = (func.count(), func.sum(case((audit, 1), else_=0)), func.sum(case((late, 1), else_=0)))
        total, audits, overdue = self._conn.execute(select(*counts).select_from(blind)).one()
        untaught = select(item.c.id).where(item.c.project_id == project_id, text(AWAITS_TRAINING))
        seeds = self._conn.scalar(select(func.count()).select_from(_by_index(untaught, item.c.draw)))
        shown = (item.c.project_id == project_id, item.c.state == ItemState.PUBLISHED, item.c.route == Route.SUGGEST)
        suggestions = self._conn.scalar(select(func.count()).where(*shown))
        return Queue(audits or 0, overdue or 0, total - (audits or 0), seeds or 0, suggestions or 0)

    def held(self, now: float) -> dict[int, Held]:
        """Project id -> leases that hold now; projects without one are left out."""
        found: dict[int, Held] = {}
        for table, name in ((item, "items"), (outbox, "writes")):
            leased = select(table.c.project_id).where(table.c.lease_owner.is_not(None), table.c.lease_until > now)
            each = _by_index(leased, table.c.lease_owner)
            for project_id, n in self._conn.execute(
                select(each.c.project_id, func.count()).group_by(each.c.project_id)
            ):
                found[project_id] = replace(found.get(project_id, Held()), **{name: n})
        return found

    def handed_out(self, project_id: int, now: float) -> int:
        """Items in people's hands."""
        mine = (work.c.project_id == project_id, work.c.state == WorkState.HELD, work.c.until > now)
        return self._conn.scalar(select(func.count()).select_from(work).where(*mine)) or 0


def _by_index(query: Select[Any], column: Column[Any]) -> Subquery:
    """The rows in the order of a partial index, which names it to SQLite: without statistics it takes another."""
    return query.order_by(column).limit(MOST).subquery()
