"""The filter of a tab names its tasks and no other."""

from __future__ import annotations

import random
import re

from hypothesis import given
from hypothesis import strategies as st

from connectors.label_studio.tabs import pattern

NUMBERS = st.sets(st.integers(1, 3000) | st.integers(1, 10**12), min_size=1, max_size=60)


@given(NUMBERS, st.integers(1, 3000))
def test_exactly_these_numbers(numbers: set[int], other: int) -> None:
    found = re.compile(pattern(numbers))
    assert all(found.search(str(number)) for number in numbers)
    asked = {other, *range(1, 200), *(number * 10 for number in numbers), *(number // 10 for number in numbers)}
    assert {number for number in asked if found.search(str(number))} == asked & numbers


def test_runs_of_numbers_are_short() -> None:
    assert pattern(range(10, 20)) == "^1[0123456789]$"
    assert pattern([7]) == "^7$"
    assert pattern([1, 12]) == "^1(?:2)?$"
    assert len(pattern(range(100_000, 105_000))) < 60


def test_thousands_of_scattered_numbers_fit_into_a_filter() -> None:
    assert len(pattern(random.Random(1).sample(range(100_000, 200_000), 5_000))) < 25_000
