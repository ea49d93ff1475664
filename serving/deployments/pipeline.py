"""Pipeline: the worker as a deployment, restarted by the controller when its loops stand still."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from ray import serve
from ray.serve.handle import DeploymentHandle

from serving.composition import make_runtime
from serving.deployments.scorer import ServeScorer
from serving.logs import configure_replica
from serving.pipeline.vitals import STALE_S
from serving.pipeline.worker import Worker
from serving.settings import Settings
from serving.tracing import start, stop, target_of
from serving.warm_up import warm_up


class PipelineReplica:
    """Has no requests to answer: it claims its own work."""

    def __init__(self, settings: Settings, scorers: dict[str, DeploymentHandle]) -> None:
        configure_replica(settings, "pipeline")
        start(target_of(settings), "pipeline")
        scorer = ServeScorer(scorers, Path(settings.model_dir), timeout_s=settings.scorer_timeout_s)
        self._worker = Worker(make_runtime(settings, scorer))
        warm_up()
        self._worker.start()

    async def check_health(self) -> None:
        stuck = self._worker.stale(STALE_S)
        if stuck:
            raise RuntimeError(f"these stages stand still: {', '.join(stuck)}")

    async def __del__(self) -> None:
        await asyncio.to_thread(self._worker.stop)
        await asyncio.to_thread(stop)


PipelineDeployment: Any = serve.deployment(
    health_check_period_s=10, health_check_timeout_s=30, graceful_shutdown_timeout_s=45, max_ongoing_requests=4
)(PipelineReplica)
