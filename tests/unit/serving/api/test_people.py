"""The API of people: who labels, with which skills, and what each is to do now."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.support.local_world import LocalWorld, easy
from tests.unit.serving.api.conftest import OPERATOR

PROJECT = "/api/v1/projects/moods"
ANNA = {"email": "anna@example.com", "name": "Anna", "skills": [{"domain": "law", "level": 3}]}


@pytest.fixture
def staffed(world: LocalWorld, client: TestClient) -> LocalWorld:
    world.arrive(easy(6))
    world.sync()
    for user, person in ((21, ANNA), (22, {"email": "bert@example.com"})):
        assert client.put(f"{PROJECT}/people/{user}", json=person, headers=OPERATOR).status_code == 200
    return world


def ask(client: TestClient, user: int) -> Any:
    answer = client.post(f"{PROJECT}/next", json={"user": user}, headers=OPERATOR)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"{PROJECT}/people"),
        ("PUT", f"{PROJECT}/people/21"),
        ("DELETE", f"{PROJECT}/people/21"),
        ("GET", f"{PROJECT}/people/21/export"),
        ("GET", f"{PROJECT}/people/21/own"),
        ("POST", f"{PROJECT}/next"),
        ("POST", "/api/v1/leases/1/beat"),
        ("POST", "/api/v1/leases/1/extend"),
        ("POST", "/api/v1/leases/1/give-back"),
    ],
)
def test_nothing_without_the_token(client: TestClient, method: str, path: str) -> None:
    assert client.request(method, path).status_code == 401


def test_each_gets_an_item_of_their_own(staffed: LocalWorld, client: TestClient) -> None:
    first, second = ask(client, 21)["work"], ask(client, 22)["work"]
    assert first["task"] != second["task"]
    assert first["url"].endswith(f"/projects/1/data?task={first['task']}")
    assert first["why"]["code"] in ("quality", "teaching")
    assert ask(client, 21)["work"]["lease"] == first["lease"]
    [anna, bert] = client.get(f"{PROJECT}/people", headers=OPERATOR).json()
    assert (anna["user"], anna["holds"], anna["signed_in"]) == (21, first["task"], False)
    assert anna["skills"] == [{"domain": "law", "language": "", "task": "", "level": 3, "source": "operator"}]
    assert bert["holds"] == second["task"]


def test_a_label_ends_the_lease(staffed: LocalWorld, client: TestClient) -> None:
    work = ask(client, 21)["work"]
    staffed.label(work["task"], user=21)
    staffed.sync()
    assert client.post(f"/api/v1/leases/{work['lease']}/beat", headers=OPERATOR).json()["state"] == "done"
    assert ask(client, 21)["work"]["task"] != work["task"]


def test_more_time_once_and_giving_back(staffed: LocalWorld, client: TestClient) -> None:
    work = ask(client, 21)["work"]
    more = client.post(f"/api/v1/leases/{work['lease']}/extend", headers=OPERATOR).json()
    assert more["extended"]
    assert more["until"] > work["until"]
    assert client.post(f"/api/v1/leases/{work['lease']}/extend", headers=OPERATOR).status_code == 409
    path = f"/api/v1/leases/{work['lease']}/give-back"
    assert client.post(path, json={"reason": ""}, headers=OPERATOR).status_code == 422
    assert client.post(path, json={"reason": "not my field"}, headers=OPERATOR).json()["state"] == "released"
    assert client.post(path, json={"reason": "not my field"}, headers=OPERATOR).status_code == 409


def test_strangers_and_unknown_leases(staffed: LocalWorld, client: TestClient) -> None:
    answer = client.post(f"{PROJECT}/next", json={"user": 99}, headers=OPERATOR)
    assert answer.status_code == 404
    assert "PUT /projects/moods/people/99" in answer.json()["message"]
    assert client.post("/api/v1/leases/999/beat", headers=OPERATOR).status_code == 404


def test_a_person_is_exported_and_forgotten(staffed: LocalWorld, client: TestClient) -> None:
    work = ask(client, 21)["work"]
    kept = client.get(f"{PROJECT}/people/21/export", headers=OPERATOR).json()
    assert kept["person"]["email"] == "anna@example.com"
    assert [piece["item_id"] for piece in kept["work"]] == [work["item"]]
    assert "token" not in kept["person"]
    assert client.delete(f"{PROJECT}/people/21", headers=OPERATOR).status_code == 204
    assert [one["user"] for one in client.get(f"{PROJECT}/people", headers=OPERATOR).json()] == [22]
    assert ask(client, 22)["work"] is not None, "what was in the person's hands is free again"


def test_own_figures_are_of_the_person_and_in_the_export(staffed: LocalWorld, client: TestClient) -> None:
    work = ask(client, 21)["work"]
    staffed.label(work["task"], user=21, lead_time=12.0)
    staffed.label(ask(client, 22)["work"]["task"], user=22, lead_time=30.0)
    staffed.sync()
    ask(client, 21)
    found = client.get(f"{PROJECT}/people/21/own", headers=OPERATOR).json()
    assert (found["project"], found["user"]) == ("moods", 21)
    assert {name: found["all_time"]["work"][name] for name in ("offered", "done", "held")} == {
        "offered": 2,
        "done": 1,
        "held": 1,
    }
    assert (found["week"]["labels"]["n"], found["week"]["time"]["active_s"]) == (1, 12.0)
    exported = client.get(f"{PROJECT}/people/21/export", headers=OPERATOR).json()["own"]
    assert {**exported, "now": 0} == {**found, "now": 0}
    assert client.get(f"{PROJECT}/people/99/own", headers=OPERATOR).status_code == 404
    assert client.delete(f"{PROJECT}/people/21", headers=OPERATOR).status_code == 204
    assert client.get(f"{PROJECT}/people/21/own", headers=OPERATOR).status_code == 404
