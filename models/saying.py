"""Sentences that people read are said by whoever shows them: functions here take a ``say``, English by default."""

from __future__ import annotations

from typing import Protocol


class Say(Protocol):
    """Says a sentence in a language, with values put in by ``str.format``."""

    def __call__(self, message: str, /, **values: object) -> str: ...


def english(message: str, /, **values: object) -> str:
    """A sentence as it is written, with its values."""
    return message.format(**values) if values else message
