"""``/connect/project``: which project, which model fills which control, and what it would say of the first tasks."""

from __future__ import annotations

from typing import Annotated, Any, Final, get_args

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from connectors.base import RemoteProject
from connectors.label_studio.label_config import parse
from models.errors import ConfigurationError, ModelError, PlatformError, PrelabelError
from models.registry import assign
from models.specs import EncoderName, HeadSpec, ModelSpec, TransformersSpec, learns
from models.types import LabelConfig
from serving.api.dependencies import RuntimeDep
from serving.console.connect import (
    DraftDep,
    connected_at,
    draft_id,
    elsewhere,
    keep,
    overtaken,
    sent_back,
    step_page,
)
from serving.console.going import wants_part
from serving.console.pages import page_of
from serving.console.session import same_origin
from serving.console.staff import OperatorDep
from serving.language import N_, gettext
from serving.pipeline.runtime import Runtime
from serving.projects import connect as connecting
from serving.projects import drafts
from serving.projects.connect import Seen
from serving.projects.drafts import Draft
from serving.projects.mapping import mapping
from serving.projects.reaching import Problem, account_of, problem_of
from serving.retold import retold

MOST_LISTED: Final = 200
"""Projects on the page; the others are found by their name."""
KINDS: Final = {
    "head": N_("a small model that learns from this project's labels"),
    "tagger": N_("a tagger that learns from this project's labels"),
    "preference": N_("a judge of answers that learns from this project's judgements"),
    "transformers": N_("a ready text classifier"),
    "tokens": N_("a ready token classifier"),
    "zero-shot": N_("nearness of a text to the labels' descriptions"),
    "ocr": N_("a reader of printed lines, Chinese and English"),
    "detector": N_("a ready detector of boxes"),
    "classifier": N_("a ready picture classifier"),
    "speech": N_("a detector of speech"),
    "pipeline": N_("a ready transformers pipeline"),
    "reward": N_("a ready reward model"),
    "judge": N_("a language model that is asked"),
}
ENCODERS: Final = {
    "ngram": N_("n-grams: any language, no download"),
    "minilm": N_("MiniLM: English sentences, a small network"),
    "pixels": N_("pixels: small pictures"),
}

router = APIRouter(prefix="/connect", tags=["console"], include_in_schema=False)
Word = Annotated[str, Form(max_length=500)]
Number: Final = Form(ge=0, lt=2**63)
LOOKED_AT: Final = ("url", "token", "project", "encoder", "classifier")
"""What a look at a project depends on, beside its name."""
FOUND: Final = ("title", "slug", "tasks", "by_account", "learns", "mapped")
"""What comes of it."""


@router.get("/project", response_model=None)
def choose(request: Request, role: OperatorDep, draft: DraftDep, runtime: RuntimeDep) -> Response:
    """The projects of the account, with their tasks, and what is known of the chosen one."""
    if draft.project is not None:
        draft = keep(request, runtime, project_mark=drafts.new_mark())
    if (before := sent_back(request, draft, 2)) is not None:
        return before
    values: dict[str, Any] = _listed(runtime, draft, "")
    if draft.project is not None:
        values |= _mapped(request, runtime, draft)
        draft = values.pop("draft")
    return step_page(request, role, draft, "project", 2, **values)


@router.get("/projects")
def find(request: Request, role: OperatorDep, draft: DraftDep, runtime: RuntimeDep, name: str = "") -> HTMLResponse:
    """The projects whose title has this in it."""
    return page_of(request, "connect/projects.html", draft=_shown(draft), **_listed(runtime, draft, name[:200]))


@router.post("/project", dependencies=[Depends(same_origin)], response_model=None)
def pick(request: Request, role: OperatorDep, runtime: RuntimeDep, project: Annotated[int, Number]) -> Response:
    """Another project: its label config is read, and a model proposed."""
    draft = keep(
        request, runtime, project=project, title="", slug="", tasks=None, by_account=0, encoder=None, classifier="",
        mapped=False, project_mark=drafts.new_mark(),
    )  # fmt: skip
    if (before := sent_back(request, draft, 2)) is not None:
        return before
    values = _mapped(request, runtime, draft)
    if not wants_part(request):
        return RedirectResponse("/connect/project", status_code=303)
    return page_of(request, "connect/chosen.html", role=role, **values)


@router.post("/model", dependencies=[Depends(same_origin)], response_model=None)
def model(
    request: Request,
    role: OperatorDep,
    draft: DraftDep,
    runtime: RuntimeDep,
    project: Annotated[int | None, Number] = None,
    slug: Word = "",
    encoder: Word = "",
    classifier: Word = "",
    onward: Annotated[bool, Form()] = False,
) -> Response:
    """Another model or name for the chosen project; ``onward``: and then the next step, if they will do.

    ``project`` is the one that the page is about; another may have been chosen since.
    """
    about = draft.project if project is None else project
    known = encoder if encoder in get_args(EncoderName) else None
    named = classifier.strip() if encoder == "classifier" else ""
    typed = {"slug": slug.strip(), "encoder": known, "classifier": named}
    draft = keep(request, runtime, about=about, **typed, project_mark=drafts.new_mark())
    if (before := sent_back(request, draft, 2)) is not None:
        return before
    if draft.project is None:
        return elsewhere(request, "/connect/project")
    part = wants_part(request)
    if draft.project != about:
        if not part:
            return RedirectResponse("/connect/project", status_code=303)
        values = _told_nothing() | {"trouble": overtaken(), "draft": _shown(draft, mapped=False), "own": ""}
        return page_of(request, "connect/mapping.html", role=role, **values)
    values = _mapped(request, runtime, draft)
    if onward and values["draft"].mapped:
        there = "/connect/budget"
        return Response(headers={"HX-Redirect": there}) if part else RedirectResponse(there, status_code=303)
    if not part:
        return RedirectResponse("/connect/project", status_code=303)
    values["wants_name"] = encoder == "classifier" and not named
    return page_of(request, "connect/mapping.html", role=role, **values)


def _listed(runtime: Runtime, draft: Draft, name: str) -> dict[str, Any]:
    """Newest first."""
    try:
        account = account_of(draft.url, draft.token)
    except Problem as problem:
        return {"projects": [], "more": 0, "connected": {}, "problem": problem, "many": False}
    found: list[RemoteProject] = [one for one in account.projects[::-1] if name.lower() in one.title.lower()]
    return {
        "projects": found[:MOST_LISTED],
        "more": max(0, len(found) - MOST_LISTED),
        "connected": connected_at(runtime, draft.url),
        "problem": None,
        "many": len(account.projects) > 10,
    }


def _mapped(request: Request, runtime: Runtime, draft: Draft) -> dict[str, Any]:
    """What the label config and the model make of each other; whether it can be connected is kept.

    It is not where a later look has begun, and not told where that is at something else.
    """
    values, begun = _told_nothing(), draft
    try:
        seen = connecting.look(runtime, draft.wish())
        seen.platform.close()
        draft = _named(draft, seen.remote).model_copy(
            update={"by_account": seen.by_account, "learns": learns(seen.spec)}
        )
        values |= _told(seen)
        _free(runtime, draft)
        draft = draft.model_copy(update={"mapped": True})
    except Problem as problem:
        values["trouble"] = problem
    except PrelabelError as error:
        values["trouble"] = trouble_of(error, draft.url)
    if values["trouble"] is not None:
        draft = _unmapped(runtime, draft, values)
    newest = _kept(request, runtime, draft)
    if newest.project_mark == begun.project_mark:
        draft = newest
    elif _moved(newest, begun, draft):
        values |= {"trouble": overtaken(), "rows": [], "notes": []}
        draft = draft.model_copy(update={"mapped": False})
    own = connecting.not_counting(draft.by_account, draft.email)
    return values | {"draft": _shown(draft), "own": own}


def _kept(request: Request, runtime: Runtime, looked: Draft) -> Draft:
    """The newest draft, with what this look has found if it is still the last."""
    found = {name: getattr(looked, name) for name in FOUND}

    def with_it(newest: Draft) -> Draft | None:
        return newest.model_copy(update=found) if newest.project_mark == looked.project_mark else None

    return drafts.change(runtime, draft_id(request), with_it)


def _moved(newest: Draft, begun: Draft, looked: Draft) -> bool:
    """Whether the later look is at something else."""
    same = all(getattr(newest, name) == getattr(begun, name) for name in LOOKED_AT)
    return not same or newest.slug not in (begun.slug, looked.slug)


def _told_nothing() -> dict[str, Any]:
    return {
        "chosen": True, "trouble": None, "rows": [], "notes": [], "offers": [], "wants_name": False,
        "encoders": ENCODERS,
    }  # fmt: skip


def _named(draft: Draft, remote: RemoteProject) -> Draft:
    """With the project's title, and a name made of it where none was typed."""
    slug = draft.slug or connecting.slug_of(remote.title, remote.id)
    return draft.model_copy(update={"title": remote.title, "slug": slug, "tasks": remote.task_count})


def _unmapped(runtime: Runtime, draft: Draft, values: dict[str, Any]) -> Draft:
    """It cannot be connected so; title, name and what else could fill it are shown where Label Studio says them."""
    if not values["rows"]:
        try:
            remote = connecting.remote_project(runtime, draft.wish())
            draft = _named(draft, remote)
            values["offers"] = offers(_everything(parse(remote.label_config)))
        except PrelabelError:  # what hinders is told already
            pass
    return draft.model_copy(update={"mapped": False})


def _told(seen: Seen) -> dict[str, Any]:
    rows = [
        row | {"kind": KINDS[row["model"]["kind"]] if row["model"] else None} for row in mapping(seen.spec, seen.config)
    ]
    return {
        "rows": rows,
        "notes": connecting.notes(seen.config, seen.remote.show_suggestions, seen.unmatched),
        "offers": offers(_everything(seen.config)),
    }


def _everything(config: LabelConfig) -> LabelConfig:
    """With what is left to people among what could be filled."""
    return config.model_copy(update={"controls": config.controls + config.by_people})


def offers(config: LabelConfig) -> list[str]:
    """What else could fill it, of what the command line offers: encoders of a head, or a classifier by its name."""
    heads: list[tuple[str, ModelSpec]] = [(name, HeadSpec(encoder=name)) for name in get_args(EncoderName)]
    return [name for name, spec in [*heads, ("classifier", TransformersSpec(source="-"))] if _fits(spec, config)]


def _fits(spec: ModelSpec, config: LabelConfig) -> bool:
    try:
        return bool(assign(spec, config.model_copy(update={"by_people": ()})).controls)
    except ConfigurationError:
        return False


def _free(runtime: Runtime, draft: Draft) -> None:
    """Raises Problem: the name or the project is taken, or the name cannot stand in an address."""
    try:
        connecting.check(draft.wish(), draft.slug)
    except ConfigurationError as error:
        text = gettext("The name has to begin with a small letter; then small letters, digits and hyphens, 63 at most.")
        raise Problem("slug", text, str(error)) from None
    with runtime.store.read() as uow:
        rows = uow.projects.list()
    for row in rows:
        if (row.platform_url, row.platform_project) == (draft.url, draft.project):
            raise Problem("project", gettext("It is connected already, as {name}.", name=row.slug))
        if row.slug == draft.slug:
            raise Problem("slug", gettext("The name {name} is taken: choose another.", name=row.slug))


def trouble_of(error: PrelabelError, url: str) -> Problem:
    """What hinders, with the setting to change."""
    said = str(error)
    if isinstance(error, PlatformError):
        found = problem_of(error, url)
        if "cannot open project" in said:
            text = gettext("The account may not open this project: make it a member of the project in Label Studio.")
            return Problem("project", text, said)
        return found
    if isinstance(error, ModelError):
        return Problem("model", gettext("The model cannot be had: check its name, or choose another."), said)
    if "no control that Prelabel can predict" in said:
        text = gettext(
            "The labeling interface has nothing that a model can fill: change it in Label Studio under Settings > "
            "Labeling Interface."
        )
        return Problem("project", text, said)
    if "no model is proposed" in said:
        text = gettext(
            "No model is proposed for this labeling interface: name one in a project file and use prelabel connect "
            "--file, or change the interface in Label Studio under Settings > Labeling Interface."
        )
        return Problem("model", text, said)
    if isinstance(error, ConfigurationError):
        text = gettext("Model and labeling interface do not fit: choose another model, or change the interface.")
        return Problem("model", text, said)
    return Problem("model", retold(said))


def _shown(draft: Draft, **but: Any) -> Draft:
    return draft.model_copy(update={"token": "", **but})
