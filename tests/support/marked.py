"""A language for tests that says the texts of the catalogues between brackets, and what a page says outside of them.

Translators know it as a pseudo-locale: what stands outside of the brackets was not wrapped.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from functools import cache
from gettext import NullTranslations
from html.parser import HTMLParser
from typing import Any, Final

import pytest

from scripts.messages import extracted
from serving import language

TAG: Final = "en-XA"
OPEN, CLOSE = "⟦", "⟧"
SAID_IN: Final = ("aria-label", "title", "placeholder", "alt", "data-column", "data-undrawn", "label", "content")
"""Attributes that somebody reads or hears."""
CODE: Final = ("code", "style", "time")
"""Commands, and moments as the store has them."""
TOLD: Final = "en"
"""``lang`` of what another program answered: its own words, said to be so."""
TITLED: Final = ("title", "text", "description", "domain", "labelExpr")
"""Of a chart's specification."""
VOID: Final = ("br", "hr", "img", "input", "link", "meta", "rect", "line")


class Marked(NullTranslations):
    """A text that the catalogues do not know comes back as it is."""

    def __init__(self) -> None:
        super().__init__()
        self._known, self._within = _texts()

    def gettext(self, message: str) -> str:
        return _marked(message) if message in self._known else message

    def pgettext(self, context: str, message: str) -> str:
        return _marked(message) if (context, message) in self._within else message

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self.gettext(msgid1 if n == 1 else msgid2)


@cache
def _texts() -> tuple[set[str], set[tuple[str, str]]]:
    """Texts of the code, and those among them that have a context, after that."""
    told = [(message.context, message.id) for message in extracted("zh-Hans") if message.id]
    alone = {text for context, id in told if not context for text in ([id] if isinstance(id, str) else id)}
    return alone, {(context, id) for context, id in told if context and isinstance(id, str)}


def speak(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let pages be asked for in this language, by a cookie with ``TAG``."""
    marked, others = Marked(), language.translations
    monkeypatch.setitem(language.LANGUAGES, TAG, TAG)
    monkeypatch.setattr(language, "translations", lambda tag: marked if tag == TAG else others(tag))


def unmarked(page: str, data: Iterable[str]) -> list[str]:
    """Words of an HTML page outside of the brackets.

    Args:
        page: HTML, whole or a part.
        data: what may stand there: names, slugs, texts of tasks.
    """
    reader = _Reader()
    reader.feed(page)
    found = [word for text in reader.texts() for word in _outside(text)]
    allowed = {word for text in data for word in _words(text)}
    return [word for word in found if word not in allowed]


def _marked(message: str) -> str:
    """Its own words between brackets: what is put in has to be marked itself. Tags stay whole."""
    parts = re.split(r"(<[^>]*>|%\(\w+\)s|\{\w+(?::[^}]*)?\})", message)
    return "".join(f"{OPEN}{part}{CLOSE}" if part and not place % 2 else part for place, part in enumerate(parts))


class _Reader(HTMLParser):
    """Collects what a page says: all its text as one, since a message may hold tags, and each attribute by itself."""

    def __init__(self) -> None:
        super().__init__()
        self._text: list[str] = []
        self._more: list[str] = []
        self._inside: list[tuple[str, bool]] = []
        """Open tags, and whether what stands in them is data."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held = dict(attrs)
        if tag not in VOID:
            self._inside.append((tag, tag in CODE or held.get("lang") == TOLD))
        if tag != "meta":
            self._more += [held[name] or "" for name in SAID_IN if name in held]

    def handle_endtag(self, tag: str) -> None:
        while self._inside and self._inside.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if self._inside and self._inside[-1][0] == "script":
            self._more += list(_said(json.loads(data))) if data.strip() else []
        elif not any(hidden for _, hidden in self._inside):
            self._text.append(data)

    def texts(self) -> list[str]:
        return [" ".join(self._text), *self._more]


def _said(spec: Any, name: str = "") -> Iterator[str]:
    """Titles, legends and named values of a chart."""
    if isinstance(spec, dict):
        for key, value in spec.items():
            yield from _said(value, key if key in TITLED else "")
    elif isinstance(spec, list):
        for value in spec:
            yield from _said(value, name)
    elif isinstance(spec, str) and name:
        yield spec


def _outside(text: str) -> list[str]:
    depth, kept = 0, []
    for character in text:
        depth += (character == OPEN) - (character == CLOSE)
        kept.append(character if depth == 0 else " ")
    assert depth == 0, f"a message was cut: {text}"
    return _words("".join(kept))


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W\d_]{2,}", text)
