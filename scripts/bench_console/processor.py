"""Processor time of the processes that answer a page: it says what a page costs, however busy the machine is.

Read to the nanosecond from ``/proc/PID/task/*/schedstat``, of the application and of the database's server processes.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import make_url

PROC = Path("/proc")


def seconds(pids: Sequence[int]) -> float:
    """What all threads of these processes have used so far; one that has ended counts as 0."""
    total = 0
    for pid in pids:
        for thread in (PROC / str(pid) / "task").glob("*"):
            with contextlib.suppress(OSError):
                total += int((thread / "schedstat").read_text().split()[0])
    return total / 1e9


def backends(url: str) -> list[int]:
    """Ids of the processes that serve a PostgreSQL database now; none for SQLite, which has no server."""
    parsed = make_url(url)
    if parsed.drivername == "sqlite":
        return []
    found = []
    for folder in PROC.iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):
                title = (folder / "cmdline").read_bytes().decode(errors="replace")
                found += [int(folder.name)] if title.startswith("postgres:") and f" {parsed.database} " in title else []
    return found
