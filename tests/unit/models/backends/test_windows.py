from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from transformers import PreTrainedTokenizerFast

from models.backends.tokens import Arrays, Padding
from models.backends.windows import WindowRunner
from tests.unit.models.backends.tiny_tagger import PLAIN, save_tokenizer


def echo(arrays: Arrays) -> NDArray[np.float32]:
    """The number of each token and its place in the window, instead of logits."""
    places = np.broadcast_to(np.arange(arrays["input_ids"].shape[1]), arrays["input_ids"].shape)
    return np.stack([arrays["input_ids"], places], axis=2).astype(np.float32)


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> PreTrainedTokenizerFast:
    return save_tokenizer(tmp_path_factory.mktemp("tokenizer"))


@settings(deadline=None, max_examples=50)
@given(st.lists(st.lists(st.sampled_from([*PLAIN, "anna", "oslo", "😀"]), max_size=60), max_size=4), st.integers(4, 40))
def test_each_token_comes_once_in_order_with_what_was_said_of_it(
    tokenizer: PreTrainedTokenizerFast, texts: list[list[str]], longest: int
) -> None:
    runner = WindowRunner(tokenizer, echo, Padding({}), longest=longest, budget=64)
    lines = [" ".join(words) for words in texts]
    for line, found in zip(lines, runner(lines), strict=True):
        whole = tokenizer(line, add_special_tokens=False, truncation=False, return_offsets_mapping=True)
        assert found.logits[:, 0].tolist() == whole["input_ids"]
        assert found.offsets == [tuple(pair) for pair in whole["offset_mapping"]]


def test_a_shared_token_is_taken_from_where_it_is_farther_from_the_edge(tokenizer: PreTrainedTokenizerFast) -> None:
    runner = WindowRunner(tokenizer, echo, Padding({}), longest=22, budget=64)
    (found,) = runner([" ".join(["the"] * 35)])
    assert found.logits[:, 1].tolist() == [*range(1, 18), *range(3, 21)]


def test_nothing_to_read(tokenizer: PreTrainedTokenizerFast, tmp_path: Path) -> None:
    runner = WindowRunner(tokenizer, echo, Padding({}), longest=20, budget=64)
    assert runner([]) == []
    (found,) = runner([""])
    assert (found.offsets, found.logits.shape) == ([], (0, 2))
