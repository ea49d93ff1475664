"""A tab in Label Studio for each queue of people, for teams that stay there alone.

What a tab shows without a suggestion (blind items of both kinds, the control, items below the bound, everything before
there is a model) is one queue, so that nobody can tell one from the other. Second opinions are in no tab: a tab opens a
task with the first person's answer. Nor is what somebody holds at the moment.

Label Studio keeps every list that a tab ever had. So a tab is not made anew with each label: only when half of it is
out of date, or when nothing has moved since the look before.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

from models.fair_queue import Kind
from serving.pipeline.runtime import Runtime
from serving.store.engine import UnitOfWork
from serving.store.records import ItemRow, ProjectRow
from serving.store.work import Open

UNSEEN = "without a suggestion"
TEACHING = "most to learn from"
SURE = 0.8
"""Confidence from which a suggestion is in the tab of the sure ones."""
SURER, LESS_SURE = f"suggestions from {SURE:.0%}", f"suggestions below {SURE:.0%}"
OUT_OF_DATE = 0.5
"""Share of a tab that may be out of date while people work."""
NOBODY_ELSE = nullcontext()

Queues = Mapping[str, tuple[int, ...]]
"""Name of a tab -> its tasks, rising."""


@dataclass(frozen=True, slots=True)
class Tabs:
    """What this process knows of a project's tabs."""

    shown: Queues
    """What Label Studio was given last."""
    seen: Queues
    """What the last look wanted."""


def run(runtime: Runtime, project: ProjectRow, *, turn: AbstractContextManager[Any] = NOBODY_ELSE) -> bool:
    """One look at one project. Returns whether tabs were changed.

    Args:
        runtime: the composition.
        project: whose tabs.
        turn: held while Label Studio is called.

    Raises:
        PlatformError: nothing is lost; the next look tries again.
    """
    known = runtime.tabs.get(project.id)
    with runtime.store.read() as uow:
        project = uow.projects.get(project.id)
        if not project.tabs and known is None:
            return False
        wanted = queues(uow, project, limit=runtime.settings.tab_items) if project.tabs else {}
    if known is not None and not _due(known, wanted):
        runtime.tabs[project.id] = Tabs(known.shown, wanted)
        return False
    with turn:
        runtime.platform(project).show_queues(wanted)
        stays = project.tabs and _wants_tabs(runtime, project)
        if project.tabs and not stays:
            runtime.platform(project).show_queues({})
    if stays:
        runtime.tabs[project.id] = Tabs(wanted, wanted)
    else:
        runtime.tabs.pop(project.id, None)
    return True


def _wants_tabs(runtime: Runtime, project: ProjectRow) -> bool:
    """Whether it still does after they were made: who switched them off meanwhile, or disconnected, came too early."""
    with runtime.store.read() as uow:
        return any(one.tabs for one in uow.projects.list() if one.id == project.id)


def remove(runtime: Runtime, project: ProjectRow) -> None:
    """Take the project's tabs away. Raises PlatformError."""
    runtime.platform(project).show_queues({})
    runtime.tabs.pop(project.id, None)


def queues(uow: UnitOfWork, project: ProjectRow, *, limit: int) -> dict[str, tuple[int, ...]]:
    """What people may label next, up to ``limit`` items in each tab."""
    heads = uow.work.heads(project.id, train=project.active_model is None, limit=limit)
    heads = [one for one in heads if one.kind not in (Kind.OPINION, Kind.FURTHER)]
    needs = {id: str(need) for id, need in uow.people.needs(project.id).items()}
    rows = {row.id: row for row in uow.items.rows([one.id for one in heads])}
    found: dict[str, list[int]] = {}
    for one in heads:
        if one.id in rows:
            name = _name(one, rows[one.id], needs)
            found.setdefault(name, []).append(rows[one.id].task_id)
    return {name: tuple(sorted(tasks[:limit])) for name, tasks in sorted(found.items())}


def _name(head: Open, row: ItemRow, needs: Mapping[int, str]) -> str:
    if head.need_id is not None:
        return f"needs {needs[head.need_id]}"
    if row.blind or row.unaided or row.confidence is None:
        return UNSEEN
    if head.kind is Kind.TEACHING:
        return TEACHING
    return SURER if row.confidence >= SURE else LESS_SURE


def _due(known: Tabs, wanted: Queues) -> bool:
    if wanted == known.shown:
        return False
    if wanted == known.seen or wanted.keys() != known.shown.keys():
        return True
    return any(
        len(set(tasks) & set(known.shown[name])) < (1.0 - OUT_OF_DATE) * len(tasks) for name, tasks in wanted.items()
    )
