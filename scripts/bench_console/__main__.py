"""``make bench-console``: what every page of the console takes over a million items, and what it weighs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from rich.console import Console

from scripts.bench import machine
from scripts.bench_console.addresses import DRAWN, LEFT_OUT, pages
from scripts.bench_console.fill import fill
from scripts.bench_console.processor import backends
from scripts.bench_console.processor import seconds as seconds_of
from scripts.bench_console.served import runtime_of, settings_of
from scripts.bench_console.timing import GOAL_BYTES, GOAL_MS, Timed, measure
from scripts.label_studio import free_port
from serving.api.application import create_app
from serving.secrets import open_vault
from serving.store.engine import Store
from tests.support import postgres

SMALL = 100
"""Items of the store that the times are compared with: pages of items need some."""
START_S = 120.0

console = Console(highlight=False, soft_wrap=True)
Measured = tuple[dict[str, float], list[dict[str, Any]]]


def bench(
    items: Annotated[int, typer.Option(min=100, help="Items of the project.")] = 1_000_000,
    database: Annotated[str, typer.Option(help="sqlite, postgresql or both.")] = "both",
    requests: Annotated[int, typer.Option(min=2, help="Requests a page.")] = 21,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write everything to this file.")] = None,
    keep: Annotated[Path | None, typer.Option(help="A folder whose SQLite store is used, and made if need be.")] = None,
    postgresql_url: Annotated[
        str, typer.Option(help="A database that an earlier run has filled, or an empty one.")
    ] = "",
) -> None:
    """Measure; exit code 0 also when a goal is missed."""
    if database not in ("sqlite", "postgresql", "both"):
        raise typer.BadParameter(f"there is no {database!r}: sqlite, postgresql, both")
    begun, load = time.monotonic(), machine.load()
    found: list[dict[str, Any]] = []
    counting: dict[str, dict[str, float]] = {}
    for name in ("sqlite", "postgresql"):
        if database in (name, "both"):
            counting[name], rows = measured(name, items, requests, keep, postgresql_url)
            found += rows
    table(found, items)
    say("\n".join(["not measured:", *(f"  {path} {why}" for path, why in LEFT_OUT.items()), f"  {DRAWN}"]))
    seconds = round(time.monotonic() - begun, 1)
    say(f"{seconds:.0f} s; load before {load}, after {machine.load()}")
    if json_file is not None:
        value = {
            "items": items,
            "requests": requests,
            "goal": {"p95_ms": GOAL_MS, "weight": GOAL_BYTES},
            "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "seconds": seconds,
            "load": [load, machine.load()],
            "cores": len(os.sched_getaffinity(0)),
            "counting_s": counting,
            "pages": found,
            "not_measured": {**LEFT_OUT, DRAWN.partition(": ")[0]: DRAWN.partition(": ")[2]},
        }
        json_file.write_text(json.dumps(value, indent=1), encoding="utf-8")


def say(message: str) -> None:
    console.print(message, markup=False)


def measured(name: str, items: int, requests: int, keep: Path | None, url: str) -> Measured:
    """One database: the store of so many items, beside one of ``SMALL`` in the same run.

    Returns:
        Figure that is counted in the background -> seconds; and the pages.
    """
    with ExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="prelabel-bench-")))
        server = stack.enter_context(postgres.postgres_server()) if name == "postgresql" and not url else ""
        times = []
        for n in (SMALL, items):
            folder = keep / f"{name}-{n}" if keep is not None and n == items else root / str(n)
            folder.mkdir(parents=True, exist_ok=True)
            address = f"sqlite:///{folder}/prelabel.db"
            if name == "postgresql":
                here = url if url and n == items else ""
                address = here or stack.enter_context(postgres.fresh_database(server or _server_of(url)))
            times.append(_pages(folder, address, n, requests))
    small = {(one.page.path, one.page.who): one for one in times[0][1]}
    counting, found = times[1]
    say(f"{name}: counted in the background, seconds: {counting}")
    return counting, [_plain(name, one, small[one.page.path, one.page.who]) for one in found]


def _server_of(url: str) -> str:
    """The same server's database ``postgres``."""
    head, _, query = url.partition("?")
    return f"{head.rpartition('/')[0]}/postgres?{query}"


def _pages(folder: Path, url: str, n: int, requests: int) -> tuple[dict[str, float], list[Timed]]:
    store = Store.open(url)
    try:
        store.migrate()
        with store.read() as uow:
            empty = not uow.projects.list()
        if empty:
            begun = time.monotonic()
            fill(store, open_vault(settings_of(folder, url)), n, lambda message: say(f"  {message}"))
            say(f"{store.dialect}: {n:,} items made in {time.monotonic() - begun:.0f} s")
        asked = pages(create_app(runtime_of(folder, url, store)), store)
    finally:
        store.close()
    with keeper(folder, url) as counting, served(folder, url) as (base, pid):
        return counting, measure(base, asked, requests, lambda: seconds_of([pid, *backends(url)]))


@contextmanager
def keeper(folder: Path, url: str) -> Iterator[dict[str, float]]:
    """The process that counts, once it has counted everything; what each figure took, seconds."""
    command = [sys.executable, "-m", "scripts.bench_console.keeper", str(folder), url]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        yield json.loads(process.stdout.readline())
    finally:
        process.terminate()
        process.wait(timeout=60)
        process.stdout.close()


@contextmanager
def served(folder: Path, url: str) -> Iterator[tuple[str, int]]:
    """The application in a process of its own; its address and process id."""
    port = free_port()
    command = [sys.executable, "-m", "scripts.bench_console.served", str(folder), url, str(port)]
    process = subprocess.Popen(command)
    base = f"http://127.0.0.1:{port}"
    try:
        _wait(base, process)
        yield base, process.pid
    finally:
        process.terminate()
        process.wait(timeout=30)


def _wait(base: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + START_S
    while True:
        try:
            httpx.get(f"{base}/healthz", timeout=5.0)
        except httpx.HTTPError:
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError("the application did not start") from None
            time.sleep(0.1)
        else:
            return


def _plain(database: str, one: Timed, small: Timed) -> dict[str, Any]:
    return {
        "database": database,
        "path": one.page.path,
        "who": one.page.who,
        "requests": len(one.later) + 1,
        "first_ms": round(one.first_ms, 1),
        "p50_ms": round(one.p50_ms, 1),
        "p95_ms": round(one.p95_ms, 1),
        "of_goal": round(one.p95_ms / GOAL_MS, 2),
        "cpu_ms": round(one.cpu_ms, 1),
        "small_p50_ms": round(small.p50_ms, 1),
        "small_p95_ms": round(small.p95_ms, 1),
        "small_cpu_ms": round(small.cpu_ms, 1),
        "bytes": one.bytes,
        "weight": one.weight,
    }


COLUMNS = ("first_ms", "p50_ms", "p95_ms", "of_goal", "cpu_ms", "small_p95_ms", "small_cpu_ms", "bytes", "weight")


def table(found: Sequence[dict[str, Any]], items: int) -> None:
    say(f"times at {items:,} items in milliseconds, small: at {SMALL}; goal: p95 below {GOAL_MS:.0f}")
    say("".join(f"{name:>13}" for name in COLUMNS) + "  page")
    for one in sorted(found, key=lambda one: (one["database"], -one["p95_ms"])):
        missed = " MISSED" if one["p95_ms"] >= GOAL_MS or one["weight"] >= GOAL_BYTES else ""
        numbers = "".join(f"{one[name]:>13,}" for name in COLUMNS)
        say(f"{numbers}  {one['database']} {one['path']} ({one['who']}){missed}")


if __name__ == "__main__":
    typer.run(bench)
