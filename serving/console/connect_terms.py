"""``/connect/budget`` and ``/connect/costs``: how wrong accepted labels may be, and what work costs."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from models.errors import ConfigurationError
from serving.api.dependencies import RuntimeDep
from serving.console.connect import DraftDep, keep, sent_back, step_page
from serving.console.costs import NAMES, Typed, given, typed_costs, typed_of
from serving.console.going import wants_part
from serving.console.pages import page_of
from serving.console.session import same_origin
from serving.console.staff import OperatorDep
from serving.language import gettext
from serving.projects import connect as connecting
from serving.projects import targets
from serving.projects.connect import Wish
from serving.projects.costs import in_words
from serving.projects.drafts import Draft
from serving.projects.promise import OF, promise
from serving.projects.reaching import Problem

PERCENT: Final = ("validation_fraction", "audit_rate", "control_rate", "review_rate")
"""Shares, which the page has in percent."""
ANY: Final = "any"
"""Name of a project, where it does not matter."""
COUNTS: Final = ("train_target", "validation_target", "validation_people", "overlap_people")

router = APIRouter(prefix="/connect", tags=["console"], include_in_schema=False)
Shares = Annotated[float, Form(ge=0.0, le=100.0)]
Count = Annotated[int, Form(ge=1, le=10**6)]
People = Annotated[int, Form(ge=1, le=5)]


@router.get("/budget", response_model=None)
def budget(request: Request, role: OperatorDep, draft: DraftDep) -> Response:
    if (elsewhere := sent_back(request, draft, 3)) is not None:
        return elsewhere
    return step_page(request, role, draft, "budget", 3, **_promised(draft), problem=None)


@router.post("/budget", dependencies=[Depends(same_origin)], response_model=None)
def change_budget(
    request: Request,
    role: OperatorDep,
    draft: DraftDep,
    runtime: RuntimeDep,
    wrong: Annotated[float, Form(gt=0.0, lt=OF)],
    sure: Annotated[float, Form(gt=0.0, lt=100.0)],
    train_target: Count = 200,
    validation_target: Count = 200,
    validation_fraction: Shares = 25.0,
    audit_rate: Shares = 5.0,
    validation_people: People = 1,
    overlap_people: People = 1,
    control_rate: Shares = 2.0,
    review_rate: Shares = 0.0,
    tabs: bool = False,
) -> Response:
    """Numbers as they are moved, held to what a project file is held to; kept where they will do."""
    shares = (validation_fraction, audit_rate, control_rate, review_rate)
    counts = (train_target, validation_target, validation_people, overlap_people)
    numbers: dict[str, float | int | bool] = {"epsilon": round(wrong / OF, 8), "delta": round(1.0 - sure / 100.0, 8)}
    numbers |= {name: round(share / 100.0, 8) for name, share in zip(PERCENT, shares, strict=True)}
    numbers |= dict(zip(COUNTS, counts, strict=True)) | {"tabs": tabs}
    problem = _out_of_range(numbers)
    if problem is None:
        draft = keep(request, runtime, numbers=numbers)
    if (elsewhere := sent_back(request, draft, 3)) is not None:
        return elsewhere
    if not wants_part(request):
        if problem is None:
            return RedirectResponse("/connect/costs", status_code=303)
        return step_page(request, role, draft, "budget", 3, status=422, **_promised(draft), problem=problem)
    values = _promised(draft) if problem is None else {}
    return page_of(request, "connect/promise.html", problem=problem, **values)


@router.get("/costs", response_model=None)
def costs(request: Request, role: OperatorDep, draft: DraftDep) -> Response:
    if (elsewhere := sent_back(request, draft, 4)) is not None:
        return elsewhere
    typed = typed_of(draft.costs)
    return step_page(request, role, draft, "costs", 4, typed=typed, words=in_words(draft.costs), problem=None)


@router.post("/costs", dependencies=[Depends(same_origin)], response_model=None)
def change_costs(
    request: Request,
    role: OperatorDep,
    draft: DraftDep,
    runtime: RuntimeDep,
    person_hour: Typed = "",
    compute_hour: Typed = "",
    currency: Typed = "EUR",
    item_seconds: Typed = "",
) -> Response:
    """Costs as they are typed; all may stay empty."""
    typed = dict(zip(NAMES, (person_hour, compute_hour, currency, item_seconds), strict=True))
    problem = None
    try:
        filled = given(typed)
        known = typed_costs(filled)
        kept = known if set(filled) - {"currency"} else None
        draft = keep(request, runtime, costs=kept)
    except Problem as found:
        problem = found
    if (elsewhere := sent_back(request, draft, 4)) is not None:
        return elsewhere
    words = in_words(draft.costs) if problem is None else ""
    if wants_part(request):
        return page_of(request, "connect/costs_said.html", problem=problem, words=words)
    if problem is None:
        return RedirectResponse("/connect/go", status_code=303)
    return step_page(request, role, draft, "costs", 4, status=422, typed=typed, words=words, problem=problem)


def _out_of_range(numbers: dict[str, float | int | bool]) -> Problem | None:
    """Whatever project they are of."""
    try:
        connecting.check(Wish("", "", 0, **numbers), ANY)  # type: ignore[arg-type]
    except ConfigurationError as error:
        return Problem("numbers", gettext("One of the numbers is out of its range: see below which."), str(error))
    return None


def terms(draft: Draft) -> dict[str, Any]:
    """All numbers of the project to be, the defaults among them."""
    wish = draft.wish()
    return {name: getattr(wish, name) for name in connecting.NUMBERS}


def scarce(draft: Draft) -> str:
    """What the numbers ask for that the tasks cannot give; '' where nothing is lacking, or the tasks are not known."""
    if draft.tasks is None:
        return ""
    known = terms(draft)
    numbers = {name: known[name] for name in ("train_target", "validation_target", "validation_fraction")}
    return targets.in_words(targets.shortage(draft.tasks, learns=draft.learns, **numbers))


def _promised(draft: Draft) -> dict[str, Any]:
    known = terms(draft)
    found = promise(epsilon=known["epsilon"], delta=known["delta"], validation_target=known["validation_target"])
    percent = {name: f"{100.0 * known[name]:g}" for name in PERCENT}
    return {"terms": known | percent, "promise": found, "of": OF, "scarce": scarce(draft)}
