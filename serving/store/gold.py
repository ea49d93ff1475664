"""Gold items, and what people answered to them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic_core import from_json
from sqlalchemy import Connection, Row, and_, case, exists, func, insert, not_, select, update

from models.errors import NotFoundError
from models.fair_queue import Kind
from models.skills import FieldOfWork
from models.types import Region
from serving.store.gold_records import GoldAnswerRow, GoldRow, GoldSource, Ruling, Tally
from serving.store.gold_tables import gold, gold_answer
from serving.store.opinions import several_labels
from serving.store.outbox import MAY_STAND, send_again
from serving.store.people import field_of, words_of
from serving.store.people_records import DeskRow
from serving.store.records import ItemState, OutboxKind
from serving.store.rows import REGIONS
from serving.store.sql import batches, lock_items, take_turn, upsert
from serving.store.tables import item, label, outbox, trainer, work
from serving.store.work import free, new_to

TESTS = (Kind.GOLD, Kind.QUALIFICATION)
"""Kinds of work that are given to hear whether the answer is right."""
IN_USE = gold.c.retired_at.is_(None)


@dataclass(frozen=True, slots=True)
class Given:
    """A gold item that is or was in somebody's hands."""

    trainer_id: int
    qualification_id: int | None


class GoldRepository:
    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def add(
        self,
        project_id: int,
        item_id: int,
        *,
        field: FieldOfWork,
        revision: int,
        regions: Sequence[Region],
        source: GoldSource,
        now: float,
    ) -> int:
        """From now on the item is gold, with this answer; its suggestion is taken from Label Studio. The gold's id.

        What was gold of the same item before has to be retired first.
        """
        take_turn(self._conn)
        lock_items(self._conn, [item_id])
        values = {"project_id": project_id, "item_id": item_id, **words_of(field), "revision": revision}
        values |= {"regions": list(regions), "source": source, "uses": 0, "created_at": now}
        made: int = self._conn.execute(insert(gold).values(values).returning(gold.c.id)).scalar_one()
        columns = [outbox.c[name] for name in ("project_id", "item_id", "revision", "model_version", "prediction_id")]
        shown = (outbox.c.item_id == item_id, outbox.c.kind == OutboxKind.SUGGESTION, MAY_STAND)
        rows = self._conn.execute(select(*columns).where(*shown).order_by(outbox.c.id)).all()
        send_again(self._conn, [dict(row._mapping) for row in rows[-1:]], OutboxKind.WITHDRAWAL, now)
        return made

    def get(self, gold_id: int) -> GoldRow:
        """Raises NotFoundError."""
        row = self._conn.execute(select(gold).where(gold.c.id == gold_id)).one_or_none()
        if row is None:
            raise NotFoundError(f"there is no gold item {gold_id}")
        return _gold(row)

    def rows(self, ids: Collection[int]) -> dict[int, GoldRow]:
        """Id -> gold item, for those that exist."""
        found: dict[int, GoldRow] = {}
        for batch in batches(ids):
            found |= {row.id: _gold(row) for row in self._conn.execute(select(gold).where(gold.c.id.in_(batch)))}
        return found

    def of_items(self, item_ids: Collection[int]) -> dict[int, GoldRow]:
        """Item id -> the gold that it is now; no key: none."""
        found: dict[int, GoldRow] = {}
        for batch in batches(item_ids):
            rows = self._conn.execute(select(gold).where(gold.c.item_id.in_(batch), IN_USE))
            found |= {row.item_id: _gold(row) for row in rows}
        return found

    def of_project(self, project_id: int) -> list[GoldRow]:
        """All of a project, retired ones too, by id."""
        rows = self._conn.execute(select(gold).where(gold.c.project_id == project_id).order_by(gold.c.id))
        return [_gold(row) for row in rows]

    def fields(self, project_id: int) -> dict[FieldOfWork, int]:
        """Field of work -> how many gold items there are in it."""
        columns = (gold.c.domain, gold.c.language, gold.c.task)
        query = select(*columns, func.count().label("n")).where(gold.c.project_id == project_id, IN_USE)
        return {field_of(row): row.n for row in self._conn.execute(query.group_by(*columns).order_by(*columns))}

    def unseen(
        self,
        project_id: int,
        person: DeskRow,
        *,
        most: int,
        limit: int,
        needs: Collection[int] | None = None,
        field: FieldOfWork | None = None,
        held: bool = False,
    ) -> list[tuple[GoldRow, int | None]]:
        """Gold items that this person has neither labelled nor been through, and their needs; least used first.

        Args:
            project_id: the project.
            person: who asks.
            most: people whom one item is given to.
            limit: how many.
            needs: ids of the needs that the person meets; None: whatever is needed.
            field: only gold of this field; None: any.
            held: also what somebody else has now.
        """
        valid = (item.c.state == ItemState.LABELED, item.c.revision == gold.c.revision)
        mine = [gold.c.project_id == project_id, IN_USE, gold.c.uses < most, *valid, *new_to(person)]
        if not held:
            mine += free()
        if needs is not None:
            mine.append(item.c.need_id.is_(None) | item.c.need_id.in_(list(needs)))
        if field is not None:
            mine += [gold.c[name] == word for name, word in words_of(field).items()]
        query = select(gold, item.c.need_id).join(item, item.c.id == gold.c.item_id).where(*mine)
        rows = self._conn.execute(query.order_by(gold.c.uses, gold.c.id).limit(limit))
        return [(_gold(row), row.need_id) for row in rows]

    def use(self, gold_id: int) -> None:
        """It was given to somebody."""
        self._conn.execute(update(gold).where(gold.c.id == gold_id).values(uses=gold.c.uses + 1))

    def given(self, item_ids: Collection[int]) -> dict[tuple[int, int], Given]:
        """(item id, Label Studio user id) -> what it was given for: people's answers to these are tests."""
        found: dict[tuple[int, int], Given] = {}
        columns = (work.c.item_id, work.c.trainer_id, work.c.why, trainer.c.user_id)
        for batch in batches(item_ids):
            query = select(*columns).join(trainer, trainer.c.id == work.c.trainer_id)
            rows = self._conn.execute(query.where(work.c.item_id.in_(batch), work.c.kind.in_(TESTS)))
            for row in rows:
                qualification = from_json(row.why).get("qualification")
                found[row.item_id, row.user_id] = Given(row.trainer_id, qualification)
        return found

    def retire(self, gold_id: int, reason: str, now: float) -> bool:
        """It is given to nobody any more; False: it was retired before."""
        mine = (gold.c.id == gold_id, IN_USE)
        values = {"retired_at": now, "retired_reason": reason}
        return self._conn.execute(update(gold).where(*mine).values(values)).rowcount == 1

    def answer(
        self,
        gold_id: int,
        trainer_id: int,
        *,
        qualification_id: int | None,
        regions: Sequence[Region],
        is_right: bool,
        now: float,
    ) -> bool:
        """The person's answer; the first alone is kept. False: there was one."""
        about = {"gold_id": gold_id, "trainer_id": trainer_id, "qualification_id": qualification_id}
        said = {"regions": list(regions), "is_right": is_right, "counts": True, "answered_at": now}
        statement = upsert(self._conn, gold_answer).values(about | said)
        made = self._conn.execute(statement.on_conflict_do_nothing().returning(gold_answer.c.id))
        return made.one_or_none() is not None

    def answers(
        self, *, gold_id: int | None = None, trainer_id: int | None = None, qualification_id: int | None = None
    ) -> list[GoldAnswerRow]:
        """Of a gold item, of a person, or of a qualification, oldest first."""
        asked = {"gold_id": gold_id, "trainer_id": trainer_id, "qualification_id": qualification_id}
        mine = [gold_answer.c[name] == value for name, value in asked.items() if value is not None]
        assert mine, "all answers of everybody are of no use"
        rows = self._conn.execute(select(gold_answer).where(*mine).order_by(gold_answer.c.id))
        return [_answer(row) for row in rows]

    def get_answer(self, answer_id: int) -> GoldAnswerRow:
        """Raises NotFoundError."""
        row = self._conn.execute(select(gold_answer).where(gold_answer.c.id == answer_id)).one_or_none()
        if row is None:
            raise NotFoundError(f"there is no answer {answer_id} to a gold item")
        return _answer(row)

    def tallies(self, gold_ids: Collection[int]) -> dict[int, Tally]:
        """Gold id -> what has come of it; no key: nobody has answered."""
        disputed, ruled = gold_answer.c.disputed_at.is_not(None), gold_answer.c.ruled_at.is_not(None)
        stands = and_(ruled, gold_answer.c.ruling == Ruling.UPHELD)
        counted = (
            func.count().label("answers"),
            func.sum(case((gold_answer.c.is_right, 0), else_=1)).label("failures"),
            func.sum(case((and_(disputed, not_(stands)), 1), else_=0)).label("disputes"),
            func.sum(case((and_(disputed, not_(ruled)), 1), else_=0)).label("open_disputes"),
        )
        found: dict[int, Tally] = {}
        for batch in batches(gold_ids):
            query = select(gold_answer.c.gold_id, *counted).where(gold_answer.c.gold_id.in_(batch))
            for row in self._conn.execute(query.group_by(gold_answer.c.gold_id)):
                found[row.gold_id] = Tally(row.answers, row.failures, row.disputes, row.open_disputes)
        return found

    def dispute(self, answer_id: int, reason: str, now: float) -> bool:
        """The person says why the mark is wrong; False: said before."""
        mine = (gold_answer.c.id == answer_id, gold_answer.c.disputed_at.is_(None))
        values = {"disputed_at": now, "dispute": reason}
        return self._conn.execute(update(gold_answer).where(*mine).values(values)).rowcount == 1

    def rule(self, gold_id: int, ruling: Ruling, reason: str, now: float) -> int:
        """An operator has looked at the open disputes of a gold item; how many there were."""
        asked = (gold_answer.c.disputed_at.is_not(None), gold_answer.c.ruled_at.is_(None))
        values = {"ruled_at": now, "ruling": ruling, "ruling_reason": reason}
        mine = (gold_answer.c.gold_id == gold_id, *asked)
        return self._conn.execute(update(gold_answer).where(*mine).values(values)).rowcount

    def void(self, gold_id: int) -> None:
        """No mark on this gold item counts any more: what people's accuracies took from it is gone from them."""
        self._conn.execute(update(gold_answer).where(gold_answer.c.gold_id == gold_id).values(counts=False))

    def people_on(self, item_id: int) -> int:
        """How many different people have labelled an item, answers to it as gold among them."""
        there = (label.c.item_id == item_id, label.c.deleted.is_(False), label.c.was_cancelled.is_(False))
        return self._conn.scalar(select(func.count(label.c.completed_by.distinct())).where(*there)) or 0

    def candidates(self, project_id: int, *, limit: int) -> list[int]:
        """Labelled items that several people answered, and that were never gold, by id."""
        was = exists().where(gold.c.project_id == item.c.project_id, gold.c.item_id == item.c.id)
        query = several_labels(project_id).where(~was)
        return [row.id for row in self._conn.execute(query.order_by(item.c.id).limit(limit))]


def _gold(row: Row[Any]) -> GoldRow:
    return GoldRow(
        id=row.id,
        project_id=row.project_id,
        item_id=row.item_id,
        field=field_of(row),
        revision=row.revision,
        regions=REGIONS.validate_json(row.regions),
        source=GoldSource(row.source),
        uses=row.uses,
        created_at=row.created_at,
        retired_at=row.retired_at,
        retired_reason=row.retired_reason,
    )


def _answer(row: Row[Any]) -> GoldAnswerRow:
    values = dict(row._mapping)
    values["regions"] = REGIONS.validate_json(row.regions)
    values["ruling"] = Ruling(row.ruling) if row.ruling is not None else None
    values["is_right"], values["counts"] = bool(row.is_right), bool(row.counts)
    return GoldAnswerRow(**values)
