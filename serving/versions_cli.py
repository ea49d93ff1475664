"""``prelabel models promote`` and what belongs to it: which model version predicts, and which scores in its shadow."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from serving.store.records import ProjectRow
from serving.terminal import Config, Json, Slug, err, project_of, runtime_of, show

Version = Annotated[str, typer.Argument(help="As `prelabel models list` names it.")]
Reason = Annotated[str, typer.Option(help="Why; goes into the audit trail.")]
By = Annotated[str, typer.Option(help="Who; goes into the audit trail.")]


def promote(
    slug: Slug, version: Version, reason: Reason, by: By = "operator", as_json: Json = False, config: Config = None
) -> None:
    """Let a version predict from now on, until you let go of it: nothing is accepted before it has a certificate."""
    from serving.projects.versions import promote

    runtime = runtime_of(config)
    with err.status("reading its files, loading"):
        after = promote(runtime, project_of(runtime, slug), version, reason=reason, actor=by)
    show(standing(after), as_json, in_words(after))


def roll_back(
    slug: Slug,
    reason: Reason,
    to: Annotated[str | None, typer.Option(help="A version that predicted before; default: the one before.")] = None,
    by: By = "operator",
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Let a version predict again that predicted before; a certificate of its own that still holds counts again."""
    from serving.projects.versions import roll_back

    runtime = runtime_of(config)
    with err.status("reading its files, loading"):
        after = roll_back(runtime, project_of(runtime, slug), to, reason=reason, actor=by)
    show(standing(after), as_json, in_words(after))


def shadow(
    slug: Slug, version: Version, reason: Reason, by: By = "operator", as_json: Json = False, config: Config = None
) -> None:
    """Let a version score beside the one that predicts: nothing of it is shown, tested or decided on."""
    from serving.projects.versions import shadow

    runtime = runtime_of(config)
    with err.status("reading its files, loading"):
        after = shadow(runtime, project_of(runtime, slug), version, reason=reason, actor=by)
    show(standing(after), as_json, in_words(after))


def drop_shadow(slug: Slug, reason: Reason, by: By = "operator", as_json: Json = False, config: Config = None) -> None:
    """Let nothing score beside the model that predicts any more."""
    from serving.projects.versions import drop_shadow

    runtime = runtime_of(config)
    after = drop_shadow(runtime, project_of(runtime, slug), reason=reason, actor=by)
    show(standing(after), as_json, in_words(after))


def release(slug: Slug, reason: Reason, by: By = "operator", as_json: Json = False, config: Config = None) -> None:
    """Let go of a choice by hand: models are trained and tried by themselves again."""
    from serving.projects.versions import release

    runtime = runtime_of(config)
    after = release(runtime, project_of(runtime, slug), reason=reason, actor=by)
    show(standing(after), as_json, in_words(after))


def add(
    slug: Slug,
    file: Annotated[Path, typer.Argument(help="A project file: its `spec` is the model. The rest of it is not read.")],
    reason: Reason,
    by: By = "operator",
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Make another model known, trained on the project's labels where it learns; nothing uses it yet."""
    from serving.project_file import ProjectFile
    from serving.projects.versions import add

    runtime = runtime_of(config)
    with err.status("reading, training where it learns"):
        spec = ProjectFile.load(file).spec
        made = add(runtime, project_of(runtime, slug), spec, reason=reason, actor=by)
    value = {"version": made.ref.version, "sha256": made.ref.sha256, "n_train": made.n_train}
    show(value, as_json, f"{escape(made.ref.version)}: `prelabel models shadow {escape(slug)} {made.ref.version}`")


COMMANDS: dict[str, Callable[..., None]] = {
    "promote": promote,
    "rollback": roll_back,
    "shadow": shadow,
    "drop-shadow": drop_shadow,
    "release": release,
    "add": add,
}
"""Of ``prelabel models``."""


def standing(project: ProjectRow) -> dict[str, Any]:
    """Which models work for a project, and where its gate stands."""
    return {
        "active": project.active_model,
        "pinned": project.pinned,
        "challenger": project.challenger,
        "shadow": project.shadow,
        "gate": project.gate_state.value,
        "reason": project.gate_reason,
    }


def in_words(project: ProjectRow) -> str:
    """``standing`` for people."""
    by_hand = ", chosen by hand" if project.pinned else ""
    lines = [f"predicts: {project.active_model or '-'}{by_hand}"]
    lines += [f"on trial: {project.challenger}"] if project.challenger else []
    lines += [f"in the shadow: {project.shadow}"] if project.shadow else []
    return escape("\n".join([*lines, f"gate: {project.gate_state.value}: {project.gate_reason}"]))
