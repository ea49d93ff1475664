from __future__ import annotations

import io
import time

from rich.console import Console

from scripts.demo.progress import shown
from tests.support.patience import PATIENCE_S


def test_plain_lines_where_there_is_no_terminal() -> None:
    out = io.StringIO()
    with shown(Console(file=out), every_s=0.01) as progress:
        progress.add_task("items arrive", total=10, completed=10)
        row = progress.add_task("people label", total=400)
        progress.update(row, completed=12)
        end = time.monotonic() + PATIENCE_S
        while "people label: 12 of 400" not in out.getvalue():
            assert time.monotonic() < end, out.getvalue()
            time.sleep(0.01)
        progress.add_task("waiting", total=None)
        while "s] waiting\n" not in out.getvalue():
            assert time.monotonic() < end, out.getvalue()
            time.sleep(0.01)
    told = out.getvalue()
    assert "items arrive" not in told
    time.sleep(0.05)
    assert out.getvalue() == told, "nothing is told after the end"


def test_bars_on_a_terminal() -> None:
    out = io.StringIO()
    with shown(Console(file=out, force_terminal=True, width=100), every_s=0.01) as progress:
        progress.update(progress.add_task("people label", total=4), completed=4)
    assert "4/4" in out.getvalue()
