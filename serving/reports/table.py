"""The report as rows of (key, value): what a spreadsheet reads."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from serving.monitoring.automation import AutomationReport

HEADER: Final = ("key", "value")
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""A text that begins with one of these is run by spreadsheets (OWASP, CSV injection): an apostrophe goes before it."""


def rows(report: AutomationReport) -> Iterator[tuple[str, str]]:
    """Each number and text of the JSON: ``effort.ranges.0.lower``; null is empty, and empty lists are ``[]``."""
    yield from _rows("", report.model_dump(mode="json"))


def as_csv(report: AutomationReport) -> bytes:
    """RFC 4180 in UTF-8, with a mark of its encoding, without which Excel takes it for another."""
    made = io.StringIO(newline="")
    written = csv.writer(made)
    written.writerow(HEADER)
    written.writerows(rows(report))
    return b"\xef\xbb\xbf" + made.getvalue().encode()


def as_json(report: AutomationReport) -> bytes:
    """As ``prelabel report --json`` prints it."""
    return (json.dumps(report.model_dump(mode="json"), indent=2, ensure_ascii=False) + "\n").encode()


def _rows(key: str, value: object) -> Iterator[tuple[str, str]]:
    parts: Sequence[tuple[object, object]] = ()
    if isinstance(value, Mapping):
        parts = list(value.items())
    elif isinstance(value, list):
        parts = list(enumerate(value))
    if parts:
        for name, part in parts:
            yield from _rows(f"{key}.{name}" if key else str(name), part)
    elif isinstance(value, str):
        yield key, f"'{value}" if value.startswith(FORMULA) else value
    else:
        yield key, "" if value is None else json.dumps(value)
