"""The command line reference, from what ``--help`` is made of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer

from scripts.docs_site.fields import type_in_words
from scripts.docs_site.markdown import anchor, prose, table
from serving.cli import app

SHARED = ("--json", "--config", "--help")
"""Options that the page says once."""


def commands_page() -> str:
    return "\n".join(_command(path, command) for path, command in commands())


def commands(path: str = "prelabel", command: Any = None) -> Iterator[tuple[str, Any]]:
    """``(words, command)`` of everything that can be called, groups before what is in them, by name."""
    command = command or typer.main.get_command(app)
    for name, inner in sorted(getattr(command, "commands", {}).items()):
        yield f"{path} {name}", inner
        yield from commands(f"{path} {name}", inner)


def _command(path: str, command: Any) -> str:
    level = "##" if path.count(" ") == 1 else "###"
    heading = f"{level} `{path}` {{#{anchor(path)}}}\n\n{prose(command.help or '')}\n"
    if getattr(command, "commands", None):
        return heading
    places = [p for p in command.params if p.param_type_name == "argument"]
    options = [p for p in command.params if p.param_type_name == "option" and not set(p.opts) & set(SHARED)]
    usage = " ".join([path, *("[OPTIONS]" for _ in options[:1]), *(_place(p) for p in places)])
    parts = [heading, f"```text\n{usage}\n```\n"]
    if places:
        parts.append(table(("argument", "meaning"), [(f"`{_place(p)}`", prose(p.help or "")) for p in places]))
    if options:
        rows = [(_names(p), _value(p), prose(_help(p))) for p in options]
        parts.append(table(("option", "value", "meaning"), rows))
    return "\n".join(parts)


def _place(parameter: Any) -> str:
    name = (parameter.metavar or parameter.name).upper()
    return name if parameter.required else f"[{name}]"


def _names(option: Any) -> str:
    names = ", ".join(f"`{name}`" for name in (*option.opts, *option.secondary_opts))
    return f"{names} (required)" if option.required else names


def _value(option: Any) -> str:
    if option.is_flag:
        return ""
    said = type_in_words(option.type_descriptor.annotation)
    return f"{said}; may be given again" if option.multiple else said


def _help(option: Any) -> str:
    said = option.help or ""
    if option.envvar:
        said += f" Else `{option.envvar}`."
    if option.default not in (None, False, ()) and not option.is_flag and "efault" not in said:
        said += f" Default: `{option.default}`."
    return said
