"""``make bench-models``: items a second of every kind of model beside the bare library, in one run, as a ratio."""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from scripts.bench import machine
from scripts.bench.measure import Line, render
from scripts.bench_models import lines

TASKS = {
    "ocr": (lines.ocr, 16),
    "layout": (lines.layout, 32),
    "speech": (lines.speech, 16),
    "classifier": (lines.classifier, 256),
    "tokens": (lines.tokens, 256),
    "pictures": (lines.pictures, 64),
}
"""Name -> (what measures it, items a round)."""

console = Console(highlight=False, soft_wrap=True)


def bench(
    only: Annotated[list[str] | None, typer.Option(help=f"One of {', '.join(TASKS)}; may be repeated.")] = None,
    rounds: Annotated[int, typer.Option(min=1, help="Interleaved rounds of every line.")] = 4,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write everything to this file.")] = None,
) -> None:
    """Measure; exit code 0 also when a goal is missed."""
    if unknown := sorted(set(only or ()) - TASKS.keys()):
        raise typer.BadParameter(f"there is no {unknown[0]!r}: {', '.join(TASKS)}")
    found: list[Line] = []
    for name, (measure, n) in TASKS.items():
        if only and name not in only:
            continue
        load = machine.load()
        with tempfile.TemporaryDirectory(prefix="prelabel-bench-") as folder:
            found.append(measure(Path(folder), n, rounds))
        console.print("\n".join(render(found[-1])), f"load before it {load}", sep="\n", markup=False)
    missed = [line.name for line in found if line.met is False]
    console.print(f"goals missed: {', '.join(missed)}" if missed else "no goal missed", markup=False)
    if json_file is not None:
        date = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        value = {"date": date, "machine": machine.describe(), "lines": [line.plain() for line in found]}
        json_file.write_text(json.dumps(value, indent=2), encoding="utf-8")


if __name__ == "__main__":
    typer.run(bench)
