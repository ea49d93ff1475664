"""Who has which item: leases of people, and the heads of the queue that they are given from."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, exists, func, insert, or_, select, text, update

from models.errors import NotFoundError
from models.fair_queue import Flow, Kind
from serving.store import drawing
from serving.store.people_records import DeskRow, WorkRow, WorkState
from serving.store.review_tables import review_turn
from serving.store.rows import to_work
from serving.store.sql import batches, upsert
from serving.store.tables import HANDED_IN, desk, flow, item, label, trainer, work

HAND_OUT: Final = 0x7072656C
"""First key of the advisory lock; the second is the project."""
OVER = (WorkState.DONE, WorkState.SKIPPED, WorkState.RELEASED, WorkState.LATE)
"""Ends after which the same person is not offered the item again."""
HELD = work.c.state == WorkState.HELD
NO_PLACES: Final[Mapping[tuple[Kind, bool], float]] = {}


@dataclass(frozen=True, slots=True)
class Open:
    """An item that may be given out."""

    id: int
    need_id: int | None
    kind: Kind


@dataclass(frozen=True, slots=True)
class HandedIn:
    """A label came in."""

    item_id: int
    user_id: int
    """Label Studio's."""
    skipped: bool


class WorkRepository:
    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def turn(self, project_id: int) -> None:
        """Nobody else gives out items of this project until the transaction ends."""
        if self._conn.dialect.name == "postgresql":
            self._conn.execute(select(func.pg_advisory_xact_lock(HAND_OUT, project_id)))

    def expire(self, project_id: int, now: float, *, silent_since: float) -> int:
        """End leases whose time is over, or whose page has said nothing since; how many."""
        over = or_(work.c.until <= now, work.c.beat_at <= silent_since)
        mine = (work.c.project_id == project_id, HELD, over)
        return self._conn.execute(update(work).where(*mine).values(state=WorkState.EXPIRED, ended_at=now)).rowcount

    def held(self, project_id: int, trainer_id: int) -> WorkRow | None:
        """What the person holds."""
        mine = (work.c.trainer_id == trainer_id, work.c.project_id == project_id, HELD)
        row = self._conn.execute(select(work).where(*mine)).one_or_none()
        return None if row is None else to_work(row)

    def get(self, work_id: int) -> WorkRow:
        """Raises NotFoundError."""
        row = self._conn.execute(select(work).where(work.c.id == work_id)).one_or_none()
        if row is None:
            raise NotFoundError(f"there is no lease {work_id}")
        return to_work(row)

    def given(self, project_id: int, trainer_id: int, *, since: float) -> int:
        """How many items and reviews the person was given since (epoch seconds) that did not expire."""
        given = 0
        for table in (work, review_turn):
            mine = (table.c.trainer_id == trainer_id, table.c.project_id == project_id, table.c.granted_at > since)
            query = select(func.count()).select_from(table).where(*mine, table.c.state != WorkState.EXPIRED)
            given += self._conn.scalar(query) or 0
        return given

    def heads(
        self,
        project_id: int,
        *,
        train: bool,
        limit: int,
        person: DeskRow | None = None,
        needs: Collection[int] = (),
        scarce: Collection[int] = (),
        places: Mapping[tuple[Kind, bool], float] = NO_PLACES,
    ) -> list[Open]:
        """The first ``limit`` items of each kind that nobody holds, with a scarce need and without, each in its order.

        Args:
            project_id: the project.
            train: there is no model yet.
            limit: of each kind.
            person: only what this person has neither labelled nor been through.
            needs: ids of the needs that the person meets; without a person every need is meant.
            scarce: ids of the needs that few meet.
            places: (kind, with a scarce need) -> draw from which on its suggestions are wanted, instead of the first.
        """
        found: dict[int, Open] = {}
        user = None if person is None else person.trainer.user_id
        for kind, query in drawing.queues(project_id, train=train, by=user):
            for skilled, needing in _needing(None if person is None else needs, scarce):
                asked = query.where(*free(), *(() if person is None else new_to(person)), needing)
                if kind is Kind.SUGGESTION and (place := places.get((kind, skilled))) is not None:
                    asked = asked.where(item.c.draw >= place)
                for row in self._conn.execute(_columns(asked).limit(limit)):
                    found.setdefault(row.id, Open(row.id, row.need_id, kind))
        return list(found.values())

    def been_through(self, item_ids: Collection[int]) -> set[tuple[int, int]]:
        """(item id, trainer id) of those who may not be given these items any more.

        They had them, labelled them, or have seen somebody's label as reviewers.
        """
        found: set[tuple[int, int]] = set()
        for batch in batches(item_ids):
            had = select(work.c.item_id, work.c.trainer_id).where(work.c.item_id.in_(batch), work.c.state.in_(OVER))
            said = (
                select(label.c.item_id, trainer.c.id)
                .join(trainer, trainer.c.user_id == label.c.completed_by)
                .where(label.c.item_id.in_(batch), label.c.deleted.is_(False))
            )
            saw = select(review_turn.c.item_id, review_turn.c.trainer_id).where(review_turn.c.item_id.in_(batch))
            found |= {(row[0], row[1]) for query in (had, said, saw) for row in self._conn.execute(query)}
        return found

    def flows(self, project_id: int) -> tuple[dict[tuple[Kind, bool], Flow], float]:
        """What is remembered of each kind of work, and the virtual time: the start tag of what was served last."""
        rows = self._conn.execute(select(flow).where(flow.c.project_id == project_id)).all()
        found = {
            (Kind(row.kind), bool(row.skilled)): Flow(Kind(row.kind), bool(row.skilled), row.tag, row.served)
            for row in rows
        }
        return found, max((one.tag - 1.0 / one.weight for one in found.values()), default=0.0)

    def give(
        self,
        person: DeskRow,
        chosen: Open,
        served: Flow,
        *,
        tag: float,
        why: Mapping[str, Any],
        until: float,
        now: float,
    ) -> WorkRow:
        """As ``hand``, by the fair queue, which remembers what it served."""
        row = self.hand(person, chosen, why=why, until=until, now=now)
        remembered = {"tag": tag, "served": served.served + 1}
        keys = {"project_id": person.project_id, "kind": served.kind, "skilled": served.skilled}
        statement = upsert(self._conn, flow).values(**keys, **remembered)
        self._conn.execute(statement.on_conflict_do_update(index_elements=list(keys), set_=remembered))
        return row

    def hand(self, person: DeskRow, chosen: Open, *, why: Mapping[str, Any], until: float, now: float) -> WorkRow:
        """The item is in the person's hands until then (epoch seconds)."""
        values = {
            "project_id": person.project_id,
            "item_id": chosen.id,
            "trainer_id": person.trainer.id,
            "kind": chosen.kind,
            "state": WorkState.HELD,
            "why": dict(why),
            "granted_at": now,
            "until": until,
            "beat_at": now,
            "extended": False,
        }
        return to_work(self._conn.execute(insert(work).values(values).returning(work)).one())

    def sit(self, person: DeskRow, *, offered: float, waits_since: float | None, now: float) -> None:
        """The person was seen now, and what was offered by now."""
        mine = (desk.c.project_id == person.project_id, desk.c.trainer_id == person.trainer.id)
        values = {"offered": offered, "waits_since": waits_since, "seen_at": now}
        self._conn.execute(update(desk).where(*mine).values(values))

    def beat(self, work_id: int, now: float) -> bool:
        """The person's page is open; False: the lease is over."""
        mine = (work.c.id == work_id, HELD)
        return self._conn.execute(update(work).where(*mine).values(beat_at=now)).rowcount == 1

    def extend(self, work_id: int, until: float, now: float) -> bool:
        """Give the lease more time, once; False: it is over, or had more time already."""
        mine = (work.c.id == work_id, HELD, work.c.extended.is_(False))
        values = {"until": until, "beat_at": now, "extended": True}
        return self._conn.execute(update(work).where(*mine).values(values)).rowcount == 1

    def end(self, work_id: int, state: WorkState, now: float, **why: Any) -> bool:
        """The lease is over; False: it was before. ``why`` is added to its reasons."""
        row = self.get(work_id)
        values = {"state": state, "ended_at": now, "why": row.why | why}
        return self._conn.execute(update(work).where(work.c.id == work_id, HELD).values(values)).rowcount == 1

    def handed_in(self, project_id: int, labels: Iterable[HandedIn], now: float) -> int:
        """Labels came in: leases of these people on these items are done, also those that had expired. How many."""
        wanted = {(one.item_id, one.user_id): one for one in labels}
        done = 0
        for batch in batches({item_id for item_id, _ in wanted}):
            query = (
                select(work.c.id, work.c.item_id, work.c.state, trainer.c.user_id)
                .join(trainer, trainer.c.id == work.c.trainer_id)
                .where(work.c.project_id == project_id, work.c.state.in_((WorkState.HELD, WorkState.EXPIRED)))
                .where(work.c.item_id.in_(batch))
            )
            for row in self._conn.execute(query.order_by(work.c.id)).all():
                given = wanted.get((row.item_id, row.user_id))
                if given is None:
                    continue
                on_time = WorkState.SKIPPED if given.skipped else WorkState.DONE
                state = on_time if row.state == WorkState.HELD else WorkState.LATE
                values = {"state": state, "ended_at": now}
                done += self._conn.execute(update(work).where(work.c.id == row.id).values(values)).rowcount
        return done

    def durations(self, project_id: int, *, limit: int) -> list[float]:
        """Seconds from hand-out to hand-in of the newest pieces of work, newest first.

        The project is asked for as a range, so that PostgreSQL cannot walk through the work of all projects.
        """
        mine = (work.c.project_id >= project_id, work.c.project_id <= project_id, text(HANDED_IN))
        query = select(work.c.ended_at - work.c.granted_at).where(*mine)
        return list(self._conn.scalars(query.order_by(work.c.project_id.desc(), work.c.id.desc()).limit(limit)))

    def of_trainer(self, trainer_id: int, *, limit: int) -> list[WorkRow]:
        """The person's newest pieces of work, newest first."""
        query = select(work).where(work.c.trainer_id == trainer_id).order_by(work.c.id.desc()).limit(limit)
        return [to_work(row) for row in self._conn.execute(query)]


def _columns(query: Select[Any]) -> Select[Any]:
    return query.with_only_columns(item.c.id, item.c.need_id)


def free() -> Sequence[ColumnElement[bool]]:
    """Nobody holds the item."""
    return (~exists().where(work.c.item_id == item.c.id, HELD),)


def new_to(person: DeskRow) -> Sequence[ColumnElement[bool]]:
    """The person has neither labelled the item nor been through it."""
    had = (work.c.item_id == item.c.id, work.c.trainer_id == person.trainer.id, work.c.state.in_(OVER))
    said = (label.c.item_id == item.c.id, label.c.completed_by == person.trainer.user_id, label.c.deleted.is_(False))
    saw = (review_turn.c.item_id == item.c.id, review_turn.c.trainer_id == person.trainer.id)
    return ~exists().where(*had), ~exists().where(*said), ~exists().where(*saw)


def _needing(needs: Collection[int] | None, scarce: Collection[int]) -> Iterator[tuple[bool, ColumnElement[bool]]]:
    """Of all needs, or these: items without a scarce one, and those with one where there are any."""
    few = set(scarce) if needs is None else set(scarce) & set(needs)
    usual = item.c.need_id.not_in(scarce) if needs is None else item.c.need_id.in_(set(needs) - few)
    yield False, or_(item.c.need_id.is_(None), usual)
    if few:
        yield True, item.c.need_id.in_(few)
