"""The whole HTTP surface over a local world, without a server."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from connectors.label_studio.webhooks import SECRET_HEADER
from serving.api.application import create_app
from tests.support.local_world import SECRET, LocalWorld

OPERATOR = {"Authorization": "Bearer operator-token"}
HOOK = {SECRET_HEADER: SECRET}
BASIC = {"Authorization": "Basic " + base64.b64encode(f"prelabel:{SECRET}".encode()).decode()}


@pytest.fixture
def client(world: LocalWorld) -> Iterator[TestClient]:
    with TestClient(create_app(world.runtime)) as opened:
        yield opened
