"""Prometheus's own tool, where it is installed (Debian: package ``prometheus``)."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path


def promtool(*words: str, given: str = "", cwd: Path | None = None) -> bool:
    """Run it; False: it is not installed, and nothing was checked.

    Raises:
        AssertionError: it found something wrong, or something to complain about.
    """
    program = shutil.which("promtool")
    if program is None:
        return False
    done = subprocess.run([program, *words], input=given, capture_output=True, text=True, timeout=60, cwd=cwd)
    assert done.returncode == 0, done.stdout + done.stderr
    return True
