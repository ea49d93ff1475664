"""One Label Studio project, seen with one account's rights."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from connectors.base import (
    OutgoingPrediction,
    Platform,
    PublishResult,
    Refusal,
    RemoteAnnotation,
    RemoteProject,
    RemoteTask,
    User,
)
from connectors.bulk import CHUNK, Stored, Wire, publish
from connectors.label_studio import results
from connectors.label_studio.auth import check_token, list_projects, remote_project, whoami
from connectors.label_studio.label_config import interface, parse
from connectors.label_studio.reader import Reader, Row, annotation, condition, task
from connectors.label_studio.tabs import Tabs
from connectors.label_studio.transport import RESERVED, Transport
from models.errors import ConfigurationError, PlatformRefused, PlatformUnavailable, written

__all__ = ["WEBHOOK_ACTIONS", "LabelStudio", "check_token", "list_projects"]

WEBHOOK_ACTIONS = (
    "TASKS_CREATED",
    "TASKS_DELETED",
    "ANNOTATION_CREATED",
    "ANNOTATIONS_CREATED",
    "ANNOTATION_UPDATED",
    "ANNOTATIONS_DELETED",
    "PROJECT_UPDATED",
)
LONGEST_REST_S = 1.0
"""After a write that is not urgent, so that others get to write too."""
CONFIG_AGE_S = 30.0
"""How long a label config is trusted for validation before it is read again."""


class LabelStudio(Platform):
    """See ``connectors.base.Platform``. Thread-safe; every call is bounded by ``timeout_s`` per request."""

    def __init__(self, url: str, token: str, project_id: int, *, timeout_s: float = 30.0) -> None:
        self._transport = Transport(url, token, timeout_s)
        self._sdk = self._transport.sdk
        self._project_id = project_id
        self._reader = Reader(self._transport, project_id)
        self._tabs = Tabs(self._transport, project_id)
        self._lock = threading.Lock()
        self._me: User | None = None
        self._config: tuple[str, float] = ("", -CONFIG_AGE_S)

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def whoami(self) -> User:
        """The account behind the token."""
        if self._me is None:
            self._me = whoami(self._transport)
        return self._me

    def labelled_by_us(self, *, by_hand: bool = False) -> int:
        """How many tasks have a label by our account; see ``Reader.count_labelled_by``. One call."""
        return self._reader.count_labelled_by(self.whoami().id, by_hand=by_hand)

    def version(self) -> str:
        """Label Studio's release, like ``1.23.2``."""
        answer = self._transport.request("GET", "api/version/")
        return str(answer.get("release", answer.get("label-studio-os-package", {}).get("version", "unknown")))

    def auth_headers(self) -> dict[str, str]:
        """The header that lets media of this Label Studio be fetched."""
        return self._transport.auth_headers()

    def webhook_problem(self, url: str, headers: dict[str, str]) -> str:
        """What is wrong with the webhook to ``url``; '' when there is exactly one, active, with our headers."""
        with self._transport.errors():
            hooks = [
                hook
                for hook in self._sdk.webhooks.list(project=str(self._project_id))
                if hook.url == url and hook.project == self._project_id
            ]
        if len(hooks) != 1:
            return written(f"there are {len(hooks)} webhooks to {url}, and there should be one")
        if not hooks[0].is_active:
            return written("the webhook is switched off")
        missing = sorted(set(WEBHOOK_ACTIONS) - {str(action) for action in hooks[0].actions or ()})
        if missing and not hooks[0].send_for_all_actions:
            return written(f"the webhook lacks the events {', '.join(missing)}")
        return "" if hooks[0].headers == headers else written("the webhook's secret header is not ours")

    def address_problem(self, url: str) -> str:
        """Why Label Studio will not call ``url``; '' when it will. Changes nothing.

        Label Studio says so only when a webhook is made. The one that is asked for here has an event that does not
        exist, so it is refused in any case: with 403 for its address, else with 400.
        """
        body = {"project": self._project_id, "url": url, "actions": ["PRELABEL_PROBE"]}
        try:
            self._transport.request("POST", "api/webhooks/", json=body)
        except PlatformRefused as error:
            return str(error) if RESERVED in str(error) else ""
        return ""

    def project(self) -> RemoteProject:
        """The project as it is now."""
        row = self._transport.request("GET", f"api/projects/{self._project_id}/")
        with self._transport.errors():
            found = remote_project(row)
        with self._lock:
            self._config = (found.label_config, time.monotonic())
        return found

    def tasks(
        self, *, updated_after: float | None = None, with_annotations: bool = False
    ) -> Iterator[list[RemoteTask]]:
        """Pages of up to 500 tasks."""
        return self._reader.tasks(updated_after, with_annotations)

    def selected(self, task_ids: Collection[int]) -> list[RemoteTask]:
        """Those of these tasks that the project has, without their annotations."""
        return [task(row, False) for row in self._reader.selected(task_ids, full=False)]

    def changes(self, updated_after: float) -> tuple[int, float]:
        """One call, which reads one task."""
        return self._reader.changes(updated_after)

    def annotations(self, task_ids: Sequence[int]) -> dict[int, tuple[RemoteAnnotation, ...]]:
        """Reads whole tasks, 250 a call."""
        rows = self._reader.selected(task_ids, full=True)
        return {row["id"]: tuple(annotation(item) for item in row["annotations"]) for row in rows}

    def task_ids(self) -> set[int]:
        """Ids of all tasks; reads whole tasks (Label Studio has no lighter list), 450-750 a second."""
        return self._reader.task_ids()

    def standing(self, model_versions: Collection[str]) -> tuple[int, int]:
        """Two calls."""
        counts = self._reader.version_counts()
        predictions = sum(counts.get(version, 0) for version in model_versions)
        return predictions, self._reader.count_annotated_by(self.whoami().id)

    def predicted_tasks(self, model_version: str) -> set[int]:
        """Reads all predictions (7,000 a second)."""
        return {found.task_id for found in self._reader.predictions(model_version)}

    def annotated_tasks(self) -> set[int]:
        """Reads these tasks (450-750 a second)."""
        return self._reader.annotated_by(self.whoami().id)

    def publish_predictions(self, batch: Sequence[OutgoingPrediction], *, check_existing: bool) -> PublishResult:
        """In calls of 500; what is there already with other content is replaced when ``check_existing`` is set."""
        return publish(self, batch, check_existing=check_existing)

    def check(self, outgoing: OutgoingPrediction) -> Wire | Refusal:
        """Encode and validate against the label config."""
        xml, prediction = self._label_config(), outgoing.prediction
        try:
            result = results.encode(prediction.regions, parse(xml))
        except ConfigurationError as error:
            return Refusal(outgoing.task_id, str(error))
        wire = Wire(outgoing.task_id, result, prediction.confidence, prediction.model_version)
        errors = results.validate(_body(wire), interface(xml))
        return Refusal(outgoing.task_id, "; ".join(errors)) if errors else wire

    def send(self, batch: Sequence[Wire]) -> int:
        """One bulk import."""
        with self._transport.errors():
            answer = self._sdk.projects.import_predictions(self._project_id, request=[_body(wire) for wire in batch])
            created = int(answer.created)
        if created != len(batch):
            self._config = ("", -CONFIG_AGE_S)
        return created

    def existing_tasks(self, task_ids: Collection[int]) -> set[int]:
        """Which of the tasks exist."""
        return self._reader.existing(task_ids)

    def stored(self, task_ids: Collection[int], model_version: str) -> list[Stored]:
        """Predictions of one version on these tasks, oldest first."""
        return self._reader.stored(task_ids, model_version)

    def correct(self, stored: Stored, wire: Wire) -> None:
        """Replace the content of one prediction."""
        with self._transport.errors():
            self._sdk.predictions.update(stored.id, result=wire.result, score=wire.score)

    def remove(self, stored: Stored) -> None:
        """Delete one prediction."""
        with self._transport.errors():
            self._sdk.predictions.delete(stored.id)

    def remove_predictions(self, model_version: str) -> None:
        """All of one version, in one call."""
        path = f"api/projects/{self._project_id}/model-versions/"
        self._transport.request("DELETE", path, json={"model_version": model_version})

    def remove_task_predictions(self, task_ids: Sequence[int]) -> None:
        """All of these tasks, 500 a call."""
        for chunk in _chunks(task_ids):
            self._act("delete_tasks_predictions", chunk)

    def duplicate_predictions(self, model_version: str) -> int:
        """Keeps the oldest, which is the one that annotators see. Reads all predictions (7,000 a second).

        Second annotations of ours go too: two calls of which one was given up can both have made one.
        """
        seen: set[int] = set()
        removed = 0
        for found in self._reader.predictions(model_version):
            if found.task_id in seen:
                self.remove(found)
                removed += 1
            seen.add(found.task_id)
        for row in self._rows(self._reader.labelled_twice()).values():
            removed += self._delete_copies(self._ours(row))
        return removed

    def accept(self, task_ids: Sequence[int], *, model_version: str) -> PublishResult:
        """500 a call. A task that has an annotation is left alone: another person's makes a refusal, ours counts."""
        stored: list[int] = []
        refused: list[Refusal] = []
        for chunk in _chunks(task_ids):
            if self._convert(chunk, model_version) == len(chunk):
                stored += chunk
            else:
                self._verify(chunk, model_version, stored, refused)
        return PublishResult(stored=tuple(stored), refused=tuple(refused))

    def _convert(self, chunk: Sequence[int], version: str) -> int:
        """Predictions of tasks without annotation become annotations, unless they have become one before; how many."""
        unlabeled = condition("total_annotations", "equal", "Number", 0)
        answer = self._act("predictions_to_annotations", chunk, [unlabeled], {"model_version": version})
        count = re.search(r"\d+", str(answer.get("detail", "")))
        return int(count[0]) if count else -1

    def _verify(self, chunk: Sequence[int], version: str, stored: list[int], refused: list[Refusal]) -> None:
        rows = self._rows(chunk)
        for task_id in chunk:
            row = rows.get(task_id)
            if row is None:
                refused.append(Refusal(task_id, written(f"task {task_id} does not exist (any more)")))
            elif ours := self._ours(row):
                self._delete_copies(ours)
                stored.append(task_id)
            elif _made(row):
                refused.append(Refusal(task_id, written("a person labelled the task first"), overtaken=True))
            elif not any(item["model_version"] == version for item in row["predictions"]):
                refused.append(Refusal(task_id, written(f"the task has no prediction of {version!r}")))
            else:
                raise PlatformUnavailable(f"Label Studio did not accept task {task_id} though it could: try again")

    def uncounted(self) -> list[int]:
        """One call for each page of them.

        Label Studio writes annotations first and counts them some seconds later, in another transaction; killed in
        between, or with a locked database, it never does.
        """
        return self._reader.uncounted(self.whoami().id)

    def recount(self, task_ids: Sequence[int]) -> None:
        """One call for each task, as to save an annotation is to count it, and a rest of the same length after it.

        Without the rest a Label Studio on SQLite is locked all the time, and an import waits for minutes.
        """
        for row in self._rows(task_ids).values():
            for item in self._ours(row)[:1]:
                began = time.monotonic()
                with self._transport.errors():
                    self._sdk.annotations.update(item["id"])
                time.sleep(min(LONGEST_REST_S, time.monotonic() - began))

    def _rows(self, task_ids: Sequence[int]) -> dict[int, Row]:
        return {row["id"]: row for row in self._reader.selected(task_ids, full=True)}

    def _ours(self, row: Row) -> list[Row]:
        """The task's annotations by our account, skips left out."""
        me = self.whoami().id
        return [item for item in _made(row) if item["completed_by"] == me]

    def _delete_copies(self, ours: Sequence[Row]) -> int:
        """All but the first of our annotations of predictions on one task; how many."""
        copies = sorted(item["id"] for item in ours if item["parent_prediction"] is not None)[1:]
        for annotation_id in copies:
            with self._transport.errors():
                self._sdk.annotations.delete(annotation_id)
        return len(copies)

    def retract(self, task_ids: Sequence[int]) -> None:
        """Deletes our annotations and drafts on these tasks, 500 a call."""
        for chunk in _chunks(task_ids):
            self._act("delete_tasks_annotations", chunk, extra={"annotator": str(self.whoami().id)})

    def ask_again(self, people: Mapping[int, int]) -> None:
        """Three calls, and one more for each task (20 a second).

        Label Studio's label stream offers a task until ``overlap`` people have labelled it, only to those who have not,
        and each sees their own annotations alone. A task is marked as done when it is labelled, not when its overlap
        changes. ``show_overlap_first`` makes the stream begin with such tasks. The project's own overlap is the least.
        """
        path = f"api/projects/{self._project_id}/"
        least = int(self._transport.request("GET", path).get("maximum_annotations") or 1)
        rows = self._rows(sorted(people))
        for task_id in sorted(people.keys() & rows.keys()):
            wanted = max(least, people[task_id])
            done = len({item["completed_by"] for item in _made(rows[task_id])}) >= wanted
            body = {"overlap": wanted, "is_labeled": done}
            self._transport.request("PATCH", f"api/tasks/{task_id}/", json=body)
        if any(count > 1 for count in people.values()):
            self._transport.request("PATCH", path, json={"show_overlap_first": True})

    def set_model_version(self, model_version: str) -> None:
        """Label Studio refuses a version of which there is no prediction yet: call it after the first publish."""
        with self._transport.errors():
            self._sdk.projects.update(self._project_id, model_version=model_version)

    def show_queues(self, queues: Mapping[str, Collection[int]]) -> None:
        """Tabs of the data manager; see ``connectors.label_studio.tabs``."""
        self._tabs.show_queues(queues)

    def ensure_webhook(self, url: str, headers: dict[str, str]) -> int:
        """One active webhook with our headers and actions; others to the same address are removed."""
        settings: dict[str, Any] = {
            "url": url,
            "headers": headers,
            "actions": list(WEBHOOK_ACTIONS),
            "send_for_all_actions": False,
            "send_payload": True,
            "is_active": True,
        }
        with self._transport.errors():
            there = self._webhooks(url)
            for extra in there[1:]:
                self._sdk.webhooks.delete(extra)
            if there:
                self._sdk.webhooks.update(there[0], **settings)
                return there[0]
            return int(self._sdk.webhooks.create(project=self._project_id, **settings).id)

    def remove_webhook(self, url: str) -> None:
        """Every webhook of the project to ``url``."""
        with self._transport.errors():
            for webhook_id in self._webhooks(url):
                self._sdk.webhooks.delete(webhook_id)

    def _webhooks(self, url: str) -> list[int]:
        found = self._sdk.webhooks.list(project=str(self._project_id))
        return sorted(int(hook.id) for hook in found if hook.url == url and hook.project == self._project_id)

    def _label_config(self) -> str:
        xml, read_at = self._config
        return xml if time.monotonic() - read_at < CONFIG_AGE_S else self.project().label_config

    def _act(
        self, action: str, task_ids: Sequence[int], filters: Sequence[Row] = (), extra: dict[str, str] | None = None
    ) -> Row:
        """A data manager action on these tasks. Label Studio takes an empty selection for all tasks of the project."""
        if not task_ids:
            raise ValueError(f"{action} on no task at all")
        body: Row = {"selectedItems": {"all": False, "included": list(task_ids)}, **(extra or {})}
        if filters:
            body["filters"] = {"conjunction": "and", "items": list(filters)}
        params = {"id": action, "project": self._project_id}
        answer: Row = self._transport.request("POST", "api/dm/actions/", params=params, json=body)
        return answer


def _body(wire: Wire) -> Row:
    return {"task": wire.task_id, "result": wire.result, "score": wire.score, "model_version": wire.model_version}


def _made(row: Row) -> list[Row]:
    """The task's annotations, skips left out."""
    return [item for item in row["annotations"] if not item["was_cancelled"]]


def _chunks(task_ids: Sequence[int]) -> Iterator[list[int]]:
    unique = list(dict.fromkeys(task_ids))
    return (unique[start : start + CHUNK] for start in range(0, len(unique), CHUNK))
