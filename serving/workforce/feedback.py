"""What a person is told of their answers to gold items: right or wrong, where they differ, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass

from connectors.label_studio.person import deep_link
from models.people.gold import Difference, differences
from models.skills import FieldOfWork
from serving.language import gettext
from serving.store.engine import UnitOfWork
from serving.store.gold_records import GoldAnswerRow
from serving.store.records import ProjectRow


@dataclass(frozen=True, slots=True)
class Feedback:
    """One answer, with the gold's."""

    mark: GoldAnswerRow
    task: int
    """Label Studio's id."""
    url: str
    """Opens it, with everybody's answers."""
    field: FieldOfWork
    differences: tuple[Difference, ...]


def of_person(
    uow: UnitOfWork, project: ProjectRow, trainer_id: int, *, qualification: int | None = None
) -> list[Feedback]:
    """In a project, or in one of its qualifications, newest first."""
    answers = uow.gold.answers(trainer_id=trainer_id, qualification_id=qualification)
    golds = uow.gold.rows({one.gold_id for one in answers})
    mine = [one for one in answers if golds[one.gold_id].project_id == project.id]
    tasks = {row.id: row.task_id for row in uow.items.rows([golds[one.gold_id].item_id for one in mine])}
    return [
        Feedback(
            mark=one,
            task=tasks[gold.item_id],
            url=deep_link(project.platform_url, project.platform_project, tasks[gold.item_id]),
            field=gold.field,
            differences=tuple(differences(one.regions, gold.regions, project.label_config, say=gettext)),
        )
        for one in reversed(mine)
        for gold in (golds[one.gold_id],)
    ]
