"""Texts in the language of the request, and catalogues that keep up with the code."""

from __future__ import annotations

import re

import pytest
from babel.messages.pofile import read_po

from scripts.messages import catalogue, lacking
from serving.language import ENGLISH, LANGUAGES, gettext, language, ngettext, preferred, speaking

OTHERS = [tag for tag in LANGUAGES if tag != ENGLISH]


@pytest.mark.parametrize(
    ("header", "tag"),
    [
        ("", "en"),
        ("de-DE, fr;q=0.9", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh-Hans"),
        ("zh-TW", "zh-Hans"),
        ("en-US,zh;q=0.9", "en"),
        ("en;q=0.2, zh;q=0.8", "zh-Hans"),
        ("zh;q=0, en", "en"),
        ("*;q=x,,;;", "en"),
    ],
)
def test_the_browser_is_heard(header: str, tag: str) -> None:
    assert preferred(header) == tag


def test_a_text_is_said_in_the_language_of_now() -> None:
    assert (language(), gettext("Projects")) == ("en", "Projects")
    with speaking("zh-Hans"):
        assert gettext("Projects") == "项目"
    with speaking("tlh"):
        assert gettext("Projects") == "Projects"
    assert language() == "en"


def test_values_are_put_in() -> None:
    assert gettext("{n:,} of {all}", n=1234, all="x") == "1,234 of x"
    assert ngettext("{n} cat", "{n} cats", 2) == "2 cats"


@pytest.mark.parametrize("tag", OTHERS)
def test_every_text_is_translated(tag: str) -> None:
    assert lacking(tag) == []


@pytest.mark.parametrize("tag", OTHERS)
def test_translations_are_made_of_the_same_parts(tag: str) -> None:
    with catalogue(tag).open("rb") as file:
        messages = [message for message in read_po(file, locale=tag.replace("-", "_")) if message.id]
    told = [(_last(message.id), text) for message in messages for text in _all(message.string)]
    assert [pair for pair in told if _parts(pair[0]) != _parts(pair[1])] == []


def _last(id: str | list[str] | tuple[str, ...]) -> str:
    """Of a plural the form with the number."""
    return id if isinstance(id, str) else id[-1]


def _all(string: str | list[str] | tuple[str, ...] | None) -> tuple[str, ...]:
    return (string,) if isinstance(string, str) else tuple(string or ())


def _parts(text: str) -> tuple[list[str], ...]:
    """Values with their formats, what a template's ``%`` says else, tags, and quotes that would end an attribute."""
    values = re.findall(r"%\(\w+\)s|\{\w+(?::[^}]*)?\}", text)
    rest = re.findall(r"%%|%(?!\()", text)
    return sorted(values), rest, sorted(re.findall(r"</?\w+[^>]*>|&\w+;", text)), re.findall(r'"', text)
