"""What models said of items: bulk writes of predictions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from models.types import Prediction
from serving.store.records import ItemState
from serving.store.sql import CLEAN, leased, lock_items, update_each, upsert
from serving.store.tables import item, prediction

CURRENT = ("prediction_id", "confidence", "model_version")


def store(conn: Connection, owner: str, predictions: Sequence[tuple[int, Prediction]], now: float) -> list[int]:
    """See ``ItemRepository.store_predictions``."""
    said = dict(predictions)
    fence = (*leased(owner, now), item.c.state == ItemState.RECEIVED)
    rows = lock_items(conn, said, *fence, columns=(item.c.revision,))
    ids = _upsert(conn, {row.id: row.revision for row in rows}, said, now)
    changes = [_current(row.id, ids[row.id], said[row.id]) for row in rows]
    update_each(conn, item, CURRENT, changes, state=ItemState.SCORED, updated_at=now, **CLEAN)
    return [row.id for row in rows]


def record(conn: Connection, predictions: Sequence[tuple[int, Prediction]], now: float) -> dict[int, int]:
    """See ``ItemRepository.record_predictions``."""
    said = dict(predictions)
    rows = lock_items(conn, said, columns=(item.c.revision, item.c.state, item.c.blind))
    ids = _upsert(conn, {row.id: row.revision for row in rows}, said, now)
    shown = [row.id for row in rows if row.blind or row.state == ItemState.LABELED]
    update_each(conn, item, CURRENT, [_current(id, ids[id], said[id]) for id in shown], updated_at=now)
    return ids


def note(conn: Connection, predictions: Sequence[tuple[int, Prediction]], now: float) -> None:
    """See ``ChallengeRepository.record``."""
    said = dict(predictions)
    rows = lock_items(conn, said, columns=(item.c.revision,))
    _upsert(conn, {row.id: row.revision for row in rows}, said, now)


def _upsert(
    conn: Connection, revisions: Mapping[int, int], said: Mapping[int, Prediction], now: float
) -> dict[int, int]:
    """One prediction for each (item, revision, model version). Returns item id -> prediction id."""
    if not revisions:
        return {}
    statement = upsert(conn, prediction)
    new = statement.excluded
    statement = statement.on_conflict_do_update(
        index_elements=["item_id", "revision", "model_version"],
        set_={"prediction": new.prediction, "created_at": new.created_at},
    )
    rows = [
        {
            "item_id": item_id,
            "revision": revision,
            "model_version": said[item_id].model_version,
            "prediction": said[item_id],
            "created_at": now,
        }
        for item_id, revision in revisions.items()
    ]
    stored = conn.execute(statement.returning(prediction.c.item_id, prediction.c.id), rows)
    return {item_id: id for item_id, id in stored}


def _current(item_id: int, prediction_id: int, said: Prediction) -> dict[str, Any]:
    return {
        "row_id": item_id,
        "new_prediction_id": prediction_id,
        "new_confidence": said.confidence,
        "new_model_version": said.model_version,
    }
