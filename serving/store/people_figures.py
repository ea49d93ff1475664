"""What the operators' figures of people are counted from: lines of work that wait, and work that was handed out.

Work counts where it was handed out at ``since`` or later. A piece of work is active from its hand-out until it ended;
one whose time ran out, until its page was last seen open. A lease that is over counts so, also where
nobody has asked for work since and ended it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, Subquery, and_, case, exists, func, or_, select, union_all

from models.fair_queue import Kind
from serving.store import drawing
from serving.store.labels import LIVE
from serving.store.people_records import WorkState
from serving.store.records import ItemState, LabelRole
from serving.store.sql import ZERO, batches
from serving.store.tables import desk, item, label, trainer, work
from serving.store.work import HELD

Line = tuple[Kind, int | None]
"""Kind of work, and the id of what its items need; None: nothing."""
HANDED_IN: Final = (WorkState.DONE, WorkState.LATE)
RAN_OUT: Final = (WorkState.EXPIRED, WorkState.LATE)
"""States of work whose lease ran out before its label came, if one came."""
VOTES: Final = (LabelRole.TRAIN, LabelRole.CORRECTION, LabelRole.VALIDATION, LabelRole.AUDIT)
"""Roles of labels that say what an item is, and are compared with other people's."""
BLIND: Final = tuple(role for role in VOTES if role.blind)


@dataclass(frozen=True, slots=True)
class Moment:
    """When the figures are taken, epoch seconds."""

    now: float
    silent_since: float
    """A lease whose page has said nothing since is over."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Items of one line that nobody holds."""

    n: int
    oldest: float
    """Epoch seconds: since when the one waits that has waited longest."""
    median: float
    """The same of the middle one, or of the two middle ones on average."""


@dataclass(frozen=True, slots=True)
class Pieces:
    """Pieces of work of one person that ended alike."""

    trainer_id: int
    state: WorkState
    n: int
    active_s: float


@dataclass(frozen=True, slots=True)
class First:
    """A person's first piece of work in a project."""

    trainer_id: int
    granted_at: float | None
    """Epoch seconds; None: nothing was ever handed out to them."""
    waited_s: float | None
    """From asking first."""


@dataclass(frozen=True, slots=True)
class Waited:
    """How long people stood in line before they were given something."""

    n: int
    median_s: float | None
    longest_s: float | None


class PeopleFiguresRepository:
    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def waiting(self, project_id: int, at: Moment, *, train: bool) -> dict[Line, Waiting]:
        """Lines with items that nobody holds; ``train``: there is no model yet.

        An item waits from its arrival on; one that others have answered, from its newest answer on.
        """
        answered = select(func.max(label.c.created_at)).where(label.c.item_id == item.c.id, *LIVE)
        since = func.coalesce(answered.correlate(item).scalar_subquery(), item.c.received_at)
        free = ~exists().where(work.c.item_id == item.c.id, *_alive(at))
        queries: dict[Kind, list[Select[Any]]] = {}
        for kind, query in drawing.queues(project_id, train=train, by=None):
            asked = query.with_only_columns(item.c.need_id, since.label("since")).where(free).order_by(None)
            queries.setdefault(kind, []).append(asked)
        found: dict[Line, Waiting] = {}
        for kind, parts in queries.items():
            ranked = _ranked(union_all(*parts).subquery(), "since", by="need_id")
            columns = (ranked.c.need_id, func.max(ranked.c.n), func.min(ranked.c.since), _middle(ranked, "since"))
            for need_id, *numbers in self._conn.execute(select(*columns).group_by(ranked.c.need_id)):
                found[kind, need_id] = Waiting(*numbers)
        return found

    def held(self, project_id: int, at: Moment) -> dict[Line, int]:
        """Items in people's hands now, by line."""
        query = select(work.c.kind, item.c.need_id, func.count()).join(item, item.c.id == work.c.item_id)
        rows = self._conn.execute(
            query.where(work.c.project_id == project_id, *_alive(at)).group_by(work.c.kind, item.c.need_id)
        )
        return {(Kind(kind), need_id): n for kind, need_id, n in rows}

    def holders(self, project_id: int, at: Moment) -> set[int]:
        """Trainer ids of who holds an item now."""
        return set(self._conn.scalars(select(work.c.trainer_id).where(work.c.project_id == project_id, *_alive(at))))

    def handed_in(self, project_id: int, *, since: float) -> dict[Line, int]:
        """Pieces of work that were handed in, in time or late, by line."""
        query = select(work.c.kind, item.c.need_id, func.count()).join(item, item.c.id == work.c.item_id)
        rows = self._conn.execute(
            query.where(*_recent(project_id, since), work.c.state.in_(HANDED_IN)).group_by(work.c.kind, item.c.need_id)
        )
        return {(Kind(kind), need_id): n for kind, need_id, n in rows}

    def pieces(self, project_id: int, at: Moment, *, since: float) -> list[Pieces]:
        """How many pieces each person had, by how they ended, and how long they were active on them."""
        state = as_it_stands(at).label("state")
        until = case(
            (work.c.state.in_((WorkState.HELD, *RAN_OUT)), work.c.beat_at),
            else_=func.coalesce(work.c.ended_at, work.c.beat_at),
        )
        each = select(work.c.trainer_id, state, (until - work.c.granted_at).label("active_s"))
        rows = each.where(*_recent(project_id, since)).subquery()
        columns = (rows.c.trainer_id, rows.c.state, func.count(), func.sum(rows.c.active_s))
        groups = (rows.c.trainer_id, rows.c.state)
        found = self._conn.execute(select(*columns).group_by(*groups).order_by(*groups))
        return [Pieces(person, WorkState(ended), n, active_s) for person, ended, n, active_s in found]

    def effective(self, project_id: int, *, since: float) -> int:
        """Different items that were handed in, and whose label by that person still counts."""
        counts = exists().where(label.c.item_id == work.c.item_id, label.c.completed_by == trainer.c.user_id, *LIVE)
        query = select(func.count(work.c.item_id.distinct())).join(trainer, trainer.c.id == work.c.trainer_id)
        return self._conn.scalar(query.where(*_recent(project_id, since), work.c.state.in_(HANDED_IN), counts)) or 0

    def given_back(self, project_id: int, *, since: float) -> dict[str, int]:
        """Reason, as it was written -> how many pieces were given back for it."""
        reason = func.coalesce(work.c.why["given_back"].as_string(), "").label("reason")
        query = select(reason, func.count()).where(*_recent(project_id, since), work.c.state == WorkState.RELEASED)
        return {said: n for said, n in self._conn.execute(query.group_by(reason).order_by(reason))}

    def confidences(self, project_id: int, *, since: float) -> dict[int, list[float]]:
        """Trainer id -> what the model's confidence is in each item that was handed out; items without are left out."""
        query = select(work.c.trainer_id, item.c.confidence).join(item, item.c.id == work.c.item_id)
        found: dict[int, list[float]] = {}
        for person, sure in self._conn.execute(query.where(*_recent(project_id, since))):
            if sure is not None:
                found.setdefault(person, []).append(sure)
        return found

    def waited(self, project_id: int, *, since: float) -> Waited:
        """How long people stood in line before each piece of work."""
        waited = work.c.why["waited_s"].as_float().label("waited")
        rows = select(waited).where(*_recent(project_id, since)).subquery()
        ranked = _ranked(select(rows).where(rows.c.waited.is_not(None)).subquery(), "waited")
        columns = (func.count(), _middle(ranked, "waited"), func.max(ranked.c.waited))
        return Waited(*self._conn.execute(select(*columns).select_from(ranked)).one())

    def firsts(self, project_id: int) -> list[First]:
        """Everybody's first piece of work, by trainer id."""
        mine = (work.c.trainer_id == desk.c.trainer_id, work.c.project_id == desk.c.project_id)
        first = select(work.c.granted_at).where(*mine).order_by(work.c.granted_at).limit(1)
        waited = select(work.c.why["waited_s"].as_float()).where(*mine).order_by(work.c.granted_at).limit(1)
        columns = (
            desk.c.trainer_id,
            first.correlate(desk).scalar_subquery(),
            waited.correlate(desk).scalar_subquery(),
        )
        query = select(*columns).where(desk.c.project_id == project_id).order_by(desk.c.trainer_id)
        return [First(*row) for row in self._conn.execute(query)]

    def answered(self, project_id: int) -> tuple[set[int], set[int]]:
        """Ids of items that several people answered, and of those that somebody answered blind; no skips, none gone."""
        mine = (label.c.project_id == project_id, item.c.project_id == project_id)
        there = (*mine, *LIVE, label.c.role.in_(VOTES), item.c.state != ItemState.GONE)
        query = select(label.c.item_id).join(item, item.c.id == label.c.item_id).where(*there)
        several = query.group_by(label.c.item_id).having(func.count(label.c.completed_by.distinct()) > 1)
        found: set[int] = set()
        for batch in batches(self._labelled_again(project_id)):
            found |= set(self._conn.scalars(several.where(label.c.item_id.in_(batch))))
        blind = query.where(label.c.role.in_(BLIND))
        return found, set(self._conn.scalars(blind))

    def _labelled_again(self, project_id: int) -> list[int]:
        """Ids of items with several labels, of one person or of several: read off one index, without the labels."""
        by_role = select(label.c.item_id).where(label.c.project_id == project_id, label.c.role.in_(VOTES)).subquery()
        ids = by_role.c.item_id + ZERO  # else an index that orders the labels of all projects would be walked
        return list(self._conn.scalars(select(ids).group_by(ids).having(func.count() > 1)))


def _alive(at: Moment) -> Sequence[ColumnElement[bool]]:
    """In somebody's hands, and not over."""
    return HELD, work.c.until > at.now, work.c.beat_at > at.silent_since


def as_it_stands(at: Moment) -> ColumnElement[str]:
    """The state of a piece of work, said of a lease that is over too."""
    over = and_(HELD, or_(work.c.until <= at.now, work.c.beat_at <= at.silent_since))
    return case((over, WorkState.EXPIRED.value), else_=work.c.state)


def _recent(project_id: int, since: float) -> Sequence[ColumnElement[bool]]:
    """Work handed out since, by the index of people or, where a state is asked for too, by that of states."""
    people = select(desk.c.trainer_id).where(desk.c.project_id == project_id)
    in_time = (work.c.granted_at >= since, work.c.until >= since)  # the second follows from the first
    return work.c.trainer_id.in_(people), work.c.project_id == project_id, *in_time


def _ranked(rows: Subquery, column: str, *, by: str | None = None) -> Subquery:
    """The rows, with their ``rank`` by the column and their number ``n``, both within each group."""
    groups = [] if by is None else [rows.c[by]]
    rank = func.row_number().over(partition_by=groups, order_by=rows.c[column]).label("rank")
    return select(rows, rank, func.count().over(partition_by=groups).label("n")).subquery("ranked")


def _middle(ranked: Subquery, column: str) -> ColumnElement[Any]:
    """Median of a column of ``_ranked`` rows."""
    twice = ranked.c.rank * 2
    return func.avg(case((twice.between(ranked.c.n, ranked.c.n + 2), ranked.c[column])))
