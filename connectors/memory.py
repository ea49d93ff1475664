"""A labeling platform in memory: the twin of ``LabelStudio``, for tests and for trying things out.

It keeps Label Studio's habits: a bulk import drops what does not fit the label config without a word and is refused
as a whole for one unknown task; predictions have no identity of their own; accepting turns each prediction of a
version into an annotation of ours. Faults are switched on with ``fail_next``, ``refuse_tasks`` and ``drop_tasks``.
"""

from __future__ import annotations

import copy
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from connectors.base import (
    Annotator,
    Claim,
    OutgoingPrediction,
    Platform,
    PublishResult,
    Refusal,
    RemoteAnnotation,
    RemoteProject,
    RemoteTask,
    User,
)
from connectors.bulk import BadRequest, Stored, Wire, publish
from connectors.label_studio import results
from connectors.label_studio.label_config import interface, parse
from models.errors import ConfigurationError, PlatformError

PAGE = 500
LOCK_S = 86_400.0
"""How long a person holds a task, as Label Studio has it."""


@dataclass(slots=True)
class _Prediction:
    stored: Stored
    model_version: str


@dataclass(slots=True)
class _Task:
    id: int
    data: dict[str, Any]
    updated_at: float
    predictions: list[_Prediction] = field(default_factory=list)
    annotations: list[RemoteAnnotation] = field(default_factory=list)
    people: int = 1
    """How many different people are to label it."""
    holders: dict[int, float] = field(default_factory=dict)
    """User -> until when they hold it, epoch seconds."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """A registered webhook. Nothing is sent: events are the caller's to make."""

    id: int
    url: str
    headers: dict[str, str]


class MemoryPlatform(Platform):
    """One project in memory. Thread-safe.

    Args:
        label_config: XML of the project.
        user: the account that predictions are accepted as.
        clock: seconds since the epoch; update times are made to differ by a microsecond at least.
    """

    def __init__(
        self,
        label_config: str,
        *,
        user: User | None = None,
        title: str = "memory",
        clock: Callable[[], float] = time.time,
    ) -> None:
        parse(label_config)
        self._lock = threading.RLock()
        self._user = user or User(id=1, email="prelabel@example.com")
        self._project = RemoteProject(id=1, title=title, label_config=label_config, model_version="", task_count=0)
        self._clock = clock
        self._moment = 0.0
        self._last_id = 0
        self._tasks: dict[int, _Task] = {}
        self._failures: list[Exception] = []
        self._refused: set[int] = set()
        self._dropped: set[int] = set()
        self.forgotten: set[int] = set()
        """Tasks whose annotations the counters forgot, as Label Studio's do under load: pages show none."""
        self.webhooks: list[Webhook] = []
        self.queues: dict[str, tuple[int, ...]] = {}
        """Name -> tasks of each queue that has a tab."""
        self.tabs: dict[str, tuple[int, ...]] = {}
        """Email -> tasks of a person's own tab."""
        self.calls: dict[str, int] = {}
        """How many calls of each kind reached the platform, failed ones included."""

    # What people do on the platform.

    def add_tasks(self, data: Iterable[dict[str, Any]]) -> list[int]:
        """New tasks; their ids."""
        with self._lock:
            added = [_Task(self._new_id(), dict(item), self._now()) for item in data]
            self._tasks |= {task.id: task for task in added}
            return [task.id for task in added]

    def edit_task(self, task_id: int, data: dict[str, Any]) -> None:
        """Replace a task's data."""
        with self._lock:
            self._tasks[task_id].data = dict(data)
            self._tasks[task_id].updated_at = self._now()

    def delete_tasks(self, task_ids: Iterable[int]) -> None:
        """Tasks vanish with all that belongs to them."""
        with self._lock:
            for task_id in task_ids:
                del self._tasks[task_id]

    def annotate(
        self,
        task_id: int,
        result: list[dict[str, Any]],
        *,
        user_id: int = 2,
        was_cancelled: bool = False,
        lead_time: float | None = None,
    ) -> int:
        """A person labels (or skips) a task; the annotation's id."""
        with self._lock:
            task = self._tasks[task_id]
            self._annotate(task, copy.deepcopy(result), user_id, was_cancelled, lead_time)
            return task.annotations[-1].id

    def edit_annotation(self, annotation_id: int, result: list[dict[str, Any]]) -> None:
        """A person changes an annotation."""
        with self._lock:
            task, index = self._annotation(annotation_id)
            task.updated_at = self._now()
            changed = replace(task.annotations[index], result=copy.deepcopy(result), updated_at=task.updated_at)
            task.annotations[index] = changed

    def delete_annotation(self, annotation_id: int) -> None:
        """A person deletes an annotation."""
        with self._lock:
            task, index = self._annotation(annotation_id)
            task.updated_at = self._now()
            del task.annotations[index]

    def set_label_config(self, label_config: str) -> None:
        """Someone changes the label config."""
        parse(label_config)
        self._project = replace(self._project, label_config=label_config)

    def offered(self, user_id: int) -> list[int]:
        """Tasks that the platform offers to a person by itself: what they hold, then what several are to label."""
        with self._lock:
            tasks = [task for task in self._tasks.values() if self._claimable(task, user_id) is Claim.HELD]
            return [task.id for task in sorted(tasks, key=lambda task: (user_id not in task.holders, task.people == 1))]

    def claim(self, task_id: int, user_id: int) -> Claim:
        """A person wants to hold a task; see ``connectors.base.Annotator.claim``."""
        with self._lock:
            self._call("claim")
            task = self._tasks.get(task_id)
            if task is None:
                return Claim.GONE
            claim = self._claimable(task, user_id)
            if claim is Claim.HELD:
                task.holders.setdefault(user_id, self._clock() + LOCK_S)
            return claim

    def _claimable(self, task: _Task, user_id: int) -> Claim:
        """What a claim would give."""
        now = self._clock()
        task.holders = {holder: until for holder, until in task.holders.items() if until > now}
        labelled = {item.completed_by for item in task.annotations if not item.was_cancelled}
        if user_id in {item.completed_by for item in task.annotations} or len(labelled) >= task.people:
            return Claim.DONE
        others = task.holders.keys() - {user_id}
        return Claim.HELD if len(labelled) + len(others) < task.people else Claim.TAKEN

    def release(self, task_id: int, user_id: int) -> None:
        """A person holds a task no longer."""
        with self._lock:
            self._call("release")
            if task_id in self._tasks:
                self._tasks[task_id].holders.pop(user_id, None)

    def predictions(self, task_id: int) -> list[tuple[str, Stored]]:
        """(model version, prediction) on a task, oldest first."""
        with self._lock:
            return [(item.model_version, item.stored) for item in self._tasks[task_id].predictions]

    def shown(self, task_id: int) -> Stored | None:
        """The prediction that an annotator sees: the oldest of the project's model version."""
        current = self._project.model_version
        found = (stored for version, stored in self.predictions(task_id) if current and version == current)
        return next(found, None)

    # Faults.

    def fail_next(self, count: int, error: PlatformError) -> None:
        """The next ``count`` calls fail, before they change anything."""
        self._failures += [error] * count

    def refuse_tasks(self, task_ids: Iterable[int]) -> None:
        """An import with one of these tasks is refused as a whole."""
        self._refused = set(task_ids)

    def drop_tasks(self, task_ids: Iterable[int]) -> None:
        """Predictions for these tasks are dropped without a word."""
        self._dropped = set(task_ids)

    # The platform's protocol.

    def whoami(self) -> User:
        self._call("whoami")
        return self._user

    def project(self) -> RemoteProject:
        self._call("project")
        return replace(self._project, task_count=len(self._tasks))

    def tasks(
        self, *, updated_after: float | None = None, with_annotations: bool = False
    ) -> Iterator[list[RemoteTask]]:
        since = float("-inf") if updated_after is None else updated_after
        with self._lock:
            self._call("tasks")
            chosen = [task for task in self._tasks.values() if task.updated_at >= since]
            if updated_after is not None:
                chosen.sort(key=lambda task: task.updated_at)
            rows = [self._remote(task, with_annotations) for task in chosen]
        return (rows[start : start + PAGE] for start in range(0, len(rows), PAGE))

    def changes(self, updated_after: float) -> tuple[int, float]:
        with self._lock:
            self._call("changes")
            moments = [task.updated_at for task in self._tasks.values() if task.updated_at >= updated_after]
        return len(moments), max(moments, default=0.0)

    def annotations(self, task_ids: Sequence[int]) -> dict[int, tuple[RemoteAnnotation, ...]]:
        self._call("annotations")
        return {id: tuple(self._tasks[id].annotations) for id in task_ids if id in self._tasks}

    def task_ids(self) -> set[int]:
        self._call("task_ids")
        return set(self._tasks)

    def standing(self, model_versions: Collection[str]) -> tuple[int, int]:
        with self._lock:
            self._call("standing")
            predictions = [item for task in self._tasks.values() for item in task.predictions]
            return sum(item.model_version in model_versions for item in predictions), len(self._annotated())

    def predicted_tasks(self, model_version: str) -> set[int]:
        with self._lock:
            self._call("predicted_tasks")
            tasks = self._tasks.values()
            return {task.id for task in tasks if any(item.model_version == model_version for item in task.predictions)}

    def annotated_tasks(self) -> set[int]:
        self._call("annotated_tasks")
        return self._annotated()

    def _annotated(self) -> set[int]:
        with self._lock:
            tasks = self._tasks.values()
            return {task.id for task in tasks if any(a.completed_by == self._user.id for a in task.annotations)}

    def publish_predictions(self, batch: Sequence[OutgoingPrediction], *, check_existing: bool) -> PublishResult:
        return publish(self, batch, check_existing=check_existing)

    def check(self, outgoing: OutgoingPrediction) -> Wire | Refusal:
        """Encode and validate as ``LabelStudio`` does."""
        prediction, xml = outgoing.prediction, self._project.label_config
        try:
            result = results.encode(prediction.regions, parse(xml))
        except ConfigurationError as error:
            return Refusal(outgoing.task_id, str(error))
        wire = Wire(outgoing.task_id, result, prediction.confidence, prediction.model_version)
        errors = results.validate(
            {"result": result, "score": wire.score, "model_version": wire.model_version}, interface(xml)
        )
        return Refusal(outgoing.task_id, "; ".join(errors)) if errors else wire

    def send(self, batch: Sequence[Wire]) -> int:
        with self._lock:
            self._call("send")
            for wire in batch:
                if wire.task_id not in self._tasks or wire.task_id in self._refused:
                    raise BadRequest(f"invalid task {wire.task_id}")
            kept = [wire for wire in batch if wire.task_id not in self._dropped]
            for wire in kept:
                stored = Stored(self._new_id(), wire.task_id, copy.deepcopy(wire.result), wire.score)
                self._tasks[wire.task_id].predictions.append(_Prediction(stored, wire.model_version))
            return len(kept)

    def existing_tasks(self, task_ids: Collection[int]) -> set[int]:
        self._call("existing_tasks")
        return self._tasks.keys() & set(task_ids)

    def stored(self, task_ids: Collection[int], model_version: str) -> list[Stored]:
        with self._lock:
            self._call("stored")
            tasks = [self._tasks[task_id] for task_id in task_ids if task_id in self._tasks]
            found = [item.stored for task in tasks for item in task.predictions if item.model_version == model_version]
            return sorted(found, key=lambda item: item.id)

    def correct(self, stored: Stored, wire: Wire) -> None:
        with self._lock:
            self._call("correct")
            for item in self._tasks[stored.task_id].predictions:
                if item.stored.id == stored.id:
                    item.stored = replace(stored, result=copy.deepcopy(wire.result), score=wire.score)

    def remove(self, stored: Stored) -> None:
        self._call("remove")
        self._keep(self._tasks[stored.task_id], lambda item: item.stored.id != stored.id)

    def remove_predictions(self, model_version: str) -> None:
        self._call("remove_predictions")
        for task in self._tasks.values():
            self._keep(task, lambda item: item.model_version != model_version)

    def remove_task_predictions(self, task_ids: Sequence[int]) -> None:
        self._call("remove_task_predictions")
        for task_id in self._tasks.keys() & set(task_ids):
            self._keep(self._tasks[task_id], lambda item: False)

    def duplicate_predictions(self, model_version: str) -> int:
        removed = 0
        with self._lock:
            for task in self._tasks.values():
                for item in [item for item in task.predictions if item.model_version == model_version][1:]:
                    self.remove(item.stored)
                    removed += 1
        return removed

    def accept(self, task_ids: Sequence[int], *, model_version: str) -> PublishResult:
        stored, refused = [], []
        with self._lock:
            self._call("accept")
            for task_id in dict.fromkeys(task_ids):
                refusal = self._accept(task_id, model_version)
                if refusal is None:
                    stored.append(task_id)
                else:
                    refused.append(refusal)
        return PublishResult(stored=tuple(stored), refused=tuple(refused))

    def _accept(self, task_id: int, model_version: str) -> Refusal | None:
        task = self._tasks.get(task_id)
        if task is None:
            return Refusal(task_id, f"task {task_id} does not exist (any more)")
        authors = {item.completed_by for item in task.annotations if not item.was_cancelled}
        if authors:
            if self._user.id in authors:
                return None
            return Refusal(task_id, "a person labelled the task first", overtaken=True)
        for item in task.predictions:
            if item.model_version == model_version:
                self._annotate(task, copy.deepcopy(item.stored.result), self._user.id, False, None)
                return None
        return Refusal(task_id, f"the task has no prediction of {model_version!r}")

    def uncounted(self) -> list[int]:
        with self._lock:
            self._call("uncounted")
            return sorted(self.forgotten & self._annotated())

    def recount(self, task_ids: Sequence[int]) -> None:
        with self._lock:
            self._call("recount")
            self.forgotten -= set(task_ids)

    def retract(self, task_ids: Sequence[int]) -> None:
        with self._lock:
            self._call("retract")
            for task in (self._tasks[task_id] for task_id in task_ids if task_id in self._tasks):
                kept = [item for item in task.annotations if item.completed_by != self._user.id]
                if len(kept) < len(task.annotations):
                    task.annotations, task.updated_at = kept, self._now()

    def ask_again(self, people: Mapping[int, int]) -> None:
        with self._lock:
            self._call("ask_again")
            for task_id in people.keys() & self._tasks.keys():
                task = self._tasks[task_id]
                task.people, task.updated_at = people[task_id], self._now()

    def set_model_version(self, model_version: str) -> None:
        with self._lock:
            self._call("set_model_version")
            versions = {item.model_version for task in self._tasks.values() for item in task.predictions}
            if model_version not in versions:
                raise BadRequest(f"there is no prediction of model version {model_version!r} yet")
            self._project = replace(self._project, model_version=model_version)

    def show_queues(self, queues: Mapping[str, Collection[int]]) -> None:
        with self._lock:
            self._call("show_queues")
            self.queues = {name: tuple(sorted(set(ids))) for name, ids in queues.items() if ids}

    def ensure_webhook(self, url: str, headers: dict[str, str]) -> int:
        with self._lock:
            self._call("ensure_webhook")
            there = [hook for hook in self.webhooks if hook.url == url]
            hook_id = there[0].id if there else self._new_id()
            others = [hook for hook in self.webhooks if hook.url != url]
            self.webhooks = [*others, Webhook(hook_id, url, dict(headers))]
            return hook_id

    def remove_webhook(self, url: str) -> None:
        self._call("remove_webhook")
        self.webhooks = [hook for hook in self.webhooks if hook.url != url]

    # Inside.

    def _call(self, kind: str) -> None:
        with self._lock:
            self.calls[kind] = self.calls.get(kind, 0) + 1
            if self._failures:
                raise self._failures.pop(0)

    def _new_id(self) -> int:
        self._last_id += 1
        return self._last_id

    def _now(self) -> float:
        self._moment = max(self._clock(), self._moment + 2e-6)
        return self._moment

    def _keep(self, task: _Task, wanted: Callable[[_Prediction], bool]) -> None:
        with self._lock:
            task.predictions = [item for item in task.predictions if wanted(item)]

    def _annotate(
        self, task: _Task, result: list[dict[str, Any]], user_id: int, was_cancelled: bool, lead_time: float | None
    ) -> None:
        task.updated_at = self._now()
        new = RemoteAnnotation(self._new_id(), task.id, user_id, result, task.updated_at, was_cancelled, lead_time)
        task.annotations.append(new)
        task.holders.pop(user_id, None)

    def _annotation(self, annotation_id: int) -> tuple[_Task, int]:
        for task in self._tasks.values():
            for index, item in enumerate(task.annotations):
                if item.id == annotation_id:
                    return task, index
        raise KeyError(annotation_id)

    def _remote(self, task: _Task, with_annotations: bool) -> RemoteTask:
        counted = [] if task.id in self.forgotten else task.annotations
        return RemoteTask(
            id=task.id,
            data=copy.deepcopy(task.data),
            updated_at=task.updated_at,
            annotations=tuple(copy.deepcopy(counted)) if with_annotations else None,
            total_predictions=len(task.predictions),
            total_annotations=sum(not item.was_cancelled for item in task.annotations),
        )


class MemoryAnnotator(Annotator):
    """A person's account on a platform in memory: the twin of ``connectors.label_studio.person.Person``."""

    def __init__(self, platform: MemoryPlatform, user: User) -> None:
        self._platform, self._user = platform, user
        self.member = True
        """Whether the person may see the project."""

    def whoami(self) -> User:
        return self._user

    def may_see_project(self) -> bool:
        return self.member

    def claim(self, task_id: int) -> Claim:
        return self._platform.claim(task_id, self._user.id)

    def stream_link(self, task_id: int) -> str:
        self._platform.tabs[self._user.email] = (task_id,)
        return f"memory://{self._user.email}"

    def release(self, task_id: int) -> None:
        self._platform.release(task_id, self._user.id)

    def close(self) -> None:
        """There is nothing to close."""
