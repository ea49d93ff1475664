"""Trainers, what they can do, and what items need."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict
from typing import Any

from pydantic_core import from_json
from sqlalchemy import ColumnElement, Connection, and_, case, delete, func, literal_column, null, select, update

from models.errors import NotFoundError
from models.people.skill import PRIOR
from models.people.skill import Skill as Accuracy
from models.skills import FieldOfWork, Need, Skill, SkillSource
from serving.store.asking import SHOWN
from serving.store.gold_tables import gold, gold_answer
from serving.store.opinions import further
from serving.store.people_records import DeskRow, Ground, Paused, TrainerRow
from serving.store.sql import batches, lock_items, update_each, upsert
from serving.store.tables import accuracy, desk, item, need, skill, trainer

FIELDS = ("domain", "language", "task")
SAMPLE = 2000
"""Waiting items that are counted at most."""
NEVER = 0.0
"""When somebody was seen who has asked for nothing yet: the first time they start where the others are."""


class PeopleRepository:
    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def add(self, platform_url: str, user_id: int, *, email: str, name: str, now: float) -> TrainerRow:
        """A person of a Label Studio; known ones get the new name and email."""
        statement = upsert(self._conn, trainer).values(
            platform_url=platform_url, user_id=user_id, email=email, name=name, created_at=now
        )
        self._conn.execute(
            statement.on_conflict_do_update(
                index_elements=["platform_url", "user_id"], set_={"email": email, "name": name}
            )
        )
        found = self.by_user(platform_url, user_id)
        assert found is not None
        return found

    def get(self, trainer_id: int) -> TrainerRow:
        """Raises NotFoundError."""
        row = self._conn.execute(select(trainer).where(trainer.c.id == trainer_id)).one_or_none()
        if row is None:
            raise NotFoundError(f"there is no trainer {trainer_id}")
        return TrainerRow(**row._mapping)

    def by_user(self, platform_url: str, user_id: int) -> TrainerRow | None:
        """The person with this user id on this Label Studio."""
        mine = (trainer.c.platform_url == platform_url, trainer.c.user_id == user_id)
        row = self._conn.execute(select(trainer).where(*mine)).one_or_none()
        return None if row is None else TrainerRow(**row._mapping)

    def keep_token(self, trainer_id: int, token: bytes | None) -> None:
        """The person's own Label Studio token, encrypted; None forgets it."""
        self._conn.execute(update(trainer).where(trainer.c.id == trainer_id).values(token=token))

    def erase(self, trainer_id: int) -> None:
        """Forget a person: token, skills, desks, leases, marks and qualifications go with the row.

        Labels keep Label Studio's user id.
        """
        self._conn.execute(delete(trainer).where(trainer.c.id == trainer_id))

    def seat(self, project_id: int, trainer_id: int, *, daily_cap: int | None, reviews: bool | None = None) -> None:
        """The person works for the project from now on, on at most ``daily_cap`` items in 24 hours.

        ``reviews``: whether they may judge others' labels; None: as before, at first no.
        """
        own = {"daily_cap": daily_cap, **({} if reviews is None else {"reviews": reviews})}
        statement = upsert(self._conn, desk).values(project_id=project_id, trainer_id=trainer_id, seen_at=NEVER, **own)
        self._conn.execute(statement.on_conflict_do_update(index_elements=["project_id", "trainer_id"], set_=own))

    def seat_if_new(self, project_id: int, trainer_id: int) -> None:
        """As ``seat``, without a cap; what an operator has set for the person stays."""
        statement = upsert(self._conn, desk).values(project_id=project_id, trainer_id=trainer_id, seen_at=NEVER)
        self._conn.execute(statement.on_conflict_do_nothing(index_elements=["project_id", "trainer_id"]))

    def pause(self, project_id: int, trainer_id: int, pause: Paused | None) -> None:
        """The person is given nothing in the project from now on; None: is given work again."""
        mine = (desk.c.project_id == project_id, desk.c.trainer_id == trainer_id)
        kept = null() if pause is None else asdict(pause)
        self._conn.execute(update(desk).where(*mine).values(pause=kept))

    def desk(self, project_id: int, trainer_id: int) -> DeskRow | None:
        """This person's in a project; None: they do not work for it."""
        return next(iter(self._desks(desk.c.project_id == project_id, desk.c.trainer_id == trainer_id)), None)

    def desk_of_user(self, project_id: int, user_id: int) -> DeskRow | None:
        """The same by Label Studio's id of the person."""
        return next(iter(self._desks(desk.c.project_id == project_id, trainer.c.user_id == user_id)), None)

    def desks(self, project_id: int) -> list[DeskRow]:
        """Who works for a project, by trainer id."""
        return self._desks(desk.c.project_id == project_id)

    def _desks(self, *where: ColumnElement[bool]) -> list[DeskRow]:
        names = [name for name in DeskRow.__slots__ if name not in ("trainer", "skills", "pause")]
        query = select(trainer, desk.c.pause, *(desk.c[name].label(f"desk_{name}") for name in names))
        rows = self._conn.execute(
            query.join(desk, desk.c.trainer_id == trainer.c.id).where(*where).order_by(trainer.c.id)
        ).all()
        skills = self.skills([row.id for row in rows])
        return [
            DeskRow(
                trainer=TrainerRow(**{column.name: row._mapping[column.name] for column in trainer.c}),
                skills=skills.get(row.id, ()),
                pause=Paused(**from_json(row.pause)) if row.pause is not None else None,
                **{name: row._mapping[f"desk_{name}"] for name in names},
            )
            for row in rows
        ]

    def seated(self, project_id: int) -> list[int]:
        """Trainer ids of those who work for a project, ascending."""
        query = select(desk.c.trainer_id).where(desk.c.project_id == project_id)
        return list(self._conn.scalars(query.order_by(desk.c.trainer_id)))

    def skills(self, trainer_ids: Collection[int]) -> dict[int, tuple[Skill, ...]]:
        """Trainer id -> skills; no key: none."""
        found: dict[int, tuple[Skill, ...]] = {}
        query = select(skill).where(skill.c.trainer_id.in_(list(trainer_ids))).order_by(skill.c.id)
        for row in self._conn.execute(query):
            one = Skill(field=field_of(row), level=row.level, source=SkillSource(row.source))
            found[row.trainer_id] = (*found.get(row.trainer_id, ()), one)
        return found

    def grant(self, trainer_id: int, skills: Collection[Skill], now: float) -> None:
        """These skills have these levels from now on, by their source; level 0 takes one away."""
        for one in skills:
            own = {"level": one.level, "source": one.source, "updated_at": now}
            statement = upsert(self._conn, skill).values(trainer_id=trainer_id, **words_of(one.field), **own)
            self._conn.execute(
                statement.on_conflict_do_update(index_elements=["trainer_id", *FIELDS, "source"], set_=own)
            )
        self._conn.execute(delete(skill).where(skill.c.trainer_id == trainer_id, skill.c.level <= 0))

    def accuracies(self, trainer_ids: Collection[int]) -> dict[tuple[int, FieldOfWork], Accuracy]:
        """(trainer id, field) -> how often the person was right there; no key: nothing is known.

        It is what others said of the same items (``compared``), and each gold item whole: right or wrong.
        """
        return _pooled(self._grounds(trainer_ids, sure=None))

    def grounds(self, trainer_ids: Collection[int], *, sure: float) -> dict[Ground, Accuracy]:
        """The same, apart for items of which the model was unsure: less than ``sure``, where it said anything."""
        return self._grounds(trainer_ids, sure=sure)

    def _grounds(self, trainer_ids: Collection[int], *, sure: float | None) -> dict[Ground, Accuracy]:
        known = self.compared(trainer_ids)
        for ground, marks in self._marks(trainer_ids, sure=sure).items():
            known[ground] = _both(known.get(ground), marks)
        return known

    def marks(self, trainer_ids: Collection[int]) -> dict[tuple[int, FieldOfWork], Accuracy]:
        """The part of ``accuracies`` that answers to gold items say; no key: none was ever given."""
        return _pooled(self._marks(trainer_ids, sure=None))

    def _marks(self, trainer_ids: Collection[int], *, sure: float | None) -> dict[Ground, Accuracy]:
        right, wrong = (
            func.sum(case((and_(gold_answer.c.counts, gold_answer.c.is_right.is_(one)), 1), else_=0))
            for one in (True, False)
        )
        columns = (gold_answer.c.trainer_id, *(gold.c[name] for name in FIELDS))
        doubted = literal_column("0") if sure is None else case((item.c.confidence < sure, 1), else_=0)
        query = select(*columns, doubted.label("doubted"), right.label("n_right"), wrong.label("n_wrong"))
        query = query.join(gold, gold.c.id == gold_answer.c.gold_id)
        if sure is not None:
            query = query.join(item, item.c.id == gold.c.item_id)
        mine = query.where(gold_answer.c.trainer_id.in_(list(trainer_ids)))
        rows = self._conn.execute(mine.group_by(*columns, *(() if sure is None else ("doubted",))))
        return {
            Ground(row.trainer_id, field_of(row), bool(row.doubted)): Accuracy.of(row.n_right, row.n_wrong)
            for row in rows
        }

    def compared(self, trainer_ids: Collection[int]) -> dict[Ground, Accuracy]:
        """The part of ``grounds`` that was learned from what others said; gold items have no part in it."""
        query = select(accuracy).where(accuracy.c.trainer_id.in_(list(trainer_ids)))
        return {
            Ground(row.trainer_id, field_of(row), bool(row.unsure)): Accuracy(row.agreed, row.differed)
            for row in self._conn.execute(query)
        }

    def keep_compared(self, known: Mapping[Ground, Accuracy], now: float) -> None:
        """What others said comes to this from now on: see ``compared``."""
        for ground, one in known.items():
            own = {"agreed": one.right, "differed": one.wrong, "updated_at": now}
            keys = {"trainer_id": ground.trainer_id, **words_of(ground.field), "unsure": ground.unsure}
            statement = upsert(self._conn, accuracy).values(**keys, **own)
            self._conn.execute(statement.on_conflict_do_update(index_elements=list(keys), set_=own))

    def waiting(self, project_id: int) -> dict[Need | None, int]:
        """How many suggestions wait for a person's answer, the first or a further one, by what they need.

        Of each at most ``SAMPLE`` are counted, the first by draw, which is by chance: shares hold, however many wait.
        """
        known = self.needs(project_id)
        mine = select(item.c.need_id).where(item.c.project_id == project_id)
        found: dict[Need | None, int] = {}
        for query in (mine.where(*SHOWN), further(mine)):
            some = query.order_by(item.c.draw).limit(SAMPLE).subquery()
            for need_id, n in self._conn.execute(select(some.c.need_id, func.count()).group_by(some.c.need_id)):
                need = known.get(need_id)
                found[need] = found.get(need, 0) + n
        return found

    def needed(self, item_ids: Collection[int]) -> dict[int, Need]:
        """Item id -> what it needs; no key: nothing."""
        found: dict[int, Need] = {}
        for batch in batches(item_ids):
            query = select(item.c.id.label("item"), need).join(need, need.c.id == item.c.need_id)
            for row in self._conn.execute(query.where(item.c.id.in_(batch))):
                found[row.item] = Need(field=field_of(row), level=row.level)
        return found

    def needs(self, project_id: int) -> dict[int, Need]:
        """Need id -> what items of this project may need."""
        rows = self._conn.execute(select(need).where(need.c.project_id == project_id).order_by(need.c.id))
        return {row.id: Need(field=field_of(row), level=row.level) for row in rows}

    def set_needs(self, project_id: int, wanted: Mapping[int, Need | None]) -> int:
        """Item id -> what it needs from now on, or nothing. Returns how many items need something else than before."""
        asked = {one for one in wanted.values() if one is not None}
        ids = {one: id for id, one in self.needs(project_id).items()}
        if fresh := asked - set(ids):
            rows = [
                {"project_id": project_id, "level": one.level, **words_of(one.field)} for one in sorted(fresh, key=str)
            ]
            self._conn.execute(upsert(self._conn, need).on_conflict_do_nothing(), rows)
            ids = {one: id for id, one in self.needs(project_id).items()}
        mine = item.c.project_id == project_id
        known = {row.id: row.need_id for row in lock_items(self._conn, wanted.keys(), mine, columns=(item.c.need_id,))}
        targets = {id: None if (one := wanted[id]) is None else ids[one] for id in known}
        changes = [{"row_id": id, "new_need_id": new} for id, new in targets.items() if new != known[id]]
        update_each(self._conn, item, ["need_id"], changes)
        return len(changes)


def field_of(row: Any) -> FieldOfWork:
    """Of a row with the three words."""
    return FieldOfWork(**{name: row._mapping[name] for name in FIELDS})


def words_of(field: FieldOfWork) -> dict[str, str]:
    """The three columns."""
    return {name: getattr(field, name) for name in FIELDS}


def _both(one: Accuracy | None, other: Accuracy) -> Accuracy:
    """What two parts of the evidence come to; the prior is in each, and counts once."""
    if one is None:
        return other
    return Accuracy(one.right + other.right - PRIOR, one.wrong + other.wrong - PRIOR)


def _pooled(known: Mapping[Ground, Accuracy]) -> dict[tuple[int, FieldOfWork], Accuracy]:
    found: dict[tuple[int, FieldOfWork], Accuracy] = {}
    for ground, one in known.items():
        key = ground.trainer_id, ground.field
        found[key] = _both(found.get(key), one)
    return found
