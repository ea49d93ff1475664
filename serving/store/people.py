"""Trainers, what they can do, and what items need."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Connection, delete, func, select, update

from models.errors import NotFoundError
from models.people.skill import Skill as Accuracy
from models.skills import FieldOfWork, Need, Skill, SkillSource
from serving.store.asking import SHOWN
from serving.store.opinions import further
from serving.store.people_records import DeskRow, Ground, TrainerRow
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
        """Forget a person: token, skills, desks and leases go with the row; labels keep Label Studio's user id."""
        self._conn.execute(delete(trainer).where(trainer.c.id == trainer_id))

    def seat(self, project_id: int, trainer_id: int, *, daily_cap: int | None) -> None:
        """The person works for the project from now on, on at most ``daily_cap`` items in 24 hours."""
        statement = upsert(self._conn, desk).values(
            project_id=project_id, trainer_id=trainer_id, daily_cap=daily_cap, seen_at=NEVER
        )
        keys = ["project_id", "trainer_id"]
        self._conn.execute(statement.on_conflict_do_update(index_elements=keys, set_={"daily_cap": daily_cap}))

    def seat_if_new(self, project_id: int, trainer_id: int) -> None:
        """As ``seat``, without a cap; what an operator has set for the person stays."""
        statement = upsert(self._conn, desk).values(project_id=project_id, trainer_id=trainer_id, seen_at=NEVER)
        self._conn.execute(statement.on_conflict_do_nothing(index_elements=["project_id", "trainer_id"]))

    def desks(self, project_id: int) -> list[DeskRow]:
        """Who works for a project, by trainer id."""
        names = [name for name in DeskRow.__slots__ if name not in ("trainer", "skills")]
        query = select(trainer, *(desk.c[name].label(f"desk_{name}") for name in names))
        rows = self._conn.execute(
            query.join(desk, desk.c.trainer_id == trainer.c.id)
            .where(desk.c.project_id == project_id)
            .order_by(trainer.c.id)
        ).all()
        skills = self.skills([row.id for row in rows])
        return [
            DeskRow(
                trainer=TrainerRow(**{column.name: row._mapping[column.name] for column in trainer.c}),
                skills=skills.get(row.id, ()),
                **{name: row._mapping[f"desk_{name}"] for name in names},
            )
            for row in rows
        ]

    def skills(self, trainer_ids: Collection[int]) -> dict[int, tuple[Skill, ...]]:
        """Trainer id -> skills; no key: none."""
        found: dict[int, tuple[Skill, ...]] = {}
        query = select(skill).where(skill.c.trainer_id.in_(list(trainer_ids))).order_by(skill.c.id)
        for row in self._conn.execute(query):
            one = Skill(field=_field(row), level=row.level, source=SkillSource(row.source))
            found[row.trainer_id] = (*found.get(row.trainer_id, ()), one)
        return found

    def grant(self, trainer_id: int, skills: Collection[Skill], now: float) -> None:
        """These skills have these levels from now on; level 0 takes one away."""
        for one in skills:
            own = {"level": one.level, "source": one.source, "updated_at": now}
            statement = upsert(self._conn, skill).values(trainer_id=trainer_id, **_words(one.field), **own)
            self._conn.execute(statement.on_conflict_do_update(index_elements=["trainer_id", *FIELDS], set_=own))
        self._conn.execute(delete(skill).where(skill.c.trainer_id == trainer_id, skill.c.level <= 0))

    def accuracies(self, trainer_ids: Collection[int]) -> dict[Ground, Accuracy]:
        """How often the person was right there; no key: nothing is known."""
        query = select(accuracy).where(accuracy.c.trainer_id.in_(list(trainer_ids)))
        return {
            Ground(row.trainer_id, _field(row), bool(row.unsure)): Accuracy(row.agreed, row.differed)
            for row in self._conn.execute(query)
        }

    def keep_accuracies(self, known: Mapping[Ground, Accuracy], now: float) -> None:
        """These hold from now on."""
        for ground, one in known.items():
            own = {"agreed": one.right, "differed": one.wrong, "updated_at": now}
            keys = {"trainer_id": ground.trainer_id, **_words(ground.field), "unsure": ground.unsure}
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
                found[row.item] = Need(field=_field(row), level=row.level)
        return found

    def needs(self, project_id: int) -> dict[int, Need]:
        """Need id -> what items of this project may need."""
        rows = self._conn.execute(select(need).where(need.c.project_id == project_id).order_by(need.c.id))
        return {row.id: Need(field=_field(row), level=row.level) for row in rows}

    def set_needs(self, project_id: int, wanted: Mapping[int, Need | None]) -> int:
        """Item id -> what it needs from now on, or nothing. Returns how many items need something else than before."""
        asked = {one for one in wanted.values() if one is not None}
        ids = {one: id for id, one in self.needs(project_id).items()}
        if fresh := asked - set(ids):
            rows = [
                {"project_id": project_id, "level": one.level, **_words(one.field)} for one in sorted(fresh, key=str)
            ]
            self._conn.execute(upsert(self._conn, need).on_conflict_do_nothing(), rows)
            ids = {one: id for id, one in self.needs(project_id).items()}
        mine = item.c.project_id == project_id
        known = {row.id: row.need_id for row in lock_items(self._conn, wanted.keys(), mine, columns=(item.c.need_id,))}
        targets = {id: None if (one := wanted[id]) is None else ids[one] for id in known}
        changes = [{"row_id": id, "new_need_id": new} for id, new in targets.items() if new != known[id]]
        update_each(self._conn, item, ["need_id"], changes)
        return len(changes)


def _field(row: Any) -> FieldOfWork:
    return FieldOfWork(**{name: row._mapping[name] for name in FIELDS})


def _words(field: FieldOfWork) -> dict[str, str]:
    return {name: getattr(field, name) for name in FIELDS}
