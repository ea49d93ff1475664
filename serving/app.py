"""The composition root: ``build(args)`` is the whole service on one page.

::

    IngressDeployment (FastAPI)  --score-->  ScorerDeployment, one a family of models
    PipelineDeployment (worker)  --score-->      "

Both share the store; neither keeps anything that the store does not have.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, field_validator
from ray.serve import Application

from models.specs import KINDS
from serving.deployments.ingress import IngressDeployment
from serving.deployments.pipeline import PipelineDeployment
from serving.deployments.scorer import ScorerDeployment
from serving.settings import Settings
from serving.tracing import target_of

FAMILIES = ("ngram", "pixels", "minilm", *(kind for kind in KINDS if kind != "head"))
"""Encoders of heads, and kinds of models."""


class ScorerArgs(BaseModel):
    """One scorer deployment."""

    model_config = ConfigDict(extra="forbid")

    name: str
    """Name of the deployment."""
    families: list[str]
    """Which models it serves: encoder names, or kinds (``models.specs``). Each family belongs to one deployment."""
    replicas: int = Field(default=1, ge=1)
    num_cpus: float = Field(default=1.0, ge=0)
    """CPUs that each replica reserves; its threads are set to match."""
    num_gpus: float = Field(default=0.0, ge=0)
    """GPUs that each replica reserves; a share of one is placement only, it does not bound memory."""


class AppArgs(BaseModel):
    """Arguments of the Serve application (``args:`` in a Serve config file)."""

    model_config = ConfigDict(extra="forbid")

    config: str | None = None
    """Path of a service.yaml; None: configs/service.yaml where there is one, and the environment."""
    pipeline_replicas: int = Field(default=1, ge=0)
    ingress_replicas: int = Field(default=1, ge=1)
    scorers: list[ScorerArgs] = Field(default_factory=list)
    """Empty: one deployment serves every family. The first one also serves the families that none names."""

    @field_validator("scorers")
    @classmethod
    def _each_once(cls, scorers: list[ScorerArgs]) -> list[ScorerArgs]:
        named = [family for scorer in scorers for family in scorer.families]
        if unknown := sorted(set(named) - set(FAMILIES)):
            raise ValueError(f"there is no family {unknown[0]!r}; there are {', '.join(FAMILIES)}")
        if twice := sorted({family for family in named if named.count(family) > 1}):
            raise ValueError(f"the family {twice[0]!r} belongs to two deployments")
        return scorers


def build(args: AppArgs) -> Application:
    """The application that ``serve run serving.app:build`` and ``prelabel serve`` deploy."""
    settings = Settings.load(Path(args.config) if args.config else None)
    scorers = args.scorers or [
        ScorerArgs(
            name="Scorer",
            families=list(FAMILIES),
            replicas=settings.scorer_replicas,
            num_cpus=settings.scorer_threads,
        )
    ]
    named = {family for scorer in scorers for family in scorer.families}
    handles = {}
    for scorer in scorers:
        bound = ScorerDeployment.options(
            name=scorer.name,
            num_replicas=scorer.replicas,
            ray_actor_options={"num_cpus": scorer.num_cpus, "num_gpus": scorer.num_gpus},
        ).bind(str(settings.model_dir), max(1, int(scorer.num_cpus)), settings.judge_allowed_hosts, target_of(settings))
        rest = [family for family in FAMILIES if family not in named] if scorer is scorers[0] else []
        handles.update(dict.fromkeys([*scorer.families, *rest], bound))
    pipeline = PipelineDeployment.options(
        name="Pipeline", num_replicas=args.pipeline_replicas, ray_actor_options={"num_cpus": 0.1}
    ).bind(settings, handles)
    return IngressDeployment.options(
        name="Ingress", num_replicas=args.ingress_replicas, ray_actor_options={"num_cpus": 0.1}
    ).bind(settings, handles, pipeline)
