"""Metrics for Prometheus: operations only, read from the store when they are asked for.

The store is what all replicas share, so each tells the same, whichever a scrape reaches; only the metrics of the
process are of the replica that answers. Labels are project, stage, state and the like: never a person, a task or
a path.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from typing import Final

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from models.types import GateState
from serving.monitoring.readiness import Status, examine, worst
from serving.pipeline.runtime import Runtime
from serving.pipeline.vitals import LIVE_S, lasts_s
from serving.store.engine import UnitOfWork
from serving.store.records import ItemState, OutboxKind, ProjectRow

log = logging.getLogger(__name__)

LEAST_S = 5.0
"""How long a reading is told again, seconds, however many ask."""
SHARE = 0.05
"""Largest share of its time that a replica spends on readings: where one takes long, it is told again for longer."""
QUEUES: Final = {ItemState.RECEIVED: "score", ItemState.SCORED: "decide", ItemState.DECIDED: "publish"}
"""State -> the stage that items in it wait for."""


@dataclass(frozen=True)
class Family:
    """One metric: what documents and tests know of it."""

    name: str
    help: str
    labels: tuple[str, ...] = ()
    counter: bool = False


FAMILIES: Final = {
    family.name.removeprefix("prelabel_"): family
    for family in (
        Family("prelabel_build_info", "Version of Prelabel; always 1.", ("version",)),
        Family("prelabel_ready", "1 where /readyz answers 200, else 0."),
        Family("prelabel_store_up", "1 where the store answered this reading, else 0."),
        Family("prelabel_reading_duration_seconds", "What it took to read these metrics from the store."),
        Family("prelabel_reading_timestamp_seconds", "When they were read, seconds since the epoch."),
        Family("prelabel_pipeline_processes", "Processes of the pipeline that have lately been heard of."),
        Family(
            "prelabel_stage_last_round_timestamp_seconds",
            "When the stage last came round, in any process; seconds since the epoch.",
            ("stage",),
        ),
        Family(
            "prelabel_stage_failing",
            "1 while the stage fails for the project and tries again; code is that of the error.",
            ("project", "stage", "code"),
        ),
        Family("prelabel_stage_items_total", "Items that the stage has dealt with.", ("project", "stage"), True),
        Family("prelabel_stage_busy_seconds_total", "Time the stage was busy with them.", ("project", "stage"), True),
        Family("prelabel_items", "Items by state.", ("project", "state")),
        Family(
            "prelabel_oldest_item_age_seconds",
            "How long the item has not moved that has waited longest for the stage; 0: none waits.",
            ("project", "stage"),
        ),
        Family(
            "prelabel_outbox_rows", "Writes to Label Studio that wait or were given up.", ("project", "kind", "state")
        ),
        Family(
            "prelabel_oldest_write_age_seconds",
            "How long the first write to Label Studio of this kind has waited; 0: none waits.",
            ("project", "kind"),
        ),
        Family("prelabel_leases", "Leases that hold now.", ("project", "holder")),
        Family("prelabel_people_queue_items", "Items that wait for people.", ("project", "kind")),
        Family("prelabel_audits_overdue", "Unanswered blind audits older than audit_due_s.", ("project",)),
        Family("prelabel_gate_state", "1 for the state that the gate is in, 0 for the others.", ("project", "state")),
        Family(
            "prelabel_gate_closed_by_monitor",
            "1 while the gate is closed because audits showed too many errors, else 0.",
            ("project",),
        ),
        Family("prelabel_project_paused", "1 while the project is paused, else 0.", ("project",)),
    )
}
"""Name without its prefix -> the metric."""
NAMESPACE: Final = "prelabel_ingress"
"""Of the metrics of the process that answers."""


class Metrics:
    """All metrics of one replica; safe to ask from many threads.

    Args:
        runtime: the composition.
        timer: a clock in seconds that only goes forward.
    """

    def __init__(self, runtime: Runtime, *, timer: Callable[[], float] = time.monotonic) -> None:
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(_Readings(runtime, timer))
        ProcessCollector(namespace=NAMESPACE, registry=self._registry)

    def exposition(self, accept: str) -> tuple[bytes, str]:
        """The metrics and their content type, in the format that the ``Accept`` header asks for."""
        encode, content_type = choose_encoder(accept)
        return encode(self._registry), content_type


class _Readings(Collector):
    """Reads the store at most once in ``LEAST_S``; whoever comes meanwhile is told the same."""

    def __init__(self, runtime: Runtime, timer: Callable[[], float]) -> None:
        self._runtime, self._timer = runtime, timer
        self._lock = threading.Lock()
        self._told: list[Metric] = []
        self._until = float("-inf")

    def collect(self) -> Iterable[Metric]:
        with self._lock:
            begun = self._timer()
            if begun >= self._until:
                self._told = _read(self._runtime, self._timer)
                ended = self._timer()
                self._until = ended + max(LEAST_S, (ended - begun) / SHARE)
            return list(self._told)


class _Sheet:
    """Samples, collected by family."""

    def __init__(self) -> None:
        self._families = {name: _empty(family) for name, family in FAMILIES.items()}

    def put(self, name: str, value: float, *labels: str) -> None:
        self._families[name].add_metric(labels, value)

    def families(self) -> Iterator[Metric]:
        """Those with a sample."""
        return (family for family in self._families.values() if family.samples)


def _empty(family: Family) -> GaugeMetricFamily | CounterMetricFamily:
    if family.counter:
        return CounterMetricFamily(family.name, family.help, labels=family.labels)
    return GaugeMetricFamily(family.name, family.help, labels=family.labels)


def _read(runtime: Runtime, timer: Callable[[], float]) -> list[Metric]:
    """One reading. A store that does not answer leaves only that it does not: a gap, and not old numbers."""
    begun = timer()
    sheet = _Sheet()
    up = True
    try:
        with runtime.store.read() as uow:
            _pipeline(sheet, runtime, uow)
            held = uow.operations.held(runtime.now())
            for project in uow.projects.list():
                _project(sheet, project, uow.operations.gate_moved_at(project.id))
                _work(sheet, runtime, uow, project)
                _people(sheet, runtime, uow, project)
                own = held.get(project.id)
                sheet.put("leases", own.items if own else 0, project.slug, "pipeline")
                sheet.put("leases", own.writes if own else 0, project.slug, "publisher")
    except Exception:
        log.exception("metrics cannot be read")
        sheet, up = _Sheet(), False
    sheet.put("store_up", up)
    sheet.put("ready", up and worst(examine(runtime)) is not Status.NOT_READY)
    sheet.put("build_info", 1, version("prelabel"))
    sheet.put("reading_timestamp_seconds", runtime.now())
    sheet.put("reading_duration_seconds", timer() - begun)
    return list(sheet.families())


def _pipeline(sheet: _Sheet, runtime: Runtime, uow: UnitOfWork) -> None:
    now = runtime.now()
    sheet.put("pipeline_processes", uow.health.processes(since=now - LIVE_S))
    for stage, at in uow.health.stages(since=now - LIVE_S).items():
        sheet.put("stage_last_round_timestamp_seconds", at, stage)
    slugs = {project.id: project.slug for project in uow.projects.list()}
    for one in uow.health.troubles(since=now - lasts_s(runtime.settings)):
        sheet.put("stage_failing", 1, slugs[one.project_id], one.stage, one.code)


def _project(sheet: _Sheet, project: ProjectRow, moved_at: float | None) -> None:
    """``moved_at``: when the gate last changed its state; ``valid_since`` is when the monitor closed it."""
    for state in GateState:
        sheet.put("gate_state", project.gate_state is state, project.slug, state.value)
    alarmed = project.gate_state is GateState.CLOSED and moved_at is not None and moved_at <= project.valid_since
    sheet.put("gate_closed_by_monitor", alarmed, project.slug)
    sheet.put("project_paused", project.paused, project.slug)


def _work(sheet: _Sheet, runtime: Runtime, uow: UnitOfWork, project: ProjectRow) -> None:
    """Items and writes, and what stages did."""
    now = runtime.now()
    for state, n in uow.operations.states(project.id).items():
        sheet.put("items", n, project.slug, state.value)
    for state, stage in QUEUES.items():
        oldest = uow.operations.oldest(project.id, state) if project.active_model is not None else None
        sheet.put("oldest_item_age_seconds", _age(oldest, now), project.slug, stage)
    for (kind, sent), n in uow.operations.outbox(project.id).items():
        sheet.put("outbox_rows", n, project.slug, kind.value, sent.value)
    first = uow.operations.oldest_write(project.id)
    for kind in OutboxKind:
        sheet.put("oldest_write_age_seconds", _age(first.get(kind), now), project.slug, kind.value)
    for name, (done, seconds) in uow.operations.throughput(project.id).items():
        sheet.put("stage_items_total", done, project.slug, name)
        sheet.put("stage_busy_seconds_total", seconds, project.slug, name)


def _people(sheet: _Sheet, runtime: Runtime, uow: UnitOfWork, project: ProjectRow) -> None:
    now = runtime.now()
    queue = uow.operations.people(project.id, due=now - runtime.settings.audit_due_s)
    waiting = {"audit": queue.audits, "validation": queue.validation, "suggestion": queue.suggestions}
    if project.active_model is None:
        waiting["seed"] = queue.seeds
    for kind, n in waiting.items():
        sheet.put("people_queue_items", n, project.slug, kind)
    sheet.put("audits_overdue", queue.overdue, project.slug)
    sheet.put("leases", uow.operations.handed_out(project.id, now), project.slug, "person")


def _age(since: float | None, now: float) -> float:
    return max(0.0, now - since) if since is not None else 0.0
