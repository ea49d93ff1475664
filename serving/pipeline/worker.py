"""Turns the arrows: a thread or two a stage, every project in turn. Free of Ray; restartable at any point.

Any number of workers may run: items and outbox rows are claimed by lease; reconcile and learn, which look at a whole
project, are taken by one worker at a time.
"""

from __future__ import annotations

import logging
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from models.base import ModelRef
from models.errors import PlatformUnavailable, PrelabelError
from serving.monitoring import kept_figures
from serving.monitoring.kept import EVERY_S
from serving.pipeline import announce, decide, effort, learn, publish, reconcile, score, series, sweep, tabs, watch
from serving.pipeline.pace import Pace
from serving.pipeline.runtime import Runtime, backoff
from serving.pipeline.vitals import BEAT_S, Vitals, stage_of
from serving.store.records import OutboxKind, ProjectRow
from serving.store.stats import PULL
from serving.tracing import round_of
from serving.workforce import reviewing

log = logging.getLogger(__name__)

Stage = Callable[[ProjectRow], int]

NEXT: dict[str, tuple[str, ...]] = {
    "reconcile": ("score", "publish"),
    "learn": ("score", "decide", "announce"),
    "watch": ("decide", "publish", "announce"),
    "people": ("decide", "announce"),
    "score": ("score", "decide"),
    "decide": ("publish",),
    "publish": ("publish",),
}
"""Who has work to look for, at once, when a stage has done some."""
PUBLISHERS = 2
"""One writes down what Label Studio has answered while the other has Label Studio work; they never call it together."""

EVEN_PAUSED = ("reconcile", "announce", "series", "figures")
"""Stages that look after paused projects too."""
WATCHING = 0.05
"""Largest share of its time that the monitor spends on a project: it reads all audits of a certificate at each look."""
FIGURES_S = 5.0
"""Time between two looks whether figures are to be counted again, seconds."""
ANNOUNCE_S = 2.0
"""Time between two looks for changes of a gate that are to be announced, seconds."""
HELPER_IDLE_S = 10.0
"""How long a stage's second and further threads sleep when there is no work: the first one looks, and wakes them."""


class Worker:
    """The pipeline of one process."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._news: dict[str, threading.Event] = {}
        """Thread -> set when there may be work for it."""
        self._writing: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        """Label Studio -> held by the thread that writes to it: it takes one write at a time anyhow."""
        self._beats: dict[str, float] = {}
        self._last: dict[tuple[str, int], float] = {}
        self._failures: dict[tuple[str, int], int] = {}
        self._vitals = Vitals(runtime)
        self._pace = Pace(runtime.settings.publish_batch)
        self._refs: dict[str, ModelRef] = {}
        self._uncertain: dict[int, float] = {}
        """Project -> since when a prediction may have been stored twice, epoch seconds."""
        self._pulls: dict[int, tuple[int, float]] = {}
        """Project -> predictions that Label Studio has asked for itself, and when the last were seen, epoch seconds."""

    def start(self) -> None:
        settings = self._runtime.settings
        for n in range(settings.scorer_replicas + 1):
            self._spawn(f"score-{n}", self.score, settings.claim_idle_s if n == 0 else HELPER_IDLE_S)
        self._spawn("decide", self.decide, settings.claim_idle_s)
        for n in range(PUBLISHERS):
            self._spawn(f"publish-{n}", self.publish, settings.claim_idle_s if n == 0 else HELPER_IDLE_S)
        self._spawn("reconcile", self.reconcile, settings.claim_idle_s)
        self._spawn("learn", self.learn, settings.claim_idle_s)
        self._spawn("watch", self.watch, settings.claim_idle_s)
        self._spawn("people", self.people, settings.claim_idle_s)
        self._spawn("series", self.series, HELPER_IDLE_S)
        self._spawn("figures", self.figures, FIGURES_S)
        if self._runtime.notify is not None:
            self._spawn("announce", self.announce, ANNOUNCE_S)
        self._run(threading.Thread(target=self._beat, name="vitals", daemon=True))

    def stop(self, timeout_s: float = 30.0) -> None:
        """Stop claiming, let what is in flight end, give leases back."""
        self._stop.set()
        for news in self._news.values():
            news.set()
        for thread in self._threads:
            thread.join(timeout_s)
        with self._runtime.store.begin() as uow:
            for owner in (self._runtime.owner, *(self._owner(thread.name) for thread in self._threads)):
                uow.items.release_leases(owner)
                uow.outbox.release_leases(owner)
        self._vitals.leave()

    def stale(self, limit_s: float) -> list[str]:
        """Names of stages that have not come round for ``limit_s`` seconds, or whose thread has died."""
        now = self._runtime.now()
        late = {name for name, beat in self._beats.items() if now - beat > limit_s}
        dead = {thread.name for thread in self._threads if not thread.is_alive()}
        return sorted(late | dead)

    def score(self, project: ProjectRow) -> int:
        """Several threads score: each owns its claims, so that none completes what another has claimed since."""
        ref = self._ref(project)
        if ref is None:
            return 0

        def away(error: PrelabelError) -> None:
            self._vitals.failed("score", project.id, error)

        return score.run(self._mine(), project, ref, away=away)

    def _mine(self) -> Runtime:
        """The composition with this thread as the owner of what it claims."""
        return replace(self._runtime, owner=self._owner(threading.current_thread().name))

    def _owner(self, thread: str) -> str:
        return f"{self._runtime.owner}/{thread}"

    def decide(self, project: ProjectRow) -> int:
        return decide.run(self._runtime, project) if project.active_model is not None else 0

    def publish(self, project: ProjectRow) -> int:
        """One batch of each kind; what stops one kind does not stop the others."""
        done = 0
        failed: PrelabelError | None = None
        for kind in OutboxKind:
            try:
                done += self._send(project, kind)
            except PrelabelError as error:
                failed = failed or error
        if failed is not None:
            raise failed
        return done

    def _send(self, project: ProjectRow, kind: OutboxKind) -> int:
        try:
            sent = publish.run(
                self._mine(),
                project,
                kind,
                limit=self._pace.size(project.id),
                turn=self._alone(project),
            )
        except PlatformUnavailable:
            self._pace.slower(project.id)
            raise
        if sent:
            self._pace.faster(project.id)
        return sent

    @contextmanager
    def _alone(self, project: ProjectRow) -> Iterator[None]:
        """No other thread of this process writes to that Label Studio. Who has waited for it has not stood still."""
        name = threading.current_thread().name
        with self._writing[project.platform_url]:
            if name in self._beats:
                self._beats[name] = self._runtime.now()
            yield

    def reconcile(self, project: ProjectRow) -> int:
        """One worker at a time polls; each looks after the writes that it may have made twice itself."""
        every_s = self._runtime.settings.reconcile_s
        if not self._time("reconcile", project, every_s):
            return 0
        mine = self._lease("reconcile", project, every_s)
        changed = reconcile.run(self._runtime, project) if mine else 0
        if mine:
            self._vitals.healed("reconcile", project.id)
        self._dedupe(project, pulls=mine)
        return changed + self._sweep(project) if mine and not project.paused else changed

    def _sweep(self, project: ProjectRow) -> int:
        if not self._time("sweep", project, self._runtime.settings.sweep_s):
            return 0
        if sweep.recount(self._runtime, project):
            self._last.pop(("sweep", project.id), None)
        return sweep.run(self._runtime, project)

    def learn(self, project: ProjectRow) -> int:
        every_s = self._runtime.settings.learn_s
        if not self._time("learn", project, every_s) or not self._lease("learn", project, every_s):
            return 0
        return int(learn.safe_tick(self._runtime, project)) + reviewing.close_due(self._runtime, project)

    def watch(self, project: ProjectRow) -> int:
        """A stage of its own: closing a gate must not wait for a training, nor for Label Studio."""
        every_s = self._runtime.settings.watch_s
        if not project.gate_state.accepts or not self._time("watch", project, every_s):
            return 0
        if not self._lease("watch", project, every_s):
            return 0
        begun = self._runtime.now()
        changed = watch.run(self._runtime, project)
        self._last["watch", project.id] += (self._runtime.now() - begun) / WATCHING
        return changed

    def people(self, project: ProjectRow) -> int:
        """What suggestions cost people, and the tabs of their queues: nothing else waits for either."""
        settings = self._runtime.settings
        moved = 0
        if project.control_rate > 0.0 and self._time("effort", project, settings.effort_s):
            mine = self._lease("effort", project, settings.effort_s)
            moved = effort.run(self._runtime, project) if mine else 0
        if (project.tabs or project.id in self._runtime.tabs) and self._time("tabs", project, settings.tabs_s):
            if self._lease("tabs", project, settings.tabs_s):
                tabs.run(self._runtime, project, turn=self._alone(project))
            else:
                self._runtime.tabs.pop(project.id, None)  # another process changes them now
        return moved

    def series(self, project: ProjectRow) -> int:
        """Where the stages stand, over time: it wakes nobody."""
        if self._time("series", project, series.SLOT_S) and self._lease("series", project, series.SLOT_S):
            series.sample(self._runtime, project)
            if self._time("thin", project, series.THIN_S):
                series.thin(self._runtime, project)
        return 0

    def figures(self, project: ProjectRow) -> int:
        """What pages show and takes long to count; see ``serving.monitoring.kept``."""
        if not self._time("figures", project, FIGURES_S) or not self._lease("figures", project, EVERY_S):
            return 0
        return kept_figures.refresh(self._runtime, project)

    def announce(self, project: ProjectRow) -> int:
        if not announce.waiting(self._runtime, project) or not self._lease("announce", project, ANNOUNCE_S):
            return 0
        return announce.run(self._runtime, project)

    def _dedupe(self, project: ProjectRow, *, pulls: bool) -> None:
        """Once after a start, after a write whose answer was lost, and after Label Studio asked for predictions."""
        now, settle = self._runtime.now(), self._runtime.settings.publish_lease_s
        since = self._uncertain.get(project.id, 0.0)
        if pulls:
            since = min(since, self._pulled(project, now))
        self._uncertain[project.id] = since
        if since == float("inf") or now - since < settle:
            return
        removed = reconcile.dedupe(self._runtime, project)
        if removed:
            log.warning("second predictions removed", extra={"project": project.slug, "count": removed})
        last = self._pulls.get(project.id, (0, 0.0))[1]
        self._uncertain[project.id] = last if now - last < settle else float("inf")

    def _pulled(self, project: ProjectRow, now: float) -> float:
        """Now, if Label Studio has asked for predictions since the last look; else infinity."""
        with self._runtime.store.read() as uow:
            count, _ = uow.stats.totals(project.id).get(PULL, (0, 0.0))
        known, _ = self._pulls.setdefault(project.id, (0, 0.0))
        if count == known:
            return float("inf")
        self._pulls[project.id] = (count, now)
        return now

    def _time(self, job: str, project: ProjectRow, every_s: float) -> bool:
        """Whether it is time for the job again."""
        now = self._runtime.now()
        if now - self._last.get((job, project.id), 0.0) < every_s:
            return False
        self._last[job, project.id] = now
        return True

    def _lease(self, job: str, project: ProjectRow, every_s: float) -> bool:
        """Whether this worker may do the job: no other holds it."""
        now = self._runtime.now()
        with self._runtime.store.begin() as uow:
            return uow.leases.acquire(f"{job}:{project.id}", self._runtime.owner, ttl_s=max(60.0, 2 * every_s), now=now)

    def _ref(self, project: ProjectRow) -> ModelRef | None:
        version = project.active_model
        if version is None:
            return None
        if version not in self._refs:
            with self._runtime.store.read() as uow:
                self._refs[version] = uow.models.get(project.id, version).ref
        return self._refs[version]

    def _spawn(self, name: str, stage: Stage, idle_s: float) -> None:
        self._beats[name] = self._runtime.now()
        self._news[name] = threading.Event()
        self._run(threading.Thread(target=self._loop, args=(name, stage, idle_s), name=name, daemon=True))

    def _run(self, thread: threading.Thread) -> None:
        self._threads.append(thread)
        thread.start()

    def _beat(self) -> None:
        """Says in the store that this process lives, and what its stages fail at."""
        while not self._stop.is_set():
            try:
                self._vitals.write(dict(self._beats))
            except Exception:
                log.exception("no sign of life can be stored")
            self._stop.wait(BEAT_S)

    def _loop(self, name: str, stage: Stage, idle_s: float) -> None:
        while not self._stop.is_set():
            self._beats[name] = self._runtime.now()
            done = 0
            try:
                with self._runtime.store.read() as uow:
                    projects = [p for p in uow.projects.list() if not p.paused or name in EVEN_PAUSED]
            except Exception:
                log.exception("the store cannot be read", extra={"stage": name})
                projects = []
            for project in projects:
                done += self._one(name, stage, project)
            if done:
                self._tell(name)
            else:
                self._news[name].wait(idle_s)
            self._news[name].clear()

    def _tell(self, name: str) -> None:
        """Wake the stages after this one."""
        following = NEXT.get(name.partition("-")[0], ())
        for other, news in list(self._news.items()):
            if other.partition("-")[0] in following:
                news.set()

    def _one(self, name: str, stage: Stage, project: ProjectRow) -> int:
        """One project's turn; whatever goes wrong there stays there, is written down, and is tried again later."""
        key = (name, project.id)
        settings = self._runtime.settings
        failures = self._failures.get(key, 0)
        if failures and self._runtime.now() < self._last.get(("retry " + name, project.id), 0.0):
            return 0
        try:
            with round_of(f"pipeline {stage_of(name)}", project=project.slug) as turn:
                done = stage(project)
                turn.note(items=done)
        except PrelabelError as error:
            log.warning("a stage waits", extra={"stage": name, "project": project.slug, "reason": str(error)})
            self._vitals.failed(name, project.id, error)
            if isinstance(error, PlatformUnavailable):
                self._uncertain[project.id] = self._runtime.now()
        except Exception as error:
            log.exception("a stage failed", extra={"stage": name, "project": project.slug})
            self._vitals.failed(name, project.id, error)
        else:
            self._failures[key] = 0
            if done:
                self._vitals.healed(name, project.id)
            return done
        self._failures[key] = failures + 1
        wait = backoff(failures + 1, base_s=settings.retry_base_s, max_s=settings.retry_max_s)
        self._last["retry " + name, project.id] = self._runtime.now() + wait
        return 0
