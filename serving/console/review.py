"""``/train/{project}/review``: labels that a reviewer looks at; ``/decisions``: what was said of one's own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import TypeAdapter, ValidationError

from models.errors import EvidenceMissing, PrelabelError, ReviewRefused
from models.people.reviews import Answer, Code, Diff, Gold, Offered, Outcome, Own, Rule
from serving.api.dependencies import Number, RuntimeDep
from serving.console.going import form_at
from serving.console.pages import page_of, place_of
from serving.console.session import SignedIn, TrainerDep, same_origin
from serving.language import N_, gettext
from serving.pipeline.runtime import Runtime
from serving.retold import retold
from serving.store.people_records import DeskRow, Nothing, WorkState
from serving.store.records import ProjectRow
from serving.store.review_records import TO_DECIDE, ReviewRow, ReviewState
from serving.workforce import reviewing
from serving.workforce.review_view import shown, told

MOST_TOLD = 200
REASONS = {
    Code.WRONG_LABEL: N_("A wrong label"),
    Code.MISSED_REGION: N_("Something was not marked"),
    Code.EXTRA_REGION: N_("Something was marked that should not be"),
    Code.BAD_BOUNDARY: N_("A boundary is off"),
    Code.WRONG_TEXT: N_("A text is wrong"),
    Code.GUIDELINE: N_("It breaks a rule of the guideline"),
    Code.GOLD: N_("An item whose answer is known says otherwise"),
    Code.NOT_DONE: N_("It is not finished"),
}
STATES = {
    ReviewState.REJECTED: N_("Your label was rejected. It does not count, and somebody else labels the item."),
    ReviewState.FIXED: N_("Your label was corrected. The correction counts in its place."),
    ReviewState.APPEALED: N_("You have appealed. A second person, who is neither of you, looks at it."),
    ReviewState.UPHELD: N_("The second person agreed with the first decision."),
    ReviewState.OVERTURNED: N_("Overturned: your label counts again."),
}
NOTHING = {
    Nothing.EMPTY: N_("There is nothing for you to review now."),
    Nothing.CAP: N_("You have done as many items as your operator allows a day."),
}
DONE = {
    ReviewState.ACCEPTED: N_("Done: the label stands."),
    ReviewState.FIXED: N_("Done: your answer counts in place of the label. Its author may appeal."),
    ReviewState.REJECTED: N_("Done: the label does not count, and somebody else gets the item. Its author may appeal."),
    ReviewState.UPHELD: N_("Done: the first decision stands."),
    ReviewState.OVERTURNED: N_("Done: the label counts again."),
}
NOTHING_GIVEN: Mapping[str, str] = {}
OFFERED: TypeAdapter[Rule | Gold | Own] = TypeAdapter(Offered)

router = APIRouter(prefix="/train", tags=["train"], include_in_schema=False)
Words = Annotated[str, Form(max_length=1000)]


@router.get("/{slug}/review")
def page(request: Request, runtime: RuntimeDep, person: SignedIn, slug: str) -> Response:
    """The page of a reviewer; whoever is not one is told so."""
    if person is None:
        return RedirectResponse(form_at("/train", request), status_code=303)
    project, desk = place_of(runtime, person, slug)
    return page_of(request, "review/page.html", project=project, person=person, reviews=desk.reviews)


@router.post("/{slug}/review/next", dependencies=[Depends(same_origin)])
def next_review(request: Request, runtime: RuntimeDep, person: TrainerDep, slug: str) -> HTMLResponse:
    """The card of what the reviewer holds, or gets now; or of why there is nothing."""
    project, desk = place_of(runtime, person, slug)
    try:
        found = reviewing.next_review(runtime, project, desk)
    except PrelabelError as error:
        return _over(request, project, retold(str(error)), problem=True)
    if isinstance(found, Nothing):
        return _over(request, project, gettext(NOTHING[found]))
    return _card(request, runtime, project, desk, found)


@router.post("/{slug}/review/{review}/decide", dependencies=[Depends(same_origin)])
def decide(
    request: Request,
    runtime: RuntimeDep,
    person: TrainerDep,
    slug: str,
    review: Number,
    outcome: Annotated[Outcome, Form()],
    seen: Annotated[float, Form()],
    code: Annotated[str, Form()] = "",
    evidence: Annotated[str, Form()] = "",
    rule: Words = "",
    task: Annotated[str, Form(max_length=30)] = "",
    note: Words = "",
) -> HTMLResponse:
    """Accept, fix or reject; what is missing is said on the card."""
    project, desk = place_of(runtime, person, slug)
    try:
        said = reviewing.Decision(
            outcome,
            seen,
            code=Code(code) if code in set(Code) else None,
            evidence=_offered(evidence, rule.strip(), task.strip()) if outcome is Outcome.REJECT else None,
            note=note.strip(),
        )
        after = reviewing.decide(runtime, project, desk, review, said)
    except PrelabelError as error:
        given = {"code": code, "evidence": evidence, "rule": rule, "task": task, "note": note}
        return _again(request, runtime, project, desk, review, retold(str(error)), given)
    return _over(request, project, gettext(DONE[after.state]))


@router.post("/{slug}/review/{review}/answer", dependencies=[Depends(same_origin)])
def answer(
    request: Request,
    runtime: RuntimeDep,
    person: TrainerDep,
    slug: str,
    review: Number,
    outcome: Annotated[Answer, Form()],
    reason: Annotated[str, Form(min_length=3, max_length=1000)],
) -> HTMLResponse:
    """The second person's decision on an appeal."""
    project, desk = place_of(runtime, person, slug)
    try:
        after = reviewing.answer(runtime, project, desk, review, outcome, reason.strip())
    except PrelabelError as error:
        return _again(request, runtime, project, desk, review, retold(str(error)), {"reason": reason})
    return _over(request, project, gettext(DONE[after.state]))


@router.post("/{slug}/review/{review}/give-back", dependencies=[Depends(same_origin)])
def give_back(
    request: Request,
    runtime: RuntimeDep,
    person: TrainerDep,
    slug: str,
    review: Number,
    reason: Annotated[str, Form(min_length=3, max_length=500)],
) -> HTMLResponse:
    project, desk = place_of(runtime, person, slug)
    try:
        reviewing.give_back(runtime, desk, review, reason)
    except PrelabelError as error:
        return _over(request, project, retold(str(error)), problem=True)
    return _over(request, project, gettext("You gave this one back."))


@router.get("/{slug}/decisions")
def decisions(request: Request, runtime: RuntimeDep, person: SignedIn, slug: str) -> Response:
    """What was decided against the person's own labels, and what became of it."""
    if person is None:
        return RedirectResponse(form_at("/train", request), status_code=303)
    project, _ = place_of(runtime, person, slug)
    with runtime.store.read() as uow:
        rows = uow.reviews.of_author(project.id, person.user_id, limit=MOST_TOLD)
        entries = told(uow, project, rows, runtime.now())
    return page_of(request, "review/decisions.html", project=project, person=person, entries=entries, **WORDS)


@router.post("/{slug}/decisions/{review}/appeal", dependencies=[Depends(same_origin)])
def appeal(
    request: Request,
    runtime: RuntimeDep,
    person: TrainerDep,
    slug: str,
    review: Number,
    reason: Annotated[str, Form(min_length=3, max_length=1000)],
) -> HTMLResponse:
    """The entry, as it stands after the appeal."""
    project, desk = place_of(runtime, person, slug)
    problem = ""
    try:
        reviewing.appeal(runtime, project, desk, review, reason.strip())
    except ReviewRefused as error:
        problem = retold(str(error))
    with runtime.store.read() as uow:
        [entry] = told(uow, project, [uow.reviews.get(review)], runtime.now())
    return page_of(request, "review/decision.html", project=project, entry=entry, problem=problem, **WORDS)


def _offered(kind: str, rule: str, task: str) -> Rule | Gold | Own | None:
    """What the form names as evidence; None: nothing.

    Raises:
        EvidenceMissing: it is none, such as a rule without words.
    """
    fields = {"rule": {"text": rule}, "gold": {"task": task}}
    if not kind:
        return None
    try:
        return OFFERED.validate_python({"kind": kind, **fields.get(kind, {})})
    except ValidationError:
        raise EvidenceMissing(gettext("name the rule in words, or the gold task by its number")) from None


def _card(
    request: Request,
    runtime: Runtime,
    project: ProjectRow,
    desk: DeskRow,
    row: ReviewRow,
    problem: str = "",
    given: Mapping[str, str] = NOTHING_GIVEN,
) -> HTMLResponse:
    seen = shown(runtime, project, row, desk.trainer.id)
    left = max(0, round(seen.until - runtime.now()))
    name = "review/appeal.html" if seen.appeal else "review/card.html"
    more: dict[str, Any] = {"review": seen, "left_s": left, "problem": problem, "given": given}
    return page_of(request, name, project=project, **more, **WORDS)


def _again(
    request: Request,
    runtime: Runtime,
    project: ProjectRow,
    desk: DeskRow,
    review: int,
    problem: str,
    given: Mapping[str, str],
) -> HTMLResponse:
    """The card once more, with what is missing, while the review is with this person; else that it is not."""
    with runtime.store.read() as uow:
        row = uow.reviews.get(review)
        turn = uow.reviews.turn_of(review, desk.trainer.id, appeal=row.state is ReviewState.APPEALED)
    mine = turn is not None and turn.state in (WorkState.HELD, WorkState.EXPIRED)
    if not mine or row.project_id != project.id or row.state not in TO_DECIDE:
        return _over(request, project, problem, problem=True)
    return _card(request, runtime, project, desk, row, problem, given)


def _over(request: Request, project: ProjectRow, text: str, *, problem: bool = False) -> HTMLResponse:
    return page_of(request, "review/over.html", project=project, text=text, problem=problem)


def _evidence(one: Rule | Gold | Diff | None) -> str:
    """Evidence in words."""
    if isinstance(one, Rule):
        return gettext("The rule: {text}", text=one.text)
    if isinstance(one, Gold):
        return gettext("Task {task}, whose answer is known", task=one.task)
    if isinstance(one, Diff):
        apart = ", ".join(
            gettext("{control} by {share:.0%}", control=name, share=loss) for name, loss in one.controls.items()
        )
        return gettext("The reviewer's own answer ({said}) differs: {apart}", said="; ".join(one.said), apart=apart)
    return ""


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")


WORDS: dict[str, Any] = {"reasons": REASONS, "states": STATES, "evidence": _evidence, "day": _day}
"""What the templates need besides values."""
