"""What a call that takes too long means: a model that is slow, or a scorer that is not there."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NoReturn

import pytest
from ray import serve
from ray.exceptions import RayActorError
from ray.serve.schema import (
    ApplicationStatus,
    ApplicationStatusOverview,
    DeploymentStatus,
    DeploymentStatusOverview,
    DeploymentStatusTrigger,
    ReplicaState,
    ServeStatus,
)

from connectors.label_studio.label_config import parse
from models.base import ModelRef
from models.errors import PlatformUnavailable, ScorerLate
from models.specs import HeadSpec
from models.types import Item
from serving.deployments.scorer import ServeScorer
from tests.support.local_world import CONFIG

REF = ModelRef(
    version="m1", spec=HeadSpec(encoder="ngram"), control=parse(CONFIG).controls[0], sha256="0" * 64, path=None
)


class SlowHandle:
    """Of a deployment that does not answer in time."""

    app_name, deployment_name = "prelabel", "Scorer"

    def options(self, **_: Any) -> SlowHandle:
        return self

    def remote(self, *_: Any) -> SlowHandle:
        return self

    def result(self, timeout_s: float) -> NoReturn:
        raise TimeoutError(timeout_s)


def ask(monkeypatch: pytest.MonkeyPatch, found: ServeStatus | Exception) -> None:
    def status() -> ServeStatus:
        if isinstance(found, Exception):
            raise found
        return found

    monkeypatch.setattr(serve, "status", status)
    handles: dict[str, Any] = {"ngram": SlowHandle()}
    ServeScorer(handles, Path(), timeout_s=5.0).score(REF, [Item(key="1", data={"text": "lovely"})])


def serving(**states: int) -> ServeStatus:
    replicas = DeploymentStatusOverview(
        status=DeploymentStatus.HEALTHY,
        status_trigger=DeploymentStatusTrigger.UNSPECIFIED,
        replica_states={ReplicaState[name]: n for name, n in states.items()},
        message="",
    )
    overview = ApplicationStatusOverview(
        status=ApplicationStatus.RUNNING, message="", last_deployed_time_s=0.0, deployments={"Scorer": replicas}
    )
    return ServeStatus(applications={"prelabel": overview})


def test_a_replica_that_runs_is_late(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ScorerLate, match="did not predict 1 items in 5 s"):
        ask(monkeypatch, serving(RUNNING=1, STARTING=1))


@pytest.mark.parametrize(
    "found",
    [serving(STARTING=1), serving(STOPPING=1), serving(), ServeStatus(), RayActorError()],
    ids=["starts", "stops", "none", "no application", "no controller"],
)
def test_one_that_is_not_there_is_no_fault_of_the_items(
    monkeypatch: pytest.MonkeyPatch, found: ServeStatus | Exception
) -> None:
    with pytest.raises(PlatformUnavailable, match="no replica of the scorer runs") as told:
        ask(monkeypatch, found)
    assert not isinstance(told.value, ScorerLate), "which would bury an item that is asked for alone"
