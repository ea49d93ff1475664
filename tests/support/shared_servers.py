"""Servers that a session's tests share are ended once the tests that need them are over, not when all tests are.

They poll while they run, and take from the processors of whatever runs beside them.
"""

from __future__ import annotations

from collections.abc import Callable

_ENDS: list[Callable[[], object]] = []


def ends_with(end: Callable[[], object]) -> None:
    """Call this, newest first, before the first test that needs no server; calling it again must do no harm."""
    _ENDS.append(end)


def end_all() -> None:
    while _ENDS:
        _ENDS.pop()()
