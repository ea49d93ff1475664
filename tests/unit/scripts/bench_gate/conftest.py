import os

import pytest


@pytest.fixture(autouse=True)
def one_core(monkeypatch: pytest.MonkeyPatch) -> None:
    """No processes: what is tested is small, and a test may change what a piece of work looks at."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0})
