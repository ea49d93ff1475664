"""Memory of running processes, from /proc. PSS counts a page that k processes share as 1/k in each: sums are true."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Process:
    """One process of a tree."""

    pid: int
    command: tuple[str, ...]
    pss_mib: float


def tree(root: int) -> list[Process]:
    """The process ``root`` and all that descend from it; what ends meanwhile is left out."""
    return [found for pid in descendants(root, _parents()) if (found := _read(pid)) is not None]


def cpu_seconds(root: int) -> float:
    """What ``root`` and its living descendants have used so far, in user and system."""
    ticks = 0
    for pid in descendants(root, _parents()):
        with contextlib.suppress(OSError):
            fields = _stat(pid)
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def descendants(root: int, parents: Mapping[int, int]) -> list[int]:
    """``root`` and all that have it among their ancestors.

    Args:
        root: process id.
        parents: process id -> id of its parent.
    """
    children: dict[int, list[int]] = {}
    for pid, parent in parents.items():
        children.setdefault(parent, []).append(pid)
    found = [root]
    for pid in found:  # grows while it is read
        found += sorted(children.get(pid, ()))
    return found


def pss_mib(smaps_rollup: str) -> float:
    """Proportional set size in MiB, from the text of ``/proc/PID/smaps_rollup``; 0 where there is none."""
    for line in smaps_rollup.splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0


def name_of(command: tuple[str, ...]) -> str:
    """What a process of Ray or Prelabel is, from its command line."""
    text = " ".join(command)
    if text.startswith("ray::"):
        replica = text.split()[0].removeprefix("ray::").removeprefix("ServeReplica:")
        return replica.rsplit(":", 1)[-1].replace("IDLE", "idle worker")
    for mark, name in _MARKS.items():
        if mark in text:
            return name
    return Path(command[0]).name if command else "?"


_MARKS = {
    "gcs_server": "Ray gcs_server",
    "raylet": "Ray raylet",
    "log_monitor": "Ray log monitor",
    "runtime_env": "Ray runtime env agent",
    "dashboard/agent": "Ray agent",
    "dashboard.py": "Ray dashboard",
    "monitor.py": "Ray monitor",
    "prelabel serve": "driver",
    "scripts.bench.empty": "driver",
}


def gcs_address(processes: list[Process]) -> str:
    """Where the Ray cluster of this process tree can be joined.

    Raises:
        LookupError: no raylet is among them.
    """
    for argument in _arguments(processes):
        if argument.startswith("--gcs-address="):
            return argument.partition("=")[2]
    raise LookupError("no Ray cluster runs in this process tree")


def _arguments(processes: list[Process]) -> Iterator[str]:
    return (argument for process in processes for argument in process.command)


def _parents() -> dict[int, int]:
    parents: dict[int, int] = {}
    for folder in PROC.iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):
                parents[int(folder.name)] = int(_stat(int(folder.name))[1])
    return parents


def _stat(pid: int) -> list[str]:
    """Fields of ``/proc/PID/stat`` after the name: state, parent ..."""
    return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()


def _read(pid: int) -> Process | None:
    try:
        command = (PROC / str(pid) / "cmdline").read_bytes().decode(errors="replace").split("\0")
        rollup = (PROC / str(pid) / "smaps_rollup").read_text()
    except OSError:
        return None
    return Process(pid, tuple(part for part in command if part), pss_mib(rollup))
