"""Progress that is seen everywhere: bars on a terminal, a plain line every few seconds in a log."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

PLAIN_S = 5.0
"""Seconds between two plain lines."""


@contextmanager
def shown(console: Console, every_s: float = PLAIN_S) -> Iterator[Progress]:
    """A rich ``Progress``; rich shows nothing of it where there is no terminal, so lines are printed there."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(24), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=console, disable=not console.is_terminal) as progress:
        if console.is_terminal:
            yield progress
            return
        over = threading.Event()
        teller = threading.Thread(target=_tell, args=(console, progress, over, every_s), daemon=True)
        teller.start()
        try:
            yield progress
        finally:
            over.set()
            teller.join()


def _tell(console: Console, progress: Progress, over: threading.Event, every_s: float) -> None:
    began = time.monotonic()
    while not over.wait(every_s):
        running = [task for task in progress.tasks if task.visible and not task.finished]
        if running:
            now = running[-1]
            line = f"[{time.monotonic() - began:4.0f} s] {_line(now.description, now.completed, now.total)}"
            console.print(line, highlight=False, markup=False, soft_wrap=True)


def _line(description: str, completed: float, total: float | None) -> str:
    return description if total is None else f"{description}: {completed:.0f} of {total:.0f}"
