from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.tagging.tokens import kind, tokens


def cut(text: str) -> list[str]:
    return [text[start:end] for start, end in tokens(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mr. O'Neil paid 20 EUR", ["Mr", ".", "O", "'", "Neil", "paid", "20", "EUR"]),
        ("新华社北京1月3日电", ["新", "华", "社", "北", "京", "1", "月", "3", "日", "电"]),
        ("iPhone15はApple製", ["iPhone", "15", "は", "Apple", "製"]),
        ("हिन्दी भाषा", ["हिन्दी", "भाषा"]),
        ("cafe\u0301 👍🏽 b", ["cafe\u0301", "👍", "🏽", "b"]),
        ("𠮷野家😀x", ["𠮷", "野", "家", "😀", "x"]),
        ("", []),
        (" \n\t", []),
    ],
)
def test_words_characters_and_marks(text: str, expected: list[str]) -> None:
    assert cut(text) == expected


@given(st.text())
def test_tokens_are_in_order_and_hold_everything_but_white_space(text: str) -> None:
    found = tokens(text)
    assert all(start < end for start, end in found)
    assert all(before[1] <= after[0] for before, after in pairwise(found))
    inside = {place for start, end in found for place in range(start, end)}
    assert all(place in inside or kind(character) == "space" for place, character in enumerate(text))
    assert not any(kind(text[place]) == "space" for place in inside)
