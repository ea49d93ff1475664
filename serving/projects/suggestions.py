"""What an operator sets of a project's suggestions and tabs while it is connected."""

from __future__ import annotations

from models.errors import ConfigurationError
from models.types import Route
from serving.pipeline import tabs
from serving.pipeline.runtime import Runtime
from serving.store.records import ItemState, ProjectRow

MOST = 0.5
"""A control rate is below it."""


def set_control_rate(runtime: Runtime, project: ProjectRow, rate: float) -> ProjectRow:
    """Hide, or spare, this share of the suggestions by lot; 0 shows all of them, and lifts the bound.

    Suggestions are decided again, and what is known of their effort is looked at anew.

    Raises:
        ConfigurationError: not in [0, 0.5).
    """
    if not 0.0 <= rate < MOST:
        raise ConfigurationError(f"a control rate lies in [0, {MOST:g}), not {rate:g}")
    with runtime.store.begin() as uow:
        current = uow.projects.hold(project.id)
        bound = current.suggestion_bound if rate else None
        after = uow.projects.update(project.id, control_rate=rate, suggestion_bound=bound)
        uow.effort.forget(project.id)
        uow.items.restart(
            project.id,
            states=(ItemState.DECIDED, ItemState.PUBLISHED),
            to=ItemState.SCORED,
            now=runtime.now(),
            route=Route.SUGGEST,
        )
    return after


def set_tabs(runtime: Runtime, project: ProjectRow, *, on: bool) -> ProjectRow:
    """Have a tab for each queue in Label Studio, or take them away.

    Raises:
        PlatformError: they are to go, and Label Studio does not answer; nothing is added to them any more.
    """
    with runtime.store.begin() as uow:
        after = uow.projects.update(project.id, tabs=on)
    if not on:
        tabs.remove(runtime, after)
    return after
