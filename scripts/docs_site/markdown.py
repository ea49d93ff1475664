"""Markdown as mkdocs reads it, from values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; bars in cells are escaped and line ends become spaces."""
    lines = [_row(head), _row(["---"] * len(head)), *(_row(row) for row in rows)]
    return "\n".join(lines) + "\n"


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(" ".join(cell.replace("|", "\\|").split()) for cell in cells) + " |"


def code(text: object) -> str:
    return f"`{text}`"


def prose(text: str) -> str:
    """A docstring as Markdown: double backticks become single ones, and ``<words>`` no tags."""
    return re.sub(r"``(.+?)``", r"`\1`", text).replace("<", "&lt;") if "`" not in text else _outside_code(text)


def _outside_code(text: str) -> str:
    parts = re.split(r"(``.+?``|`[^`]+`)", text, flags=re.DOTALL)
    return "".join(f"`{part.strip('`')}`" if part.startswith("`") else part.replace("<", "&lt;") for part in parts)


def anchor(text: str) -> str:
    """An id for a heading, out of a name."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
