"""Gold items: which there are, what people answered, and what they say against it. For programs and operators."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Query
from pydantic import Field

from connectors.label_studio.results import decode
from models.errors import NotFoundError
from models.people.gold import in_words
from models.skills import FieldOfWork
from models.types import Frozen, LabelConfig, Region
from serving.api.dependencies import Number, ProjectDep, RuntimeDep, require_operator
from serving.api.people import Word, desk_of
from serving.store.engine import UnitOfWork
from serving.store.gold_records import GoldRow, GoldSource, Ruling, Tally
from serving.store.records import ItemRow, ProjectRow
from serving.workforce import feedback, gold_set
from serving.workforce import gold as marks

router = APIRouter(prefix="/api/v1/projects/{slug}", tags=["gold"], dependencies=[Depends(require_operator)])
Reason = Annotated[str, Body(embed=True, min_length=3, max_length=500)]


class NewGold(Frozen):
    """An item becomes gold."""

    result: list[dict[str, Any]] | None = None
    """The answer, as Label Studio writes an annotation's result; null: the item's newest label."""
    domain: Word | None = None
    """With the next two, in what it tests people; all null: in what the item needs."""
    language: Word | None = None
    task: Word | None = None

    @property
    def field(self) -> FieldOfWork | None:
        words = (self.domain, self.language, self.task)
        return None if words == (None, None, None) else FieldOfWork(*(word or "" for word in words))


class GoldView(Frozen):
    """A gold item, and what has come of it."""

    task: int
    """Label Studio's id."""
    field: str
    """Domain, language and task."""
    answer: dict[str, str]
    """Control -> what it says."""
    source: GoldSource
    uses: int
    """How often it was given to somebody."""
    answers: int
    failures: int
    disputes: int
    """Upheld ones apart."""
    open_disputes: int
    """Nobody has looked at them."""
    retired_at: float | None
    retired_reason: str | None


class ProposalView(Frozen):
    """An item that would do as gold."""

    task: int
    people: int
    """How many said the same, and nobody said otherwise."""
    answer: dict[str, str]


class DifferenceView(Frozen):
    """One control of an answer beside the gold's."""

    control: str
    loss: float = Field(ge=0.0, le=1.0)
    said: str
    answer: str


class FeedbackView(Frozen):
    """What a person is told of one answer to a gold item."""

    answer: int
    """Its id, to dispute it by."""
    task: int
    field: str
    right: bool
    counts: bool
    """False: the gold was withdrawn."""
    differences: tuple[DifferenceView, ...]
    qualification: int | None
    answered_at: float
    disputed: str | None
    ruling: Ruling | None
    ruling_reason: str | None


@router.get("/gold")
def gold(runtime: RuntimeDep, project: ProjectDep) -> list[GoldView]:
    """All of the project, retired ones too."""
    with runtime.store.read() as uow:
        rows = uow.gold.of_project(project.id)
        tallies = uow.gold.tallies([row.id for row in rows])
        tasks = {row.id: row.task_id for row in uow.items.rows([row.item_id for row in rows])}
    return [_view(row, tasks[row.item_id], tallies.get(row.id, Tally()), project.label_config) for row in rows]


@router.get("/gold/proposals")
def proposals(
    runtime: RuntimeDep, project: ProjectDep, limit: Annotated[int, Query(ge=1, le=1000)] = 50
) -> list[ProposalView]:
    """Items on which several people agree, and that were never gold; the most people first."""
    with runtime.store.read() as uow:
        found = gold_set.proposals(uow, project, limit=limit)
    config = project.label_config
    return [ProposalView(task=p.item.task_id, people=p.people, answer=_answer(p.regions, config)) for p in found]


@router.put("/gold/{task}")
def put_gold(runtime: RuntimeDep, project: ProjectDep, task: Number, new: NewGold) -> GoldView:
    """A task that somebody has labelled is gold from now on; if it was with another answer, no mark on that counts."""
    regions = None if new.result is None else decode(new.result, project.label_config)
    with runtime.store.begin() as uow:
        item = _item(uow, project, task)
        row = gold_set.put_in(uow, project, item, regions=regions, field=new.field, now=runtime.now())
    return _view(row, task, Tally(), project.label_config)


@router.delete("/gold/{task}", status_code=204)
def retire_gold(runtime: RuntimeDep, project: ProjectDep, task: Number) -> None:
    """It is given to nobody any more; marks on it stay. To take these back, rule that it is withdrawn."""
    with runtime.store.begin() as uow:
        uow.gold.retire(_current(uow, project, task).id, "taken out by an operator", runtime.now())


@router.post("/gold/{task}/rule")
def rule(
    runtime: RuntimeDep,
    project: ProjectDep,
    task: Number,
    ruling: Annotated[Ruling, Body(embed=True)],
    reason: Reason,
) -> GoldView:
    """An operator has looked at what people say against it: it stands, or it was wrong and no mark on it counts.

    Also of one that was taken out; of several answers that a task had, the newest of which an open dispute speaks.
    """
    with runtime.store.begin() as uow:
        row = _ruled(uow, project, task)
        marks.rule(uow, row, ruling, reason, runtime.now())
        row, tally = uow.gold.get(row.id), uow.gold.tallies([row.id]).get(row.id, Tally())
    return _view(row, task, tally, project.label_config)


@router.get("/people/{user}/gold")
def feedback_of(runtime: RuntimeDep, project: ProjectDep, user: Number) -> list[FeedbackView]:
    """What the person answered to gold items, newest first."""
    person = desk_of(runtime, project, user)
    with runtime.store.read() as uow:
        return [_feedback(one) for one in feedback.of_person(uow, project, person.trainer.id)]


@router.post("/people/{user}/gold/{answer}/dispute")
def dispute(runtime: RuntimeDep, project: ProjectDep, user: Number, answer: Number, reason: Reason) -> FeedbackView:
    """The person says why the mark is wrong."""
    person = desk_of(runtime, project, user)
    with runtime.store.begin() as uow:
        mine = {one.mark.id: one.mark for one in feedback.of_person(uow, project, person.trainer.id)}
        if answer not in mine:
            raise NotFoundError(f"user {user} has given no answer {answer} to a gold item")
        marks.dispute(uow, mine[answer], reason, runtime.now())
        [found] = [one for one in feedback.of_person(uow, project, person.trainer.id) if one.mark.id == answer]
    return _feedback(found)


def _item(uow: UnitOfWork, project: ProjectRow, task: int) -> ItemRow:
    row = uow.items.by_task(project.id, [task]).get(task)
    if row is None:
        raise NotFoundError(f"task {task} is not known in this project")
    return row


def _current(uow: UnitOfWork, project: ProjectRow, task: int) -> GoldRow:
    item = _item(uow, project, task)
    found = uow.gold.of_items([item.id]).get(item.id)
    if found is None:
        raise NotFoundError(f"task {task} is not gold")
    return found


def _ruled(uow: UnitOfWork, project: ProjectRow, task: int) -> GoldRow:
    """The newest with an open dispute, else the newest."""
    item = _item(uow, project, task)
    rows = [row for row in uow.gold.of_project(project.id) if row.item_id == item.id]
    if not rows:
        raise NotFoundError(f"task {task} was never gold")
    tallies = uow.gold.tallies([row.id for row in rows])
    return max(rows, key=lambda row: (tallies.get(row.id, Tally()).open_disputes > 0, row.id))


def _answer(regions: tuple[Region, ...], config: LabelConfig) -> dict[str, str]:
    return {control.name: in_words(regions, control.name) for control in config.controls}


def _view(row: GoldRow, task: int, tally: Tally, config: LabelConfig) -> GoldView:
    return GoldView(
        task=task,
        field=str(row.field),
        answer=_answer(row.regions, config),
        source=row.source,
        uses=row.uses,
        answers=tally.answers,
        failures=tally.failures,
        disputes=tally.disputes,
        open_disputes=tally.open_disputes,
        retired_at=row.retired_at,
        retired_reason=row.retired_reason,
    )


def _feedback(one: feedback.Feedback) -> FeedbackView:
    return FeedbackView(
        answer=one.mark.id,
        task=one.task,
        field=str(one.field),
        right=one.mark.is_right,
        counts=one.mark.counts,
        differences=tuple(
            DifferenceView(control=d.control, loss=d.loss, said=d.said, answer=d.answer) for d in one.differences
        ),
        qualification=one.mark.qualification_id,
        answered_at=one.mark.answered_at,
        disputed=one.mark.dispute,
        ruling=one.mark.ruling,
        ruling_reason=one.mark.ruling_reason,
    )
