"""Numbers into Markdown and into the document."""

import math
from pathlib import Path

import pytest

from scripts.bench_gate.result import Comparison, Delay, Goal, Monitoring, Row
from scripts.bench_gate.table import MarkerMissingError, markdown, said, update

ROWS = (
    Row("ours", 0.6134, 0.0377, 0.067, 0.0),
    Row("plug-in", 0.673, 0.0505, 0.507, 0.0),
    Row("shut", 0.0, None, 0.0, 1.0),
)
SECTION = Comparison("C1: x", 0.05, 0.1, 1000, 20_000, 1000, 5, ROWS, (Goal("automation", 0.6134, 0.61),))


def test_comparison() -> None:
    assert markdown(SECTION).splitlines() == [
        "### C1: x",
        "",
        "epsilon 5 %, delta 10 %; 20,000 items, 1,000 validation labels; 1,000 splits, 5 models.",
        "",
        "| rule | automation | mean selective error | violates the budget | never opens |",
        "| --- | ---: | ---: | ---: | ---: |",
        "| ours | 61.3 % | 3.77 % | 6.7 % | 0.0 % |",
        "| plug-in | 67.3 % | 5.05 % | **50.7 %** | 0.0 % |",
        "| shut | 0.0 % | – | 0.0 % | 100.0 % |",
        "",
        "- automation: 61.34 % (goal ≥ 61 %): met",
    ]


def test_monitoring() -> None:
    rows = (Delay("ours", 0.025, 99.5, 0.4), Delay("theirs", 0.0, math.inf, 0.0))
    text = markdown(Monitoring("C6: x", 0.05, 0.1, 1000, 500, rows))
    assert "after 1,000 audits the error turns to 10 %; 500 streams a line." in text
    assert "| ours | 2.5 % | 99.5 | 0.40 |" in text
    assert "| theirs | 0.0 % | never | 0.00 |" in text


@pytest.mark.parametrize(
    ("goal", "text"),
    [
        (Goal("automation", 0.3999, 0.40), "automation: 39.99 % (goal ≥ 40 %): **MISSED**"),
        (Goal("automation", 0.399, 0.40), "automation: 39.90 % (goal ≥ 40 %): **MISSED**"),
        (Goal("violations", 0.1, 0.1, at_least=False), "violations: 10.00 % (goal ≤ 10 %): met"),
        (Goal("audits", 111.0, 110, at_least=False), "audits: 111 (goal ≤ 110): **MISSED**"),
        (Goal("false alarms", math.inf, 1.0, at_least=False), "false alarms: never (goal ≤ 1): **MISSED**"),
    ],
)
def test_goal(goal: Goal, text: str) -> None:
    assert said(goal) == text


def test_update_leaves_the_rest_alone(tmp_path: Path) -> None:
    path = tmp_path / "doc.md"
    path.write_text("a\n<!-- X -->\nold \\1\n<!-- /X -->\nb\n<!-- Y -->\n<!-- /Y -->\n", encoding="utf-8")
    update(path, {"X": "new \\1 text\n"})
    update(path, {"X": "new \\1 text"})
    assert path.read_text(encoding="utf-8") == (
        "a\n<!-- X -->\n\nnew \\1 text\n\n<!-- /X -->\nb\n<!-- Y -->\n<!-- /Y -->\n"
    )


def test_update_writes_all_or_nothing(tmp_path: Path) -> None:
    path = tmp_path / "doc.md"
    path.write_text("<!-- X -->\n<!-- /X -->\n", encoding="utf-8")
    with pytest.raises(MarkerMissingError, match="no place for Z"):
        update(path, {"X": "new", "Z": "new"})
    assert "new" not in path.read_text(encoding="utf-8")
