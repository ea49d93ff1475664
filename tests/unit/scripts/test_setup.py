"""scripts/setup.sh, with an interpreter that only notes what it is asked for: the real one takes minutes."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
INTERPRETER = """#!/usr/bin/env bash
case "$*" in
    *sys.version_info*) exit "${OLD:-0}" ;;
    *ensurepip*) exit "${NO_ENSUREPIP:-0}" ;;
    "-m venv"*) mkdir -p "$4/bin"; cp "$0" "$4/bin/python"; echo venv >>calls ;;
    "-m pip --version") ;;
    "-m pip install"*)
        echo "install ${*: -1}" >>calls
        echo "Collecting something"; echo "WARNING: noise" >&2; echo "ERROR: no such thing" >&2
        sleep 0.4; exit "${PIP_STATUS:-0}" ;;
esac
"""

OURS = ["install .[dev]", "install rapid-layout"]
"""What the project's environment is made of."""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    (tmp_path / "scripts").mkdir()
    for name in ("scripts/setup.sh", "pyproject.toml", "constraints.txt", "constraints-label-studio.txt"):
        shutil.copy(ROOT / name, tmp_path / name)
    python = tmp_path / "fake-python"
    python.write_text(INTERPRETER, encoding="utf-8")
    python.chmod(0o755)
    return tmp_path


def start(clone: Path, *args: str, **env: str) -> subprocess.Popen[str]:
    clean = {key: value for key, value in os.environ.items() if key != "PRELABEL_LABEL_STUDIO_VENV"}
    return subprocess.Popen(
        ["bash", str(clone / "scripts/setup.sh"), *args],
        env={**clean, "PYTHON": str(clone / "fake-python"), **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> tuple[int, str]:
    output, _ = process.communicate(timeout=60)
    return process.returncode, output


def calls(clone: Path) -> list[str]:
    file = clone / "calls"
    return file.read_text(encoding="utf-8").splitlines() if file.exists() else []


def test_both_environments_are_made_once(clone: Path) -> None:
    status, output = finish(start(clone, "all"))
    assert status == 0
    assert calls(clone) == ["venv", *OURS, "venv", "install label-studio"]
    assert "packages: done in" in output
    assert "ERROR" not in output
    assert finish(start(clone, "all")) == (0, "")
    assert len(calls(clone)) == 5


def test_changed_pins_install_again_into_the_same_environment(clone: Path) -> None:
    finish(start(clone, "project"))
    with (clone / "constraints.txt").open("a", encoding="utf-8") as file:
        file.write("another==1\n")
    finish(start(clone, "project"))
    assert calls(clone) == ["venv", *OURS, *OURS]


def test_several_at_once_install_once(clone: Path) -> None:
    results = [finish(process) for process in [start(clone, "project") for _ in range(3)]]
    assert [status for status, _ in results] == [0, 0, 0]
    assert calls(clone) == ["venv", *OURS]


def test_label_studio_may_live_elsewhere(clone: Path) -> None:
    elsewhere = clone / "else where" / "venv"
    assert finish(start(clone, "label-studio", PRELABEL_LABEL_STUDIO_VENV=str(elsewhere)))[0] == 0
    assert (elsewhere / ".stamp").exists()
    assert not (clone / ".venv-label-studio").exists()


def test_a_failed_install_shows_the_log_and_is_tried_again(clone: Path) -> None:
    status, output = finish(start(clone, "project", PIP_STATUS="3"))
    assert status != 0
    assert "ERROR: no such thing" in output
    assert "noise" not in output
    assert "packages failed (status 3); the whole log is in var/setup/venv-pip.log" in output
    assert finish(start(clone, "project"))[0] == 0
    assert calls(clone) == ["venv", OURS[0], *OURS]


@pytest.mark.parametrize(
    ("args", "env", "message"),
    [
        (["everything"], {}, "what is 'everything'? Say project, label-studio or all"),
        (["project"], {"OLD": "1"}, "Python 3.11 or newer is needed. Debian 12: apt-get install python3 python3-venv"),
        (["project"], {"NO_ENSUREPIP": "1"}, "cannot make virtual environments. Debian: apt-get install python3-venv"),
    ],
)
def test_what_is_missing_is_said(clone: Path, args: list[str], env: dict[str, str], message: str) -> None:
    status, output = finish(start(clone, *args, **env))
    assert status != 0
    assert message in output
    assert calls(clone) == []
