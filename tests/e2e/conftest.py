"""One real Label Studio for all end-to-end tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from scripts import label_studio


@pytest.fixture(scope="session")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[label_studio.Server]:
    server = label_studio.start(tmp_path_factory.mktemp("label-studio"))
    yield server
    server.stop()
