"""What follows from answers to gold items: a mark each, once; and what takes marks back.

A mark counts in the person's accuracy in the gold's field as one item of known truth. It can be disputed. A gold that
an operator withdraws, or that gives itself up (``models.people.gold``), takes all its marks with it: accuracies,
learned levels and qualifications then are what they would be without it, except that no qualification falls.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence

from models.errors import ConflictError
from models.people.gold import given_up, good_standing, is_right
from models.people.skill import Skill as Accuracy
from serving.language import gettext
from serving.store.engine import UnitOfWork
from serving.store.gold import Given
from serving.store.gold_records import GoldAnswerRow, GoldRow, Ruling
from serving.store.records import NewLabel, ProjectRow
from serving.workforce import levels, pause, qualification

log = logging.getLogger(__name__)


def mark(
    uow: UnitOfWork,
    project: ProjectRow,
    labels: Sequence[NewLabel],
    given: Mapping[tuple[int, int], Given],
    now: float,
) -> None:
    """Mark people's answers to gold items, those that they were given as such.

    A skip is no answer, and an answer to what was retired meanwhile, or has other data by now, gets no mark.
    """
    tests = {(one.item_id, one.completed_by): one for one in labels if (one.item_id, one.completed_by) in given}
    revisions = {row.id: row.revision for row in uow.items.rows(sorted({item for item, _ in tests}))}
    golds = uow.gold.of_items(revisions)
    marked: dict[int, GoldRow] = {}
    people: set[int] = set()
    for key, label in tests.items():
        gold, test = golds.get(label.item_id), given[key]
        if label.was_cancelled or gold is None or gold.revision != revisions[label.item_id]:
            continue
        new = uow.gold.answer(
            gold.id,
            test.trainer_id,
            qualification_id=test.qualification_id,
            regions=label.regions,
            is_right=is_right(label.regions, gold.regions, project.label_config),
            now=now,
        )
        if new:
            marked[gold.id] = gold
            people.add(test.trainer_id)
    levels.follow(uow, people, now)
    for gold in marked.values():
        look_at(uow, gold, now)
    for id in {given[key].qualification_id for key in tests} - {None}:
        assert id is not None
        qualification.finish_if_over(uow, uow.qualifications.get(id), now)


def look_at(uow: UnitOfWork, gold: GoldRow, now: float) -> bool:
    """Give the gold up if those who answered it speak against it; whether they do."""
    answers = uow.gold.answers(gold_id=gold.id)
    tally = uow.gold.tallies([gold.id])[gold.id]
    known = uow.people.accuracies([one.trainer_id for one in answers])
    good = [one for one in answers if good_standing(_elsewhere(known[one.trainer_id, gold.field], one))]
    found = given_up(
        answers=tally.answers,
        disputes=tally.disputes,
        good=len(good),
        failed=sum(not one.is_right for one in good),
    )
    if found is None or gold.retired_at is not None:
        return False
    log.info("a gold item is given up", extra={"gold": gold.id, "reason": str(found)})
    withdraw(uow, gold, str(found), now)
    return True


def _elsewhere(known: Accuracy, mark: GoldAnswerRow) -> Accuracy:
    """What is known of a person without this mark."""
    if not mark.counts:
        return known
    return Accuracy(known.right - mark.is_right, known.wrong - (not mark.is_right))


def withdraw(uow: UnitOfWork, gold: GoldRow, reason: str, now: float) -> None:
    """The gold was wrong: it is given to nobody any more, and no mark on it counts."""
    uow.gold.retire(gold.id, reason, now)
    uow.gold.void(gold.id)
    answers = uow.gold.answers(gold_id=gold.id)
    people = {one.trainer_id for one in answers}
    levels.follow(uow, people, now)
    if ended := pause.lift(uow, gold.project_id, people):
        log.info("pauses end with the gold that they rested on", extra={"trainers": ended})
    for id in _qualifications(answers):
        qualification.recount(uow, id, now)


def _qualifications(answers: Collection[GoldAnswerRow]) -> list[int]:
    return sorted({one.qualification_id for one in answers if one.qualification_id is not None})


def dispute(uow: UnitOfWork, answer: GoldAnswerRow, reason: str, now: float) -> bool:
    """The person says why the mark is wrong; whether the gold is given up by that.

    Raises:
        ConflictError: it was disputed before, or does not count any more.
    """
    if not answer.counts:
        raise ConflictError(gettext("this mark counts no longer: the gold was withdrawn"))
    if not uow.gold.dispute(answer.id, reason, now):
        raise ConflictError(gettext("this mark was disputed before"))
    return look_at(uow, uow.gold.get(answer.gold_id), now)


def rule(uow: UnitOfWork, gold: GoldRow, ruling: Ruling, reason: str, now: float) -> int:
    """An operator has looked at a gold item; how many disputes this answers."""
    answered = uow.gold.rule(gold.id, ruling, reason, now)
    if ruling is Ruling.WITHDRAWN:
        withdraw(uow, gold, f"withdrawn: {reason}", now)
    return answered
