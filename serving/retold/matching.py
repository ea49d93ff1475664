"""Which of some sentences a text was made of, and with what values."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache
from string import Formatter
from typing import Final, NamedTuple

START: Final = 3
"""First letters of a text by which sentences are looked up."""
REST: Final = "rest_"
"""What follows after a full stop."""


class Form(NamedTuple):
    """A sentence, taken apart."""

    message: str
    """For ``str.format``."""
    head: str
    """What it begins with; empty: with a value."""
    longest: str
    """Its longest words between values."""
    parts: tuple[str, ...]
    """What it says itself, and between that the names of its values."""


class Made(NamedTuple):
    """What a text is made of."""

    message: str
    values: dict[str, str]
    rest: str
    """What follows after its full stop."""


@lru_cache(maxsize=4096)
def made_of(sentences: tuple[str, ...], text: str) -> Made | None:
    """The first sentence that a text begins with; None: it is none of these."""
    forms = _forms(sentences)
    for form in forms.get(text[:START]) or forms[""]:
        likely = text.startswith(form.head) and form.longest in text
        if likely and (values := _values(form.parts, text)) is not None:
            return Made(form.message, values, values.pop(REST, ""))
    return None


def literals(sentence: str) -> list[str]:
    """What it says itself, between its values."""
    return [literal for literal, *_ in Formatter().parse(sentence)]


@cache
def _forms(sentences: tuple[str, ...]) -> dict[str, tuple[Form, ...]]:
    """First letters of a text -> what it may be made of, in order; '': letters that no sentence begins with."""
    forms = [_form(sentence) for sentence in sentences]
    short = {form.head for form in forms if len(form.head) < START}
    starts = {form.head[:START] for form in forms} - short | {""}
    return {
        start: tuple(one for one in forms if (one.head.startswith(start) and start) or one.head in short)
        for start in starts
    }


def _form(sentence: str) -> Form:
    parts = [""]
    for literal, name, *_ in Formatter().parse(sentence):
        parts[-1] += literal
        if name is not None:
            parts += [name, ""]
    own = parts[::2]
    return Form(sentence, own[0], max(own, key=len), tuple(parts))


def _values(parts: Sequence[str], text: str) -> dict[str, str] | None:
    """The values that the sentence was made with, none of them empty; each ends where the sentence first goes on.

    One way through the text: a text that somebody made up costs no more than another.
    """
    if not text.startswith(parts[0]):
        return None
    at, values = len(parts[0]), {}
    full_stop = parts[-1].endswith(".")
    for name, literal, last in zip(parts[1::2], parts[2::2], range(len(parts) // 2 - 1, -1, -1), strict=True):
        end = text.find(literal, at + 1) if last else _end(literal, text, at + 1, full_stop)
        if end < 0:
            return None
        values[name] = text[at:end]
        at = end + len(literal)
    if text[at : at + 1] == " " and full_stop:
        values[REST] = text[at + 1 :]
    elif at < len(text):
        return None
    return values


def _end(literal: str, text: str, at: int, full_stop: bool) -> int:
    """Where the end of a sentence stands: at that of the text, or after a full stop before a space; -1: nowhere."""
    if not full_stop:
        return len(text) - len(literal) if at <= len(text) - len(literal) and text.endswith(literal) else -1
    end = text.find(literal, at)
    while end >= 0 and text[end + len(literal) : end + len(literal) + 1] not in ("", " "):
        end = text.find(literal, end + 1)
    return end
