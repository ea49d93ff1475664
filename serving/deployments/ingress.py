"""Ingress: FastAPI behind Ray Serve's proxy. Does no inference; answers webhooks once they are stored."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fastapi import FastAPI
from ray import serve
from ray.serve.handle import DeploymentHandle

from serving.api.application import create_app
from serving.composition import make_runtime
from serving.deployments.scorer import ServeScorer
from serving.logs import configure_replica
from serving.settings import Settings
from serving.tracing import start, target_of
from serving.warm_up import CONSOLE, warm_up


class IngressReplica:
    """Serves the same application that the tests drive without Ray.

    The pipeline's handle is taken only so that Serve deploys the pipeline together with us.
    """

    def __init__(self, settings: Settings, scorers: dict[str, DeploymentHandle], pipeline: DeploymentHandle) -> None:
        configure_replica(settings, "ingress")
        start(target_of(settings), "ingress")
        scorer = ServeScorer(scorers, Path(settings.model_dir), timeout_s=settings.scorer_timeout_s)
        self._runtime = make_runtime(settings, scorer)

    def __serve_build_asgi_app__(self) -> FastAPI:
        """Called by Serve in the replica: the application's parts cannot be pickled."""
        app = create_app(self._runtime)
        warm_up(*CONSOLE)
        return app


IngressDeployment: Any = serve.deployment(max_ongoing_requests=64, max_queued_requests=512)(
    serve.ingress()(IngressReplica)
)
