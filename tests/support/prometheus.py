"""Prometheus's own tool, where it is installed (Debian: package ``prometheus``)."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.patience import PATIENCE_S

needs_promtool = pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")


def promtool(*words: str, given: str = "", cwd: Path | None = None) -> None:
    """Run it.

    Raises:
        AssertionError: it found something wrong, or something to complain about.
    """
    done = subprocess.run(
        ["promtool", *words], input=given, capture_output=True, text=True, timeout=PATIENCE_S, cwd=cwd
    )
    assert done.returncode == 0, done.stdout + done.stderr
