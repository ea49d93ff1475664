"""What the monitor reads: audits in the order in which they were drawn, and confidences; and how accepts go back."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, and_, literal_column, or_, select

from models.types import Fold, Prediction, Region, Route
from serving.store.items import round_again
from serving.store.records import BLIND_AUDIT, Audit, ItemState, LabelRole
from serving.store.rows import REGIONS
from serving.store.sql import batches, lock_items, take_turn
from serving.store.tables import decision, item, label, prediction


class WatchRepository:
    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def audits(self, certificate_ids: Collection[int]) -> list[Audit]:
        """Every audit that was drawn under these certificates, in the order of the decisions that drew them.

        An item that was drawn twice with the same data counts once, where it was drawn first.
        """
        mine = (decision.c.certificate_id.in_(certificate_ids), decision.c.reason == literal_column("'blind_audit'"))
        current = and_(item.c.revision == decision.c.revision, item.c.state != ItemState.GONE, item.c.blind.is_(True))
        columns = (
            decision.c.id,
            decision.c.certificate_id,
            decision.c.item_id,
            decision.c.revision,
            decision.c.created_at,
            decision.c.prediction_id,
            item.c.task_id,
            current.label("current"),
        )
        drawn = select(*columns).join(item, item.c.id == decision.c.item_id).where(*mine).order_by(decision.c.id)
        first: dict[tuple[int, int], Any] = {}
        for row in self._conn.execute(drawn):
            first.setdefault((row.item_id, row.revision), row)
        labels = self._labels({row.item_id for row in first.values()})
        return [_audit(row, labels.get(row.item_id, ())) for row in first.values()]

    def _labels(self, item_ids: Collection[int]) -> dict[int, list[Any]]:
        """Item id -> its labels that are not deleted, real ones before skips, oldest first; none of gold items."""
        names = ("id", "item_id", "role", "was_cancelled", "prediction_id", "loss")
        columns = [label.c[name] for name in names]
        there = (label.c.deleted.is_(False), label.c.role != LabelRole.GOLD)
        found: dict[int, list[Any]] = {}
        for batch in batches(sorted(item_ids)):
            query = select(*columns).where(label.c.item_id.in_(batch), *there)
            for row in self._conn.execute(query.order_by(label.c.was_cancelled, label.c.id)):
                found.setdefault(row.item_id, []).append(row)
        return found

    def regions(self, label_ids: Sequence[int]) -> dict[int, tuple[Region, ...]]:
        """Label id -> what the person marked, for the labels that exist."""
        found: dict[int, tuple[Region, ...]] = {}
        for batch in batches(label_ids):
            rows = self._conn.execute(select(label.c.id, label.c.regions).where(label.c.id.in_(batch)))
            found |= {id: REGIONS.validate_json(regions) for id, regions in rows}
        return found

    def reopen(self, project_id: int, certificate_ids: Collection[int], *, after: int, reason: str, now: float) -> int:
        """Take back what was accepted under these certificates by decisions after ``after``, and by nobody labelled.

        The items are to be decided again, with ``reason`` on them. Returns how many there were.
        """
        take_turn(self._conn)
        mine = (
            decision.c.id > after,
            decision.c.certificate_id.in_(certificate_ids),
            decision.c.route == Route.ACCEPT,
        )
        accepted = (
            item.c.project_id == project_id,
            item.c.route == Route.ACCEPT,
            item.c.state.in_((ItemState.DECIDED, ItemState.PUBLISHED)),
        )
        found = set(self._conn.scalars(select(decision.c.item_id).where(*mine)))
        ids = [row.id for row in lock_items(self._conn, found, *accepted)]
        return round_again(self._conn, ids, ItemState.SCORED, now, reason=reason)

    def reference(self, project_id: int, model_version: str, *, since: float) -> list[Prediction]:
        """What this model says of the blind sample: items that arrived at ``since`` (epoch seconds) or later."""
        sample = (
            item.c.project_id == project_id,
            item.c.fold == Fold.VALIDATION,
            item.c.inclusion.is_not(None),
            or_(item.c.reason.is_(None), item.c.reason != BLIND_AUDIT),
            item.c.received_at >= since,
        )
        said = and_(
            prediction.c.item_id == item.c.id,
            prediction.c.revision == item.c.revision,
            prediction.c.model_version == model_version,
        )
        query = select(prediction.c.prediction).join(item, said).where(*sample).order_by(prediction.c.id)
        return [Prediction.model_validate_json(said) for said in self._conn.scalars(query)]

    def recent(self, project_id: int, model_version: str, *, after: int, limit: int) -> list[tuple[int, float, int]]:
        """(item id, received at, prediction id) of the newest items that this model scored, newest first.

        ``after``: an item id; only items behind it.
        """
        columns = (item.c.id, item.c.received_at, item.c.prediction_id)
        mine = (item.c.project_id == project_id, item.c.model_version == model_version, item.c.id > after)
        query = select(*columns).where(*mine, item.c.prediction_id.is_not(None)).order_by(item.c.id.desc()).limit(limit)
        return [(row.id, row.received_at, row.prediction_id) for row in self._conn.execute(query)]


def _audit(drawn: Any, labels: Iterable[Any]) -> Audit:
    """A label of data that has changed since answers no audit, unless it was given before: it names its prediction.

    Nor does one by a person who saw the suggestion; but such a label ends the wait, for the item is labelled.
    """
    given = [one for one in labels if drawn.current or one.prediction_id == drawn.prediction_id]
    answer = next((one for one in given if LabelRole(one.role).blind), None)
    over = any(not one.was_cancelled for one in given)
    same = answer is not None and answer.prediction_id == drawn.prediction_id
    return Audit(
        decision_id=drawn.id,
        certificate_id=drawn.certificate_id,
        item_id=drawn.item_id,
        task_id=drawn.task_id,
        drawn_at=drawn.created_at,
        prediction_id=drawn.prediction_id,
        awaited=answer is None and not over and bool(drawn.current),
        current=bool(drawn.current),
        label_id=answer.id if answer is not None else None,
        skipped=bool(answer.was_cancelled) if answer is not None else False,
        loss=answer.loss if answer is not None and same else None,
    )
