"""Qualifications: a set of gold items that a person asked for, with feedback after each, for a level at the end.

Each item is leased work and counts like any other. The set has ``qualification_items`` that the person has never seen,
or as many as there are; the level is that of the lower end of the 95 % interval of the answers to this set alone. What
is skipped or given back counts as not right for the level, so that nobody can choose the items, and for nothing else.
It can be repeated as long as there are unseen items. An item that was seen with feedback never comes again.
"""

from __future__ import annotations

from dataclasses import dataclass

from models.errors import ConflictError
from models.fair_queue import Kind
from models.people.skill import Skill as Accuracy
from models.skills import FieldOfWork, Skill, SkillSource
from serving.language import gettext
from serving.settings import Settings
from serving.store.engine import UnitOfWork
from serving.store.gold_records import QualificationRow
from serving.store.people_records import DeskRow
from serving.store.work import Open
from serving.workforce.gold_choice import LOOKED_AT, Found, ready

FEWEST = 4
"""Items that a set has at least: with fewer not even the first level could be reached."""
MANY = 2**31 - 1
"""However often an item was used."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an attempt is."""

    over: int
    """Items that are done with."""
    right: int
    wrong: int
    passed_over: int
    """Skipped, or given back."""

    @property
    def accuracy(self) -> Accuracy:
        """What this set alone says of the person."""
        return Accuracy.of(self.right, self.wrong + self.passed_over)


def start(uow: UnitOfWork, person: DeskRow, field: FieldOfWork, settings: Settings, now: float) -> QualificationRow:
    """Begin a set of unseen items in the field.

    Raises:
        ConflictError: the field has no word, the person is at a set already, or there are too few items left.
    """
    if field == FieldOfWork():
        raise ConflictError(gettext("a qualification is for a domain, a language or a task: name one"))
    if uow.qualifications.under_way(person.project_id, person.trainer.id) is not None:
        raise ConflictError(gettext("another qualification is under way: finish it, or give it up first"))
    left = min(len(_unseen(uow, person, field, settings)), settings.qualification_items)
    if left < FEWEST:
        raise ConflictError(
            gettext(
                "{n} items in {field} are left that this person has not seen; a set takes {fewest}",
                n=left,
                field=field,
                fewest=FEWEST,
            )
        )
    return uow.qualifications.start(person.project_id, person.trainer.id, field, wanted=left, now=now)


def open_fields(uow: UnitOfWork, person: DeskRow, settings: Settings) -> dict[FieldOfWork, int]:
    """Field -> gold items in it that the person has not seen; the field without a word is none."""
    fields = [field for field in uow.gold.fields(person.project_id) if field != FieldOfWork()]
    return {field: len(_unseen(uow, person, field, settings)) for field in fields}


def give_up(uow: UnitOfWork, one: QualificationRow, now: float) -> None:
    """The person ends it; it gives no level, and its answers stay."""
    uow.qualifications.end(one.id, None, now)


def next_item(uow: UnitOfWork, person: DeskRow, settings: Settings, now: float) -> tuple[Open, QualificationRow] | None:
    """The next item of the set that the person is at; None: they are at none, it is over by now, or others have it."""
    one = uow.qualifications.under_way(person.project_id, person.trainer.id)
    if one is None or finish_if_over(uow, one, now):
        return None
    for gold, need_id in _unseen(uow, person, one.field, settings)[:1]:
        uow.gold.use(gold.id)
        return Open(gold.item_id, need_id, Kind.QUALIFICATION), one
    if not uow.gold.unseen(person.project_id, person, most=MANY, limit=1, field=one.field, held=True):
        _finish(uow, one, now)  # items were retired meanwhile
    return None


def progress(uow: UnitOfWork, one: QualificationRow) -> Progress:
    """How far an attempt is; marks that count no more are left out."""
    answers = uow.gold.answers(qualification_id=one.id)
    counted = [answer.is_right for answer in answers if answer.counts]
    right = sum(counted)
    over, passed_over = uow.qualifications.been_given(one)
    return Progress(over, right, len(counted) - right, passed_over)


def finish_if_over(uow: UnitOfWork, one: QualificationRow, now: float) -> bool:
    """Give the level if every item of the set is done with; False: some are left."""
    if one.ended_at is None and uow.qualifications.been_given(one)[0] >= one.wanted:
        _finish(uow, one, now)
        return True
    return one.ended_at is not None


def recount(uow: UnitOfWork, id: int, now: float) -> None:
    """Marks of an attempt that is over count no more: its level may rise by that, and never falls."""
    one = uow.qualifications.get(id)
    if one.level is not None and (level := progress(uow, one).accuracy.level()) > one.level:
        _grant(uow, one, level, now)


def _finish(uow: UnitOfWork, one: QualificationRow, now: float) -> None:
    _grant(uow, one, progress(uow, one).accuracy.level(), now)


def _grant(uow: UnitOfWork, one: QualificationRow, level: int, now: float) -> None:
    uow.qualifications.end(one.id, level, now)
    skills = uow.people.skills([one.trainer_id]).get(one.trainer_id, ())
    before = [skill.level for skill in skills if (skill.field, skill.source) == (one.field, SkillSource.QUALIFICATION)]
    if level > max(before, default=0):
        uow.people.grant(one.trainer_id, [Skill(one.field, level, SkillSource.QUALIFICATION)], now)


def _unseen(uow: UnitOfWork, person: DeskRow, field: FieldOfWork, settings: Settings) -> list[Found]:
    found = uow.gold.unseen(person.project_id, person, most=settings.gold_uses, limit=LOOKED_AT, field=field)
    return ready(uow, found)
