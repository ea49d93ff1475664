"""Whether the service can do its work, check by check; each says what to do.

What stops all work fails. What stops the work for one project, as a Label Studio that does not answer, degrades: a
restart or another replica would not help.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from enum import StrEnum
from typing import Final

from models.errors import (
    AuthenticationError,
    PlatformError,
    PlatformRefused,
    PlatformUnavailable,
    PrelabelError,
    ScorerLate,
    StoreError,
)
from models.types import Frozen
from serving.pipeline.runtime import Runtime
from serving.pipeline.vitals import LIVE_S, STALE_S, lasts_s
from serving.store.engine import UnitOfWork
from serving.store.health import Trouble
from serving.store.records import ProjectRow

PLATFORM_STAGES: Final = ("reconcile", "publish")
"""Stages that talk to Label Studio alone: there an error of a platform is one of Label Studio."""
SAID: Final[dict[str, tuple[str, str]]] = {
    AuthenticationError.code: (
        "Label Studio refuses the token",
        "take a new one of the same account: prelabel token PROJECT --token ...",
    ),
    PlatformUnavailable.code: (
        "Label Studio does not answer",
        "see that it runs at the address it was connected with; everything waits, and goes on by itself",
    ),
    PlatformRefused.code: ("Label Studio refuses what is asked of it", "run prelabel doctor PROJECT"),
    PlatformError.code: ("Label Studio does not do what is asked of it", "run prelabel doctor PROJECT"),
}
"""Code of an error -> what it means, and what to do."""
SCORER: Final = (
    "the models do not answer",
    "Serve restarts the scorer by itself; if it lasts, see logs/pipeline.log; a slow model takes a longer "
    "scorer_timeout_s",
)


class Status(StrEnum):
    """How a check came out, and the service as a whole: the worst of its checks."""

    READY = "ready"
    DEGRADED = "degraded"
    """Something waits for a person, and the rest goes on."""
    NOT_READY = "not_ready"


class Check(Frozen):
    """One check. ``project``, ``reason`` and ``since`` are for operators; the rest may be told to anybody."""

    check: str
    status: Status
    detail: str
    advice: str = ""
    """What to do; empty when all is well."""
    project: str | None = None
    reason: str | None = None
    since: float | None = None
    """When it began, epoch seconds."""


def worst(checks: list[Check]) -> Status:
    order = list(Status)
    return max((one.status for one in checks), key=order.index)


def examine(runtime: Runtime) -> list[Check]:
    """All checks, in the order in which one needs the one before; behind a failed one of the store there is none."""
    store = _store(runtime)
    if store.status is Status.NOT_READY:
        return [store]
    try:
        with runtime.store.read() as uow:
            return [store, *_pipeline(runtime, uow), *_projects(runtime, uow)]
    except PrelabelError:
        return [_no_answer()]


def _store(runtime: Runtime) -> Check:
    """A store whose schema is not ours may answer, or not have what is asked for: what is said of the schema counts."""
    try:
        runtime.store.check()
        with runtime.store.read() as uow:
            uow.health.processes(since=runtime.now())
    except StoreError as error:
        return _wrong(error) if "schema" in str(error) or "belongs to host" in str(error) else _no_answer()
    return Check(check="store", status=Status.READY, detail="the store answers, its schema is current")


def _wrong(error: StoreError) -> Check:
    return Check(
        check="store",
        status=Status.NOT_READY,
        detail="the store is not one that this Prelabel can use as it is",
        advice="restart the service: it migrates the store, or says why it cannot",
        reason=str(error),
    )


def _no_answer() -> Check:
    return Check(
        check="store",
        status=Status.NOT_READY,
        detail="the store does not answer",
        advice="see that the database runs, and that its disk is not full (store_url; logs/ingress.log)",
    )


def _pipeline(runtime: Runtime, uow: UnitOfWork) -> Iterator[Check]:
    now = runtime.now()
    alive = uow.health.processes(since=now - LIVE_S)
    if not alive:
        yield Check(
            check="pipeline",
            status=Status.NOT_READY,
            detail=f"no process of the pipeline has been heard of for {LIVE_S:g} s",
            advice="just after a start, wait; otherwise see logs/pipeline.log, and restart the service",
        )
        return
    late = [stage for stage, at in uow.health.stages(since=now - LIVE_S).items() if now - at > STALE_S]
    if late:
        yield Check(
            check="pipeline",
            status=Status.NOT_READY,
            detail=f"these stages stand still: {', '.join(late)}",
            advice="Serve restarts the pipeline by itself; if it does not, restart the service (logs/pipeline.log)",
        )
        return
    yield Check(check="pipeline", status=Status.READY, detail=f"all stages come round; processes: {alive}")


def _projects(runtime: Runtime, uow: UnitOfWork) -> Iterator[Check]:
    projects = {project.id: project for project in uow.projects.list()}
    troubles = uow.health.troubles(since=runtime.now() - lasts_s(runtime.settings))
    for one in troubles:
        yield _trouble(one, projects[one.project_id])
    for project in projects.values():
        if project.paused:
            yield Check(
                check="project",
                status=Status.DEGRADED,
                detail="a project is paused: its label config cannot be used",
                advice="mend the labeling interface in Label Studio",
                project=project.slug,
                reason=project.gate_reason,
            )
    if not troubles and not any(project.paused for project in projects.values()):
        detail = f"nothing stands in the way of any project; projects: {len(projects)}"
        yield Check(check="projects", status=Status.READY, detail=detail)


def _trouble(one: Trouble, project: ProjectRow) -> Check:
    told = SAID.get(one.code) if one.stage in PLATFORM_STAGES else None
    scorer = one.stage == "score" and one.code in (PlatformUnavailable.code, ScorerLate.code)
    other = (f"the stage {one.stage} fails and tries again", "see logs/pipeline.log")
    detail, advice = told or (SCORER if scorer else other)
    return Check(
        check="label_studio" if told else "scorer" if scorer else "stage",
        status=Status.DEGRADED,
        detail=detail,
        advice=advice.replace("PROJECT", project.slug),
        project=project.slug,
        reason=one.reason,
        since=one.since,
    )


def for_anybody(checks: list[Check]) -> list[Check]:
    """Without what only operators may know: names of projects, and what Label Studio said. Equal ones become one."""
    return [
        one if n == 1 else one.model_copy(update={"detail": f"{one.detail}, in {n} projects"})
        for one, n in Counter(map(_bare, checks)).items()
    ]


def _bare(one: Check) -> Check:
    advice = one.advice if one.project is None else one.advice.replace(one.project, "PROJECT")
    return one.model_copy(update={"advice": advice, "project": None, "reason": None, "since": None})
