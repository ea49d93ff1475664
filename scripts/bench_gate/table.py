"""Results as Markdown, and into their place in a document. Pure but for ``update``."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from scripts.bench_gate.result import Comparison, Delay, Goal, Monitoring, Row, Section


class MarkerMissingError(Exception):
    """A document has no place for what should be written into it."""


def markdown(section: Section) -> str:
    """A heading, the setting, a table, and the goals."""
    body = _comparison(section) if isinstance(section, Comparison) else _monitoring(section)
    goals = [f"- {said(goal)}" for goal in section.goals]
    return "\n".join([f"### {section.title}", "", *body, "", *goals, ""])


def said(goal: Goal) -> str:
    """The goal, the value, and whether it is reached."""
    percent = (goal.bound <= 1.0 and goal.at_least) or "violations" in goal.text
    value = f"{100 * goal.value:.2f} %" if percent else _plain(goal.value)
    bound = f"{100 * goal.bound:.4g} %" if percent else _plain(goal.bound)
    sign = "≥" if goal.at_least else "≤"
    return f"{goal.text}: {value} (goal {sign} {bound}): {'met' if goal.met else '**MISSED**'}"


def check_places(path: Path, names: Iterable[str]) -> None:
    """Whether ``update`` could write these.

    Raises:
        MarkerMissingError: there is no such document, or a name has no place in it.
    """
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    for name in names:
        if not _place(name).search(text):
            raise MarkerMissingError(f"{path} has no place for {name}: <!-- {name} --> and <!-- /{name} -->")


def update(path: Path, parts: Mapping[str, str]) -> None:
    """Put each text between ``<!-- NAME -->`` and ``<!-- /NAME -->``; all of them, or none.

    Raises:
        MarkerMissingError: a name has no such place in the document.
    """
    check_places(path, parts)
    text = path.read_text(encoding="utf-8")
    for name, content in parts.items():
        text = _place(name).sub(lambda found, c=content: f"{found[1]}\n{c.strip()}\n\n{found[2]}", text)  # type: ignore[misc]
    path.write_text(text, encoding="utf-8")


def _place(name: str) -> re.Pattern[str]:
    return re.compile(rf"(<!-- {re.escape(name)} -->\n).*?(<!-- /{re.escape(name)} -->)", re.S)


def _comparison(section: Comparison) -> list[str]:
    setting = (
        f"epsilon {_whole(section.epsilon)}, delta {_whole(section.delta)}; {section.items:,} items, "
        f"{section.labels:,} validation labels; {section.splits:,} splits, {section.models} models."
    )
    head = ("rule", "automation", "mean selective error", "violates the budget", "never opens")
    return [setting, "", *_table(head, [_cells(row, section.delta) for row in section.rows])]


def _cells(row: Row, delta: float) -> Sequence[str]:
    violations = _percent(row.violations)
    return (
        row.rule,
        _percent(row.automation),
        "–" if row.error is None else f"{row.error:.2%}".replace("%", " %"),
        f"**{violations}**" if row.violations > delta else violations,
        _percent(row.never),
    )


def _monitoring(section: Monitoring) -> list[str]:
    setting = (
        f"epsilon {_whole(section.epsilon)}; after {section.before:,} audits the error turns to "
        f"{_whole(section.shifted)}; "
        f"{section.streams:,} streams a line."
    )
    head = ("detector", "error before", "median audits to alarm", "false alarms in 10,000 audits before")
    return [setting, "", *_table(head, [_delay(row) for row in section.rows])]


def _delay(row: Delay) -> Sequence[str]:
    return row.rule, _percent(row.clean), _plain(row.median), f"{row.false_closes:.2f}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    rule = ["---"] + ["---:"] * (len(head) - 1)
    return [f"| {' | '.join(cells)} |" for cells in (head, rule, *rows)]


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _whole(share: float) -> str:
    return f"{100 * share:.0f} %"


def _plain(value: float) -> str:
    return "never" if math.isinf(value) else f"{value:,.4g}"
