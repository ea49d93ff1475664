from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from models.offsets import points, units

TEXTS = st.text(st.sampled_from("aé東😀𝔹"), max_size=12)


@given(TEXTS, st.integers(0, 14))
def test_units_are_those_of_utf_16(text: str, count: int) -> None:
    assert units(text, count) == len(text[:count].encode("utf-16-le")) // 2


@given(TEXTS, st.integers(0, 12))
def test_there_and_back(text: str, count: int) -> None:
    assert points(text, units(text, count)) == min(count, len(text))


def test_a_character_that_is_cut_in_two_counts() -> None:
    assert [points("a😀b", count) for count in range(6)] == [0, 1, 2, 2, 3, 3]
