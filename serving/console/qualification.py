"""``/train/{slug}/qualifications`` and ``/train/{slug}/answers``: what a person may show, and was told of.

A qualification's items come like any other, on the person's page; here it is begun and given up. Every answer to a gold
item is told here, right or wrong, and may be disputed.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from models.errors import ConflictError
from models.skills import FieldOfWork
from serving.api.dependencies import Number, RuntimeDep
from serving.console.going import wants_part
from serving.console.pages import page_of, place_of
from serving.console.session import TrainerDep, same_origin
from serving.language import gettext
from serving.pipeline.runtime import Runtime
from serving.retold import retold
from serving.store.people_records import TrainerRow
from serving.workforce import feedback, gold, qualification

router = APIRouter(prefix="/train/{slug}", tags=["train"], include_in_schema=False)
Words = Annotated[str, Form(max_length=64)]


@router.get("/qualifications")
def qualifications(request: Request, runtime: RuntimeDep, person: TrainerDep, slug: str) -> HTMLResponse:
    """What may be tried, what is under way, and what came of earlier attempts."""
    return _qualifications(request, runtime, person, slug)


@router.post("/qualifications", dependencies=[Depends(same_origin)])
def start(
    request: Request,
    runtime: RuntimeDep,
    person: TrainerDep,
    slug: str,
    domain: Words = "",
    language: Words = "",
    task: Words = "",
) -> Response:
    """The person's next items are those of the set."""
    _, desk = place_of(runtime, person, slug)
    try:
        with runtime.store.begin() as uow:
            field = FieldOfWork(domain, language, task)
            qualification.start(uow, desk, field, runtime.settings, runtime.now())
    except ConflictError as error:
        return _qualifications(request, runtime, person, slug, problem=retold(str(error)))
    return RedirectResponse("/train", status_code=303)


@router.post("/qualifications/give-up", dependencies=[Depends(same_origin)])
def give_up(runtime: RuntimeDep, person: TrainerDep, slug: str) -> Response:
    """The one that is under way gives no level; its answers stay."""
    project, _ = place_of(runtime, person, slug)
    with runtime.store.begin() as uow:
        one = uow.qualifications.under_way(project.id, person.id)
        if one is not None:
            qualification.give_up(uow, one, runtime.now())
    return RedirectResponse(f"/train/{slug}/qualifications", status_code=303)


@router.get("/answers")
def answers(request: Request, runtime: RuntimeDep, person: TrainerDep, slug: str) -> HTMLResponse:
    """Answers to items whose answer is known, newest first."""
    return _answers(request, runtime, person, slug)


@router.post("/answers/{answer}/dispute", dependencies=[Depends(same_origin)])
def dispute(
    request: Request,
    runtime: RuntimeDep,
    person: TrainerDep,
    slug: str,
    answer: Number,
    reason: Annotated[str, Form(min_length=3, max_length=500)],
) -> Response:
    """The person says why the mark is wrong; the answer as it stands then, in place of the form."""
    project, _ = place_of(runtime, person, slug)
    with runtime.store.begin() as uow:
        mine = {one.mark.id: one for one in feedback.of_person(uow, project, person.id)}
        if answer not in mine:
            raise HTTPException(status_code=404, detail=gettext("you have given no such answer"))
        problem = ""
        try:
            gold.dispute(uow, mine[answer].mark, reason, runtime.now())
        except ConflictError as error:
            problem = retold(str(error))
        [found] = [one for one in feedback.of_person(uow, project, person.id) if one.mark.id == answer]
    if wants_part(request):
        return page_of(request, "train/answer.html", project=project, one=found, problem=problem)
    if problem:
        return _answers(request, runtime, person, slug, at=answer, problem=problem)
    return RedirectResponse(f"/train/{slug}/answers#answer-{answer}", status_code=303)


def _answers(
    request: Request, runtime: Runtime, person: TrainerRow, slug: str, at: int = -1, problem: str = ""
) -> HTMLResponse:
    """All of them; ``problem``: what is wrong with a dispute of the one ``at``."""
    project, _ = place_of(runtime, person, slug)
    with runtime.store.read() as uow:
        found = feedback.of_person(uow, project, person.id)
        known = uow.people.accuracies([person.id])
    accuracies = [(str(field), one, one.interval()) for (_, field), one in sorted(known.items(), key=str)]
    return page_of(
        request,
        "train/answers.html",
        status=409 if problem else 200,
        project=project,
        answers=found,
        accuracies=accuracies,
        at=at,
        problem=problem,
    )


def _qualifications(
    request: Request, runtime: Runtime, person: TrainerRow, slug: str, problem: str = ""
) -> HTMLResponse:
    project, desk = place_of(runtime, person, slug)
    with runtime.store.read() as uow:
        tried = [one for one in uow.qualifications.of_trainer(person.id) if one.project_id == project.id]
        attempts = [(one, qualification.progress(uow, one)) for one in reversed(tried)]
        fields = qualification.open_fields(uow, desk, runtime.settings)
    return page_of(
        request,
        "train/qualifications.html",
        status=409 if problem else 200,
        project=project,
        skills=desk.skills,
        under_way=next((pair for pair in attempts if pair[0].ended_at is None), None),
        attempts=[pair for pair in attempts if pair[0].ended_at is not None],
        fields=fields,
        fewest=qualification.FEWEST,
        size=runtime.settings.qualification_items,
        problem=problem,
    )
