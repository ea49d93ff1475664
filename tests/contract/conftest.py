from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts import label_studio
from scripts.label_studio import Server
from tests.support.shared_servers import ends_with


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A real Label Studio for the session."""
    started = label_studio.start(Path(tmp_path_factory.mktemp("label-studio")), progress=print)
    ends_with(started.stop)
    yield started
    started.stop()
