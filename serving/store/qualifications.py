"""Attempts at a skill: a set of gold items, one after another."""

from __future__ import annotations

import math
from typing import Any

from pydantic_core import from_json
from sqlalchemy import Connection, Row, func, insert, select, update

from models.errors import NotFoundError
from models.fair_queue import Kind
from models.skills import FieldOfWork
from serving.store.gold_records import QualificationRow
from serving.store.gold_tables import qualification
from serving.store.people import field_of, words_of
from serving.store.people_records import WorkState
from serving.store.tables import work
from serving.store.work import OVER

UNDER_WAY = qualification.c.ended_at.is_(None)


class QualificationRepository:
    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def start(
        self, project_id: int, trainer_id: int, field: FieldOfWork, *, wanted: int, now: float
    ) -> QualificationRow:
        """The person is at it from now on; at another in the same project they must not be."""
        values = {"project_id": project_id, "trainer_id": trainer_id, "wanted": wanted, "started_at": now}
        statement = insert(qualification).values(values | words_of(field)).returning(qualification)
        return _row(self._conn.execute(statement).one())

    def get(self, id: int) -> QualificationRow:
        """Raises NotFoundError."""
        row = self._conn.execute(select(qualification).where(qualification.c.id == id)).one_or_none()
        if row is None:
            raise NotFoundError(f"there is no qualification {id}")
        return _row(row)

    def under_way(self, project_id: int, trainer_id: int) -> QualificationRow | None:
        """What the person is at."""
        mine = (qualification.c.project_id == project_id, qualification.c.trainer_id == trainer_id, UNDER_WAY)
        row = self._conn.execute(select(qualification).where(*mine)).one_or_none()
        return None if row is None else _row(row)

    def of_trainer(self, trainer_id: int) -> list[QualificationRow]:
        """All of a person, oldest first."""
        query = select(qualification).where(qualification.c.trainer_id == trainer_id).order_by(qualification.c.id)
        return [_row(row) for row in self._conn.execute(query)]

    def end(self, id: int, level: int | None, now: float) -> None:
        """It is over, with this level; None: given up. Of one that is over the level alone changes."""
        values = {"level": level, "ended_at": func.coalesce(qualification.c.ended_at, now)}
        self._conn.execute(update(qualification).where(qualification.c.id == id).values(values))

    def been_given(self, one: QualificationRow) -> tuple[int, int]:
        """Items of it that are over, and those of them that were passed over: skipped, or given back.

        One whose time was over comes again, and what could not be had in Label Studio was never given.
        """
        mine = (work.c.trainer_id == one.trainer_id, work.c.project_id == one.project_id)
        until = math.inf if one.ended_at is None else one.ended_at
        during = (work.c.granted_at >= one.started_at, work.c.granted_at <= until)
        query = select(work.c.item_id, work.c.state, work.c.why).where(
            *mine, *during, work.c.kind == Kind.QUALIFICATION
        )
        found = self._conn.execute(query.where(work.c.state.in_(OVER))).all()
        rows = [row for row in found if not from_json(row.why).get("unasked")]
        passed = {row.item_id for row in rows if row.state in (WorkState.SKIPPED, WorkState.RELEASED)}
        labelled = {row.item_id for row in rows} - passed
        return len(labelled | passed), len(passed)


def _row(row: Row[Any]) -> QualificationRow:
    return QualificationRow(
        id=row.id,
        project_id=row.project_id,
        trainer_id=row.trainer_id,
        field=field_of(row),
        wanted=row.wanted,
        started_at=row.started_at,
        ended_at=row.ended_at,
        level=row.level,
    )
