"""The audit log and the command line: every command that changes something is written down; ``prelabel changes``.

``write_down`` wraps the commands of an application in one place. A test refuses a command that stands in neither table.
"""

from __future__ import annotations

import getpass
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import wraps
from typing import Annotated, Any, Final

import typer
from rich.markup import escape
from rich.table import Table

from models.costs import Costs
from serving.store.changes import END, ChangeRow
from serving.terminal import Config, Json, opened, runtime_of, show, stamp
from serving.trail import Action, change_of, keep


@dataclass(frozen=True, slots=True)
class Command:
    """A command that changes something."""

    action: Action
    only_with: tuple[str, ...] = ()
    """Options without any of which it only looks."""
    unless: str | None = None
    """Option with which it only looks."""

    def changes(self, given: dict[str, Any]) -> bool:
        """Whether it changes anything, called with these arguments."""
        if self.only_with and all(given.get(option) in (None, False) for option in self.only_with):
            return False
        return self.unless is None or not given.get(self.unless)


CONNECTED = (
    "project",
    "encoder",
    "classifier",
    "epsilon",
    "delta",
    "train_target",
    "validation_target",
    "audit_rate",
    "validation_people",
    "overlap_people",
    "control_rate",
    "tabs_of_queues",
    "review_rate",
)
COSTS = tuple(Costs.model_fields)
CHANGING: Final[dict[str, Command]] = {
    "connect": Command(Action("project.connect", CONNECTED), unless="dry_run"),
    "disconnect": Command(Action("project.disconnect")),
    "token": Command(Action("project.token")),
    "rotate-key": Command(Action("service.rotate-key")),
    "doctor": Command(Action("project.mend"), only_with=("fix",)),
    "backfill": Command(Action("project.backfill")),
    "redrive": Command(Action("items.redrive", ("item",))),
    "train": Command(Action("model.train")),
    "costs": Command(Action("costs.set", COSTS), only_with=(*COSTS, "forget")),
    "models promote": Command(Action("model.promote", ("by",), "model {version}")),
    "models rollback": Command(Action("model.roll-back", ("to", "by"))),
    "models release": Command(Action("model.release", ("by",))),
    "models shadow": Command(Action("model.shadow", ("by",), "model {version}")),
    "models drop-shadow": Command(Action("model.drop-shadow", ("by",))),
    "models add": Command(Action("model.add", ("file", "by"))),
    "suggestions": Command(Action("suggestions.rate", ("control_rate",)), only_with=("control_rate",)),
    "tabs": Command(Action("tabs.set", ("on",))),
    "gate close": Command(Action("gate.close", ("by",))),
    "gate reopen": Command(Action("gate.reopen", ("by",))),
    "gate tolerance": Command(Action("gate.tolerance", ("epsilon", "delta", "by"))),
    "gate extend": Command(Action("gate.extend", ("labels", "people"))),
}
"""Words of the command -> what it is called in the log."""
LOOKING: Final = frozenset(
    {
        "serve",
        "projects",
        "report",
        "explain",
        "dead",
        "changes",
        "try",
        "gate status",
        "gate certify",
        "gate simulate",
        "models list",
        "models check",
        "models export",
        "people figures",
        "people agreement",
        "people consensus",
        "simulate trainers",
    }
)
"""Words of the commands that change nothing in the store."""


def commands(app: typer.Typer, before: str = "") -> Iterator[tuple[str, Any]]:
    """The words of every command of an application, and typer's record of it."""
    for one in app.registered_commands:
        name = one.name or str(one.callback.__name__ if one.callback else "").replace("_", "-")
        yield f"{before}{name}", one
    for group in app.registered_groups:
        if group.typer_instance is not None:
            yield from commands(group.typer_instance, f"{before}{group.name} ")


def write_down(app: typer.Typer) -> None:
    """From now on, each command of ``CHANGING`` that has succeeded is in the audit log."""
    for words, one in commands(app):
        if words in CHANGING and one.callback is not None:
            one.callback = _writing(CHANGING[words], one.callback)


def _writing(command: Command, callback: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(callback)
    def run(*args: Any, **given: Any) -> Any:
        with opened() as made:
            try:
                return callback(*args, **given)
            except typer.Exit:
                raise
            except BaseException:
                made.clear()
                raise
            finally:
                if made and command.changes(given):
                    _write(command.action, made, given)

    return run


def _write(action: Action, made: dict[str, Any], given: dict[str, Any]) -> None:
    params = given | ({"slug": made["project"]} if "project" in made else {})
    keep(made["runtime"], change_of(action, params, role="cli", actor=account()))


def account() -> str | None:
    """The account of the operating system under which the command runs; None: it has no name."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return None


def changes(
    project: Annotated[str | None, typer.Option(help="Name of a project, also of one that is gone.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many, newest first.")] = 50,
    before: Annotated[int, typer.Option(min=0, help="Go on behind this id.")] = END,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """What was changed, by whom and why: the audit log, newest first."""
    runtime = runtime_of(config)
    with runtime.store.read() as uow:
        rows = uow.changes.page(project, before=before, limit=limit)
    table = Table("id", "when", "who", "what", "project", "with", "why")
    for row in rows:
        what = f"{row.action} {row.subject or ''}".strip()
        params = ", ".join(f"{name} {value}" for name, value in row.params.items())
        cells = (what, row.project or "-", params or "-", row.reason or "-")
        table.add_row(str(row.id), stamp(row.at), escape(_who(row)), *map(escape, cells))
    show([asdict(row) for row in rows], as_json, table)


def _who(row: ChangeRow) -> str:
    name = row.trainer or row.actor
    return f"{row.role} {name}" if name else row.role
