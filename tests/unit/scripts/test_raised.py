"""Messages of errors, as they are found in the syntax of the code."""

from __future__ import annotations

import ast

import pytest

from models.types import Medium
from scripts import raised
from scripts.raised import Module
from serving.language import ERROR, FRAGMENT, messages_of
from serving.retold.errors import MEDIA
from serving.retold.matching import literals


def found(code: str) -> list[str]:
    tree = ast.parse(code)
    module = Module("x.py", tree, dict(raised._constants(tree)))
    return [
        message for expression, _ in raised._expressions(module) for message in raised._messages(expression, module)
    ]


def test_every_error_that_a_page_may_show_is_found() -> None:
    assert raised.unknown() == []


def test_what_no_page_shows_is_there_and_raises() -> None:
    modules = {module.path: module for module in raised.modules()}
    for path in raised.NOT_ON_PAGES:
        assert any(isinstance(node, ast.Raise) for node in ast.walk(modules[path].tree)), path


def test_the_catalogues_have_them() -> None:
    texts = raised.texts()
    assert {one.message for one in texts if not one.inside} == set(messages_of(ERROR))
    assert {one.message for one in texts if one.inside} == set(messages_of(FRAGMENT))
    assert set(MEDIA) == set(Medium)


def test_none_fits_anything() -> None:
    """What a message says itself is enough to know it by."""
    weak = [one.message for one in raised.texts() if not one.inside and sum(map(len, literals(one.message))) < 7]
    assert weak == []


@pytest.mark.parametrize(
    ("code", "messages"),
    [
        ('raise ConfigurationError("it is {so}")', ["it is {{so}}"]),
        ('raise ModelError(f"{a.b!r} of {len(names)}: {type(error).__name__}")', ["{b} of {names}: {error}"]),
        ("raise ModelError(f\"{', '.join(x)} and {y.x:g}\")", ["{x} and {x_2}"]),
        ("raise MediaError(f\"is {'more' if a else 'less'} now\")", ["is more now", "is less now"]),
        ('raise MediaError("one" if a else f"of {b}")', ["one", "of {b}"]),
        ('SAID = "no {what}"\nraise MediaError(SAID.format(what=1))', ["no {what}"]),
        ('raise MediaError("a" + (f"; {b}" if b else ""))', ["a; {b}", "a"]),
        ('kind = MediaError\nraise kind(f"no {b}")', ["no {b}"]),
        ('raise UnreadableItem("code", "the words")', ["the words"]),
        ('x = written(f"there are {n}")', ["there are {n}"]),
        ('raise MediaError(gettext("said there"))', []),
        ('raise ValueError("of Python")', []),
        ('raise MissingDependencyError("package", "extra")', []),
    ],
)
def test_messages(code: str, messages: list[str]) -> None:
    assert found(code) == messages


def test_values_side_by_side_are_refused() -> None:
    with pytest.raises(ValueError, match="side by side"):
        found('raise MediaError(f"is {a}{b}")')


def test_what_is_not_found_is_named() -> None:
    tree = ast.parse("raise MediaError(told)\nraise MediaError(of())\ndef of():\n    return written('x')\n")
    module = Module("x.py", tree)
    assert raised.unknown_in(module) == ["x.py:1: told"]
