"""``make bench``: measures, prints every ratio with what it is compared with, and says which goals were missed."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from scripts.bench import machine, memory, pipeline, publishing, scoring, storing
from scripts.bench.measure import Line, render
from scripts.bench.servers import Servers

NAMES = ("memory", "store", "scheduling", "scorer", "publishing", "pipeline")
"""In the order in which they run: memory first, while nothing has been used."""

console = Console(highlight=False, soft_wrap=True)


def bench(
    only: Annotated[list[str] | None, typer.Option(help=f"One of {', '.join(NAMES)}; may be repeated.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write everything to this file.")] = None,
    rounds: Annotated[int, typer.Option(min=1, help="Interleaved rounds of every line.")] = 4,
    texts: Annotated[int, typer.Option(min=64, help="Texts a round for MiniLM.")] = 1024,
    predictions: Annotated[int, typer.Option(min=1, help="Predictions a round for publishing.")] = 2000,
    tasks: Annotated[int, typer.Option(min=64, help="Tasks a round for the whole pipeline.")] = 4000,
    items: Annotated[int, typer.Option(min=64, help="Items that go through the store, all rounds together.")] = 8192,
    studio_env: Annotated[list[str] | None, typer.Option(help="NAME=VALUE for Label Studio; may be repeated.")] = None,
) -> None:
    """Measure; exit code 0 also when a goal is missed."""
    unknown = sorted(set(only or ()) - set(NAMES))
    if unknown:
        raise typer.BadParameter(f"there is no {unknown[0]!r}: {', '.join(NAMES)}")
    settings = dict(pair.split("=", 1) for pair in studio_env or ())
    began = time.monotonic()

    def say(message: str) -> None:
        console.print(f"[dim]{time.monotonic() - began:5.0f} s  {message}[/dim]")

    with Servers(say, settings) as servers:
        measures: dict[str, Callable[[], Line]] = {
            "memory": lambda: memory.memory(servers, say),
            "store": lambda: storing.storing(servers.folder, say, n=items, rounds=rounds),
            "scheduling": lambda: scoring.scheduling(servers, say, n=texts // 4, rounds=rounds),
            "scorer": lambda: scoring.through_serve(servers, say, n=texts, rounds=rounds),
            "publishing": lambda: publishing.publishing(servers, say, n=predictions, rounds=rounds),
            "pipeline": lambda: pipeline.pipeline(servers, say, n=tasks, rounds=max(1, rounds - 1)),
        }
        lines = []
        for name in NAMES:
            if only and name not in only:
                continue
            load = machine.load()
            lines.append(dataclasses.replace(measures[name](), load=load))
            console.print("\n".join(render(lines[-1])), markup=False)
        report(lines, json_file, time.monotonic() - began, settings)


def report(lines: list[Line], json_file: Path | None, seconds: float, studio_env: dict[str, str]) -> None:
    """The whole of it once more, and to the file."""
    where = machine.describe() | {"label-studio settings": studio_env}
    console.print()
    for line in lines:
        console.print("\n".join(render(line)), markup=False)
    missed = [line.name for line in lines if line.met is False]
    console.print(f"goals missed: {', '.join(missed)}" if missed else "no goal missed", markup=False)
    loads = ", ".join(f"{line.name} {line.load}" for line in lines)
    console.print(f"{seconds:.0f} s; load before each: {loads}; {where['cores']} x {where['processor']}", markup=False)
    if json_file is not None:
        date = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        value = {
            "date": date,
            "seconds": round(seconds, 1),
            "machine": where,
            "lines": [line.plain() for line in lines],
        }
        json_file.write_text(json.dumps(value, indent=1), encoding="utf-8")


if __name__ == "__main__":
    typer.run(bench)
