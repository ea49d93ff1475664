"""``prelabel suggestions`` and ``prelabel tabs``: what suggestions save people, and how queues show in Label Studio."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Group
from rich.markup import escape
from rich.table import Table

from serving.terminal import Config, Json, Slug, project_of, runtime_of, show


def suggestions(
    slug: Slug,
    control_rate: Annotated[
        float | None, typer.Option(min=0.0, max=0.49, help="Share that goes by lot from now on; 0: all are shown.")
    ] = None,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """What suggestions save people, at which confidence none is shown; and the share that is hidden to know it."""
    from serving.monitoring.automation import report
    from serving.projects.suggestions import set_control_rate

    runtime = runtime_of(config)
    project = project_of(runtime, slug)
    if control_rate is not None:
        project = set_control_rate(runtime, project, control_rate)
    found = report(runtime, project).effort
    table = Table("confidence up to", "time with / without", "99 %", "saves", "labels with, without")
    for one in found.ranges:
        table.add_row(
            f"{one.up_to:.2f}",
            f"{one.factor:.2f}",
            f"{one.lower:.2f} to {one.upper:.2f}",
            f"{one.saved_seconds:.1f} s",
            f"{one.labels_shown}, {one.labels_hidden}",
        )
    said = escape(f"{found.control_rate:.1%} of the suggestions go by lot. {found.in_words}")
    show(found.model_dump(mode="json"), as_json, Group(said, table) if found.ranges else said)


def tabs(
    slug: Slug,
    on: Annotated[bool, typer.Option("--on/--off", help="A tab for each queue, or none.")],
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Have a tab in Label Studio's data manager for each queue of people, kept up to date; or take them away."""
    from serving.projects.suggestions import set_tabs

    runtime = runtime_of(config)
    after = set_tabs(runtime, project_of(runtime, slug), on=on)
    text = "the running service makes the tabs, and keeps them up to date" if after.tabs else "the tabs are gone"
    show({"tabs": after.tabs}, as_json, text)
