"""What a reviewer is shown of a label, and a trainer of a decision on theirs. Neither is told who the other is."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from models.people.reviews import Code, Diff, Gold, Rate, Rule, difference, lines, overturned
from models.types import Frozen
from serving.language import N_, gettext
from serving.pipeline.runtime import Runtime
from serving.store.engine import UnitOfWork
from serving.store.people_records import TrainerRow, WorkState
from serving.store.records import ProjectRow
from serving.store.review_records import AGAINST, By, Figures, ReviewRow, ReviewState
from serving.workforce.desk import link

A_REVIEWER, NOBODY = N_("a reviewer"), N_("nobody in time")


@dataclass(frozen=True, slots=True)
class Shown:
    """A label as a reviewer sees it."""

    review: int
    appeal: bool
    task: int
    url: str
    """Opens the task in Label Studio."""
    label: list[str]
    """A line a region; of an appeal, as it was judged."""
    suggestion: list[str] | None
    """What the model had said; None: it was given without a suggestion."""
    difference: dict[str, float]
    """Control -> loss of the suggestion against the label, in [0, 1], where there is any."""
    seen: float
    """To be sent back with the decision: a label that has changed since is to be looked at anew."""
    until: float
    """When the reviewer's time is over, epoch seconds."""
    due: float
    """When it is decided without anybody."""
    code: Code | None
    """Of the decision that is appealed."""
    evidence: Rule | Gold | Diff | None
    note: str
    reason: str
    """The author's, for the appeal."""


@dataclass(frozen=True, slots=True)
class Told:
    """A decision as the label's author sees it."""

    review: int
    task: int
    url: str
    state: ReviewState
    said: list[str]
    """The label as it was judged."""
    by: str
    """A role, never a person."""
    decided_at: float | None
    code: Code | None
    evidence: Rule | Gold | Diff | None
    note: str
    appeal_until: float | None
    """Epoch seconds; None: it cannot be appealed (any more)."""
    appeal: str | None
    answer_until: float | None
    """When an appeal is decided for the author; None: there is none open."""
    answered_by: str | None
    answer: str


def shown(runtime: Runtime, project: ProjectRow, row: ReviewRow, trainer_id: int) -> Shown:
    """The review as its reviewer sees it."""
    with runtime.store.read() as uow:
        item, label = uow.items.get(row.item_id), uow.labels.get(row.label_id)
        turn = uow.reviews.turn_of(row.id, trainer_id, appeal=row.state is ReviewState.APPEALED)
        said = uow.items.predictions([label.prediction_id]) if label.prediction_id is not None else {}
    regions = row.judged if row.judged is not None else label.regions
    suggestion = next((one.prediction.regions for one in said.values()), None)
    return Shown(
        review=row.id,
        appeal=row.state is ReviewState.APPEALED,
        task=item.task_id,
        url=link(project, item.task_id),
        label=lines(regions, say=gettext),
        suggestion=None if suggestion is None else lines(suggestion, say=gettext),
        difference={} if suggestion is None else difference(suggestion, regions, project.label_config)[1],
        seen=label.remote_updated_at,
        until=turn.until if turn is not None else row.due_at,
        due=row.due_at,
        code=row.code,
        evidence=row.evidence,
        note=row.note,
        reason=row.appeal or "",
    )


def told(uow: UnitOfWork, project: ProjectRow, rows: list[ReviewRow], now: float) -> list[Told]:
    """Decisions as the author of these labels sees them."""
    tasks = {item.id: item.task_id for item in uow.items.rows(sorted({row.item_id for row in rows}))}
    return [
        Told(
            review=row.id,
            task=tasks[row.item_id],
            url=link(project, tasks[row.item_id]),
            state=row.state,
            said=lines(row.judged or (), say=gettext),
            by=_role(row.decided_by) or gettext(A_REVIEWER),
            decided_at=row.decided_at,
            code=row.code,
            evidence=row.evidence,
            note=row.note,
            appeal_until=row.due_at if may_appeal(row, now) else None,
            appeal=row.appeal,
            answer_until=row.due_at if row.state is ReviewState.APPEALED else None,
            answered_by=_role(row.answered_by),
            answer=row.answer,
        )
        for row in rows
    ]


def may_appeal(row: ReviewRow, now: float) -> bool:
    return row.state in AGAINST and row.closed_at is None and row.due_at > now


def kept_of(row: ReviewRow, person: TrainerRow) -> dict[str, Any]:
    """All that is kept of a person's part in a review, and nothing of who the others are."""
    parts = {
        "author": row.author == person.user_id,
        "reviewer": row.reviewer_id == person.id,
        "second_reviewer": row.second_id == person.id,
    }
    hidden = ("author", "reviewer_id", "second_id")
    values = {name: getattr(row, name) for name in ReviewRow.__slots__ if name not in hidden}
    return {"parts": [part for part, mine in parts.items() if mine], **values}


@dataclass(frozen=True, slots=True)
class Reviewer:
    """What one reviewer did, for operators."""

    user: int
    email: str
    decided: int
    accepted: int
    fixed: int
    rejected: int
    """As first decided, whatever became of it on appeal; fixes apart."""
    by_reason: dict[Code, int]
    """Fixes and rejections by reason."""
    appealed: int
    upheld: int
    overturned: int
    overturn_rate: Rate | None
    """Of the decisions that a second person looked at; None: there is none."""
    answered: int
    """Appeals that this person decided as the second."""
    in_time: int
    """Turns that ended with a decision while they lasted."""
    late: int
    let_go: int
    given_back: int


def reviewer(one: Figures, person: TrainerRow) -> Reviewer:
    """``one`` with the rate and its interval."""
    state, turn = one.outcomes, one.turns
    on_appeal = (ReviewState.APPEALED, ReviewState.UPHELD, ReviewState.OVERTURNED)
    return Reviewer(
        user=person.user_id,
        email=person.email,
        decided=sum(state.values()),
        accepted=state.get(ReviewState.ACCEPTED, 0),
        fixed=one.fixes,
        rejected=sum(state.values()) - state.get(ReviewState.ACCEPTED, 0) - one.fixes,
        by_reason=one.codes,
        appealed=sum(state.get(key, 0) for key in on_appeal),
        upheld=one.upheld,
        overturned=one.overturned,
        overturn_rate=overturned(one.overturned, one.upheld),
        answered=sum(one.answered.values()),
        in_time=turn.get(WorkState.DONE, 0),
        late=turn.get(WorkState.LATE, 0),
        let_go=turn.get(WorkState.EXPIRED, 0),
        given_back=turn.get(WorkState.RELEASED, 0),
    )


class Reviewers(Frozen):
    """What reviewers did since the project was connected, and what was left to the deadlines."""

    reviewers: tuple[Reviewer, ...]
    by_reason: dict[Code, int]
    """Fixes and rejections of all of them by reason."""
    overturn_rate: Rate | None
    """Of all their decisions that a second person looked at; None: there is none."""
    states: dict[ReviewState, int]
    by_deadline: dict[ReviewState, int]
    """Labels that were approved, and appeals decided for the author, since nobody decided in time."""


def reviewers_of(uow: UnitOfWork, project: ProjectRow) -> Reviewers:
    """The reviewers of a project, and all of them together."""
    found = uow.reviews.figures(project.id)
    codes = Counter[Code]()
    for one in found:
        codes.update(one.codes)
    return Reviewers(
        reviewers=tuple(reviewer(one, uow.people.get(one.trainer_id)) for one in found),
        by_reason=dict(codes),
        overturn_rate=overturned(sum(one.overturned for one in found), sum(one.upheld for one in found)),
        states=uow.reviews.counts(project.id),
        by_deadline=uow.reviews.by_deadline(project.id),
    )


def _role(by: By | None) -> str | None:
    """Who decided, without a name."""
    if by is None:
        return None
    return gettext(A_REVIEWER if by is By.REVIEWER else NOBODY)
