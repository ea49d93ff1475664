"""Reviews of labels and appeals, for programs and operators: the queue, decisions, and what each reviewer did."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Depends, Query
from pydantic import Field

from models.people.reviews import Answer, Code, Offered, Outcome
from models.types import Frozen
from serving.api.dependencies import Number, ProjectDep, RuntimeDep, require_operator
from serving.api.people import RETRY_S, desk_of
from serving.pipeline.runtime import Runtime
from serving.store.people_records import Nothing
from serving.store.review_records import By, ReviewRow, ReviewState
from serving.workforce import reviewing
from serving.workforce.review_view import Reviewers, Shown, Told, reviewers_of, shown, told

router = APIRouter(prefix="/api/v1", tags=["reviews"], dependencies=[Depends(require_operator)])
User = Annotated[int, Field(ge=0, lt=2**63)]
Words = Annotated[str, Field(min_length=3, max_length=1000)]
MOST_TOLD = 1000


class Said(Frozen):
    """A reviewer's decision."""

    user: User
    outcome: Outcome
    seen: float
    """As it came with the review."""
    code: Code | None = None
    evidence: Offered | None = None
    note: Annotated[str, Field(max_length=1000)] = ""


class NextReview(Frozen):
    """What a reviewer is to decide now."""

    review: Shown | None
    nothing: Nothing | None
    retry_after_s: float | None


class ReviewView(Frozen):
    """A review as an operator sees it."""

    review: int
    item: int
    label: int
    author: int
    state: ReviewState
    drawn_at: float
    due_at: float
    decided_by: By | None
    answered_by: By | None
    code: Code | None
    closed: bool


@router.put("/projects/{slug}/review-rate")
def change_rate(
    runtime: RuntimeDep, project: ProjectDep, rate: Annotated[float, Body(embed=True, ge=0.0, le=1.0)]
) -> dict[str, float]:
    """The share of labels that are reviewed, of those that come from now on."""
    with runtime.store.begin() as uow:
        return {"review_rate": uow.projects.update(project.id, review_rate=rate).review_rate}


@router.get("/projects/{slug}/reviews")
def reviews(
    runtime: RuntimeDep,
    project: ProjectDep,
    state: ReviewState | None = None,
    after: Annotated[int, Query(ge=0, lt=2**63)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> list[ReviewView]:
    """Reviews by their number, a page at a time."""
    with runtime.store.read() as uow:
        return [_view(row) for row in uow.reviews.page(project.id, state=state, after=after, limit=limit)]


@router.post("/projects/{slug}/reviews/next")
def next_review(runtime: RuntimeDep, project: ProjectDep, user: Annotated[User, Body(embed=True)]) -> NextReview:
    """The label or the appeal that this reviewer is to decide now; nobody else gets it while their time lasts."""
    person = desk_of(runtime, project, user)
    found = reviewing.next_review(runtime, project, person)
    if isinstance(found, Nothing):
        return NextReview(review=None, nothing=found, retry_after_s=RETRY_S)
    seen = shown(runtime, project, found, person.trainer.id)
    return NextReview(review=seen, nothing=None, retry_after_s=None)


@router.post("/projects/{slug}/reviews/{review}/decide")
def decide(runtime: RuntimeDep, project: ProjectDep, review: Number, said: Said) -> ReviewView:
    """Accept, fix or reject. A rejection needs a reason of the list and evidence for it."""
    made = reviewing.Decision(said.outcome, said.seen, code=said.code, evidence=said.evidence, note=said.note)
    person = desk_of(runtime, project, said.user)
    return _view(reviewing.decide(runtime, project, person, review, made))


@router.post("/projects/{slug}/reviews/{review}/give-back")
def give_back(
    runtime: RuntimeDep,
    project: ProjectDep,
    review: Number,
    user: Annotated[User, Body()],
    reason: Annotated[Words, Body()],
) -> ReviewView:
    """Another reviewer gets it; the reason is kept."""
    reviewing.give_back(runtime, desk_of(runtime, project, user), review, reason)
    return _again(runtime, review)


@router.post("/projects/{slug}/reviews/{review}/appeal")
def appeal(
    runtime: RuntimeDep,
    project: ProjectDep,
    review: Number,
    user: Annotated[User, Body()],
    reason: Annotated[Words, Body()],
) -> ReviewView:
    """Whoever labelled wants a second person to look at it."""
    return _view(reviewing.appeal(runtime, project, desk_of(runtime, project, user), review, reason))


@router.post("/projects/{slug}/reviews/{review}/answer")
def answer(
    runtime: RuntimeDep,
    project: ProjectDep,
    review: Number,
    user: Annotated[User, Body()],
    outcome: Annotated[Answer, Body()],
    reason: Annotated[Words, Body()],
) -> ReviewView:
    """A second reviewer decides an appeal; there is no other after it."""
    return _view(reviewing.answer(runtime, project, desk_of(runtime, project, user), review, outcome, reason))


@router.get("/projects/{slug}/people/{user}/reviews")
def told_to(runtime: RuntimeDep, project: ProjectDep, user: Number) -> list[Told]:
    """Decisions against this person's labels, and what became of them; newest first."""
    desk_of(runtime, project, user)
    with runtime.store.read() as uow:
        rows = uow.reviews.of_author(project.id, user, limit=MOST_TOLD)
        return told(uow, project, rows, runtime.now())


@router.get("/projects/{slug}/reviewers")
def reviewers(runtime: RuntimeDep, project: ProjectDep) -> Reviewers:
    """What each reviewer did, with the share of their decisions that fell on appeal."""
    with runtime.store.read() as uow:
        return reviewers_of(uow, project)


def _again(runtime: Runtime, review: int) -> ReviewView:
    with runtime.store.read() as uow:
        return _view(uow.reviews.get(review))


def _view(row: ReviewRow) -> ReviewView:
    return ReviewView(
        review=row.id,
        item=row.item_id,
        label=row.label_id,
        author=row.author,
        state=row.state,
        drawn_at=row.drawn_at,
        due_at=row.due_at,
        decided_by=row.decided_by,
        answered_by=row.answered_by,
        code=row.code,
        closed=row.closed_at is not None,
    )
