"""The JSON API of operators and programs."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from models.types import GateState
from serving.api.application import create_app
from serving.store.records import ItemState
from tests.support.local_world import LocalWorld, easy, hard
from tests.unit.serving.api.conftest import BASIC, HOOK, OPERATOR
from tests.unit.serving.conftest import MakeWorld

PROJECT = "/api/v1/projects/moods"
PATHS = [
    ("GET", "/api/v1/projects"),
    ("GET", f"{PROJECT}/report"),
    ("GET", f"{PROJECT}/queue"),
    ("GET", f"{PROJECT}/items"),
    ("GET", f"{PROJECT}/tasks/1"),
    ("POST", f"{PROJECT}/redrive"),
    ("POST", f"{PROJECT}/train"),
    ("POST", f"{PROJECT}/gate/close"),
    ("POST", f"{PROJECT}/gate/reopen"),
    ("POST", f"{PROJECT}/gate/extend"),
    ("GET", "/api/v1/projects/nobody/report"),
]


STRANGERS: list[dict[str, str]] = [
    {},
    {"Authorization": "Bearer "},
    {"Authorization": "Bearer wrong"},
    {"Authorization": "operator-token"},
    {"Authorization": "Bearer operator-token-and-more"},
    HOOK,
    BASIC,
]


@pytest.mark.parametrize(("method", "path"), PATHS)
def test_nothing_without_the_token(client: TestClient, method: str, path: str) -> None:
    for headers in STRANGERS:
        answer = client.request(method, path, headers=headers)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.json()["error"] == "unauthorized"
        assert "moods" not in answer.text


def test_a_wrong_name_is_told_the_right_ones(client: TestClient) -> None:
    answer = client.get("/api/v1/projects/mood/report", headers=OPERATOR)
    assert answer.status_code == 404
    assert answer.json() == {"error": "not_found", "message": "there is no project 'mood'; connected are: moods"}


@pytest.mark.parametrize("slug", ["..", "%2e%2e", "moods%2F..%2Fmoods", "moods'--", "moods%00", "MOODS", "moods%20"])
def test_a_name_is_only_a_name(client: TestClient, slug: str) -> None:
    answer = client.get(f"/api/v1/projects/{slug}/report", headers=OPERATOR)
    assert answer.status_code == 404
    assert set(answer.json()) == {"error", "message"}


def test_projects_are_listed_without_their_secrets(client: TestClient) -> None:
    [project] = client.get("/api/v1/projects", headers=OPERATOR).json()
    assert project == {
        "slug": "moods",
        "label_studio_url": "http://127.0.0.1:9",
        "label_studio_project": 1,
        "gate": "cold",
        "gate_reason": "no model yet",
        "model_version": None,
        "challenger": None,
        "paused": False,
    }


def test_the_report_says_what_the_gate_waits_for(world: LocalWorld, client: TestClient) -> None:
    told = client.get(f"{PROJECT}/report", headers=OPERATOR).json()["opening"]
    assert (told["gate"], told["waits_for"]) == ("cold", "train_labels")
    assert (told["train_labels"], told["train_target"], told["trouble"]) == (0, 20, None)
    assert told["in_words"].startswith("The gate waits for a first model: 0 of the 20 labels")
    world.open(easy(110))
    assert client.get(f"{PROJECT}/report", headers=OPERATOR).json()["opening"] is None


def test_the_queue_gives_blind_items_first_and_tells_nothing_of_them(world: LocalWorld, client: TestClient) -> None:
    world.open(easy(110))
    late = world.arrive(easy(80, seed=1) + hard(40, seed=1))
    world.sync()
    world.settle()
    queue = client.get(f"{PROJECT}/queue", params={"limit": 1000}, headers=OPERATOR).json()
    audits = [entry for entry in queue if entry["blind"]]
    shown = [entry for entry in queue if not entry["blind"]]
    assert audits
    assert shown
    assert queue == audits + shown
    assert all(entry["confidence"] is None and entry["why"] == "blind" for entry in audits)
    folds = [world.item(entry["task"]).fold for entry in shown]
    assert folds == sorted(folds), "suggestions of the validation fold come last"
    assert all(0.0 <= entry["confidence"] <= 1.0 for entry in shown)
    assert {entry["task"] for entry in queue} <= set(late) | {i.task_id for i in world.items()}
    assert queue[0]["url"] == f"http://127.0.0.1:9/projects/1/data?task={queue[0]['task']}"
    assert len(client.get(f"{PROJECT}/queue", params={"limit": 3}, headers=OPERATOR).json()) == 3


def test_a_second_opinion_names_who_cannot_give_it(make: MakeWorld) -> None:
    world = make(validation_people=3)
    client = TestClient(create_app(world.runtime))
    world.arrive(easy(110))
    world.sync()
    world.tick()
    for n, row in enumerate(world.wanted(70)):
        world.label(row.task_id, "bad" if n % 2 else None, user=5)
    world.sync()
    world.tick()
    world.settle()
    world.tick()
    found = client.get(f"{PROJECT}/queue", params={"limit": 1000}, headers=OPERATOR).json()
    again = [entry for entry in found if entry["why"] == "second_opinion"]
    assert again == found[: len(again)]
    assert len(again) == world.report().second_opinions_wanted > 5
    for entry in again:
        assert (entry["blind"], entry["confidence"], entry["not_by"]) == (True, None, [5])
        assert entry["url"] == "http://127.0.0.1:9/projects/1/data?labeling=1"
    for person, left in ((5, 0), (6, len(again))):
        mine = client.get(f"{PROJECT}/queue", params={"limit": 1000, "by": person}, headers=OPERATOR).json()
        assert sum(entry["why"] == "second_opinion" for entry in mine) == left
    assert all(entry["not_by"] == [] for entry in found[len(again) :])


def test_the_queue_tells_nothing_of_what_shows_no_suggestion(world: LocalWorld, client: TestClient) -> None:
    world.open(hard(150))
    assert client.post(f"{PROJECT}/suggestions", json={"control_rate": 0.6}, headers=OPERATOR).status_code == 422
    told = client.post(f"{PROJECT}/suggestions", json={"control_rate": 0.3}, headers=OPERATOR)
    assert told.json() == {"control_rate": 0.3}
    world.settle()
    queue = client.get(f"{PROJECT}/queue", params={"limit": 1000}, headers=OPERATOR).json()
    unaided = {row.task_id for row in world.items() if row.unaided}
    found = [entry for entry in queue if entry["task"] in unaided]
    assert len(found) == len(unaided) > 5
    assert {(entry["blind"], entry["confidence"], entry["why"]) for entry in found} == {(True, None, "no_suggestion")}
    report = client.get(f"{PROJECT}/report", headers=OPERATOR).json()["effort"]
    assert (report["control_rate"], report["suggest_from"], report["factor"]) == (0.3, None, None)
    assert report["in_words"].startswith("Not known yet")


def test_tabs_are_switched(world: LocalWorld, client: TestClient) -> None:
    assert client.post(f"{PROJECT}/tabs", json={"on": True}, headers=OPERATOR).json() == {"tabs": True}
    world.arrive(easy(5))
    world.sync()
    world.worker.people(world.project)
    assert world.platform.queues
    assert client.post(f"{PROJECT}/tabs", json={"on": False}, headers=OPERATOR).json() == {"tabs": False}
    assert not world.platform.queues


def test_items_come_in_pages(world: LocalWorld, client: TestClient) -> None:
    tasks = world.arrive(easy(25))
    world.sync()
    found, after = [], 0
    while page := client.get(f"{PROJECT}/items", params={"limit": 10, "after": after}, headers=OPERATOR).json():
        found += [entry["task"] for entry in page]
        after = page[-1]["item"]
    assert found == tasks
    assert client.get(f"{PROJECT}/items", params={"state": "dead"}, headers=OPERATOR).json() == []


def test_the_report_is_that_of_the_command_line(world: LocalWorld, client: TestClient) -> None:
    world.open(easy(110))
    assert client.get(f"{PROJECT}/report", headers=OPERATOR).json() == world.report().model_dump(mode="json")


def test_a_task_is_explained(world: LocalWorld, client: TestClient) -> None:
    world.open(easy(110))
    task = next(i.task_id for i in world.items() if i.state is ItemState.PUBLISHED)
    story = client.get(f"{PROJECT}/tasks/{task}", headers=OPERATOR).json()
    assert story["item"]["task_id"] == task
    assert [d["reason"] for d in story["decisions"]] == ["gate_shadow", "certified"]
    assert {row["state"] for row in story["outbox"]} == {"sent"}


def test_dead_items_are_given_another_try(world: LocalWorld, client: TestClient) -> None:
    tasks = world.arrive(easy(3))
    world.sync()
    with world.store.begin() as uow:
        uow.items.bury_tasks(world.id, dict.fromkeys(tasks, "broken"), world.clock())
    one = world.item(tasks[0]).id
    assert client.post(f"{PROJECT}/redrive", json={"items": [one, 999]}, headers=OPERATOR).json() == {"redriven": 1}
    assert client.post(f"{PROJECT}/redrive", headers=OPERATOR).json() == {"redriven": 2}
    assert world.states() == {ItemState.RECEIVED: 3}


def test_the_gate_by_hand(world: LocalWorld, client: TestClient) -> None:
    world.open(easy(110))
    answer = client.post(f"{PROJECT}/gate/close", json={"reason": "a complaint"}, headers=OPERATOR)
    assert answer.json() == {"gate": "closed", "reason": "a complaint"}
    world.tick()
    assert world.project.gate_state is GateState.CLOSED
    answer = client.post(f"{PROJECT}/gate/reopen", json={"reason": "it was nothing"}, headers=OPERATOR)
    assert answer.json() == {"gate": "open", "reason": "it was nothing"}
    answer = client.post(f"{PROJECT}/gate/extend", json={"labels": 10}, headers=OPERATOR)
    assert answer.json() == {"validation_target": 50, "validation_people": 1}
    answer = client.post(f"{PROJECT}/gate/extend", json={"people": 3}, headers=OPERATOR)
    assert answer.json() == {"validation_target": 50, "validation_people": 3}
    assert client.post(f"{PROJECT}/gate/extend", json={"people": 2}, headers=OPERATOR).status_code == 422
    assert client.post(f"{PROJECT}/gate/extend", json={}, headers=OPERATOR).status_code == 422
    with world.store.read() as uow:
        assert [e.actor for e in uow.gate.events(world.id)][-2:] == ["operator", "operator"]


def test_a_changed_tolerance_stops_acceptance_and_says_who_wanted_it(world: LocalWorld, client: TestClient) -> None:
    world.open(easy(110))
    asked = {"reason": "a stricter client", "epsilon": 0.02, "by": "ines"}
    answer = client.post(f"{PROJECT}/gate/tolerance", json=asked, headers=OPERATOR).json()
    assert answer["gate"] == "shadow"
    assert answer["reason"].endswith("a stricter client")
    assert world.project.epsilon == 0.02
    with world.store.read() as uow:
        assert uow.gate.events(world.id)[-1].actor == "ines"
    for wrong in ({}, {"reason": "why", "epsilon": 0.02}, {"reason": "why", "delta": 1.5}, asked | {"by": "prelabel"}):
        assert client.post(f"{PROJECT}/gate/tolerance", json=wrong, headers=OPERATOR).status_code == 422


def test_training_by_hand(world: LocalWorld, client: TestClient) -> None:
    assert client.post(f"{PROJECT}/train", headers=OPERATOR).json() == {"model_version": None}
    world.arrive(easy(110))
    world.sync()
    world.tick()
    world.label_wanted(70)
    made = client.post(f"{PROJECT}/train", headers=OPERATOR).json()["model_version"]
    assert made is not None
    assert made == world.project.active_model
