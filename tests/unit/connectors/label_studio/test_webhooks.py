from __future__ import annotations

import copy
import hmac
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.label_studio.reader import RELEASED
from connectors.label_studio.webhooks import (
    NOBODY,
    SECRET_HEADER,
    AnnotationsChanged,
    AnnotationsDeleted,
    Ignored,
    ProjectUpdated,
    StartTraining,
    TasksCreated,
    TasksDeleted,
    parse,
    secret_matches,
)
from models.errors import ConfigurationError

PAYLOADS: dict[str, Any] = json.loads(
    (Path(__file__).parents[3] / "fixtures/label_studio/payloads-1.23.2.json").read_text()
)
WEBHOOKS = [name for name in PAYLOADS if "webhook" in name]


def body(name: str) -> dict[str, Any]:
    found: dict[str, Any] = copy.deepcopy(PAYLOADS[name])
    return found


def changed(name: str) -> AnnotationsChanged:
    event = parse(body(name))
    assert isinstance(event, AnnotationsChanged)
    return event


def test_created_tasks_come_with_data_and_time() -> None:
    event = parse(body("webhook TASKS_CREATED"))
    assert isinstance(event, TasksCreated)
    assert event.project_id == 10
    assert [(task.id, task.data) for task in event.tasks] == [
        (17062, {"text": "t0"}),
        (17063, {"text": "t1"}),
        (17064, {"text": "t2"}),
    ]
    assert event.tasks[0].updated_at == datetime(2026, 11, 24, 2, 24, 8, 88023, tzinfo=UTC).timestamp()
    assert event.tasks[0].annotations is None


def test_deleted_tasks_are_ids() -> None:
    assert parse(body("webhook TASKS_DELETED")) == TasksDeleted(10, (17064,))


def test_a_skip_that_gives_a_task_back_says_so() -> None:
    raw = body("webhook ANNOTATION_CREATED")
    raw["annotation"] |= {"import_id": RELEASED, "was_cancelled": True, "result": []}
    event = parse(raw)
    assert isinstance(event, AnnotationsChanged)
    assert [one.given_back for one in event.annotations] == [True]


def test_one_created_annotation() -> None:
    event = changed("webhook ANNOTATION_CREATED")
    (annotation,), (task,) = event.annotations, event.tasks
    assert (event.project_id, annotation.id, annotation.task_id, annotation.completed_by) == (10, 1061, 17062, 1)
    assert annotation.result[0]["value"] == {"choices": ["Positive"]}
    assert annotation.lead_time == 3.2
    assert annotation.was_cancelled is False
    assert annotation.given_back is False
    assert annotation.updated_at == datetime(2026, 11, 24, 2, 24, 8, 633013, tzinfo=UTC).timestamp()
    assert (task.id, task.total_annotations, task.total_predictions) == (17062, 1, 1)


def test_updated_annotation() -> None:
    event = changed("webhook ANNOTATION_UPDATED")
    assert [annotation.id for annotation in event.annotations] == [1061]
    assert event.annotations[0].updated_at > changed("webhook ANNOTATION_CREATED").annotations[0].updated_at


def test_annotations_created_in_bulk_hold_lists() -> None:
    event = changed("webhook ANNOTATIONS_CREATED")
    assert [(a.id, a.task_id, a.lead_time) for a in event.annotations] == [(1062, 17063, None)]
    assert [task.id for task in event.tasks] == [17063]


def test_deleted_annotations_are_ids() -> None:
    assert parse(body("webhook ANNOTATIONS_DELETED")) == AnnotationsDeleted(10, (1061,))


def test_updated_project() -> None:
    event = parse(body("webhook PROJECT_UPDATED"))
    assert isinstance(event, ProjectUpdated)
    project = event.project
    assert (project.id, project.title, project.model_version, project.task_count) == (10, "capture", "MyModel", 3)
    assert project.label_config.startswith("<View>")
    assert project.show_suggestions is True


def test_hidden_suggestions_and_no_model_version() -> None:
    raw = body("webhook PROJECT_UPDATED")
    raw["project"] |= {"show_collab_predictions": False, "model_version": None}
    event = parse(raw)
    assert isinstance(event, ProjectUpdated)
    assert event.project.show_suggestions is False
    assert event.project.model_version == ""


def test_start_training() -> None:
    assert parse(body("ml POST /webhook START_TRAINING")) == StartTraining(10)


@pytest.mark.parametrize("action", ["PROJECT_CREATED", "LABEL_LINK_UPDATED", "SOMETHING_NEW"])
def test_other_actions_are_ignored_whatever_they_hold(action: str) -> None:
    assert parse({"action": action, "project": 5}) == Ignored(action)


@pytest.mark.parametrize("name", WEBHOOKS)
def test_no_event_keeps_a_secret(name: str) -> None:
    raw = body(name)
    assert raw["project"]["token"] == "not-a-real-token"
    kept = repr(parse(raw))
    assert "not-a-real" not in kept


@pytest.mark.parametrize("name", WEBHOOKS)
@given(data=st.data())
def test_a_damaged_body_is_read_or_refused_without_quoting_it(name: str, data: st.DataObject) -> None:
    raw = body(name)
    holder, key = data.draw(st.sampled_from(list(places(raw))))
    holder[key] = data.draw(st.sampled_from([None, "not-a-real-value", [], {}, [7], -1, 1.5, True, [{"id": "x"}]]))
    refusal = refusal_of(raw)
    assert "not-a-real" not in refusal
    assert refusal == "" or str(key) in refusal


def refusal_of(raw: dict[str, Any]) -> str:
    try:
        parse(raw)
    except ConfigurationError as error:
        return str(error)
    return ""


def places(raw: Any) -> Iterator[tuple[Any, Any]]:
    keys: list[Any] = list(raw) if isinstance(raw, dict) else list(range(len(raw)))
    for key in keys:
        yield raw, key
        if isinstance(raw[key], dict | list):
            yield from places(raw[key])


@pytest.mark.parametrize(
    ("name", "path", "value", "field"),
    [
        ("webhook TASKS_CREATED", ("tasks", 1, "id"), "7", "`tasks[1].id` is str, not int"),
        ("webhook TASKS_CREATED", ("tasks", 1, "id"), True, "`tasks[1].id` is bool, not int"),
        ("webhook TASKS_CREATED", ("tasks", 2, "data"), None, "`tasks[2].data` is missing"),
        ("webhook TASKS_CREATED", ("tasks", 0, "updated_at"), "yesterday", "`tasks[0].updated_at` is not an ISO"),
        ("webhook TASKS_CREATED", ("tasks",), "none", "`tasks` is str, not list"),
        ("webhook TASKS_DELETED", ("tasks", 0), 17064, "`tasks[0]` is int, not dict"),
        ("webhook ANNOTATION_CREATED", ("annotation", "task"), None, "`annotation.task` is missing"),
        ("webhook ANNOTATION_CREATED", ("annotation", "lead_time"), "3", "`annotation.lead_time` is str, not int or f"),
        ("webhook ANNOTATIONS_CREATED", ("annotation", 0, "result"), "x", "`annotation[0].result` is str, not list"),
        ("webhook PROJECT_UPDATED", ("project", "label_config"), 1, "`project.label_config` is int, not str"),
        ("webhook PROJECT_UPDATED", ("project",), "10", "`project` is str, not dict"),
        ("ml POST /webhook START_TRAINING", ("project", "id"), None, "`project.id` is missing"),
        ("webhook TASKS_DELETED", ("action",), None, "`action` is missing"),
    ],
)
def test_the_message_names_the_field(name: str, path: tuple[Any, ...], value: Any, field: str) -> None:
    raw = body(name)
    holder: Any = raw
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = value
    with pytest.raises(ConfigurationError) as caught:
        parse(raw)
    assert field in str(caught.value)


def test_a_webhook_without_payload_says_what_to_change() -> None:
    with pytest.raises(ConfigurationError, match="Send payload"):
        parse({"action": "TASKS_CREATED"})


def test_a_body_that_is_no_object_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="is list, not dict"):
        parse([1])  # type: ignore[arg-type]  # what a hostile sender can do


def test_left_out_lists_are_empty() -> None:
    """The smallest body that ML backends are known to be sent."""
    raw = {"action": "ANNOTATION_CREATED", "project": {"id": 1, "label_config": "<View></View>"}}
    assert parse(raw) == AnnotationsChanged(1, (), ())


def test_skipped_task_of_a_deleted_user() -> None:
    raw = body("webhook ANNOTATION_CREATED")
    raw["annotation"] |= {"was_cancelled": True, "completed_by": None, "result": None}
    event = parse(raw)
    assert isinstance(event, AnnotationsChanged)
    annotation = event.annotations[0]
    assert (annotation.was_cancelled, annotation.completed_by, annotation.result) == (True, NOBODY, [])


def test_a_time_without_zone_is_utc() -> None:
    raw = body("webhook TASKS_CREATED")
    raw["tasks"][0]["updated_at"] = "1970-01-01T00:00:01"
    event = parse(raw)
    assert isinstance(event, TasksCreated)
    assert event.tasks[0].updated_at == 1.0


def test_secret_header() -> None:
    assert SECRET_HEADER.replace("-", "").isalnum()
    assert secret_matches({"x-prelabel-secret": "s3cret"}, "s3cret")
    assert secret_matches({SECRET_HEADER: "s3cret", "Accept": "*/*"}, "s3cret")
    assert not secret_matches({SECRET_HEADER: "s3cre"}, "s3cret")
    assert not secret_matches({SECRET_HEADER: "\u00e9\udc80"}, "s3cret")
    assert not secret_matches({}, "s3cret")


def test_an_empty_secret_matches_nothing() -> None:
    assert not secret_matches({SECRET_HEADER: ""}, "")
    assert not secret_matches({}, "")


def test_the_secret_is_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[bytes, bytes]] = []

    def compare(a: bytes, b: bytes) -> bool:
        compared.append((a, b))
        return False

    monkeypatch.setattr(hmac, "compare_digest", compare)
    secret_matches({SECRET_HEADER: "a"}, "b")
    secret_matches({}, "b")
    assert compared == [(b"a", b"b"), (b"", b"b")]
