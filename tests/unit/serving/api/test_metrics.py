"""Who may scrape, and what a scrape gets."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from serving.api.application import create_app
from serving.secrets import viewer_token
from tests.support.local_world import LocalWorld
from tests.unit.serving.api.conftest import OPERATOR
from tests.unit.serving.conftest import MakeWorld


def test_the_operator_and_the_viewer_may_scrape(world: LocalWorld, client: TestClient) -> None:
    viewer = {"Authorization": f"Bearer {viewer_token(world.runtime.settings)}"}
    for headers in (OPERATOR, viewer):
        answer = client.get("/metrics", headers=headers)
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/plain; version=")
        assert 'prelabel_gate_state{project="moods",state="cold"} 1.0' in answer.text.splitlines()


@pytest.mark.parametrize("given", [None, "Bearer", "Bearer wrong", "Basic operator-token", "operator-token"])
def test_strangers_see_no_numbers(client: TestClient, given: str | None) -> None:
    answer = client.get("/metrics", headers={} if given is None else {"Authorization": given})
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert "moods" not in answer.text


def test_it_may_be_opened(make: MakeWorld) -> None:
    with TestClient(create_app(make(settings={"metrics_open": True}).runtime)) as client:
        assert "prelabel_items{" in client.get("/metrics").text


def test_openmetrics_where_it_is_asked_for(client: TestClient) -> None:
    answer = client.get("/metrics", headers=OPERATOR | {"Accept": "application/openmetrics-text; version=1.0.0"})
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")
