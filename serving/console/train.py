"""``/train``: the item that a trainer is to do now, why it came to them, and how long they have."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from models.errors import AuthenticationError, PlatformError
from models.fair_queue import Kind
from serving.api.audit import refused
from serving.api.dependencies import Number, RuntimeDep
from serving.console.attempts import Attempts
from serving.console.going import AfterForm, AfterQuery, own_path
from serving.console.pages import page_of, place_of
from serving.console.proxy import client_of
from serving.console.reasons import sentences
from serving.console.session import TRAINER, SignedIn, TrainerDep, restart, same_origin
from serving.language import N_, gettext
from serving.pipeline.runtime import Runtime
from serving.retold import retold
from serving.store.people_records import Nothing, TrainerRow, WorkRow, WorkState
from serving.store.records import ProjectRow
from serving.workforce import feedback
from serving.workforce.desk import let_go, platform_urls, projects_of, sign_in, take
from serving.workforce.hand_out import extend

ASK_AGAIN_S = 5
"""How often a page that has got nothing asks again."""
BEAT_S = 10
"""How often a page with an item says that it is open, and looks whether the item is done."""
NOTHING = {
    Nothing.EMPTY: N_("There is nothing for you now. This page asks again by itself."),
    Nothing.OTHERS_FIRST: N_(
        "What is there goes to people who were offered less so far. This page asks again by itself."
    ),
    Nothing.CAP: N_("You have done as many items as your operator allows a day."),
}
OVER = {
    WorkState.DONE: N_("Done: your label has arrived."),
    WorkState.LATE: N_("Done: your label has arrived. It counts, though the time was over."),
    WorkState.SKIPPED: N_("You skipped this one."),
    WorkState.RELEASED: N_("You gave this one back."),
    WorkState.EXPIRED: N_("The time was over, and somebody else may get the item. Handed in all the same, it counts."),
}

router = APIRouter(prefix="/train", tags=["train"], include_in_schema=False)
_failures = Attempts()


@router.get("")
def page(request: Request, runtime: RuntimeDep, person: SignedIn, after: AfterQuery = "") -> HTMLResponse:
    """The sign-in form, or the person's projects."""
    if person is None:
        return _form(request, runtime, after)
    return page_of(request, "train/desk.html", person=person, places=projects_of(runtime, person))


@router.post("/sign-in", dependencies=[Depends(same_origin)])
def enter(
    request: Request,
    runtime: RuntimeDep,
    token: Annotated[str, Form(max_length=4096)],
    url: Annotated[str, Form()],
    after: AfterForm = "",
) -> Response:
    with runtime.store.read() as uow:
        known = platform_urls(uow.projects.list())
    if url not in known:
        raise HTTPException(status_code=422, detail=N_("choose one of the Label Studios of the list"))
    now, address = runtime.now(), client_of(request)
    if _failures.too_many(address, now):
        return _form(request, runtime, after, problem=gettext("Too many wrong tokens. Wait a minute."), status=429)
    try:
        person = sign_in(runtime, url, token.strip())
    except (AuthenticationError, PlatformError) as error:
        if isinstance(error, AuthenticationError):
            _failures.wrong(address, now)
        return _form(request, runtime, after, problem=retold(str(error)))
    restart(request)
    request.session[TRAINER] = person.id
    return RedirectResponse(own_path(after, "/train"), status_code=303)


@router.post("/sign-out", dependencies=[Depends(same_origin)])
def leave(request: Request, runtime: RuntimeDep, person: SignedIn) -> Response:
    """The token is forgotten, too."""
    if person is not None:
        with runtime.store.begin() as uow:
            uow.people.keep_token(person.id, None)
    else:
        refused(request.scope)
    restart(request)
    return RedirectResponse("/train", status_code=303)


@router.post("/{slug}/next", dependencies=[Depends(same_origin)])
def next_item(request: Request, runtime: RuntimeDep, person: TrainerDep, slug: str) -> HTMLResponse:
    """The card of what the person holds, or gets now; or of why there is nothing."""
    project, desk = place_of(runtime, person, slug)
    try:
        found = take(runtime, project, desk)
    except PlatformError as error:
        return page_of(request, "train/nothing.html", project=project, text=retold(str(error)), again_s=ASK_AGAIN_S)
    if found is Nothing.PAUSED:
        return _paused(request, runtime, person, slug)
    if isinstance(found, Nothing):
        again = None if found is Nothing.CAP else ASK_AGAIN_S
        return page_of(request, "train/nothing.html", project=project, text=gettext(NOTHING[found]), again_s=again)
    work, url = found
    return page_of(
        request,
        "train/card.html",
        project=project,
        work=work,
        url=url,
        why=sentences(work.why),
        left_s=_left(runtime, work),
        beat_s=BEAT_S,
    )


@router.post("/{slug}/leases/{lease}/beat", dependencies=[Depends(same_origin)])
def beat(request: Request, runtime: RuntimeDep, person: TrainerDep, slug: str, lease: Number) -> HTMLResponse:
    """The page is open; the time that is left, or what became of the item, in place of the card."""
    project, work = _mine(runtime, person, slug, lease)
    with runtime.store.begin() as uow:
        held = uow.work.beat(work.id, runtime.now())
    if not held:
        return _over(request, runtime, project, work)
    return page_of(request, "train/time.html", project=project, work=work, left_s=_left(runtime, work), beat_s=BEAT_S)


@router.post("/{slug}/leases/{lease}/extend", dependencies=[Depends(same_origin)])
def more_time(runtime: RuntimeDep, person: TrainerDep, slug: str, lease: Number) -> Response:
    """The button goes; the countdown follows at the next beat."""
    _, work = _mine(runtime, person, slug, lease)
    extend(runtime, work)
    return Response(status_code=200)


@router.post("/{slug}/leases/{lease}/give-back", dependencies=[Depends(same_origin)])
def give_back(
    request: Request,
    runtime: RuntimeDep,
    person: TrainerDep,
    slug: str,
    lease: Number,
    reason: Annotated[str, Form(min_length=3, max_length=500)],
) -> HTMLResponse:
    project, work = _mine(runtime, person, slug, lease)
    let_go(runtime, project, person, work, reason)
    return _over(request, runtime, project, _mine(runtime, person, slug, lease)[1])


def _mine(runtime: Runtime, person: TrainerRow, slug: str, lease: int) -> tuple[ProjectRow, WorkRow]:
    """The person's own lease; other people's do not exist for them."""
    project, _ = place_of(runtime, person, slug)
    with runtime.store.read() as uow:
        work = uow.work.get(lease)
    if work.trainer_id != person.id or work.project_id != project.id:
        raise HTTPException(status_code=404, detail=N_("you hold no such item"))
    return project, work


def _left(runtime: Runtime, work: WorkRow) -> int:
    return max(0, round(work.until - runtime.now()))


def _over(request: Request, runtime: Runtime, project: ProjectRow, work: WorkRow) -> HTMLResponse:
    values = _told(runtime, project, work) if work.kind is Kind.QUALIFICATION else {}
    answer = page_of(
        request,
        "train/over.html",
        project=project,
        text=gettext(OVER[work.state]) if work.state in OVER else "",
        **values,
    )
    answer.headers["HX-Retarget"], answer.headers["HX-Reswap"] = f"#place-{project.slug}", "innerHTML"
    return answer


def _told(runtime: Runtime, project: ProjectRow, work: WorkRow) -> dict[str, Any]:
    """Of an item of a qualification: whether it was right, and at the end the level."""
    with runtime.store.read() as uow:
        attempt = uow.qualifications.get(work.why["qualification"])
        task = uow.items.get(work.item_id).task_id
        found = feedback.of_person(uow, project, work.trainer_id, qualification=attempt.id)
    return {"one": next((one for one in found if one.task == task), None), "attempt": attempt}


def _paused(request: Request, runtime: Runtime, person: TrainerRow, slug: str) -> HTMLResponse:
    project, desk = place_of(runtime, person, slug)
    assert desk.pause is not None
    since = datetime.fromtimestamp(desk.pause.at, UTC).strftime("%Y-%m-%d %H:%M UTC")
    return page_of(request, "train/paused.html", project=project, pause=desk.pause, since=since)


def _form(request: Request, runtime: Runtime, after: str, problem: str = "", status: int = 401) -> HTMLResponse:
    with runtime.store.read() as uow:
        urls = platform_urls(uow.projects.list())
    status, after = status if problem else 200, own_path(after, "/train")
    return page_of(request, "train/sign_in.html", status=status, urls=urls, problem=problem, after=after)
