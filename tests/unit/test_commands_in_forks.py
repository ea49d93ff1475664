"""A command in a fork is the command: its own environment, folder, output and end."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.support.commands import run

MISSING = ("report", "moods", "--json")


def test_it_says_and_does_what_a_process_of_its_own_does(tmp_path: Path) -> None:
    program = str(Path(sys.executable).with_name("prelabel"))
    for words in (("gate", "close"), MISSING):
        env = {**os.environ, "PRELABEL_DATA_DIR": str(tmp_path), "COLUMNS": "100", "TERM": "dumb"}
        alone = subprocess.run([program, *words], env=env, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert run(words, env=env, cwd=tmp_path) == (alone.returncode, alone.stdout, alone.stderr), words


def test_each_has_its_own_store_at_the_same_time(tmp_path: Path) -> None:
    def ask(n: int) -> tuple[int, str, str]:
        (tmp_path / str(n)).mkdir()
        return run(MISSING, env=os.environ | {"PRELABEL_DATA_DIR": "here"}, cwd=tmp_path / str(n))

    with ThreadPoolExecutor(4) as pool:
        said = list(pool.map(ask, range(4)))
    assert {code for code, _, _ in said} == {1}
    assert all("no project" in err for _, _, err in said)
    assert all((tmp_path / str(n) / "here" / "prelabel.db").exists() for n in range(4))
