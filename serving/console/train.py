"""``/train``: the item that a trainer is to do now, why it came to them, and how long they have."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from models.errors import AuthenticationError, PlatformError
from models.fair_queue import Kind
from serving.api.audit import refused
from serving.api.dependencies import Number, RuntimeDep
from serving.console.attempts import Attempts
from serving.console.going import AfterForm, AfterQuery, own_path, wants_part
from serving.console.pages import Part, page_of, place_of
from serving.console.proxy import client_of
from serving.console.reasons import sentences
from serving.console.session import TRAINER, SignedIn, TrainerDep, restart, same_origin
from serving.language import N_, gettext
from serving.pipeline.runtime import Runtime
from serving.retold import retold
from serving.store.people_records import DeskRow, Nothing, TrainerRow, WorkRow, WorkState
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
def page(
    request: Request,
    runtime: RuntimeDep,
    person: SignedIn,
    after: AfterQuery = "",
    lease: Annotated[int | None, Query(ge=0, lt=2**63)] = None,
) -> HTMLResponse:
    """The sign-in form, or the person's projects; in one of them a lease: its card, or what became of it."""
    if person is None:
        return _form(request, runtime, after)
    if lease is None:
        return _desk(request, runtime, person)
    project, desk, work = _mine(runtime, person, None, lease)
    if work.state is not WorkState.HELD:
        part = _gone(runtime, project, work)
    elif work.until > runtime.now():
        part = _next(runtime, project, desk)
    else:
        part = _gone(runtime, project, replace(work, state=WorkState.EXPIRED))
    return _desk(request, runtime, person, project.slug, part)


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
def next_item(request: Request, runtime: RuntimeDep, person: TrainerDep, slug: str) -> Response:
    """The card of what the person holds, or gets now; or of why there is nothing."""
    project, desk = place_of(runtime, person, slug)
    part = _next(runtime, project, desk)
    if wants_part(request):
        return page_of(request, part.name, project=project, **part.values)
    if "work" in part.values:
        return _to(project, part.values["work"])
    return _desk(request, runtime, person, slug, part)


@router.post("/{slug}/leases/{lease}/beat", dependencies=[Depends(same_origin)])
def beat(request: Request, runtime: RuntimeDep, person: TrainerDep, slug: str, lease: Number) -> HTMLResponse:
    """The page is open; the time that is left, or what became of the item, in place of the card."""
    project, _, work = _mine(runtime, person, slug, lease)
    with runtime.store.begin() as uow:
        held = uow.work.beat(work.id, runtime.now())
    if not held:
        return _over(request, runtime, project, work)
    return page_of(request, "train/time.html", project=project, work=work, left_s=_left(runtime, work), beat_s=BEAT_S)


@router.post("/{slug}/leases/{lease}/extend", dependencies=[Depends(same_origin)])
def more_time(request: Request, runtime: RuntimeDep, person: TrainerDep, slug: str, lease: Number) -> Response:
    """The button goes; the countdown follows at the next beat."""
    project, _, work = _mine(runtime, person, slug, lease)
    extend(runtime, work)
    return Response(status_code=200) if wants_part(request) else _to(project, work)


@router.post("/{slug}/leases/{lease}/give-back", dependencies=[Depends(same_origin)])
def give_back(
    request: Request,
    runtime: RuntimeDep,
    person: TrainerDep,
    slug: str,
    lease: Number,
    reason: Annotated[str, Form(min_length=3, max_length=500)],
) -> Response:
    project, _, work = _mine(runtime, person, slug, lease)
    let_go(runtime, project, person, work, reason)
    if not wants_part(request):
        return _to(project, work)
    return _over(request, runtime, project, _mine(runtime, person, slug, lease)[2])


def _mine(runtime: Runtime, person: TrainerRow, slug: str | None, lease: int) -> tuple[ProjectRow, DeskRow, WorkRow]:
    """The person's own lease; other people's do not exist for them. ``slug``: where it is to be; None: anywhere."""
    places = projects_of(runtime, person) if slug is None else [place_of(runtime, person, slug)]
    with runtime.store.read() as uow:
        work = uow.work.get(lease)
    project, desk = next((pair for pair in places if pair[0].id == work.project_id), (None, None))
    if work.trainer_id != person.id or project is None or desk is None:
        raise HTTPException(status_code=404, detail=N_("you hold no such item"))
    return project, desk, work


def _to(project: ProjectRow, work: WorkRow) -> Response:
    """Where a browser that has sent a form by itself finds what became of it."""
    return RedirectResponse(f"/train?lease={work.id}#place-{project.slug}", status_code=303)


def _desk(
    request: Request, runtime: Runtime, person: TrainerRow, slug: str = "", part: Part | None = None
) -> HTMLResponse:
    """The person's projects; in the place of ``slug`` there is ``part``."""
    shown: dict[str, Any] = {} if part is None else {"at": slug, "part": part.name, **part.values}
    return page_of(request, "train/desk.html", person=person, places=projects_of(runtime, person), **shown)


def _next(runtime: Runtime, project: ProjectRow, desk: DeskRow) -> Part:
    """What the person holds, or gets now; or why there is nothing."""
    try:
        found = take(runtime, project, desk)
    except PlatformError as error:
        return Part("train/nothing.html", {"text": retold(str(error)), "again_s": ASK_AGAIN_S})
    if found is Nothing.PAUSED:
        return _paused(runtime, desk.trainer, project.slug)
    if isinstance(found, Nothing):
        again = None if found is Nothing.CAP else ASK_AGAIN_S
        return Part("train/nothing.html", {"text": gettext(NOTHING[found]), "again_s": again})
    work, url = found
    left_s = _left(runtime, work)
    values = {"work": work, "url": url, "why": sentences(work.why), "left_s": left_s, "beat_s": BEAT_S}
    return Part("train/card.html", values)


def _left(runtime: Runtime, work: WorkRow) -> int:
    return max(0, round(work.until - runtime.now()))


def _over(request: Request, runtime: Runtime, project: ProjectRow, work: WorkRow) -> HTMLResponse:
    part = _gone(runtime, project, work)
    answer = page_of(request, part.name, project=project, **part.values)
    answer.headers["HX-Retarget"], answer.headers["HX-Reswap"] = f"#place-{project.slug}", "innerHTML"
    return answer


def _gone(runtime: Runtime, project: ProjectRow, work: WorkRow) -> Part:
    """What became of a lease that is over."""
    values = _told(runtime, project, work) if work.kind is Kind.QUALIFICATION else {}
    return Part("train/over.html", {"text": gettext(OVER[work.state]) if work.state in OVER else "", **values})


def _told(runtime: Runtime, project: ProjectRow, work: WorkRow) -> dict[str, Any]:
    """Of an item of a qualification: whether it was right, and at the end the level."""
    with runtime.store.read() as uow:
        attempt = uow.qualifications.get(work.why["qualification"])
        task = uow.items.get(work.item_id).task_id
        found = feedback.of_person(uow, project, work.trainer_id, qualification=attempt.id)
    return {"one": next((one for one in found if one.task == task), None), "attempt": attempt}


def _paused(runtime: Runtime, person: TrainerRow, slug: str) -> Part:
    _, desk = place_of(runtime, person, slug)  # as it is now
    assert desk.pause is not None
    since = datetime.fromtimestamp(desk.pause.at, UTC).strftime("%Y-%m-%d %H:%M UTC")
    return Part("train/paused.html", {"pause": desk.pause, "since": since})


def _form(request: Request, runtime: Runtime, after: str, problem: str = "", status: int = 401) -> HTMLResponse:
    with runtime.store.read() as uow:
        urls = platform_urls(uow.projects.list())
    status, after = status if problem else 200, own_path(after, "/train")
    return page_of(request, "train/sign_in.html", status=status, urls=urls, problem=problem, after=after)
