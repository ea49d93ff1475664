"""Label Studio's "Connect Model": the ML-backend protocol, answered by the same scorer as the push path.

It never accepts anything by itself, and shows no suggestion that people are not to see: of blind items, and of those
that are without one by lot or for the model's confidence.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, HTTPException, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import ValidationError

from connectors.base import RemoteTask
from connectors.label_studio import backend, webhooks
from models.errors import ConfigurationError, PrelabelError
from models.gate.sampling import audit_draw
from models.people.showing import showing, showing_draw
from models.types import Item, Prediction, Scored
from serving.api import hooks
from serving.api.dependencies import NamedProjectDep, RuntimeDep
from serving.pipeline import ingest, score
from serving.pipeline.decide import WITH_PEOPLE, audit_rate
from serving.pipeline.runtime import Runtime
from serving.store.records import ItemRow, ProjectRow
from serving.store.stats import PULL

log = logging.getLogger(__name__)

USER = "prelabel"
"""User name of the basic authentication; the password is the project's webhook secret."""


def authenticate(request: Request, runtime: RuntimeDep, project: NamedProjectDep) -> None:
    """Basic authentication, the only kind that Label Studio can send; its own webhook may use the secret header."""
    secret = runtime.vault.decrypt(project.webhook_secret).decode()
    if backend.basic_auth_matches(request.headers.get("authorization"), USER, secret):
        return
    if webhooks.secret_matches(request.headers, secret):
        return
    raise HTTPException(
        status_code=401,
        detail="basic authentication: user 'prelabel', password as printed by 'prelabel connect'",
        headers={"WWW-Authenticate": "Basic"},
    )


router = APIRouter(prefix="/ml/{slug}", tags=["ml-backend"], dependencies=[Depends(authenticate)])
JsonBody = Annotated[dict[str, Any], Body()]


@router.get("")
@router.get("/")
@router.get("/health")
def health(project: NamedProjectDep) -> dict[str, Any]:
    """Answers at once; loads nothing."""
    return backend.health()


@router.post("/setup")
def setup(project: NamedProjectDep) -> dict[str, Any]:
    """The body (which carries an access token) is not even read."""
    return backend.setup_response(project.active_model)


@router.get("/versions")
def versions(runtime: RuntimeDep, project: NamedProjectDep) -> dict[str, Any]:
    """Model versions of the project, of all that were trained or named."""
    with runtime.store.read() as uow:
        known = [row.ref.version for row in uow.models.list(project.id)]
    return backend.versions_response(known)


@router.post("/predict")
async def predict(runtime: RuntimeDep, project: NamedProjectDep, body: JsonBody) -> dict[str, Any]:
    """Predictions of the tasks, one entry for each, in order; an empty one where there is nothing to show."""
    try:
        request = backend.PredictRequest.model_validate(body)
    except ValidationError as error:
        places = ", ".join(".".join(str(part) for part in e["loc"]) for e in error.errors(include_input=False))
        raise HTTPException(status_code=422, detail=f"not a predict request, see: {places}") from None
    return await run_in_threadpool(answer, runtime, project, request)


def answer(runtime: Runtime, project: ProjectRow, request: backend.PredictRequest) -> dict[str, Any]:
    """Score what may be shown; what people are not to see and a project without a model get no predictions."""
    started = runtime.now()
    items = backend.to_items(request)
    scored: dict[str, Scored] = {}
    known = known_items(runtime, project, items, request)
    hidden = hidden_keys(runtime, project, known)
    if project.active_model is not None:
        with runtime.store.read() as uow:
            ref = uow.models.get(project.id, project.active_model).ref
        shown = [item for item in items if item.key not in hidden]
        size = runtime.settings.chunk_size
        for start in range(0, len(shown), size):
            try:
                results = score.predict(runtime, project, ref, shown[start : start + size])
            except PrelabelError as error:
                log.warning("predictions left out", extra={"project": project.slug, "reason": str(error)})
                continue
            scored.update({one.key: one for one in results if not _unseen(runtime, project, known.get(one.key), one)})
        hidden = hidden_keys(runtime, project, _as_of_now(runtime, known))  # scoring took a while
        scored = {key: one for key, one in scored.items() if key not in hidden}
    interactive = request.context is not None
    told = sum(isinstance(one, Prediction) for one in scored.values())
    if told and not interactive:
        with runtime.store.begin() as uow:
            uow.stats.add(project.id, PULL, told, runtime.now() - started)
    return backend.predict_response(
        items,
        list(scored.values()),
        config=project.label_config,
        model_version=backend.served_version(project.active_model),
        interactive=interactive,
    )


def known_items(
    runtime: Runtime, project: ProjectRow, items: list[Item], request: backend.PredictRequest
) -> dict[str, ItemRow]:
    """Key -> item, of the tasks that are the project's; those that are new are received first."""
    asked = {
        item.key: RemoteTask(id=task.id, data=task.data, updated_at=runtime.now())
        for item, task in zip(items, request.tasks, strict=True)
        if task.id is not None and 0 <= task.id < 2**63
    }
    if not asked:
        return {}
    tasks = {task.id: task for task in asked.values()}
    with runtime.store.begin() as uow:
        ours = uow.items.by_task(project.id, list(tasks))
        unknown = [task for id, task in tasks.items() if id not in ours]
        if unknown and _is_of(project, request):
            ingest.receive_tasks(runtime, uow, project, unknown)
            ours = uow.items.by_task(project.id, list(tasks))
    return {key: ours[task.id] for key, task in asked.items() if task.id in ours}


def _as_of_now(runtime: Runtime, known: Mapping[str, ItemRow]) -> dict[str, ItemRow]:
    with runtime.store.read() as uow:
        rows = {row.id: row for row in uow.items.rows([row.id for row in known.values()])}
    return {key: rows[row.id] for key, row in known.items() if row.id in rows}


def hidden_keys(runtime: Runtime, project: ProjectRow, known: Mapping[str, ItemRow]) -> set[str]:
    """Keys of items that people label without a suggestion, gold among them, or may have to."""
    with runtime.store.read() as uow:
        golden = uow.gold.of_items([row.id for row in known.values()])
    secret = runtime.sampling_secret(project)
    rate = audit_rate(project, runtime.settings) if project.gate_state.accepts else 0.0
    return {key for key, row in known.items() if row.id in golden or _hidden(row, rate, secret)}


def _is_of(project: ProjectRow, request: backend.PredictRequest) -> bool:
    """Whether Label Studio asks for this very project; tasks of a call that does not say so are not taken over."""
    try:
        return request.project_id == project.platform_project
    except ConfigurationError:
        return False


def _hidden(row: ItemRow, audit_rate: float, secret: bytes) -> bool:
    """Blind or unaided, or not decided yet and drawn for a blind audit in case it could be accepted."""
    undecided = row.route is None and audit_draw(secret, row.task_id, row.revision) < audit_rate
    return row.blind or row.unaided or undecided


def _unseen(runtime: Runtime, project: ProjectRow, row: ItemRow | None, said: Scored) -> bool:
    """Whether the decision that is to come of an item will hide what the model says of it."""
    if row is None or not isinstance(said, Prediction) or row.reason in WITH_PEOPLE:
        return False
    if row.route is not None and row.model_version == project.active_model:
        return False
    draw = showing_draw(runtime.sampling_secret(project), row.task_id, row.revision)
    below = project.suggestion_bound.below if project.suggestion_bound is not None else None
    return showing(said.confidence, draw, rate=project.control_rate, below=below).hidden


@router.post("/webhook", status_code=201)
async def webhook(runtime: RuntimeDep, project: NamedProjectDep, body: JsonBody) -> dict[str, Any]:
    """START_TRAINING and the events of the webhook that Label Studio makes when a model is connected."""
    await run_in_threadpool(hooks.handle, runtime, project, webhooks.parse(body))
    return backend.webhook_response()


@router.post("/train", status_code=201)
async def train(runtime: RuntimeDep, project: NamedProjectDep) -> dict[str, Any]:
    """Older Label Studio versions ask for training here."""
    await run_in_threadpool(hooks.handle, runtime, project, webhooks.StartTraining(project.platform_project))
    return backend.webhook_response()
