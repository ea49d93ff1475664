"""What a model would say of the first tasks of a project that is not connected yet, drawn over them.

Before a model has learned anything nothing is predicted: the tasks are shown as they are, with how many labels are
there and how many it takes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import APIRouter, HTTPException, Path, Request
from fastapi.responses import Response

from connectors.label_studio.label_config import parse
from connectors.label_studio.results import decode
from models.errors import NotTrainableError, PrelabelError
from models.specs import learns
from models.types import Failure, Item, LabelConfig
from serving.api.dependencies import Number, RuntimeDep
from serving.composition import Platforms, media_of
from serving.console.connect import DraftDep, draft_id, sent_back
from serving.console.connect_project import trouble_of
from serving.console.drawing import Drawing, draw
from serving.console.media import file_of
from serving.console.pages import page_of
from serving.console.staff import OperatorDep
from serving.language import N_
from serving.pipeline.runtime import Runtime
from serving.projects import connect as connecting
from serving.projects import drafts
from serving.projects.connect import Seen
from serving.projects.drafts import Draft
from serving.projects.reaching import Problem

SHOWN: Final = 20

router = APIRouter(prefix="/connect", tags=["console"], include_in_schema=False)
Field = Annotated[str, Path(max_length=200)]


@dataclass(frozen=True, slots=True)
class Card:
    """One task."""

    task: int | None
    drawing: Drawing
    score: float | None
    failure: str


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What there is to look at."""

    cards: list[Card]
    predicted: bool
    """A model said something; else the tasks stand there as they are."""
    taught: int
    """Labelled tasks that taught it."""
    labelled: int
    """Labelled tasks among those that were read."""
    read: int
    untaught: str
    """Why it could not learn yet; '': it could, or need not."""


@router.get("/rehearsal", response_model=None)
def show(request: Request, role: OperatorDep, draft: DraftDep, runtime: RuntimeDep) -> Response:
    """Predictions of the first tasks, or the tasks themselves; it takes as long as the model does."""
    if (elsewhere := sent_back(request, draft, 3)) is not None:
        return elsewhere
    found: Rehearsal | None = None
    trouble: Problem | None = None
    try:
        found = rehearsal(runtime, draft, draft_id(request))
    except PrelabelError as error:
        trouble = trouble_of(error, draft.url)
    target = draft.wish().train_target
    return page_of(request, "connect/rehearsal.html", found=found, problem=trouble, train_target=target)


@router.get("/media/{task}/{field}")
def media(
    request: Request, role: OperatorDep, draft: DraftDep, runtime: RuntimeDep, task: Number, field: Field
) -> Response:
    """A picture or recording of a task of the chosen project, fetched under guard with the draft's account."""
    if not draft.mapped:
        raise HTTPException(status_code=404, detail=N_("no project is chosen"))
    return file_of(fetched(runtime, draft, draft_id(request), task, field), field)


def rehearsal(runtime: Runtime, draft: Draft, id: str) -> Rehearsal:
    """Run the model on the first tasks.

    Raises:
        PrelabelError: the model cannot be had, or Label Studio does not answer.
    """
    wish = draft.wish()
    seen = connecting.look(runtime, wish)
    with closing(seen.platform):
        rows = connecting.first_tasks(seen)
        labelled = sum(bool(row["annotations"]) for row in rows)
        try:
            tried = connecting.predict(runtime, wish, seen, rows, drafts.folder(runtime, id), tasks=SHOWN)
        except NotTrainableError as error:
            return Rehearsal([_plain(row, seen) for row in rows[:SHOWN]], False, 0, labelled, len(rows), str(error))
    config = parse(seen.remote.label_config)
    cards = [_card(item, config) for item in tried.items]
    return Rehearsal(cards, True, tried.taught if learns(seen.spec) else 0, labelled, len(rows), "")


def fetched(runtime: Runtime, draft: Draft, id: str, task: int, field: str) -> Item | Failure:
    """The task with its media at hand; only what a model would read is fetched."""
    assert draft.project is not None
    with closing(Platforms(runtime.settings, runtime.vault).open(draft.url, draft.token, draft.project)) as platform:
        found = platform.selected([task])
        if not found:
            raise HTTPException(status_code=404, detail=N_("the project has no such task"))
        config = _filled(parse(platform.project().label_config), field)
        attach = media_of(runtime.settings, draft.url, draft.project, platform, config, drafts.folder(runtime, id))
        return attach(task, found[0].data)


def _filled(config: LabelConfig, field: str) -> LabelConfig:
    """With the controls about one field alone: nothing else is fetched."""
    mine = tuple(one for one in config.controls if one.input.field == field)
    return config.model_copy(update={"controls": mine})


def _card(item: Mapping[str, Any], config: LabelConfig) -> Card:
    said = item.get("prediction")
    regions = decode(said["result"], config) if said is not None else None
    failure = "" if said is not None else str(item["failure"]["message"])
    drawing = draw(item["data"], regions, config, _address(item.get("id")))
    return Card(item.get("id"), drawing, said["score"] if said is not None else None, failure)


def _plain(row: Mapping[str, Any], seen: Seen) -> Card:
    """With what a person said of it, where somebody did."""
    config = parse(seen.remote.label_config)
    labels: Sequence[Mapping[str, Any]] = row["annotations"]
    regions = decode(labels[0]["result"], config) if labels else None
    return Card(row["id"], draw(row["data"], regions, config, _address(row["id"])), None, "")


def _address(task: int | None) -> Any:
    return lambda field: f"/connect/media/{task}/{field}" if task is not None else None
