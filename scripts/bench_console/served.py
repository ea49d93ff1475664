"""The application over one store, as a process: ``python -m scripts.bench_console.served FOLDER URL PORT``.

All of it is the service's own but for two things: a platform in memory takes the place of Label Studio's accounts of
trainers (the token ``user 101`` is that person's), and everybody who connects a project has typed the same draft, which
is read from the store as ever.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from connectors.base import User
from connectors.memory import MemoryPlatform
from scripts.bench_console.fill import URL
from serving.api.application import create_app
from serving.composition import make_runtime
from serving.console.connect import draft_of
from serving.local import LocalScorer
from serving.pipeline.runtime import Runtime
from serving.projects import drafts
from serving.projects.drafts import Draft
from serving.settings import Settings
from serving.store.engine import Store
from serving.warm_up import CONSOLE, warm_up
from tests.support.local_world import CONFIG, person_of

TOKEN = "operator-token"
DRAFT = "draft of the benchmark"


def settings_of(folder: Path, url: str) -> Settings:
    return Settings(data_dir=folder, api_token=TOKEN, store_url=url)


def runtime_of(folder: Path, url: str, store: Store | None = None) -> Runtime:
    settings = settings_of(folder, url)
    platform = MemoryPlatform(CONFIG, user=User(id=1, email="prelabel@example.com"))
    made = make_runtime(settings, LocalScorer(Path(settings.model_dir)), store=store)
    return replace(made, annotator=lambda _, token: person_of(platform, token))


def app_of(runtime: Runtime) -> FastAPI:
    """With a draft that has got to the last step; it lasts as long as any (``drafts.LASTS_S``)."""
    typed = Draft(url=URL, token="t", email="prelabel@example.com", project=3, title="Moods", slug="moods", mapped=True)
    drafts.save(runtime, DRAFT, typed)
    app = create_app(runtime)
    app.dependency_overrides[draft_of] = lambda: drafts.load(runtime, DRAFT)
    return app


def main() -> None:
    folder, url, port = sys.argv[1:]
    app = app_of(runtime_of(Path(folder), url))
    warm_up(*CONSOLE)  # as the replica that serves it does
    uvicorn.run(app, host="127.0.0.1", port=int(port), log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
