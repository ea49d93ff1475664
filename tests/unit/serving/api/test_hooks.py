"""Webhooks: whoever does not know the secret is not listened to, and nothing counts twice."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from connectors.label_studio.webhooks import SECRET_HEADER
from models.types import GateState
from serving.store.records import ItemState
from tests.support.local_world import OURS, LocalWorld, choice, easy
from tests.unit.serving.api.conftest import BASIC, HOOK, OPERATOR
from tests.unit.serving.conftest import MakeWorld

URL = "/hooks/label-studio/moods"
RECORDED: dict[str, Any] = json.loads(
    (Path(__file__).parents[3] / "fixtures/label_studio/payloads-1.23.2.json").read_text()
)
EVENTS = [name for name in RECORDED if name.startswith("webhook ")]
TIME = "2026-11-24T02:24:08.087980Z"


def tasks_created(world: LocalWorld, *tasks: int, action: str = "TASKS_CREATED") -> dict[str, Any]:
    rows = [page for pages in world.platform.tasks() for page in pages]
    sent = [{"id": row.id, "data": row.data, "updated_at": TIME} for row in rows if row.id in tasks]
    return {"action": action, "project": {"id": 1}, "tasks": sent}


def annotated(world: LocalWorld, task: int, number: int, user: int, label: str = "good") -> dict[str, Any]:
    data = world.item(task).data
    made = {"id": number, "task": task, "completed_by": user, "result": choice(label), "updated_at": TIME}
    sent = {"id": task, "data": data, "updated_at": TIME}
    return {"action": "ANNOTATION_CREATED", "project": {"id": 1}, "annotation": made, "task": sent}


@pytest.mark.parametrize(
    "headers",
    [{}, {SECRET_HEADER: ""}, {SECRET_HEADER: "wrong"}, {SECRET_HEADER: "hook-secret-of-the-test"}, OPERATOR, BASIC],
)
def test_without_the_secret_nothing_is_stored(world: LocalWorld, client: TestClient, headers: dict[str, str]) -> None:
    world.arrive(easy(2))
    answer = client.post(URL, json=tasks_created(world, 1, 2), headers=headers)
    assert answer.status_code == 401
    assert world.items() == []


def test_a_body_is_not_even_read_without_the_secret(client: TestClient) -> None:
    assert client.post(URL, content=b"{nonsense").status_code == 401


def test_an_unknown_project_is_told_no_names(client: TestClient) -> None:
    answer = client.post("/hooks/label-studio/nobody", json={}, headers=HOOK)
    assert answer.status_code == 404
    assert "moods" not in answer.text


@pytest.mark.parametrize(
    "content",
    [b"", b"{nonsense", b"[]", b'"text"', b"null", b"{}", b'{"action": 5}', b"\xff\xfe", b"[" * 100_000],
)
def test_nonsense_is_refused_in_words(client: TestClient, content: bytes) -> None:
    answer = client.post(URL, content=content, headers=HOOK)
    assert answer.status_code == 422
    assert set(answer.json()) == {"error", "message"}


def test_nothing_of_a_wrong_body_is_quoted(client: TestClient) -> None:
    wrong = {"action": "TASKS_CREATED", "project": {"id": "x", "token": "top-secret"}, "tasks": [{"id": "top-secret"}]}
    answer = client.post(URL, json=wrong, headers=HOOK)
    assert answer.status_code == 422
    assert "top-secret" not in answer.text


@pytest.mark.parametrize("name", EVENTS)
def test_every_recorded_event_is_taken(make: MakeWorld, name: str) -> None:
    from serving.api.application import create_app

    config = RECORDED[name]["project"]["label_config"]
    world = make(platform_project=10, label_config_xml=config)
    with TestClient(create_app(world.runtime)) as client:
        for _ in range(3):
            answer = client.post(URL, json=RECORDED[name], headers=HOOK)
            assert answer.status_code == 202, answer.text
            assert "not-a-real" not in answer.text


def test_the_recorded_story(make: MakeWorld) -> None:
    """As Label Studio told it: three tasks, labels given, changed and taken back, the tasks deleted."""
    from connectors.label_studio.label_config import parse
    from serving.api.application import create_app

    config = RECORDED["webhook TASKS_CREATED"]["project"]["label_config"]
    world = make(platform_project=10, label_config_xml=config, label_config=parse(config), service_user=999)
    counts = []
    with TestClient(create_app(world.runtime)) as client:
        for name in ("TASKS_CREATED", "ANNOTATION_CREATED", "ANNOTATION_UPDATED", "ANNOTATIONS_DELETED"):
            client.post(URL, json=RECORDED[f"webhook {name}"], headers=HOOK).raise_for_status()
            report = world.report()
            counts.append((report.arrived, sum(report.labeled.model_dump().values())))
    assert counts[0] == (3, 0)
    assert counts[1][1] == 1
    assert counts[2][1] == 1
    assert counts[3][1] == 0


def test_the_same_event_three_times_counts_once(world: LocalWorld, client: TestClient) -> None:
    tasks = world.arrive(easy(4))
    for _ in range(3):
        client.post(URL, json=tasks_created(world, *tasks), headers=HOOK).raise_for_status()
    assert len(world.items()) == 4
    for _ in range(3):
        client.post(URL, json=annotated(world, tasks[0], 77, 2), headers=HOOK).raise_for_status()
    assert world.report().labeled.train == 1
    world.sync()
    assert len(world.items()) == 4


def test_a_label_may_come_before_its_task(world: LocalWorld, client: TestClient) -> None:
    [task] = world.arrive(easy(1))
    rows = [row for page in world.platform.tasks() for row in page]
    sent = {"id": task, "data": rows[0].data, "updated_at": TIME}
    made = {"id": 5, "task": task, "completed_by": 2, "result": choice("good"), "updated_at": TIME}
    body = {"action": "ANNOTATION_CREATED", "project": {"id": 1}, "annotation": made, "task": sent}
    client.post(URL, json=body, headers=HOOK).raise_for_status()
    assert world.item(task).state is ItemState.LABELED


def test_our_own_echo_is_not_a_label(world: LocalWorld, client: TestClient) -> None:
    [task] = world.arrive(easy(1))
    world.sync()
    client.post(URL, json=annotated(world, task, 5, OURS), headers=HOOK).raise_for_status()
    assert world.item(task).state is ItemState.RECEIVED


def test_deletions(world: LocalWorld, client: TestClient) -> None:
    tasks = world.arrive(easy(2))
    world.sync()
    client.post(URL, json=annotated(world, tasks[0], 5, 2), headers=HOOK).raise_for_status()
    gone = {"action": "ANNOTATIONS_DELETED", "project": {"id": 1}, "annotations": [{"id": 5}]}
    client.post(URL, json=gone, headers=HOOK).raise_for_status()
    assert world.item(tasks[0]).state is ItemState.RECEIVED
    deleted = {"action": "TASKS_DELETED", "project": {"id": 1}, "tasks": [{"id": t} for t in tasks]}
    client.post(URL, json=deleted, headers=HOOK).raise_for_status()
    assert world.states() == {ItemState.GONE: 2}


def test_events_of_another_project_are_left_alone(world: LocalWorld, client: TestClient) -> None:
    world.arrive(easy(2))
    other = tasks_created(world, 1, 2) | {"project": {"id": 2}}
    assert client.post(URL, json=other, headers=HOOK).status_code == 202
    training = {"action": "START_TRAINING", "project": {"id": 2}}
    assert client.post(URL, json=training, headers=HOOK).status_code == 202
    config = {"id": 2, "title": "x", "label_config": "<View/>"}
    assert client.post(URL, json={"action": "PROJECT_UPDATED", "project": config}, headers=HOOK).status_code == 202
    assert world.items() == []
    assert not world.project.paused


def test_a_changed_label_config_is_followed_at_once(world: LocalWorld, client: TestClient) -> None:
    xml = world.project.label_config_xml.replace('"bad"', '"awful"')
    body = {"action": "PROJECT_UPDATED", "project": {"id": 1, "title": "x", "label_config": xml}}
    client.post(URL, json=body, headers=HOOK).raise_for_status()
    assert world.project.label_config.controls[0].labels == ("good", "awful")
    broken = {"action": "PROJECT_UPDATED", "project": {"id": 1, "title": "x", "label_config": "<View"}}
    assert client.post(URL, json=broken, headers=HOOK).status_code == 422
    assert world.project.paused
    assert world.project.gate_state is GateState.CLOSED
