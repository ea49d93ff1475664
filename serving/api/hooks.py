"""Events from Label Studio: stored, then answered 202. They are hints: the poll finds what they lose."""

from __future__ import annotations

import logging

from fastapi import APIRouter, HTTPException, Request
from fastapi.concurrency import run_in_threadpool

from connectors.label_studio import webhooks
from serving.api.dependencies import NamedProjectDep, RuntimeDep
from serving.pipeline import ingest, learn, reconcile
from serving.pipeline.runtime import Runtime
from serving.store.records import ProjectRow
from serving.tracing import span

log = logging.getLogger(__name__)
router = APIRouter(tags=["hooks"])


@router.post("/hooks/label-studio/{slug}", status_code=202)
async def receive(request: Request, runtime: RuntimeDep, project: NamedProjectDep) -> dict[str, str]:
    """One event. The secret header is checked before the body is read; an unknown action is accepted and ignored."""
    expected = runtime.vault.decrypt(project.webhook_secret).decode()
    if not webhooks.secret_matches(request.headers, expected):
        raise HTTPException(status_code=401, detail="the webhook's secret header is missing or wrong")
    try:
        body = await request.json()
    except (ValueError, RecursionError):
        raise HTTPException(status_code=422, detail="the body is not JSON") from None
    event = webhooks.parse(body)
    with span("ingest", project=project.slug, event=type(event).__name__) as told:
        told.note(**_counted(event))
        await run_in_threadpool(handle, runtime, project, event)
    return {"status": "stored", "event": type(event).__name__}


def _counted(event: webhooks.Event) -> dict[str, int]:
    """How many tasks an event is of, and between which numbers: so a chunk's trace is found from the webhook's."""
    match event:
        case webhooks.TasksCreated() | webhooks.AnnotationsChanged():
            tasks = [task.id for task in event.tasks]
        case webhooks.TasksDeleted():
            tasks = list(event.task_ids)
        case _:
            tasks = []
    return {"tasks": len(tasks), "first_task": min(tasks), "last_task": max(tasks)} if tasks else {}


def handle(runtime: Runtime, project: ProjectRow, event: webhooks.Event) -> None:
    """Store what the event tells; events of another Label Studio project are ignored."""
    match event:
        case webhooks.Ignored():
            return
        case webhooks.ProjectUpdated():
            if event.project.id == project.platform_project:
                reconcile.follow_config(runtime, project, event.project.label_config)
            return
        case _ if event.project_id != project.platform_project:
            log.warning("event of another project", extra={"project": project.slug, "other": event.project_id})
            return
        case webhooks.StartTraining():
            learn.train(runtime, project, actor="label-studio")
            return
    with runtime.store.begin() as uow:
        match event:
            case webhooks.TasksCreated():
                ingest.receive_tasks(runtime, uow, project, event.tasks)
            case webhooks.TasksDeleted():
                uow.items.mark_gone(project.id, event.task_ids, runtime.now())
            case webhooks.AnnotationsChanged():
                ingest.receive_tasks(runtime, uow, project, event.tasks)
                ingest.receive_annotations(runtime, uow, project, event.annotations)
            case webhooks.AnnotationsDeleted():
                uow.labels.remove(project.id, event.annotation_ids, runtime.now())
