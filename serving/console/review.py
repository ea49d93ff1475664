"""``/train/{project}/review``: labels that a reviewer looks at; ``/decisions``: what was said of one's own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import TypeAdapter, ValidationError

from models.errors import EvidenceMissing, PrelabelError, ReviewRefused
from models.people.reviews import Answer, Code, Diff, Gold, Offered, Outcome, Own, Rule
from serving.api.dependencies import Number, RuntimeDep
from serving.console.going import form_at, wants_part
from serving.console.pages import Part, page_of, place_of
from serving.console.session import SignedIn, TrainerDep, same_origin
from serving.language import N_, gettext
from serving.pipeline.runtime import Runtime
from serving.retold import retold
from serving.store.people_records import DeskRow, Nothing, TrainerRow, WorkState
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
BACK = N_("You gave this one back.")
OPEN = (WorkState.HELD, WorkState.EXPIRED)
"""A turn whose decision still counts."""
ON_APPEAL = (ReviewState.APPEALED, ReviewState.UPHELD, ReviewState.OVERTURNED)
"""What the second person's turn is about."""
NOTHING_GIVEN: Mapping[str, str] = {}
OFFERED: TypeAdapter[Rule | Gold | Own] = TypeAdapter(Offered)

router = APIRouter(prefix="/train", tags=["train"], include_in_schema=False)
Words = Annotated[str, Form(max_length=1000)]


@router.get("/{slug}/review")
def page(
    request: Request,
    runtime: RuntimeDep,
    person: SignedIn,
    slug: str,
    review: Annotated[int | None, Query(ge=0, lt=2**63)] = None,
) -> Response:
    """The page of a reviewer, with a review as it stands with them; whoever is not one is told so."""
    if person is None:
        return RedirectResponse(form_at("/train", request), status_code=303)
    project, desk = place_of(runtime, person, slug)
    part = None if review is None else _stands(runtime, project, desk, review)
    return _whole(request, project, desk, part)


@router.post("/{slug}/review/next", dependencies=[Depends(same_origin)])
def next_review(request: Request, runtime: RuntimeDep, person: TrainerDep, slug: str) -> Response:
    """The card of what the reviewer holds, or gets now; or of why there is nothing."""
    project, desk = place_of(runtime, person, slug)
    try:
        found = reviewing.next_review(runtime, project, desk)
    except PrelabelError as error:
        return _said(request, project, desk, _refused(error))
    if isinstance(found, Nothing):
        return _said(request, project, desk, _over(gettext(NOTHING[found])))
    if not wants_part(request):
        return _to(project, found.id)
    return _said(request, project, desk, _card(runtime, project, desk, found))


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
) -> Response:
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
        return _said(request, project, desk, _again(runtime, project, desk, review, error, given))
    return _done(request, project, desk, after)


@router.post("/{slug}/review/{review}/answer", dependencies=[Depends(same_origin)])
def answer(
    request: Request,
    runtime: RuntimeDep,
    person: TrainerDep,
    slug: str,
    review: Number,
    outcome: Annotated[Answer, Form()],
    reason: Annotated[str, Form(min_length=3, max_length=1000)],
) -> Response:
    """The second person's decision on an appeal."""
    project, desk = place_of(runtime, person, slug)
    try:
        after = reviewing.answer(runtime, project, desk, review, outcome, reason.strip())
    except PrelabelError as error:
        return _said(request, project, desk, _again(runtime, project, desk, review, error, {"reason": reason}))
    return _done(request, project, desk, after)


@router.post("/{slug}/review/{review}/give-back", dependencies=[Depends(same_origin)])
def give_back(
    request: Request,
    runtime: RuntimeDep,
    person: TrainerDep,
    slug: str,
    review: Number,
    reason: Annotated[str, Form(min_length=3, max_length=500)],
) -> Response:
    project, desk = place_of(runtime, person, slug)
    try:
        reviewing.give_back(runtime, desk, review, reason)
    except PrelabelError as error:
        return _said(request, project, desk, _refused(error))
    return _said(request, project, desk, _over(gettext(BACK))) if wants_part(request) else _to(project, review)


@router.get("/{slug}/decisions")
def decisions(request: Request, runtime: RuntimeDep, person: SignedIn, slug: str) -> Response:
    """What was decided against the person's own labels, and what became of it."""
    if person is None:
        return RedirectResponse(form_at("/train", request), status_code=303)
    return _decisions(request, runtime, person, place_of(runtime, person, slug)[0])


@router.post("/{slug}/decisions/{review}/appeal", dependencies=[Depends(same_origin)])
def appeal(
    request: Request,
    runtime: RuntimeDep,
    person: TrainerDep,
    slug: str,
    review: Number,
    reason: Annotated[str, Form(min_length=3, max_length=1000)],
) -> Response:
    """The entry, as it stands after the appeal."""
    project, desk = place_of(runtime, person, slug)
    problem = ""
    try:
        reviewing.appeal(runtime, project, desk, review, reason.strip())
    except ReviewRefused as error:
        problem = retold(str(error))
    if not wants_part(request):
        if problem:
            return _decisions(request, runtime, person, project, at=review, problem=problem)
        return RedirectResponse(f"/train/{slug}/decisions#decision-{review}", status_code=303)
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


def _decisions(
    request: Request, runtime: Runtime, person: TrainerRow, project: ProjectRow, *, at: int = -1, problem: str = ""
) -> HTMLResponse:
    """All of them; ``problem``: what is wrong with an appeal against the one ``at``."""
    with runtime.store.read() as uow:
        rows = uow.reviews.of_author(project.id, person.user_id, limit=MOST_TOLD)
        entries = told(uow, project, rows, runtime.now())
    status = ReviewRefused.status if problem else 200
    more: dict[str, Any] = {"entries": entries, "at": at, "problem": problem, **WORDS}
    return page_of(request, "review/decisions.html", status=status, project=project, person=person, **more)


def _said(request: Request, project: ProjectRow, desk: DeskRow, part: Part) -> HTMLResponse:
    """The part for htmx; the whole page with it for a browser that has sent the form by itself."""
    if wants_part(request):
        return page_of(request, part.name, project=project, **part.values)
    return _whole(request, project, desk, part)


def _whole(request: Request, project: ProjectRow, desk: DeskRow, part: Part | None) -> HTMLResponse:
    shown: dict[str, Any] = {} if part is None else {"status": part.status, "part": part.name, **part.values}
    return page_of(request, "review/page.html", project=project, reviews=desk.reviews, **shown)


def _to(project: ProjectRow, review: int) -> Response:
    """Where a browser that has sent a form by itself finds what became of it."""
    return RedirectResponse(f"/train/{project.slug}/review?review={review}", status_code=303)


def _done(request: Request, project: ProjectRow, desk: DeskRow, after: ReviewRow) -> Response:
    if not wants_part(request):
        return _to(project, after.id)
    return _said(request, project, desk, _over(gettext(DONE[after.state])))


def _stands(runtime: Runtime, project: ProjectRow, desk: DeskRow, review: int) -> Part | None:
    """The review's card while it is with this person; then what they did with it. None: nothing, or it went on."""
    with runtime.store.read() as uow:
        row = uow.reviews.get(review)
        turns = [uow.reviews.turn_of(review, desk.trainer.id, appeal=appeal) for appeal in (True, False)]
    turn = next((one for one in turns if one is not None), None)
    if turn is None or row.project_id != project.id:
        return None
    if turn.state is WorkState.RELEASED:
        return _over(gettext(BACK))
    if turn.appeal is not (row.state in ON_APPEAL):
        return None
    if turn.state in OPEN:
        return _card(runtime, project, desk, row) if row.state in TO_DECIDE else None
    return _over(gettext(DONE[row.state])) if row.state in DONE else None


def _card(
    runtime: Runtime,
    project: ProjectRow,
    desk: DeskRow,
    row: ReviewRow,
    given: Mapping[str, str] = NOTHING_GIVEN,
    error: PrelabelError | None = None,
) -> Part:
    seen = shown(runtime, project, row, desk.trainer.id)
    left = max(0, round(seen.until - runtime.now()))
    name = "review/appeal.html" if seen.appeal else "review/card.html"
    problem, status = ("", 200) if error is None else (retold(str(error)), error.status)
    return Part(name, {"review": seen, "left_s": left, "problem": problem, "given": given, **WORDS}, status)


def _again(
    runtime: Runtime,
    project: ProjectRow,
    desk: DeskRow,
    review: int,
    error: PrelabelError,
    given: Mapping[str, str],
) -> Part:
    """The card once more, with what is missing, while the review is with this person; else that it is not."""
    with runtime.store.read() as uow:
        row = uow.reviews.get(review)
        turn = uow.reviews.turn_of(review, desk.trainer.id, appeal=row.state is ReviewState.APPEALED)
    mine = turn is not None and turn.state in OPEN
    if not mine or row.project_id != project.id or row.state not in TO_DECIDE:
        return _refused(error)
    return _card(runtime, project, desk, row, given, error)


def _over(text: str) -> Part:
    return Part("review/over.html", {"text": text, "problem": False})


def _refused(error: PrelabelError) -> Part:
    return Part("review/over.html", {"text": retold(str(error)), "problem": True}, error.status)


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
