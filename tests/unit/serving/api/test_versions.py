"""Model versions by hand, for programs."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from serving.store.records import ACT
from tests.support.audited import stream
from tests.support.local_world import LocalWorld, easy
from tests.unit.serving.api.conftest import OPERATOR
from tests.unit.serving.projects.test_versions import another, events

MODELS = "/api/v1/projects/moods/models"
WHY = {"reason": "a better idea", "by": "ines"}


@pytest.mark.parametrize(
    "path", ["/a/promote", "/a/shadow", "/rollback", "/shadow/drop", "/release", ""], ids=lambda path: path or "add"
)
def test_nothing_without_the_token(client: TestClient, path: str) -> None:
    assert client.post(MODELS + path, json=WHY).status_code == 401
    assert client.get(MODELS).status_code == 401


def test_from_a_new_model_to_a_roll_back(world: LocalWorld, client: TestClient) -> None:
    client.headers.update(OPERATOR)
    world.open(easy(110))
    stream(world, easy(30, seed=8))
    old, new = str(world.project.active_model), another(world)
    asked = client.post(MODELS, json=WHY | {"spec": {"kind": "head", "encoder": "ngram", "confidence": "temperature"}})
    made = asked.raise_for_status().json()
    assert made["n_train"] > 0
    assert "labels_by" not in made["metrics"]
    assert client.post(f"{MODELS}/{made['version']}/shadow", json=WHY).json()["shadow"] == made["version"]
    known = {one["version"]: one for one in client.get(MODELS).json()}
    assert {version: one["standing"] for version, one in known.items()} == {
        old: "active",
        new: "challenger",
        made["version"]: "",
    }
    assert known[made["version"]]["shadow"]
    assert known[old]["scored_items"] > 0
    answer = client.post(f"{MODELS}/{new}/promote", json=WHY).json()
    assert (answer["active"], answer["pinned"], answer["gate"], answer["challenger"]) == (new, True, "shadow", None)
    assert client.post(f"{MODELS}/shadow/drop", json=WHY).json()["shadow"] is None
    back = client.post(f"{MODELS}/rollback", json=WHY | {"to": old}).json()
    assert (back["active"], back["gate"]) == (old, "open")
    assert client.post(f"{MODELS}/release", json=WHY).json()["pinned"] is False
    assert [one.numbers[ACT] for one in events(world) if one.actor == "ines"] == [
        "add",
        "shadow",
        "promote",
        "drop_shadow",
        "roll_back",
        "release",
    ]


def test_what_does_not_go_says_why(world: LocalWorld, client: TestClient) -> None:
    client.headers.update(OPERATOR)
    world.open(easy(110))
    active = world.project.active_model
    assert client.post(f"{MODELS}/{active}/promote", json=WHY).status_code == 422
    unknown = client.post(f"{MODELS}/moods-0/promote", json=WHY)
    assert unknown.status_code == 404
    assert str(active) in unknown.json()["message"]
    assert client.post(f"{MODELS}/rollback", json=WHY).json()["error"] == "configuration"
    assert client.post(f"{MODELS}/rollback", json={"reason": "x"}).status_code == 422
    other = client.post(MODELS, json=WHY | {"spec": {"kind": "ocr"}})
    assert other.status_code == 422
    assert world.project.active_model == active
