"""What a challenger says of items, beside what the active model says of them; nothing of it is shown or decided on."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, and_, select

from models.types import Prediction
from serving.store import predicting
from serving.store.records import WAITING
from serving.store.sql import batches, take_turn
from serving.store.tables import item, prediction


class ChallengeRepository:
    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def pool(self, project_id: int, active: str, *, limit: int) -> list[int]:
        """At most ``limit`` waiting items that the active model has scored, those with the lowest draws.

        A draw is a keyed hash of the task alone, so this is a random part of them; it stays the same while items
        arrive, but for those of them that are drawn.
        """
        mine = (
            item.c.project_id == project_id,
            item.c.model_version == active,
            item.c.state.in_(WAITING),
            item.c.confidence.is_not(None),
        )
        return list(self._conn.scalars(select(item.c.id).where(*mine).order_by(item.c.draw, item.c.id).limit(limit)))

    def scored(self, ids: Sequence[int], version: str) -> set[int]:
        """Those of the items whose data, as it is now, this version has said something of."""
        found: set[int] = set()
        for batch in batches(ids):
            query = select(item.c.id).join(prediction, _current())
            found |= set(self._conn.scalars(query.where(item.c.id.in_(batch), prediction.c.model_version == version)))
        return found

    def said(self, ids: Sequence[int], version: str) -> dict[int, Prediction]:
        """Item id -> what this version said of the data that the item has now; items without it are left out."""
        found: dict[int, Prediction] = {}
        for batch in batches(ids):
            query = select(item.c.id, prediction.c.prediction).join(prediction, _current())
            rows = self._conn.execute(query.where(item.c.id.in_(batch), prediction.c.model_version == version))
            found |= {id: Prediction.model_validate_json(said) for id, said in rows}
        return found

    def others(self, ids: Sequence[int], version: str, *, apart: Sequence[str] = ()) -> dict[int, Prediction]:
        """Item id -> what the newest other version said of the data that the item has now; no key: none did.

        Versions in ``apart`` are left out.
        """
        found: dict[int, Prediction] = {}
        for batch in batches(ids):
            query = select(item.c.id, prediction.c.prediction).join(prediction, _current()).order_by(prediction.c.id)
            rows = self._conn.execute(
                query.where(item.c.id.in_(batch), prediction.c.model_version.not_in((version, *apart)))
            )
            found |= {id: Prediction.model_validate_json(said) for id, said in rows}
        return found

    def record(self, predictions: Sequence[tuple[int, Prediction]], now: float) -> None:
        """Keep what a challenger says of items (item id, prediction); their current prediction stays what it was."""
        take_turn(self._conn)
        predicting.note(self._conn, predictions, now)


def _current() -> ColumnElement[bool]:
    return and_(prediction.c.item_id == item.c.id, prediction.c.revision == item.c.revision)
