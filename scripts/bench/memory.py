"""Memory of the idle service against that of an empty Serve application, both measured in the same way."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scripts.bench import processes
from scripts.bench.measure import Line, Say, Series
from scripts.bench.servers import Servers
from scripts.demo.stack import ROOT

SETTLE_S = 10.0
"""Ray's own processes are still growing when the application answers."""
LOOKS = 3


def memory(servers: Servers, say: Say) -> Line:
    """PSS of every process of ``prelabel serve`` ÷ the same of Ray with a proxy and a replica that does nothing."""
    say("memory: an empty Serve application")
    with empty(servers.folder / "empty.log") as pid:
        base = [weigh(pid) for _ in range(LOOKS)]
        base_cpu = cores(pid)
    say("memory: the service without a project")
    ours = [weigh(servers.service.pid) for _ in range(LOOKS)]
    cpu = cores(servers.service.pid)
    return Line(
        "memory",
        ours=Series("prelabel serve, idle, no project yet", tuple(sum(one.values()) for one in ours)),
        base=Series("Ray head, Serve controller, proxy and one empty replica", tuple(sum(o.values()) for o in base)),
        unit="MiB",
        n=len(ours[-1]),
        parts=ours[-1],
        notes=(
            "PSS: memory shared by k processes counts as 1/k in each; smaller is better",
            f"idle CPU: {cpu:.0%} of a core; the empty application {base_cpu:.0%}",
        ),
    )


def weigh(pid: int) -> dict[str, float]:
    """MiB by name of process, largest first, once it has settled."""
    time.sleep(SETTLE_S / LOOKS)
    found: dict[str, float] = {}
    for process in processes.tree(pid):
        name = processes.name_of(process.command)
        found[name] = found.get(name, 0.0) + process.pss_mib
    return dict(sorted(found.items(), key=lambda one: -one[1]))


def cores(pid: int) -> float:
    """Cores that the process and its descendants keep busy, over ``SETTLE_S`` seconds."""
    before = processes.cpu_seconds(pid)
    time.sleep(SETTLE_S)
    return (processes.cpu_seconds(pid) - before) / SETTLE_S


@contextmanager
def empty(log: Path) -> Iterator[int]:
    """The empty application; its process id.

    Raises:
        RuntimeError: it did not start.
    """
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "scripts.bench.empty"],
            stdout=subprocess.PIPE,
            stderr=errors,
            cwd=ROOT,
            start_new_session=True,
        )
    try:
        assert process.stdout is not None
        if process.stdout.readline().strip() != b"ready":
            raise RuntimeError(f"the empty application did not start: {log.read_text()[-500:]}")
        yield process.pid
    finally:
        process.terminate()
        process.wait(60)
        if process.stdout is not None:
            process.stdout.close()
