"""What a probe sees."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from fastapi.testclient import TestClient

from models.errors import AuthenticationError
from serving.api.application import create_app
from serving.pipeline.vitals import Vitals
from serving.store.engine import Store
from tests.support.local_world import LocalWorld
from tests.unit.serving.api.conftest import OPERATOR


def test_all_is_well(client: TestClient) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_the_store_is_gone(world: LocalWorld, tmp_path: Path) -> None:
    store = Store.open(f"sqlite:///{tmp_path}/elsewhere/prelabel.db")
    (tmp_path / "elsewhere").rmdir()
    with TestClient(create_app(replace(world.runtime, store=store))) as client:
        answer = client.get("/healthz")
        assert (answer.status_code, answer.json()) == (503, {"status": "the store does not answer"})
        answer = client.get("/api/v1/projects", headers={"Authorization": "Bearer operator-token"})
        assert (answer.status_code, answer.json()["error"]) == (503, "store")
        assert "prelabel.db" not in answer.text
    store.close()


def test_a_database_server_that_is_gone(world: LocalWorld) -> None:
    store = Store.open("postgresql://prelabel:hunter2@127.0.0.1:9/prelabel")
    with TestClient(create_app(replace(world.runtime, store=store))) as client:
        answers = [client.get(path) for path in ("/healthz", "/readyz")]
        metrics = client.get("/metrics", headers=OPERATOR).text.splitlines()
    assert [answer.status_code for answer in answers] == [503, 503]
    assert "hunter2" not in "".join(answer.text for answer in answers)
    assert {"prelabel_store_up 0.0", "prelabel_ready 0.0"} <= set(metrics)
    store.close()


def test_ready_only_with_a_pipeline(world: LocalWorld, client: TestClient) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (503, "not_ready")
    assert client.get("/healthz").status_code == 200, "it lives"
    Vitals(world.runtime).write({"score-0": world.clock.now})
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (200, "ready")


def test_a_refused_token_is_told_and_to_operators_of_which_project(world: LocalWorld, client: TestClient) -> None:
    vitals = Vitals(world.runtime)
    vitals.failed("reconcile", world.id, AuthenticationError("http://127.0.0.1:9 does not know this token"))
    vitals.write({})
    anybody, operator = client.get("/readyz"), client.get("/readyz", headers=OPERATOR)
    assert (anybody.status_code, anybody.json()["status"]) == (200, "degraded")
    assert "Label Studio refuses the token" in anybody.text
    assert "moods" not in anybody.text
    assert "127.0.0.1" not in anybody.text
    found = next(one for one in operator.json()["checks"] if one["check"] == "label_studio")
    assert (found["project"], found["since"]) == ("moods", world.clock.now)
    assert found["advice"].endswith("prelabel token moods --token ...")


def test_not_ready_without_a_store(world: LocalWorld, tmp_path: Path) -> None:
    store = Store.open(f"sqlite:///{tmp_path}/elsewhere/prelabel.db")
    (tmp_path / "elsewhere").rmdir()
    with TestClient(create_app(replace(world.runtime, store=store))) as client:
        answer = client.get("/readyz")
        assert answer.status_code == 503
        assert [one["detail"] for one in answer.json()["checks"]] == ["the store does not answer"]
        assert "prelabel.db" not in answer.text
    store.close()
