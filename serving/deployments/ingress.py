"""Ingress: FastAPI behind Ray Serve's proxy. Does no inference; answers webhooks once they are stored."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI
from ray import serve
from ray.serve.handle import DeploymentHandle

from serving.api.application import create_app
from serving.composition import make_runtime
from serving.deployments.scorer import ServeScorer
from serving.logs import configure
from serving.settings import Settings

shell = FastAPI()


def build_app(settings: Settings, scorers: dict[str, DeploymentHandle]) -> FastAPI:
    """The same application that the tests drive without Ray."""
    configure(settings)
    scorer = ServeScorer(scorers, Path(settings.model_dir), timeout_s=settings.scorer_timeout_s)
    return create_app(make_runtime(settings, scorer))


@serve.deployment(max_ongoing_requests=64, max_queued_requests=512)
@serve.ingress(shell)
class IngressDeployment:
    """Mounts the application when the replica starts: its parts cannot be pickled."""

    def __init__(self, settings: Settings, scorers: dict[str, DeploymentHandle]) -> None:
        shell.mount("/", build_app(settings, scorers))

    def check_health(self) -> None:
        return None
