"""Counts the figures of every project as the pipeline does, as a process: ``python -m ….keeper FOLDER URL``.

Prints a line of JSON once each figure has been counted: name -> seconds, of the larger project.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from scripts.bench_console.fill import SLUG
from scripts.bench_console.served import runtime_of
from serving.monitoring.kept_figures import FIGURES, refresh
from serving.pipeline.runtime import Runtime
from serving.pipeline.worker import FIGURES_S


def main() -> None:
    runtime = runtime_of(Path(sys.argv[1]), sys.argv[2])
    _round(runtime)
    with runtime.store.read() as uow:
        project = uow.projects.by_slug(SLUG)
        known = {one.name: uow.kept.look(project.id, one.name) for one in FIGURES}
    print(json.dumps({name: round(row.seconds, 2) for name, row in known.items() if row is not None}), flush=True)
    while True:
        time.sleep(FIGURES_S)
        _round(runtime)


def _round(runtime: Runtime) -> None:
    with runtime.store.read() as uow:
        projects = uow.projects.list()
    for project in projects:
        refresh(runtime, project)


if __name__ == "__main__":
    main()
