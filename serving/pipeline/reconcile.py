"""Finds what a webhook lost, and keeps Label Studio and the store telling the same story.

Polls tasks by their update time (a watermark, with an overlap), so a lost, late or repeated webhook costs only time.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from connectors.base import Platform, RemoteProject, RemoteTask
from connectors.label_studio.label_config import parse
from models.errors import ConfigurationError
from models.types import GateState
from serving.pipeline import ingest
from serving.pipeline.runtime import Runtime
from serving.store.records import ItemState, OutboxKind, OutboxState, ProjectRow

log = logging.getLogger(__name__)

OVERLAP_S = 30.0
"""Seconds that every poll looks back behind the watermark: clocks differ, transactions commit late."""


def run(runtime: Runtime, project: ProjectRow, *, full: bool = False) -> int:
    """One pass over one project. Returns the number of items that were new, changed, labelled or gone.

    Args:
        runtime: the composition.
        project: the project as the store has it.
        full: look at every task, not only at those updated since the watermark.
    """
    platform = runtime.platform(project)
    remote = platform.project()
    project = follow_config(runtime, project, remote.label_config)
    changed = 0
    newest = project.watermark
    first = full or project.watermark == 0.0
    after = None if first else project.watermark - OVERLAP_S
    for page in platform.tasks(updated_after=after, with_annotations=True):
        changed += take(runtime, project, page)
        newest = max([newest, *(task.updated_at for task in page)])
    if newest > project.watermark:
        with runtime.store.begin() as uow:
            uow.projects.update(project.id, watermark=newest)
    changed += find_gone(runtime, project, platform, remote)
    keep_model_version(runtime, project, platform, remote)
    return changed


def take(runtime: Runtime, project: ProjectRow, page: Sequence[RemoteTask]) -> int:
    """Store one page of tasks and annotations; annotations that are no longer there are removed."""
    with runtime.store.begin() as uow:
        result = ingest.receive_tasks(runtime, uow, project, page)
        annotations = [a for task in page for a in task.annotations or ()]
        labeled = ingest.receive_annotations(runtime, uow, project, annotations)
        asked = {task.id: {a.id for a in task.annotations} for task in page if task.annotations is not None}
        ours = uow.labels.annotation_ids(project.id, list(asked))
        lost = [annotation for task, ids in ours.items() for annotation in ids - asked[task]]
        removed = uow.labels.remove(project.id, lost, runtime.now())
    return result.new + result.changed + len(labeled) + len(removed)


def find_gone(runtime: Runtime, project: ProjectRow, platform: Platform, remote: RemoteProject) -> int:
    """Mark items whose task was deleted; asks for all ids only when the counts differ."""
    with runtime.store.read() as uow:
        counts = uow.items.counts(project.id)
        known = sum(n for state, n in counts.items() if state is not ItemState.GONE)
        if known == remote.task_count:
            return 0
        ours = set(uow.items.task_ids(project.id))
    gone = sorted(ours - platform.task_ids())
    if not gone:
        return 0
    with runtime.store.begin() as uow:
        return uow.items.mark_gone(project.id, gone, runtime.now())


def keep_model_version(runtime: Runtime, project: ProjectRow, platform: Platform, remote: RemoteProject) -> None:
    """Annotators see only predictions of ``project.model_version``: keep it equal to what we push."""
    wanted = project.active_model
    if wanted is None or remote.model_version == wanted:
        return
    with runtime.store.read() as uow:
        sent = uow.outbox.counts(project.id, model_version=wanted).get((OutboxKind.SUGGESTION, OutboxState.SENT), 0)
    if sent:
        platform.set_model_version(wanted)
        log.info("model_version set", extra={"project": project.slug, "model_version": wanted})


def follow_config(runtime: Runtime, project: ProjectRow, xml: str) -> ProjectRow:
    """Take over a changed label config.

    What changes only the look changes nothing here. Where a control that we fill changed, the model no longer fits:
    the gate falls back to cold, and the next head is trained from the labels that are there.

    Raises:
        ConfigurationError: the new config leaves nothing to predict; the project is paused until it is mended.
    """
    if xml == project.label_config_xml:
        return project
    try:
        config = parse(xml)
        if not config.controls:
            raise ConfigurationError("the label config has no control that Prelabel can predict")
    except ConfigurationError as error:
        if not project.paused:
            with runtime.store.begin() as uow:
                uow.projects.update(project.id, paused=True)
                uow.gate.transition(
                    project.id,
                    GateState.CLOSED,
                    reason=f"paused: the label config changed and cannot be used: {error}",
                    actor="prelabel",
                    numbers={},
                    now=runtime.now(),
                )
        raise
    with runtime.store.begin() as uow:
        same = config.controls == project.label_config.controls
        project = uow.projects.update(project.id, label_config=config, label_config_xml=xml, paused=False)
        if not same:
            uow.projects.update(project.id, active_model=None)
            uow.gate.transition(
                project.id,
                GateState.COLD,
                reason="the label config changed: a control that models fill differs, and the model is trained anew",
                actor="prelabel",
                numbers={"label_config": config.digest},
                now=runtime.now(),
            )
        elif project.gate_state is GateState.OPEN:
            uow.gate.transition(
                project.id,
                GateState.SHADOW,
                reason="the label config changed in its look only; the model is certified again",
                actor="prelabel",
                numbers={"label_config": config.digest},
                now=runtime.now(),
            )
        return uow.projects.get(project.id)


def dedupe(runtime: Runtime, project: ProjectRow) -> int:
    """Remove second predictions of one (task, version), left by a write whose answer was lost."""
    if project.active_model is None:
        return 0
    return runtime.platform(project).duplicate_predictions(project.active_model)
