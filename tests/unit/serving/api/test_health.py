"""What a probe sees."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from fastapi.testclient import TestClient

from serving.api.application import create_app
from serving.store.engine import Store
from tests.support.local_world import LocalWorld


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
