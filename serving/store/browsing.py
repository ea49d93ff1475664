"""Items as operators look for them: newest first, a page at a time, whatever is asked for.

By state, or without any condition, a page is read off an index. Any other condition is looked for among a bounded
number of the newest items, or of the newest labels where a person is asked for; the page says how many were looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Generic, TypeVar

from pydantic_core import to_json
from sqlalchemy import ColumnElement, Connection, Text, cast, literal, or_, select, tuple_, union_all

from models.types import Prediction, Route
from serving.store.items import REQUEUED
from serving.store.labels import LIVE
from serving.store.records import ItemRow, ItemState, LabelRow, PredictionRow
from serving.store.rows import to_item, to_label, to_prediction
from serving.store.sql import batches
from serving.store.tables import Id, item, label, prediction

T = TypeVar("T")
PAGE = 50
LOOK = 2000
"""Most items or labels that one page looks at."""
STEP = 500
"""Of these, so many in one query; the first page that is full ends it."""
PRIORITIES = (0, REQUEUED)
END = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Wanted:
    """Conditions that all have to hold; None: any."""

    state: ItemState | None = None
    route: Route | None = None
    reason: str | None = None
    label: str | None = None
    """A class that the current prediction names. Blind items that wait for people are never found by it."""
    least: float | None = None
    """Confidence from here on."""
    most: float | None = None
    trainer: int | None = None
    """Label Studio's user id of somebody who labelled it."""
    model_version: str | None = None
    text: str | None = None
    """Part of its data, as it stands there; on SQLite large and small letters are alike in ASCII alone."""

    @property
    def indexed(self) -> bool:
        """Whether an index answers it as a whole."""
        return replace(self, state=None) == Wanted()

    def given(self) -> dict[str, Any]:
        """The conditions that are not None."""
        return {field.name: held for field in fields(self) if (held := getattr(self, field.name)) is not None}


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """A page, and how it was come by."""

    rows: list[T]
    looked: int
    """Items or labels that were looked at."""
    after: int | None
    """Go on behind this one; None: there is nothing behind it."""


class BrowseRepository:
    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def page(
        self, project_id: int, wanted: Wanted, *, after: int = END, limit: int = PAGE, look: int = LOOK
    ) -> Found[ItemRow]:
        """Items newest first, from behind ``after``: an item's id, or a label's where a person is asked for."""
        if wanted.trainer is not None:
            found = self._labels(project_id, after, look + 1, trainer=wanted.trainer)
        else:
            size = limit if wanted.indexed else look
            found = [(id, id) for id in self._newest(project_id, wanted.state, after, size + 1)]
            look = size
        return _walk(found, lambda ids: self._matching(ids, wanted), limit=limit, look=look)

    def disagreements(
        self, project_id: int, *, after: int = END, limit: int = PAGE, look: int = LOOK
    ) -> Found[tuple[LabelRow, ItemRow]]:
        """Labels that differ from the prediction they are compared with, newest first, with their items."""
        found = [(id, id) for id, _ in self._labels(project_id, after, look + 1)]
        return _walk(found, lambda ids: self._with_items(ids, label.c.loss > 0.0), limit=limit, look=look)

    def compared(self, project_id: int, *, look: int, after: int = END) -> Found[tuple[LabelRow, PredictionRow]]:
        """Of the newest ``look`` labels: those that count and have a prediction to be compared with, and that."""
        found = [id for id, _ in self._labels(project_id, after, look + 1)]
        pairs: list[tuple[LabelRow, PredictionRow]] = []
        for batch in batches(found[:look], STEP):
            labels = self._conn.execute(select(label).where(label.c.id.in_(batch), *LIVE).order_by(label.c.id.desc()))
            rows = [to_label(row) for row in labels]
            ids = [row.prediction_id for row in rows if row.prediction_id is not None]
            query = select(prediction).where(prediction.c.id.in_(ids))
            said = {row.id: to_prediction(row) for row in self._conn.execute(query)}
            pairs += [(row, said[row.prediction_id]) for row in rows if row.prediction_id in said]
        return Found(pairs, len(found[:look]), found[look - 1] if len(found) > look else None)

    def _newest(self, project_id: int, state: ItemState | None, after: int, limit: int) -> list[int]:
        """Item ids, highest first: the highest of each state and priority, put together."""
        states = (state,) if state is not None else tuple(ItemState)
        branches = [
            select(item.c.id)
            .where(item.c.project_id == project_id, item.c.state == one, item.c.priority == rank, item.c.id < after)
            .order_by(item.c.id.desc())
            .limit(limit)
            .subquery()
            for one in states
            for rank in PRIORITIES
        ]
        together = union_all(*(select(branch.c.id) for branch in branches)).subquery()
        return list(self._conn.scalars(select(together.c.id).order_by(together.c.id.desc()).limit(limit)))

    def _labels(
        self, project_id: int, after: int, limit: int, trainer: int | None = None
    ) -> list[tuple[int, int | None]]:
        """(label id, item id) of the newest labels, highest first; no item where it is somebody else's.

        The project is asked for as a range, so that PostgreSQL cannot walk through the labels of all projects.
        """
        place = tuple_(label.c.project_id, label.c.id)
        query = select(label.c.id, label.c.item_id, label.c.completed_by, label.c.deleted).where(
            place < tuple_(literal(project_id, Id), literal(after, Id)), label.c.project_id >= project_id
        )
        rows = self._conn.execute(query.order_by(label.c.project_id.desc(), label.c.id.desc()).limit(limit))
        return [
            (row.id, row.item_id if trainer in (None, row.completed_by) and not row.deleted else None) for row in rows
        ]

    def _matching(self, ids: Sequence[int], wanted: Wanted) -> dict[int, ItemRow]:
        query = select(item).where(item.c.id.in_(ids), *_conditions(wanted))
        if wanted.label is None:
            return {row.id: to_item(row) for row in self._conn.execute(query)}
        rows = list(self._conn.execute(query.where(or_(item.c.blind.is_(False), item.c.state == ItemState.LABELED))))
        named = self._naming([row.prediction_id for row in rows if row.prediction_id is not None], wanted.label)
        return {row.id: to_item(row) for row in rows if row.prediction_id in named}

    def _naming(self, prediction_ids: Sequence[int], name: str) -> set[int]:
        """Those of these predictions that give a label of this name."""
        words = cast(prediction.c.prediction, Text).contains(to_json(name).decode(), autoescape=True)
        query = select(prediction.c.id, prediction.c.prediction).where(prediction.c.id.in_(prediction_ids), words)
        said = ((row.id, Prediction.model_validate_json(row.prediction)) for row in self._conn.execute(query))
        return {id for id, one in said if any(name in region.labels for region in one.regions)}

    def _with_items(
        self, label_ids: Sequence[int], condition: ColumnElement[bool]
    ) -> dict[int, tuple[LabelRow, ItemRow]]:
        query = select(label).where(label.c.id.in_(label_ids), condition, *LIVE)
        rows = [to_label(row) for row in self._conn.execute(query)]
        ids = {row.item_id for row in rows}
        items = {row.id: to_item(row) for row in self._conn.execute(select(item).where(item.c.id.in_(ids)))}
        return {row.id: (row, items[row.item_id]) for row in rows}


def _walk(
    found: Sequence[tuple[int, int | None]],
    match: Callable[[list[int]], Mapping[int, T]],
    *,
    limit: int,
    look: int,
) -> Found[T]:
    """The first ``limit`` of what was found that match, each once; ``found`` holds one more where there is more."""
    chosen: dict[int, T] = {}
    looked = 0
    for place, id, one in _matched(found[:look], match):
        looked += 1
        if id is not None and one is not None:
            chosen.setdefault(id, one)
        if len(chosen) == limit and looked < len(found):
            return Found(list(chosen.values()), looked, place)
    more = found[looked - 1][0] if looked and len(found) > looked else None
    return Found(list(chosen.values()), looked, more)


def _matched(
    found: Sequence[tuple[int, int | None]], match: Callable[[list[int]], Mapping[int, T]]
) -> Iterator[tuple[int, int | None, T | None]]:
    for batch in batches(found, STEP):
        good = match([id for _, id in batch if id is not None])
        yield from ((place, id, good.get(id) if id is not None else None) for place, id in batch)


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    """Those that the item itself shows."""
    same = {name: wanted.given().get(name) for name in ("state", "route", "reason", "model_version")}
    conditions = [item.c[name] == held for name, held in same.items() if held is not None]
    if wanted.least is not None:
        conditions.append(item.c.confidence >= wanted.least)
    if wanted.most is not None:
        conditions.append(item.c.confidence <= wanted.most)
    if wanted.text is not None:
        within = to_json(wanted.text).decode()[1:-1]
        conditions.append(cast(item.c.data, Text).icontains(within, autoescape=True))
    return conditions
