"""The servers that lines share: started when the first line needs them, ended with the bench. All on loopback."""

from __future__ import annotations

import logging
import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from models.base import ModelRef
from models.types import Item
from scripts import label_studio
from scripts.bench import processes
from scripts.bench.measure import Say, chunks
from scripts.demo.stack import ROOT, Service, start_service, stop_service
from serving.deployments.run import ENVIRONMENT
from serving.settings import Settings

MODELS = ROOT / "var" / "bench" / "models"
"""Exported networks, kept from run to run."""
ACCOUNT_TIMEOUT_S = 120.0
Score = Callable[[ModelRef, Sequence[Item]], Sequence[object]]


class Servers:
    """One Label Studio and one ``prelabel serve`` with default settings, in a folder that goes when they do."""

    def __init__(self, say: Say, studio_env: dict[str, str]) -> None:
        self._say, self._studio_env = say, studio_env
        self._stack = ExitStack()
        self.folder = Path(tempfile.mkdtemp(prefix="prelabel-bench-"))
        self._stack.callback(shutil.rmtree, self.folder, ignore_errors=True)
        # Read by the service, by this process as a second driver of its Ray cluster, and by what either starts.
        os.environ.update(ENVIRONMENT, RAY_AUTH_TOKEN=secrets.token_hex(32), PRELABEL_MODEL_DIR=str(MODELS))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stack.close()

    @cached_property
    def settings(self) -> Settings:
        """Of the service, seen from here."""
        return Settings.load(None, data_dir=self.folder / "service")

    @cached_property
    def studio(self) -> Studio:
        self._say("starting Label Studio")
        server = label_studio.start(self.folder / "label-studio", extra_env=self._studio_env, progress=self._say)
        self._stack.callback(server.stop)
        studio = Studio(server)
        self._stack.callback(studio.http.close)
        return studio

    @cached_property
    def service(self) -> Service:
        self._say("starting Prelabel on Ray Serve")
        folder = self.settings.data_dir
        service = start_service(folder, progress=lambda _: None)
        self._stack.callback(stop_service, folder)
        return service

    @cached_property
    def score(self) -> Score:
        """The service's own scorer, called over its handle as the pipeline calls it."""
        import ray
        from ray import serve

        from serving.deployments.scorer import ServeScorer

        address = processes.gcs_address(processes.tree(self.service.pid))
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR, _node_ip_address="127.0.0.1")
        logging.getLogger("ray.serve").setLevel(logging.ERROR)
        self._stack.callback(ray.shutdown)
        handle = serve.get_deployment_handle("Scorer", app_name="prelabel")
        scorer = ServeScorer(
            dict.fromkeys(("ngram", "minilm"), handle), MODELS, timeout_s=self.settings.scorer_timeout_s
        )
        return scorer.score


class Studio:
    """Label Studio through a bare HTTP client: the measure of what it can take."""

    def __init__(self, server: label_studio.Server) -> None:
        self.url, self.token = server.url, server.token
        self.http = httpx.Client(
            base_url=server.url,
            headers={"Authorization": f"Token {server.token}"},
            timeout=ACCOUNT_TIMEOUT_S,
            trust_env=False,
        )

    def project(self, title: str, config: str, texts: Sequence[str]) -> tuple[int, list[int]]:
        """A new project with one task a text; its id, and the ids of the tasks in the order of the texts."""
        number = int(self._post("/api/projects/", {"title": title[:50], "label_config": config})["id"])
        ids: list[int] = []
        for part in chunks(texts, 1000):
            tasks = [{"data": {"text": text}} for text in part]
            ids += self._post(f"/api/projects/{number}/import?return_task_ids=true", tasks)["task_ids"]
        return number, ids

    def import_predictions(self, project: int, bodies: Sequence[dict[str, Any]], size: int) -> int:
        """Label Studio's own bulk import; how many it took."""
        path = f"/api/projects/{project}/import/predictions"
        return sum(int(self._post(path, list(part))["created"]) for part in chunks(bodies, size))

    def _post(self, path: str, body: object) -> dict[str, Any]:
        answer: dict[str, Any] = self.http.post(path, json=body).raise_for_status().json()
        return answer
