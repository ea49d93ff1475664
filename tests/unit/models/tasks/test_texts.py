from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given

from models.tasks import texts
from models.types import Region
from models.values import Text
from tests.unit.models.tasks.marks import WORDS, control, quick, region

AREA = control("textarea")


def _said(*strings: str) -> tuple[Region, ...]:
    return (region(Text(texts=strings)),)


def _edits(a: str, b: str) -> int:
    """Levenshtein by its definition."""

    @cache
    def upto(i: int, j: int) -> int:
        if not i or not j:
            return i + j
        return min(upto(i - 1, j) + 1, upto(i, j - 1) + 1, upto(i - 1, j - 1) + (a[i - 1] != b[j - 1]))

    return upto(len(a), len(b))


@quick
@given(WORDS, WORDS)
def test_edits_by_definition(a: str, b: str) -> None:
    longer = max(len(a), len(b))
    assert texts.distance(a, b) == pytest.approx(_edits(a, b) / longer if longer else 0.0)


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        ("kitten", "sitting", 3 / 7),
        ("Caf\u00e9", "cafe\u0301", 0.0),
        (" two\n words", "two words ", 0.0),
        ("STRASSE", "Straße", 0.0),
        ("发票", "发 票", 1 / 3),
        ("", " ", 0.0),
        ("", "x", 1.0),
    ],
)
def test_by_hand(ours: str, theirs: str, expected: float) -> None:
    assert texts.loss(_said(ours), _said(theirs), AREA) == pytest.approx(expected)


def test_several_strings_are_paired_for_the_least_loss() -> None:
    assert texts.loss(_said("one", "two"), _said("two", "one"), AREA) == 0.0
    assert texts.loss(_said("one", "two"), _said("two"), AREA) == pytest.approx(0.5)
    assert texts.loss(_said("one") + _said("two"), _said("one", "twx"), AREA) == pytest.approx(1 / 6)


@quick
@given(WORDS)
def test_plain_is_plain(text: str) -> None:
    assert texts.plain(texts.plain(text)) == texts.plain(text)
