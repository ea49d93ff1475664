"""Items: their state is the queue. Claims are leases; completion is fenced by the lease.

``received -> scored -> decided -> published -> labeled``, with ``dead`` and ``gone`` aside. Longer steps have files of
their own: ``receiving``, ``predicting``, ``deciding``, ``drawing``, ``explaining``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, case, delete, func, select, text, update

from models.errors import NotFoundError
from models.types import Fold, Prediction, Route
from serving.store import deciding, drawing, explaining, predicting, receiving
from serving.store.outbox import OVER, cancel, kill
from serving.store.records import Decision, ItemRow, ItemState, NewItem, OutboxState, PredictionRow, ReceiveResult
from serving.store.rows import to_item, to_prediction
from serving.store.sql import CLEAN, NO_LEASE, batches, leased, lock_items, readable, share_turn, take_turn, update_all
from serving.store.tables import AWAITS_BLIND, item, outbox, prediction

REQUEUED = 1
"""Priority of what goes round again: behind what has just arrived (0)."""


def round_again(conn: Connection, ids: Collection[int], to: ItemState, now: float, **more: Any) -> int:
    """These (locked) items go round again from state ``to``, with ``more`` columns set; what waits is cancelled."""
    cancel(conn, ids, now)
    return update_all(conn, item, ids, state=to, priority=REQUEUED, updated_at=now, **CLEAN, **more)


class ItemRepository:
    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def receive(self, project_id: int, tasks: Sequence[NewItem], now: float) -> ReceiveResult:
        """Store tasks, in bulk. The same data again changes nothing; other data starts the item again.

        Fold and draw are kept from the first time. A ``gone`` item comes back as received.
        """
        take_turn(self._conn)
        return receiving.receive(self._conn, project_id, tasks, now)

    def claim(
        self, project_id: int, state: ItemState, *, limit: int, owner: str, lease_s: float, now: float
    ) -> list[ItemRow]:
        """Lease up to ``limit`` items of a state for ``lease_s`` seconds, most urgent first. The state stays."""
        share_turn(self._conn)
        query = (
            select(item)
            .where(
                item.c.project_id == project_id,
                item.c.state == state,
                item.c.not_before <= now,
                item.c.lease_until <= now,
            )
            .order_by(item.c.priority, item.c.id)
            .limit(limit)
            .with_for_update(skip_locked=True, key_share=True)
        )
        rows = [to_item(row, claimed=1) for row in self._conn.execute(query)]
        update_all(
            self._conn,
            item,
            [row.id for row in rows],
            lease_owner=owner,
            lease_until=now + lease_s,
            attempts=item.c.attempts + 1,
        )
        return rows

    def store_predictions(self, owner: str, predictions: Sequence[tuple[int, Prediction]], now: float) -> list[int]:
        """``received -> scored`` for those (item id, prediction) whose lease the owner still holds; their ids."""
        share_turn(self._conn)
        return predicting.store(self._conn, owner, predictions, now)

    def record_prediction(self, item_id: int, prediction: Prediction, now: float) -> int:
        """``record_predictions`` of one item; the prediction's id. Raises NotFoundError without such an item."""
        ids = self.record_predictions([(item_id, prediction)], now)
        if item_id not in ids:
            raise NotFoundError(f"there is no item {item_id}")
        return ids[item_id]

    def record_predictions(self, predictions: Sequence[tuple[int, Prediction]], now: float) -> dict[int, int]:
        """Keep what a model says of items, whatever their state; state and route stay.

        It becomes the item's current prediction only where no decision waits for it: on labelled and blind items.

        Returns:
            Item id -> prediction id.
        """
        take_turn(self._conn)
        return predicting.record(self._conn, predictions, now)

    def decide(self, owner: str, decisions: Sequence[Decision], now: float) -> list[int]:
        """``scored -> decided``, or ``published`` when nothing has to be sent; ids of the items decided.

        Left out are items whose lease the owner lost, and decisions on a prediction that is not the current one.
        Outbox rows that the decision needs are made, or revived when they were cancelled or dead; one that was sent
        is not sent again; those that it does not need are cancelled.
        """
        share_turn(self._conn)
        return deciding.decide(self._conn, owner, decisions, now)

    def release(
        self,
        owner: str,
        ids: Sequence[int],
        *,
        error: str,
        not_before: float,
        now: float,
        blameless: bool = False,
    ) -> int:
        """Give items back to be tried again from ``not_before`` on. Returns how many were the owner's.

        Args:
            owner: whose leases end.
            ids: the items.
            error: why, for people to read.
            not_before: epoch seconds.
            now: epoch seconds.
            blameless: it was not the items' fault: the attempt is not counted.
        """
        share_turn(self._conn)
        values: dict[str, Any] = {
            "last_error": readable(error),
            "not_before": not_before,
            "updated_at": now,
            **NO_LEASE,
        }
        if blameless:
            values["attempts"] = case((item.c.attempts > 0, item.c.attempts - 1), else_=0)
        mine = [row.id for row in lock_items(self._conn, ids, item.c.lease_owner == owner)]
        return update_all(self._conn, item, mine, **values)

    def bury(self, owner: str, reasons: Mapping[int, str], now: float) -> int:
        """Give items up, each with its reason; only those whose lease the owner still holds."""
        share_turn(self._conn)
        mine = [row.id for row in lock_items(self._conn, reasons, *leased(owner, now))]
        kill(self._conn, {id: reasons[id] for id in mine}, now)
        return len(mine)

    def bury_tasks(self, project_id: int, reasons: Mapping[int, str], now: float) -> int:
        """Give items up by task id, whoever holds them; labelled and gone ones are left alone."""
        take_turn(self._conn)
        open_ = item.c.state.not_in((ItemState.LABELED, ItemState.GONE))
        ids = self._ids_of(project_id, list(reasons))
        rows = lock_items(self._conn, ids, open_, columns=(item.c.task_id,))
        kill(self._conn, {row.id: reasons[row.task_id] for row in rows}, now)
        return len(rows)

    def release_leases(self, owner: str) -> int:
        """Give back whatever the owner still holds, as at the end of a process."""
        share_turn(self._conn)
        return self._conn.execute(update(item).where(item.c.lease_owner == owner).values(NO_LEASE)).rowcount

    def redrive(self, project_id: int, item_ids: Sequence[int] | None, now: float) -> int:
        """Try dead items once more from the start; None: all of the project."""
        take_turn(self._conn)
        dead = (item.c.project_id == project_id, item.c.state == ItemState.DEAD)
        chosen = item_ids if item_ids is not None else self._conn.scalars(select(item.c.id).where(*dead)).all()
        ids = [row.id for row in lock_items(self._conn, chosen, *dead)]
        for batch in batches(ids):
            refused = (outbox.c.item_id.in_(batch), outbox.c.state == OutboxState.DEAD)
            self._conn.execute(delete(outbox).where(*refused))
        return update_all(self._conn, item, ids, state=ItemState.RECEIVED, updated_at=now, **CLEAN)

    def mark_gone(self, project_id: int, task_ids: Sequence[int], now: float) -> int:
        """Their tasks were deleted in Label Studio; nothing more is sent for them."""
        take_turn(self._conn)
        found = self._ids_of(project_id, task_ids)
        ids = [row.id for row in lock_items(self._conn, found, item.c.state != ItemState.GONE)]
        cancel(self._conn, ids, now)
        return update_all(self._conn, item, ids, state=ItemState.GONE, updated_at=now, **NO_LEASE)

    def restart(
        self,
        project_id: int,
        *,
        states: Sequence[ItemState],
        to: ItemState,
        now: float,
        route: Route | None = None,
        blind: bool = False,
    ) -> int:
        """Send items round again (a new model, a gate that opened or closed); labelled, dead and gone ones never.

        Of the items in these states, all, or those of a ``route``, or only ``blind`` ones. What waits to be sent is
        cancelled: the next decision revives it if it is still wanted. Whoever is working on one of these items loses
        the lease. Route and reason stay until the next decision; blind stays blind.
        """
        take_turn(self._conn)
        chosen = [item.c.project_id == project_id, item.c.state.in_([s for s in states if s not in OVER])]
        if route is not None:
            chosen.append(item.c.route == route)
        query = select(item.c.id).where(*chosen)
        if blind:
            chosen.append(item.c.blind.is_(True))
            query = query.where(text(AWAITS_BLIND))
        ids = [row.id for row in lock_items(self._conn, self._conn.scalars(query).all(), *chosen)]
        return round_again(self._conn, ids, to, now)

    def set_blind(self, project_id: int, *, cut: float, now: float, since: float = 0.0) -> list[int]:
        """Draw every item of the validation fold below ``cut`` for a blind label, with ``cut`` as its probability.

        Only items that arrived at ``since`` (epoch seconds) or later are drawn.

        Labelled, dead and gone items, and those that are blind already, are left alone. What waits to be sent for
        the others is cancelled, and a decision under way on one of them will not count.

        Returns:
            Task ids whose suggestion was sent, or may just be under way: it must be removed.
        """
        take_turn(self._conn)
        return drawing.set_blind(self._conn, project_id, cut=cut, now=now, since=since)

    def drawn(self, project_id: int, *, cut: float, limit: int, since: float = 0.0) -> list[ItemRow]:
        """Unlabelled items of the validation fold with a draw below ``cut``, lowest first.

        ``since`` (epoch seconds): only those that arrived then or later.
        """
        return drawing.drawn(self._conn, project_id, cut=cut, limit=limit, since=since)

    def wanted(
        self,
        project_id: int,
        *,
        limit: int,
        now: float,
        train: bool,
        exclude: Collection[int] = (),
        by: int | None = None,
    ) -> list[ItemRow]:
        """What people should label next: blind items, what is listed, (``train``) untouched ones, other suggestions.

        Of the blind ones audits come first, in the order in which they were drawn: the monitor waits for the oldest.
        Blind items that nobody has labelled come before those that another person is to answer.

        Items that wait for a retry or are leased by the pipeline are open to people all the same, so ``now`` changes
        nothing today. ``exclude`` holds item ids, such as those that somebody is working on. ``by`` is the
        platform's user id of who asks: what this person has answered, and another is to answer, is left out.
        """
        return drawing.wanted(self._conn, project_id, limit=limit, train=train, exclude=exclude, by=by)

    def get(self, item_id: int) -> ItemRow:
        """Raises NotFoundError."""
        row = self._conn.execute(select(item).where(item.c.id == item_id)).one_or_none()
        if row is None:
            raise NotFoundError(f"there is no item {item_id}")
        return to_item(row)

    def rows(self, ids: Sequence[int]) -> list[ItemRow]:
        """Items in the order of their ids here; those that are gone from the store are left out."""
        found: dict[int, ItemRow] = {}
        for batch in batches(ids):
            found |= {row.id: to_item(row) for row in self._conn.execute(select(item).where(item.c.id.in_(batch)))}
        return [found[id] for id in ids if id in found]

    def by_task(self, project_id: int, task_ids: Sequence[int]) -> dict[int, ItemRow]:
        """Task id -> item, for the tasks that are known."""
        found: dict[int, ItemRow] = {}
        for batch in batches(task_ids):
            query = select(item).where(item.c.project_id == project_id, item.c.task_id.in_(batch))
            found |= {row.task_id: to_item(row) for row in self._conn.execute(query)}
        return found

    def task_ids(self, project_id: int) -> list[int]:
        """Task ids of all items that are not gone, rising."""
        query = select(item.c.task_id).where(item.c.project_id == project_id, item.c.state != ItemState.GONE)
        return list(self._conn.scalars(query.order_by(item.c.task_id)))

    def counts(self, project_id: int) -> dict[ItemState, int]:
        """Items by state; states without an item are left out."""
        query = select(item.c.state, func.count()).where(item.c.project_id == project_id).group_by(item.c.state)
        return {ItemState(state): n for state, n in self._conn.execute(query)}

    def route_counts(self, project_id: int) -> dict[Route, int]:
        """Items by route, of those whose route counts: decided, published or labelled."""
        counted = (ItemState.DECIDED, ItemState.PUBLISHED, ItemState.LABELED)
        mine = (item.c.project_id == project_id, item.c.state.in_(counted), item.c.route.is_not(None))
        query = select(item.c.route, func.count()).where(*mine).group_by(item.c.route)
        return {Route(route): n for route, n in self._conn.execute(query)}

    def accepted(self, project_id: int) -> int:
        """Items whose annotation by our account stands in Label Studio, and that no person has labelled."""
        mine = (item.c.project_id == project_id, item.c.state == ItemState.PUBLISHED, item.c.route == Route.ACCEPT)
        return self._conn.scalar(select(func.count()).select_from(item).where(*mine)) or 0

    def page(self, project_id: int, *, state: ItemState | None, after_id: int = 0, limit: int = 100) -> list[ItemRow]:
        """Items by rising id, from behind ``after_id``."""
        ids = select(item.c.id).where(item.c.project_id == project_id, item.c.id > after_id)
        if state is not None:
            ids = ids.where(item.c.state == state)
        chosen = ids.order_by(item.c.id).limit(limit).subquery()
        query = select(item).join(chosen, chosen.c.id == item.c.id).order_by(item.c.id)
        return [to_item(row) for row in self._conn.execute(query)]

    def confidences(self, project_id: int, model_version: str) -> list[tuple[int, Fold, float, float, ItemState]]:
        """(item id, fold, draw, confidence, state) of every item whose current prediction is of this version."""
        columns = (item.c.id, item.c.fold, item.c.draw, item.c.confidence, item.c.state)
        mine = (item.c.project_id == project_id, item.c.model_version == model_version)
        rows = self._conn.execute(select(*columns).where(*mine, item.c.confidence.is_not(None)).order_by(item.c.id))
        return [(id, Fold(fold), draw, confidence, ItemState(state)) for id, fold, draw, confidence, state in rows]

    def predictions(self, ids: Sequence[int]) -> dict[int, PredictionRow]:
        """Prediction id -> prediction, for those that exist."""
        found: dict[int, PredictionRow] = {}
        for batch in batches(ids):
            rows = self._conn.execute(select(prediction).where(prediction.c.id.in_(batch)))
            found |= {row.id: to_prediction(row) for row in rows}
        return found

    def history(self, item_id: int) -> dict[str, list[dict[str, Any]]]:
        """Everything that happened to an item, oldest first: predictions, decisions, outbox, labels, reviews."""
        return explaining.history(self._conn, item_id)

    def explain(self, project_id: int, task_id: int) -> dict[str, Any]:
        """``history`` of the item of a task, with the item itself under ``item``. Raises NotFoundError."""
        row = self.by_task(project_id, [task_id]).get(task_id)
        if row is None:
            raise NotFoundError(f"task {task_id} is not known in this project")
        return {"item": asdict(row), **self.history(row.id)}

    def _ids_of(self, project_id: int, task_ids: Sequence[int]) -> list[int]:
        ids: list[int] = []
        for batch in batches(task_ids):
            ids += self._conn.scalars(
                select(item.c.id).where(item.c.project_id == project_id, item.c.task_id.in_(batch))
            )
        return ids
