"""The audit log: every change that a person or a program made from outside, newest last; rows are only added."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic_core import from_json
from sqlalchemy import ColumnElement, Connection, Row, and_, case, insert, or_, select, update

from serving.store.access_tables import change
from serving.store.sql import batches, readable
from serving.store.tables import trainer

END = 2**63 - 1
LONGEST = 1000
"""Characters of a reason that are kept."""
FORGOTTEN = ""
"""The reason of a row whose words were forgotten."""


@dataclass(frozen=True, slots=True)
class NewChange:
    """One change, as it was asked for; nothing in it is secret."""

    role: str
    """``operator``, ``engineer``, ``trainer``, ``api`` (a program with the operators' token) or ``cli``."""
    action: str
    """A stable name, such as ``gate.close``."""
    actor: str | None = None
    """The person's name or email, where it is known."""
    trainer_id: int | None = None
    """Our id of the trainer who did it."""
    project: str | None = None
    """Its name; None: it was about no project."""
    subject: str | None = None
    """What in the project, such as ``user 21`` or ``item 5``."""
    params: Mapping[str, Any] = field(default_factory=dict)
    reason: str | None = None
    """In the words of whoever did it."""
    request: str | None = None
    """Id of the HTTP request (``x-request-id``); None: it came by the command line."""


@dataclass(frozen=True, slots=True)
class ChangeRow(NewChange):
    """A change that was made."""

    id: int = 0
    at: float = 0.0
    """Epoch seconds."""
    trainer: str | None = None
    """Name or email of ``trainer_id``; None: a trainer who was forgotten, or none."""


NAMED = select(
    change, case((trainer.c.name != "", trainer.c.name), else_=trainer.c.email).label("trainer")
).outerjoin_from(change, trainer, change.c.trainer_id == trainer.c.id)


class ChangeRepository:
    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def add(self, new: NewChange, now: float) -> None:
        reason = None if new.reason is None else readable(new.reason)[:LONGEST]
        self._conn.execute(
            insert(change).values(
                at=now,
                role=new.role,
                actor=_cut(new.actor, 320),
                trainer_id=new.trainer_id,
                action=new.action[:200],
                project=_cut(new.project, 200),
                subject=_cut(new.subject, 200),
                params=dict(new.params),
                reason=reason,
                request=_cut(new.request, 64),
            )
        )

    def page(self, project: str | None = None, *, before: int = END, limit: int = 50) -> list[ChangeRow]:
        """Newest first, those with a smaller id than ``before``; ``project``: of this name alone."""
        query = NAMED.where(change.c.id < before)
        if project is not None:
            query = query.where(change.c.project == project)
        return [_row(row) for row in self._conn.execute(query.order_by(change.c.id.desc()).limit(limit))]

    def of_person(self, projects: Collection[str], trainer_id: int, user_id: int) -> list[ChangeRow]:
        """What a trainer did, and what was done about them in these projects; oldest first."""
        return [_row(row) for where in _about(projects, trainer_id, user_id) for row in self._find(where)]

    def forget(self, projects: Collection[str], trainer_id: int, user_id: int) -> None:
        """What a trainer wrote goes, and what others wrote about them; that something was done, and when, stays."""
        for where in _about(projects, trainer_id, user_id):
            self._conn.execute(update(change).where(where, change.c.reason.is_not(None)).values(reason=FORGOTTEN))
            self._conn.execute(update(change).where(where).values(params={}))

    def _find(self, where: ColumnElement[bool]) -> list[Row[Any]]:
        return list(self._conn.execute(NAMED.where(where).order_by(change.c.id)))


def _about(projects: Collection[str], trainer_id: int, user_id: int) -> list[ColumnElement[bool]]:
    """Conditions that find each row about a person once."""
    named = change.c.subject == f"user {user_id}"
    others = or_(change.c.trainer_id.is_(None), change.c.trainer_id != trainer_id)
    of_projects = [and_(named, change.c.project.in_(batch), others) for batch in batches(projects)]
    return [change.c.trainer_id == trainer_id, *of_projects]


def _row(row: Row[Any]) -> ChangeRow:
    values = dict(row._mapping)
    params = values.pop("params")
    return ChangeRow(**values, params=from_json(params) if isinstance(params, str | bytes) else params or {})


def _cut(text: str | None, size: int) -> str | None:
    return None if text is None else readable(text)[:size]
