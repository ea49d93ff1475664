"""Bulk writes of predictions that no single bad item can spoil. Knows no platform: it is given four calls."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from connectors.base import OutgoingPrediction, PublishResult, Refusal
from models.errors import PlatformRefused, written

CHUNK = 500
"""Items a call: Label Studio's own batch size, and where its rate levels off."""


class BadRequest(PlatformRefused):
    """The platform refused the content of a call: some item in it is wrong, others may be right."""


@dataclass(frozen=True, slots=True)
class Wire:
    """A prediction as it goes over the wire."""

    task_id: int
    result: list[dict[str, Any]]
    score: float
    model_version: str


@dataclass(frozen=True, slots=True)
class Stored:
    """A prediction as it lies on the platform."""

    id: int
    task_id: int
    result: list[dict[str, Any]]
    score: float | None


class Predictions(Protocol):
    """What a platform can do with the predictions of one project."""

    def check(self, outgoing: OutgoingPrediction) -> Wire | Refusal:
        """Put into the platform's format and validate."""
        ...

    def send(self, batch: Sequence[Wire]) -> int:
        """Store all in one call; how many were stored. ``BadRequest``: none was."""
        ...

    def existing_tasks(self, task_ids: Collection[int]) -> set[int]:
        """Which of the tasks exist."""
        ...

    def stored(self, task_ids: Collection[int], model_version: str) -> list[Stored]:
        """Predictions of one version on these tasks, oldest first."""
        ...

    def correct(self, stored: Stored, wire: Wire) -> None:
        """Replace the content of a stored prediction."""
        ...

    def remove(self, stored: Stored) -> None:
        """Delete one stored prediction."""
        ...


def publish(platform: Predictions, batch: Sequence[OutgoingPrediction], *, check_existing: bool) -> PublishResult:
    """Store one prediction a task; see ``connectors.base.Platform.publish_predictions``.

    Raises:
        ValueError: a task occurs twice in ``batch``, or it mixes model versions.
    """
    if len({item.task_id for item in batch}) < len(batch) or len({item.prediction.model_version for item in batch}) > 1:
        raise ValueError("a batch holds one prediction a task, all of one model version")
    checked = [platform.check(item) for item in batch]
    wires = [item for item in checked if isinstance(item, Wire)]
    refused = [item for item in checked if isinstance(item, Refusal)]
    stored: list[int] = []
    if check_existing and wires:
        stored = _reconcile(platform, wires)
        there = set(stored)
        wires = [wire for wire in wires if wire.task_id not in there]
    for start in range(0, len(wires), CHUNK):
        _send(platform, wires[start : start + CHUNK], stored, refused)
    return PublishResult(stored=tuple(stored), refused=tuple(refused))


def _reconcile(platform: Predictions, wires: Sequence[Wire]) -> list[int]:
    """Make what is there equal to what was asked for; the task ids that need no sending any more."""
    asked = {wire.task_id: wire for wire in wires}
    done: set[int] = set()
    for found in platform.stored(asked.keys(), wires[0].model_version):
        wire = asked[found.task_id]
        if found.task_id in done:
            platform.remove(found)
        elif found.result != wire.result or found.score != wire.score:
            platform.correct(found, wire)
        done.add(found.task_id)
    return sorted(done)


def _send(platform: Predictions, chunk: Sequence[Wire], stored: list[int], refused: list[Refusal]) -> None:
    """Send; on a refusal take out the tasks that are gone, then halve until the guilty ones stand alone."""
    if not chunk:
        return
    try:
        created = platform.send(chunk)
    except BadRequest as error:
        alive = platform.existing_tasks([wire.task_id for wire in chunk])
        gone = [wire.task_id for wire in chunk if wire.task_id not in alive]
        if gone:
            refused += [Refusal(task_id, written(f"task {task_id} does not exist (any more)")) for task_id in gone]
            _send(platform, [wire for wire in chunk if wire.task_id in alive], stored, refused)
        elif len(chunk) == 1:
            refused.append(Refusal(chunk[0].task_id, str(error)))
        else:
            half = len(chunk) // 2
            _send(platform, chunk[:half], stored, refused)
            _send(platform, chunk[half:], stored, refused)
        return
    task_ids = [wire.task_id for wire in chunk]
    if created != len(chunk):
        asked = {wire.task_id: wire.result for wire in chunk}
        found = platform.stored(task_ids, chunk[0].model_version)
        there = {item.task_id for item in found if item.result == asked[item.task_id]}
        reason = written("the platform dropped the prediction without a word: it no longer fits the label config")
        refused += [Refusal(task_id, reason) for task_id in task_ids if task_id not in there]
        task_ids = [task_id for task_id in task_ids if task_id in there]
    stored += task_ids
