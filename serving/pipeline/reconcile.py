"""Finds what a webhook lost, and keeps Label Studio and the store telling the same story.

Polls tasks by their update time (a watermark, with an overlap), so a lost, late or repeated webhook costs only time.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace

from connectors.base import Platform, RemoteProject, RemoteTask
from connectors.label_studio.label_config import parse
from models.errors import ConfigurationError, PlatformRefused
from models.registry import assign
from models.types import GateState, LabelConfig
from serving.pipeline import ingest
from serving.pipeline.runtime import Runtime
from serving.pipeline.standing import SELF, fall_back
from serving.store.engine import UnitOfWork
from serving.store.records import ACT, ItemState, OutboxKind, OutboxState, ProjectRow

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
    if after is None or runtime.windows.get(project.id) != platform.changes(after):
        runtime.windows.pop(project.id, None)
        asked_at, seen = runtime.now(), dict[int, float]()
        for page in platform.tasks(updated_after=after, with_annotations=True):
            changed += take(runtime, project, page, asked_at=asked_at)
            seen |= {task.id: task.updated_at for task in page}
        newest = max([newest, *seen.values()])
        runtime.windows[project.id] = window(seen, newest)
    if newest > project.watermark:
        with runtime.store.begin() as uow:
            uow.projects.update(project.id, watermark=newest)
    changed += compare(runtime, project, platform, remote, after)
    keep_model_version(runtime, project, platform, remote)
    return changed


def window(seen: Mapping[int, float], newest: float) -> tuple[int, float]:
    """What ``Platform.changes`` will answer at the next poll if nothing has changed by then.

    After a large import every poll would otherwise read all of it again, for as long as nothing newer comes.

    Args:
        seen: task -> when it was updated, as the poll that ends here read it.
        newest: the watermark from now on.
    """
    return sum(at >= newest - OVERLAP_S for at in seen.values()), max(seen.values(), default=0.0)


def take(runtime: Runtime, project: ProjectRow, page: Sequence[RemoteTask], *, asked_at: float) -> int:
    """Store one page of tasks and annotations; annotations that are no longer there are removed.

    Args:
        runtime: the composition.
        project: the project as the store has it.
        page: what the platform answered.
        asked_at: when the platform was asked, epoch seconds. What a webhook has told since, the page cannot know.
    """
    page = doubted(runtime, project, page)
    with runtime.store.begin() as uow:
        result = ingest.receive_tasks(runtime, uow, project, page)
        annotations = [a for task in page for a in task.annotations or ()]
        labeled = ingest.receive_annotations(runtime, uow, project, annotations)
        asked = {task.id: {a.id for a in task.annotations} for task in page if task.annotations is not None}
        ours = uow.labels.annotation_ids(project.id, list(asked), before=asked_at)
        lost = [annotation for task, ids in ours.items() for annotation in ids - asked[task]]
        removed = uow.labels.remove(project.id, lost, runtime.now())
    return result.new + result.changed + len(labeled) + len(removed)


def doubted(runtime: Runtime, project: ProjectRow, page: Sequence[RemoteTask]) -> list[RemoteTask]:
    """The page, with tasks that seem to have lost all their labels read once more, one by one.

    Label Studio's counters, by which pages are read, were seen to forget an annotation that is there.
    """
    bare = [task.id for task in page if task.annotations == ()]
    with runtime.store.read() as uow:
        ours = [task for task, ids in uow.labels.annotation_ids(project.id, bare).items() if ids]
    if not ours:
        return list(page)
    found = runtime.platform(project).annotations(ours)
    return [replace(task, annotations=found[task.id]) if task.id in found else task for task in page]


def compare(
    runtime: Runtime, project: ProjectRow, platform: Platform, remote: RemoteProject, after: float | None
) -> int:
    """Mark items whose task was deleted, find tasks that no poll saw; asks for all ids only when the counts differ."""
    with runtime.store.read() as uow:
        counts = uow.items.counts(project.id)
        known = sum(n for state, n in counts.items() if state is not ItemState.GONE)
        if known == remote.task_count:
            return 0
        ours = set(uow.items.task_ids(project.id))
    theirs = platform.task_ids()
    changed = 0
    if gone := sorted(ours - theirs):
        with runtime.store.begin() as uow:
            changed += uow.items.mark_gone(project.id, gone, runtime.now())
    if missing := theirs - ours:
        changed += find(runtime, project, platform, missing, after)
    return changed


def find(runtime: Runtime, project: ProjectRow, platform: Platform, missing: set[int], after: float | None) -> int:
    """Read tasks that the poll did not see.

    Most of them have arrived since, and the same poll again finds them. One that it does not find has an update time
    behind the watermark, as tasks of a long import have: only reading everything finds it.
    """
    changed = _read(runtime, project, platform, after)
    with runtime.store.read() as uow:
        lost = missing - set(uow.items.task_ids(project.id))
    if lost and after is not None:
        log.warning("tasks that no poll saw: all are read", extra={"project": project.slug, "count": len(lost)})
        changed += _read(runtime, project, platform, None)
    return changed


def _read(runtime: Runtime, project: ProjectRow, platform: Platform, after: float | None) -> int:
    asked_at = runtime.now()
    pages = platform.tasks(updated_after=after, with_annotations=True)
    return sum(take(runtime, project, page, asked_at=asked_at) for page in pages)


def keep_model_version(runtime: Runtime, project: ProjectRow, platform: Platform, remote: RemoteProject) -> None:
    """Annotators see only predictions of ``project.model_version``: keep it equal to what we push."""
    wanted = project.active_model
    if wanted is None or remote.model_version == wanted:
        return
    with runtime.store.read() as uow:
        sent = uow.outbox.counts(project.id, model_version=wanted).get((OutboxKind.SUGGESTION, OutboxState.SENT), 0)
    if not sent:
        return
    try:
        platform.set_model_version(wanted)
    except PlatformRefused as error:
        log.warning("model_version not set", extra={"project": project.slug, "reason": str(error)})
        return
    log.info("model_version set", extra={"project": project.slug, "model_version": wanted})


def follow_config(runtime: Runtime, project: ProjectRow, xml: str) -> ProjectRow:
    """Take over a changed label config.

    Where a control that we fill changed, the model no longer fits: the gate falls back to cold, what the model said
    and nobody has seen is dropped, and the next head is trained from the labels that are there. Where only the look
    changed the model stays, but people may answer otherwise now: it is certified again.

    Raises:
        ConfigurationError: the new config leaves nothing to predict; the project is paused until it is mended.
    """
    if xml == project.label_config_xml and not project.paused:
        return project
    try:
        config = _assigned(project, xml)
    except ConfigurationError as error:
        _pause(runtime, project, f"paused: the label config changed and cannot be used: {error}")
        raise
    with runtime.store.begin() as uow:
        current = uow.projects.hold(project.id)
        if xml == current.label_config_xml and not current.paused:
            return current
        return _take_over(uow, current, config, xml, runtime.now())


def _assigned(project: ProjectRow, xml: str) -> LabelConfig:
    """The new config with the project's models and, where its controls are still there, its tolerances."""
    config = assign(project.spec, parse(xml))
    names = {control.name for control in config.controls}
    kept = {c.name: c.tolerance for c in project.label_config.controls if c.tolerance is not None and c.name in names}
    return config.tolerating(kept)


def _pause(runtime: Runtime, project: ProjectRow, reason: str) -> None:
    with runtime.store.begin() as uow:
        if uow.projects.hold(project.id).paused:
            return
        uow.projects.update(project.id, paused=True)
        uow.gate.transition(project.id, GateState.CLOSED, reason=reason, actor=SELF, numbers={}, now=runtime.now())


def _take_over(uow: UnitOfWork, project: ProjectRow, config: LabelConfig, xml: str, now: float) -> ProjectRow:
    same = config.controls == project.label_config.controls
    was_open = project.gate_state.accepts or project.paused
    numbers = {"label_config": config.digest}
    if project.challenger is not None:
        numbers |= {"challenger": project.challenger}
        reason = f"model {project.challenger} is tried no longer: the label config changed"
        uow.gate.note(project.id, reason=reason, actor=SELF, numbers=numbers, now=now)
    if project.shadow is not None or (project.pinned and not same):
        shadow, free = f"{project.shadow} scores beside it no longer", "another model may predict"
        reason = "the label config changed: " + (shadow if project.shadow else free)
        uow.gate.note(project.id, reason=reason, actor=SELF, numbers=numbers | {ACT: "config"}, now=now)
    project = uow.projects.update(
        project.id,
        label_config=config,
        label_config_xml=xml,
        paused=False,
        challenger=None,
        shadow=None,
        pinned=project.pinned and same,
    )
    if not same:
        project = uow.projects.update(project.id, active_model=None)
        for state in (ItemState.SCORED, ItemState.DECIDED):
            uow.items.restart(project.id, states=(state,), to=ItemState.RECEIVED, now=now)
        reason = "the label config changed: a control that models fill differs, and the model is trained anew"
        fall_back(uow, project, reason=reason, numbers=numbers, now=now)
    elif was_open:
        reason = "the label config changed, but not what models fill; the certificate has to be for the config of now"
        fall_back(uow, project, reason=reason, numbers=numbers, now=now)
    return uow.projects.get(project.id)


def dedupe(runtime: Runtime, project: ProjectRow) -> int:
    """Remove second predictions of one (task, version), left by a write whose answer was lost."""
    if project.active_model is None:
        return 0
    return runtime.platform(project).duplicate_predictions(project.active_model)
