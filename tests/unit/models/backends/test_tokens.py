from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.backends.tokens import Arrays, Columns, Padding, TextRunner, pad


def tokenize(texts: Sequence[str]) -> Columns:
    """One token a character."""
    ids = [[ord(character) % 97 + 3 for character in text] or [2] for text in texts]
    return {"input_ids": ids, "attention_mask": [[1] * len(row) for row in ids]}


class Network:
    """Sum of the tokens that the mask shows; remembers the shapes it saw."""

    def __init__(self) -> None:
        self.shapes: list[tuple[int, ...]] = []

    def __call__(self, arrays: Arrays) -> NDArray[np.float32]:
        self.shapes.append(arrays["input_ids"].shape)
        shown = arrays["input_ids"] * arrays["attention_mask"]
        return np.asarray(shown.sum(axis=1, keepdims=True), dtype=np.float32)


@given(st.lists(st.text(max_size=40), min_size=1, max_size=30), st.integers(1, 200), st.booleans(), st.booleans())
def test_every_text_gets_its_own_answer_within_the_budget(
    texts: list[str], budget: int, left: bool, possible: bool
) -> None:
    network = Network()
    runner = TextRunner(tokenize, network, Padding({"input_ids": 1}, left=left, possible=possible), budget=budget)
    expected = [sum(row) for row in tokenize(texts)["input_ids"]]
    assert runner(texts)[:, 0].tolist() == expected
    assert all(rows == 1 or (rows * width <= budget and possible) for rows, width in network.shapes)


@pytest.mark.parametrize(("left", "expected"), [(False, [[5, 6, 7], [8, 9, 9]]), (True, [[5, 6, 7], [9, 9, 8]])])
def test_padding_side(left: bool, expected: list[list[int]]) -> None:
    columns = {"input_ids": [[5, 6, 7], [0], [8]], "attention_mask": [[1, 1, 1], [1], [1]]}
    arrays = pad(columns, [0, 2], Padding({"input_ids": 9}, left=left))
    assert arrays["input_ids"].tolist() == expected
    assert arrays["attention_mask"].tolist() == [[1, 1, 1], [0, 0, 1] if left else [1, 0, 0]]
