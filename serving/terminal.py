"""What all commands share: arguments, the composition of one command, and how results are printed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import BaseModel
from rich.console import Console, RenderableType
from rich.markup import escape

from serving import judges
from serving.composition import make_runtime
from serving.local import LocalScorer
from serving.logs import configure
from serving.pipeline.runtime import Runtime
from serving.settings import Settings
from serving.store.records import ProjectRow

out = Console()
err = Console(stderr=True)

Slug = Annotated[str, typer.Argument(help="Name of the connected project, as `prelabel projects` lists it.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
Config = Annotated[Path | None, typer.Option("--config", help="Path of a service.yaml.")]


_opened: ContextVar[dict[str, Any] | None] = ContextVar("opened", default=None)


@contextmanager
def opened() -> Iterator[dict[str, Any]]:
    """What the command that runs inside has worked with: ``runtime``, and ``project`` where it said one."""
    made: dict[str, Any] = {}
    token = _opened.set(made)
    try:
        yield made
    finally:
        _opened.reset(token)


def note(text: str) -> None:
    """Say on stderr what somebody should know; nothing where the text is empty."""
    if text:
        err.print(f"[yellow]note[/yellow] {escape(text)}", highlight=False, soft_wrap=True)


def about(slug: str) -> None:
    """The project that the command is about, where its arguments do not say so: for the audit log."""
    if (made := _opened.get()) is not None:
        made["project"] = slug


def runtime_of(config: Path | None) -> Runtime:
    """The composition of a command: the store, and models in this very process."""
    settings = Settings.load(config)
    configure(settings.model_copy(update={"log_json": False, "log_level": "WARNING"}))
    judges.provide(settings.judge_allowed_hosts)
    runtime = make_runtime(settings, LocalScorer(Path(settings.model_dir)))
    if (made := _opened.get()) is not None:
        made["runtime"] = runtime
    return runtime


def project_of(runtime: Runtime, slug: str) -> ProjectRow:
    with runtime.store.read() as uow:
        return uow.projects.by_slug(slug)


def show(value: Any, as_json: bool, text: RenderableType) -> None:
    """Print a result once, in the form that was asked for."""
    if as_json:
        plain = value.model_dump(mode="json") if isinstance(value, BaseModel) else value
        print(json.dumps(plain, indent=2, ensure_ascii=False, default=str))
    else:
        out.print(text)


def stamp(seconds: float) -> str:
    """Local time, to the second."""
    return datetime.fromtimestamp(seconds, tz=UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")
