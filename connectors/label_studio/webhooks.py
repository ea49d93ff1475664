"""Webhook bodies of Label Studio -> events. Pure: no network, no state.

Label Studio sends the whole project with every event, and with it ``token`` and ``task_data_password``. Only named
fields are read here, and an error names a field and never quotes a value, so neither can be kept or logged.
An event is a hint: it may be lost or come twice. A list that the body leaves out is read as empty.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from connectors.base import RemoteAnnotation, RemoteProject, RemoteTask
from connectors.label_studio.reader import RELEASED
from models.errors import ConfigurationError

SECRET_HEADER = "X-Prelabel-Secret"  # noqa: S105 - the header's name, not a secret
"""Name of the header that carries a project's webhook secret."""

NOBODY = 0
"""``completed_by`` of an annotation whose author's account is gone; Label Studio counts users from 1."""


@dataclass(frozen=True, slots=True)
class TasksCreated:
    """New tasks; a large import comes as several of these, 5000 tasks each."""

    project_id: int
    tasks: tuple[RemoteTask, ...]


@dataclass(frozen=True, slots=True)
class TasksDeleted:
    """Tasks that are gone."""

    project_id: int
    task_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class AnnotationsChanged:
    """Annotations created or updated, by people or by our own account."""

    project_id: int
    annotations: tuple[RemoteAnnotation, ...]
    tasks: tuple[RemoteTask, ...]
    """The annotations' tasks, without their ``annotations``."""


@dataclass(frozen=True, slots=True)
class AnnotationsDeleted:
    """Annotations that are gone, or were turned into drafts; their tasks are not named."""

    project_id: int
    annotation_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ProjectUpdated:
    """The project's settings or label config may have changed."""

    project: RemoteProject


@dataclass(frozen=True, slots=True)
class StartTraining:
    """Somebody pressed "Start Training" on the model page."""

    project_id: int


@dataclass(frozen=True, slots=True)
class Ignored:
    """An action that means nothing to us."""

    action: str


Event = TasksCreated | TasksDeleted | AnnotationsChanged | AnnotationsDeleted | ProjectUpdated | StartTraining | Ignored


def parse(body: dict[str, Any]) -> Event:
    """What a webhook body says.

    Raises:
        ConfigurationError: a field is missing or of the wrong type; the message names it.
    """
    action = _get(_checked(body, dict, "."), "action", str, "")
    reader = _READERS.get(action)
    if reader is None:
        return Ignored(action)
    if "project" not in body:
        raise ConfigurationError(
            f"webhook {action}: `project` is missing; turn on 'Send payload' in the webhook's settings in Label Studio"
        )
    return reader(body)


def secret_matches(headers: Mapping[str, str], expected: str) -> bool:
    """Whether the secret header is there and right, in constant time. An empty secret matches nothing."""
    given = next((value for name, value in headers.items() if name.lower() == SECRET_HEADER.lower()), "")
    same = hmac.compare_digest(given.encode("utf-8", "surrogatepass"), expected.encode("utf-8", "surrogatepass"))
    return same and expected != ""


def _tasks_created(body: dict[str, Any]) -> TasksCreated:
    return TasksCreated(_project_id(body), _each(body, "tasks", _task))


def _tasks_deleted(body: dict[str, Any]) -> TasksDeleted:
    return TasksDeleted(_project_id(body), _each(body, "tasks", _id))


def _annotations_changed(body: dict[str, Any]) -> AnnotationsChanged:
    return AnnotationsChanged(_project_id(body), _each(body, "annotation", _annotation), _each(body, "task", _task))


def _annotations_deleted(body: dict[str, Any]) -> AnnotationsDeleted:
    return AnnotationsDeleted(_project_id(body), _each(body, "annotations", _id))


def _project_updated(body: dict[str, Any]) -> ProjectUpdated:
    raw, at = _get(body, "project", dict, ""), "project."
    return ProjectUpdated(
        RemoteProject(
            id=_get(raw, "id", int, at),
            title=_get(raw, "title", str, at),
            label_config=_get(raw, "label_config", str, at),
            model_version=_optional(raw, "model_version", str, at) or "",
            task_count=_optional(raw, "task_number", int, at) or 0,
            show_suggestions=_optional(raw, "show_collab_predictions", bool, at) is not False,
        )
    )


def _start_training(body: dict[str, Any]) -> StartTraining:
    return StartTraining(_project_id(body))


_READERS: dict[str, Callable[[dict[str, Any]], Event]] = {
    "TASKS_CREATED": _tasks_created,
    "TASKS_DELETED": _tasks_deleted,
    "ANNOTATION_CREATED": _annotations_changed,
    "ANNOTATION_UPDATED": _annotations_changed,
    "ANNOTATIONS_CREATED": _annotations_changed,
    "ANNOTATIONS_DELETED": _annotations_deleted,
    "PROJECT_UPDATED": _project_updated,
    "START_TRAINING": _start_training,
}

T = TypeVar("T")


def _project_id(body: dict[str, Any]) -> int:
    return _get(_get(body, "project", dict, ""), "id", int, "project.")


def _id(raw: dict[str, Any], at: str) -> int:
    return _get(raw, "id", int, at)


def _task(raw: dict[str, Any], at: str) -> RemoteTask:
    return RemoteTask(
        id=_id(raw, at),
        data=_get(raw, "data", dict, at),
        updated_at=_seconds(raw, "updated_at", at),
        total_predictions=_optional(raw, "total_predictions", int, at) or 0,
        total_annotations=_optional(raw, "total_annotations", int, at) or 0,
    )


def _annotation(raw: dict[str, Any], at: str) -> RemoteAnnotation:
    lead_time = _optional(raw, "lead_time", (int, float), at)
    return RemoteAnnotation(
        id=_id(raw, at),
        task_id=_get(raw, "task", int, at),
        completed_by=_optional(raw, "completed_by", int, at) or NOBODY,
        result=list(_each(raw, "result", lambda region, _: region, at)),
        updated_at=_seconds(raw, "updated_at", at),
        was_cancelled=_optional(raw, "was_cancelled", bool, at) is True,
        lead_time=None if lead_time is None else float(lead_time),
        given_back=raw.get("import_id") == RELEASED,
    )


def _each(raw: dict[str, Any], name: str, read: Callable[[dict[str, Any], str], T], at: str = "") -> tuple[T, ...]:
    """Read every object of a list; Label Studio sends a lone object where there is one, and null for none."""
    value = raw.get(name)
    if value is None:
        return ()
    if isinstance(value, dict):
        return (read(value, f"{at}{name}."),)
    entries = _checked(value, list, at + name)
    paths = (f"{at}{name}[{index}]" for index in range(len(entries)))
    return tuple(read(_checked(entry, dict, path), path + ".") for entry, path in zip(entries, paths, strict=True))


def _seconds(raw: dict[str, Any], name: str, at: str) -> float:
    try:
        when = datetime.fromisoformat(_get(raw, name, str, at))
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise ConfigurationError(f"webhook body: `{at}{name}` is not an ISO 8601 time") from None


def _get(raw: dict[str, Any], name: str, kind: type[T], at: str) -> T:
    if raw.get(name) is None:
        raise ConfigurationError(f"webhook body: `{at}{name}` is missing")
    return _checked(raw[name], kind, at + name)


def _optional(raw: dict[str, Any], name: str, kind: type[T] | tuple[type[T], ...], at: str) -> T | None:
    value = raw.get(name)
    return None if value is None else _checked(value, kind, at + name)


def _checked(value: Any, kind: type[T] | tuple[type[T], ...], path: str) -> T:
    kinds = kind if isinstance(kind, tuple) else (kind,)
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        wanted = " or ".join(k.__name__ for k in kinds)
        raise ConfigurationError(f"webhook body: `{path}` is {type(value).__name__}, not {wanted}")
    return value
