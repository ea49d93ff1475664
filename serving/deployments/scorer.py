"""Scorer: models in a process of their own, one chunk a call. Trains in a process of its own, gone when it is done."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ray
from ray import serve
from ray.exceptions import RayActorError, RayError, RayTaskError
from ray.serve.exceptions import BackPressureError, DeploymentUnavailableError
from ray.serve.handle import DeploymentHandle
from ray.serve.schema import ReplicaState

from models.base import Budget, ModelRef, TrainingExample, TrainingReport
from models.errors import ModelError, PlatformUnavailable, PrelabelError, ScorerLate
from models.specs import HeadSpec, ModelSpec
from models.types import ControlSpec, Item, Scored
from serving import judges
from serving.local import LocalScorer
from serving.tracing import Target, span, start, traceparent


class ScorerReplica:
    """All logic is in ``models``; this only loads, serializes calls and answers for its health."""

    def __init__(
        self, model_dir: str, threads: int, judge_hosts: tuple[str, ...] = (), traced: Target | None = None
    ) -> None:
        start(traced, "scorer")
        judges.provide(judge_hosts)
        self._local = LocalScorer(Path(model_dir), threads=threads)
        self._one = asyncio.Semaphore(1)

    async def score(self, ref: ModelRef, items: list[Item], parent: str | None = None) -> tuple[list[Scored], float]:
        """``parent``: the caller's W3C traceparent. The outer span holds the wait for the call before, too."""
        with span("Scorer.score", "server", parent=parent, model=ref.version, items=len(items)):
            async with self._one:
                with span("predict", family=family_of(ref)):
                    return await asyncio.to_thread(self._local.timed, ref, items)

    async def check_health(self) -> None:
        await asyncio.to_thread(self._local.self_test)


ScorerDeployment: Any = serve.deployment(
    max_ongoing_requests=2, max_queued_requests=16, graceful_shutdown_timeout_s=60
)(ScorerReplica)


class ServeScorer:
    """The ``Scorer`` port over handles: one deployment a family of models."""

    def __init__(self, handles: dict[str, DeploymentHandle], model_dir: Path, *, timeout_s: float) -> None:
        self._handles = {
            family: handle.options(method_name="score", _by_reference=False) for family, handle in handles.items()
        }
        self._folder = model_dir
        self._timeout_s = timeout_s

    def score(self, ref: ModelRef, items: Sequence[Item]) -> list[Scored]:
        return self.timed(ref, items)[0]

    def timed(self, ref: ModelRef, items: Sequence[Item]) -> tuple[list[Scored], float]:
        with span("scorer call", "client", model=ref.version, items=len(items)):
            return self._ask(ref, items)

    def _ask(self, ref: ModelRef, items: Sequence[Item]) -> tuple[list[Scored], float]:
        handle = self._handles[family_of(ref)]
        try:
            called = handle.remote(ref, list(items), traceparent())
            result: tuple[list[Scored], float] = called.result(timeout_s=self._timeout_s)
        except TimeoutError as error:
            if not runs(handle):
                raise PlatformUnavailable("no replica of the scorer runs: it is restarting") from error
            raise ScorerLate(
                f"the model did not predict {len(items)} items in {self._timeout_s:g} s (scorer_timeout_s)"
            ) from error
        except (BackPressureError, DeploymentUnavailableError, RayActorError) as error:
            raise PlatformUnavailable(f"the scorer is busy or restarting: {type(error).__name__}") from error
        except RayTaskError as error:
            raise unwrap(error) from error
        return result

    def train(
        self,
        spec: ModelSpec,
        controls: tuple[ControlSpec, ...],
        examples: Sequence[TrainingExample],
        *,
        name: str,
        budget: Budget,
    ) -> TrainingReport:
        task = _train.remote(spec, controls, list(examples), name, str(self._folder), budget)
        try:
            with span("train", "client", examples=len(examples)):
                report: TrainingReport = ray.get(task)
        except RayTaskError as error:
            raise unwrap(error) from error
        return report

    def spread(self, spec: HeadSpec, control: ControlSpec, items: Sequence[Item], n: int) -> list[str]:
        task = _spread.remote(spec, control, list(items), n, str(self._folder))
        try:
            keys: list[str] = ray.get(task)
        except RayTaskError as error:
            raise unwrap(error) from error
        return keys


def runs(handle: DeploymentHandle) -> bool:
    """Whether a replica of the deployment is there. While one starts anew calls wait, and time out like slow ones."""
    try:
        application = serve.status().applications.get(handle.app_name)
    except RayError:
        return False  # the controller is away itself
    deployment = application.deployments.get(handle.deployment_name) if application is not None else None
    return deployment is not None and deployment.replica_states.get(ReplicaState.RUNNING, 0) > 0


def family_of(ref: ModelRef) -> str:
    """Which deployment serves a model: its encoder, or its kind."""
    return ref.spec.encoder if isinstance(ref.spec, HeadSpec) else ref.spec.kind


def unwrap(error: RayTaskError) -> PrelabelError:
    """The error that the remote code raised, where it is one of ours."""
    cause = error.cause
    return cause if isinstance(cause, PrelabelError) else ModelError(f"the model failed: {cause!r}")


@ray.remote(num_cpus=0, max_retries=1)  # type: ignore[untyped-decorator]
def _train(
    spec: ModelSpec,
    controls: tuple[ControlSpec, ...],
    examples: list[TrainingExample],
    name: str,
    folder: str,
    budget: Budget,
) -> TrainingReport:
    return LocalScorer(Path(folder)).train(spec, controls, examples, name=name, budget=budget)


@ray.remote(num_cpus=0, max_retries=1)  # type: ignore[untyped-decorator]
def _spread(spec: HeadSpec, control: ControlSpec, items: list[Item], n: int, folder: str) -> list[str]:
    return LocalScorer(Path(folder)).spread(spec, control, items, n)
