"""``make bench-gate``: the gate beside its rivals, on the same splits; tables and plots go into docs/."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from scripts.bench_gate import ball, digits, fashion, plots, stream
from scripts.bench_gate.data import DataMissingError
from scripts.bench_gate.result import Comparison, Section, plain
from scripts.bench_gate.table import MarkerMissingError, check_places, markdown, said, update

NAMES = ("C1", "C2", "C4", "C6")
ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = "gate-benchmarks.md"
CACHE, DOCS = ROOT / "var" / "bench-gate", ROOT / "docs"
FEWEST_SPLITS, FEWEST_MODELS = 1000, 5
"""Fewer are printed, and not written into docs/."""

console = Console(highlight=False, soft_wrap=True)


def bench_gate(
    only: Annotated[list[str] | None, typer.Option(help=f"One of {', '.join(NAMES)}; may be repeated.")] = None,
    splits: Annotated[int, typer.Option(min=1, help="Random splits of every setting, all models together.")] = 1000,
    models: Annotated[int, typer.Option(min=1, help="Models of C1; C4 has twenty times as many.")] = 5,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write everything to this file.")] = None,
    docs: Annotated[Path, typer.Option(help="Folder of gate-benchmarks.md and plots/.")] = DOCS,
    cache: Annotated[Path, typer.Option(help="Folder for what the models of C1 say.")] = CACHE,
) -> None:
    """Measure; exit code 0 also when a goal is missed."""
    unknown = sorted(set(only or ()) - set(NAMES))
    if unknown:
        raise typer.BadParameter(f"there is no {unknown[0]!r}: {', '.join(NAMES)}")
    chosen = [name for name in NAMES if not only or name in only]
    written = splits >= FEWEST_SPLITS and models >= FEWEST_MODELS
    if written:
        try:
            check_places(docs / DOCUMENT, chosen)
        except MarkerMissingError as error:
            raise typer.BadParameter(str(error)) from error
    began = time.monotonic()

    def note(message: str) -> None:
        console.print(f"[dim]{time.monotonic() - began:5.0f} s  {message}[/dim]")

    measures: dict[str, Callable[[], list[Section]]] = {
        "C1": lambda: list(fashion.comparisons(models, splits, cache)),
        "C2": lambda: list(ball.comparisons(splits)),
        "C4": lambda: list(digits.comparisons(models, splits)),
        "C6": lambda: [stream.monitoring(splits)],
    }
    found: dict[str, list[Section]] = {}
    for name in chosen:
        if name == "C1":
            note(f"C1: models that are not in {cache.name} yet")
            fashion.train(models, cache)
        note(name)
        found[name] = measures[name]()
        for section in found[name]:
            console.print(markdown(section), markup=False)
    pictures = {f"gate-{name.lower()}.svg": trade(found[name]) for name in ("C1", "C4") if name in found}
    curve: list[Comparison] = []
    if "C1" in found:
        note("C1: coverage against epsilon")
        curve = fashion.curve(models, splits, cache)
        pictures["gate-coverage.svg"] = plots.coverage(curve)
    if written:
        write(docs, found, pictures)
        note(f"written into {docs.name}/")
    else:
        note(f"not written into {docs.name}/: that takes {FEWEST_SPLITS} splits and {FEWEST_MODELS} models")
    sections = [section for listed in found.values() for section in listed]
    for missed in (f"{section.title}: {said(goal)}" for section in sections for goal in section.goals if not goal.met):
        console.print(missed, markup=False)
    if json_file is not None:
        value = {
            "seconds": round(time.monotonic() - began, 1),
            "sections": [plain(section) for section in sections],
            "curve": [plain(point) for point in curve],
        }
        json_file.write_text(json.dumps(value, indent=1), encoding="utf-8")


def trade(sections: list[Section]) -> str:
    return plots.trade([section for section in sections if isinstance(section, Comparison)])


def write(docs: Path, found: dict[str, list[Section]], pictures: dict[str, str]) -> None:
    """Tables between their markers, plots beside."""
    texts = {name: "\n".join(markdown(section) for section in sections) for name, sections in found.items()}
    update(docs / DOCUMENT, texts)
    (docs / "plots").mkdir(exist_ok=True)
    for name, picture in pictures.items():
        (docs / "plots" / name).write_text(picture, encoding="utf-8")


def main() -> None:
    try:
        typer.run(bench_gate)
    except DataMissingError as error:
        console.print(f"[red]{error}[/red]")
        raise SystemExit(1) from error


if __name__ == "__main__":
    main()
