"""What Prelabel needs of a labeling platform, independent of Label Studio.

``Platform`` is a project seen with our account's rights, ``Annotator`` one person's own account. Each has two real
implementations, in ``connectors.label_studio`` (``client``, ``person``) and in ``connectors.memory``, and one suite in
``tests/contract`` that holds both of them. All calls are synchronous, thread-safe and bounded in time. They raise
``models.errors.PlatformUnavailable`` (try again), ``PlatformRefused`` (do not) or ``AuthenticationError``, and nothing
else of the network.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from models.types import Prediction


@dataclass(frozen=True, slots=True)
class User:
    """The account behind the token."""

    id: int
    email: str
    name: str = ""
    """What the person calls themself; '' when they never said."""


@dataclass(frozen=True, slots=True)
class RemoteProject:
    """A project as the platform describes it now."""

    id: int
    title: str
    label_config: str
    model_version: str
    """The version whose predictions annotators see; '' when none."""
    task_count: int
    show_suggestions: bool = True
    """Label Studio's ``show_collab_predictions``: whether annotators are shown predictions at all."""


@dataclass(frozen=True, slots=True)
class RemoteAnnotation:
    """One annotation, in the platform's own result format."""

    id: int
    task_id: int
    completed_by: int
    result: list[dict[str, Any]]
    updated_at: float
    """Seconds since the epoch."""
    was_cancelled: bool = False
    """The annotator skipped the task."""
    lead_time: float | None = None
    """Seconds that the annotator spent."""
    given_back: bool = False
    """No answer: the trace of ``Annotator.release``, which is about to vanish."""


@dataclass(frozen=True, slots=True)
class RemoteTask:
    """One task, with its annotations when they were asked for."""

    id: int
    data: dict[str, Any]
    updated_at: float
    """Seconds since the epoch."""
    annotations: tuple[RemoteAnnotation, ...] | None = None
    """None: not asked for."""
    total_predictions: int = 0
    total_annotations: int = 0


@dataclass(frozen=True, slots=True)
class OutgoingPrediction:
    """A prediction on its way to one task."""

    task_id: int
    prediction: Prediction


@dataclass(frozen=True, slots=True)
class Refusal:
    """One item that the platform, or our check before it, refused for good."""

    task_id: int
    reason: str
    overtaken: bool = False
    """A person's label stands there: nothing is wrong, and the label is on its way to us."""


@dataclass(frozen=True, slots=True)
class PublishResult:
    """What came of a bulk write. Every task id that went in is in exactly one of the two."""

    stored: tuple[int, ...] = ()
    """Task ids that now hold exactly what was asked for, whether written now or found there."""
    refused: tuple[Refusal, ...] = field(default=())


class Platform(Protocol):
    """One project on one labeling platform, seen with one account's rights."""

    def whoami(self) -> User: ...

    def project(self) -> RemoteProject: ...

    def tasks(
        self, *, updated_after: float | None = None, with_annotations: bool = False
    ) -> Iterator[list[RemoteTask]]:
        """All tasks in pages, oldest update first where ``updated_after`` (epoch seconds, inclusive) is given."""
        ...

    def changes(self, updated_after: float) -> tuple[int, float]:
        """How many tasks were updated since (epoch seconds, inclusive), and when the last was; (0, 0.0) for none."""
        ...

    def task_ids(self) -> set[int]:
        """Ids of all tasks that exist now."""
        ...

    def annotations(self, task_ids: Sequence[int]) -> dict[int, tuple[RemoteAnnotation, ...]]:
        """Annotations that really stand on these tasks, whatever the platform's counters say; no key: no such task."""
        ...

    def standing(self, model_versions: Collection[str]) -> tuple[int, int]:
        """How many predictions of these versions there are, and how many tasks with an annotation by our account.

        Cheap: for seeing that something changed.
        """
        ...

    def predicted_tasks(self, model_version: str) -> set[int]:
        """Ids of the tasks with a prediction of this version."""
        ...

    def annotated_tasks(self) -> set[int]:
        """Ids of the tasks with an annotation by our account."""
        ...

    def publish_predictions(self, batch: Sequence[OutgoingPrediction], *, check_existing: bool) -> PublishResult:
        """Store one prediction for each task, in bulk; at most one per (task, model version).

        Validates every prediction against the label config first; counts afterwards; on a mismatch or a
        refused batch it bisects, so that one bad item never takes its neighbours down.

        Args:
            batch: predictions of one model version, at most one a task.
            check_existing: read back what is there first and skip it: for batches that may have been sent before.
        """
        ...

    def remove_predictions(self, model_version: str) -> None:
        """Remove all predictions of one model version (no error when there are none)."""
        ...

    def remove_task_predictions(self, task_ids: Sequence[int]) -> None:
        """Remove every prediction of these tasks (they turned blind)."""
        ...

    def duplicate_predictions(self, model_version: str) -> int:
        """Remove second and further predictions of one (task, model version); how many were removed."""
        ...

    def accept(self, task_ids: Sequence[int], *, model_version: str) -> PublishResult:
        """Turn each task's prediction of ``model_version`` into an annotation by our account. Idempotent."""
        ...

    def uncounted(self) -> list[int]:
        """Tasks with an annotation of ours that the platform has not counted (yet): they seem undone."""
        ...

    def recount(self, task_ids: Sequence[int]) -> None:
        """Make the platform count our annotations on these tasks."""
        ...

    def retract(self, task_ids: Sequence[int]) -> None:
        """Delete our account's annotations on these tasks, so that people get them again."""
        ...

    def ask_again(self, people: Mapping[int, int]) -> None:
        """Task -> how many different people are to label it: it is offered to others until so many have.

        People who have labelled or skipped a task are not offered it again, and nobody is shown another's answer on the
        way that the platform offers. Tasks that are gone are left out. Idempotent; a lower number takes it back.
        """
        ...

    def set_model_version(self, model_version: str) -> None:
        """Make the platform show predictions of this version."""
        ...

    def show_queues(self, queues: Mapping[str, Collection[int]]) -> None:
        """Have exactly one tab on the platform for each of these queues (name -> tasks), and for no other queue.

        For teams that never leave the platform. Everybody sees the same tabs; a queue without a task has none.
        Idempotent.
        """
        ...

    def ensure_webhook(self, url: str, headers: dict[str, str]) -> int:
        """Have exactly one active webhook to ``url`` with these headers; its id."""
        ...

    def remove_webhook(self, url: str) -> None:
        """Remove every webhook to ``url``."""
        ...


class Claim(StrEnum):
    """What came of wanting a task for oneself."""

    HELD = "held"
    """It is this person's: the platform's stream offers it to them, before all else, and to nobody else."""
    TAKEN = "taken"
    """Others hold it, as many as are to label it."""
    DONE = "done"
    """It needs no label any more, or none of this person."""
    GONE = "gone"
    """There is no such task in the project (any more)."""


class Annotator(Protocol):
    """One person's own account, on one project.

    What a person holds they hold by their own account only: nobody can claim for another.
    """

    def whoami(self) -> User: ...

    def may_see_project(self) -> bool:
        """Whether the project exists for this person."""
        ...

    def claim(self, task_id: int) -> Claim:
        """Hold the task, so that the platform's own stream gives it to nobody else. Idempotent.

        It keeps nobody from opening the task by its address. It ends when the person labels or skips the task, with
        ``release``, or by itself after a day (``TASK_LOCK_TTL`` of Label Studio); claiming again does not prolong it.
        """
        ...

    def stream_link(self, task_id: int) -> str:
        """Where the platform's stream gives this task to the person who holds it, and then no other.

        Others' answers are not to be seen there, nor a suggestion that is not the project's current one. One link for
        each person: a call for another task changes what it gives.
        """
        ...

    def release(self, task_id: int) -> None:
        """Hold the task no longer. Does nothing where the person has labelled or skipped it, or it is gone."""
        ...

    def close(self) -> None:
        """Close the connections."""
        ...
