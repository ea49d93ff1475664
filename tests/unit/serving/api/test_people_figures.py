"""The routes of people's figures: who may ask, pages, CSV, and what names nobody."""

from __future__ import annotations

import csv
import io
import logging
import sys
from typing import Any

import pytest
from fastapi.testclient import TestClient

from serving.monitoring.agreement import agreement
from serving.monitoring.consensus import consensus
from serving.monitoring.people import figures
from tests.support.local_world import LocalWorld, easy
from tests.unit.serving.api.conftest import OPERATOR

PROJECT = "/api/v1/projects/moods/people"


@pytest.fixture
def twice(world: LocalWorld, client: TestClient) -> LocalWorld:
    """Anna and Bert each label the same twelve items; Anna is given another."""
    tasks = world.arrive(easy(14))
    world.sync()
    for user, name in ((21, "Anna"), (22, "Bert")):
        person = {"email": f"{name}@example.com", "name": name}
        assert client.put(f"{PROJECT}/{user}", json=person, headers=OPERATOR).status_code == 200
        for task in tasks[:12]:
            world.label(task, user=user)
    world.sync()
    assert client.post("/api/v1/projects/moods/next", json={"user": 21}, headers=OPERATOR).json()["work"]
    return world


def get(client: TestClient, path: str) -> Any:
    answer = client.get(f"{PROJECT}/{path}", headers=OPERATOR)
    assert answer.status_code == 200, answer.text
    return answer


@pytest.mark.parametrize("path", ["agreement", "consensus", "figures"])
def test_nothing_without_the_token(client: TestClient, path: str) -> None:
    assert client.get(f"{PROJECT}/{path}").status_code == 401


def test_agreement(twice: LocalWorld, client: TestClient) -> None:
    told = get(client, "agreement").json()
    assert told == agreement(twice.runtime, twice.project).model_dump(mode="json")
    assert told["figures"][0]["sample"] == "without_suggestion"


def test_consensus_in_pages_and_as_csv(twice: LocalWorld, client: TestClient) -> None:
    whole = consensus(twice.runtime, twice.project)
    assert get(client, "consensus").json() == whole.model_dump(mode="json")
    first = get(client, "consensus?limit=5").json()
    second = get(client, f"consensus?limit=100&after={first['next_after']}").json()
    assert [row["item"] for row in first["labels"] + second["labels"]] == [row.item for row in whole.labels]
    text = get(client, "consensus?limit=5&format=csv")
    assert text.headers["content-type"].startswith("text/csv")
    assert text.headers["x-next-after"] == str(first["next_after"])
    assert [row["item"] for row in csv.DictReader(io.StringIO(text.text))] == [
        str(row["item"]) for row in first["labels"]
    ]
    assert "x-next-after" not in get(client, "consensus?format=csv").headers
    assert client.get(f"{PROJECT}/consensus?control=colour", headers=OPERATOR).status_code == 404
    assert client.get(f"{PROJECT}/consensus?method=vote", headers=OPERATOR).status_code == 422


def test_a_missing_package_is_named(twice: LocalWorld, client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "crowdkit.aggregation", None)
    answer = client.get(f"{PROJECT}/consensus", headers=OPERATOR)
    assert answer.status_code == 501
    assert "prelabel[people]" in answer.json()["message"]


def test_figures(twice: LocalWorld, client: TestClient) -> None:
    told = get(client, "figures?days=2").json()
    assert told == figures(twice.runtime, twice.project, days=2.0).model_dump(mode="json")
    assert [one["name"] for one in told["people"]] == ["Anna", "Bert"]
    assert told["now"] - told["since"] == 2 * 86_400
    assert {"eta", "lease_loss", "intervals"} <= told["definitions"].keys()
    for wrong in ("0", "-1", "x", "1e9"):
        assert client.get(f"{PROJECT}/figures?days={wrong}", headers=OPERATOR).status_code == 422


def test_agreement_and_consensus_name_nobody_and_nothing_is_logged(
    twice: LocalWorld, client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        for path in ("agreement", "consensus", "consensus?format=csv"):
            assert "Anna" not in get(client, path).text
        get(client, "figures")
    assert "Anna" not in caplog.text
