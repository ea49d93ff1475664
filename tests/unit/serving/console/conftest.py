from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from serving.api.application import create_app
from tests.support.local_world import LocalWorld


@pytest.fixture
def browser(world: LocalWorld) -> Iterator[TestClient]:
    """A browser with cookies."""
    with TestClient(create_app(world.runtime), headers={"Origin": "http://testserver"}) as opened:
        yield opened
