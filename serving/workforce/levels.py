"""Levels that people's own results give them: whenever an accuracy changes, the level follows, up or down.

It is a skill of its own source beside what an operator or a qualification says; the highest of the three counts. At
any one time a person whose accuracy is just below a level's bound has it with a probability of about 2.5 % (the lower
end of a 95 % interval; docs/people-quality.md has what was measured). The field without a word is left out: it would be
a skill in everything, also in what the person never saw.
"""

from __future__ import annotations

from collections.abc import Collection

from models.skills import FieldOfWork, Skill, SkillSource
from serving.store.engine import UnitOfWork

ANY = FieldOfWork()


def follow(uow: UnitOfWork, trainer_ids: Collection[int], now: float) -> None:
    """Give these people the levels that their accuracies are worth now."""
    if not trainer_ids:
        return
    has = {
        (trainer, one.field): one.level
        for trainer, skills in uow.people.skills(trainer_ids).items()
        for one in skills
        if one.source is SkillSource.RESULTS
    }
    changed: dict[int, list[Skill]] = {}
    for (trainer, field), one in uow.people.accuracies(trainer_ids).items():
        level = one.level()
        if field != ANY and level != has.get((trainer, field), 0):
            changed.setdefault(trainer, []).append(Skill(field, level, SkillSource.RESULTS))
    for trainer, skills in changed.items():
        uow.people.grant(trainer, skills, now)
