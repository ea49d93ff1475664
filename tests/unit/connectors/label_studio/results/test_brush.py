from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from label_studio_sdk.converter import brush as theirs
from numpy.typing import NDArray

from connectors.label_studio.results.brush import decode, encode, painted

RUNS = st.tuples(st.booleans(), st.lists(st.integers(1, 40), min_size=1, max_size=12)).map(
    lambda drawn: tuple([0] * drawn[0] + drawn[1])
)


def pixels(runs: tuple[int, ...]) -> NDArray[np.uint8]:
    """0 or 255 a pixel, repeated for red, green, blue and alpha."""
    return np.repeat(np.repeat([255 * (index % 2) for index in range(len(runs))], runs), 4).astype(np.uint8)


@given(RUNS)
def test_as_the_sdk_reads_and_writes_it(runs: tuple[int, ...]) -> None:
    assert (theirs.decode_rle(encode(runs)) == pixels(runs)).all()
    assert decode(theirs.encode_rle(pixels(runs)), sum(runs)) == runs
    assert decode(encode(runs), sum(runs)) == runs


@pytest.mark.parametrize("runs", [(0, 16_384), (5, 16_385, 3), (100_000,), (1, 1, 40_000, 20_000, 1), (0, 2), (0, 4)])
def test_runs_at_the_edges_of_what_a_length_can_say(runs: tuple[int, ...]) -> None:
    assert (theirs.decode_rle(encode(runs)) == pixels(runs)).all()
    assert decode(encode(runs), sum(runs)) == runs


@given(st.lists(st.sampled_from([0, 1, 127, 128, 254, 255]), min_size=1, max_size=60))
def test_edges_drawn_by_hand_count_where_half_a_pixel_is_covered(alpha: list[int]) -> None:
    """The page writes runs of different words in one piece, which ``encode`` never does."""
    words = [word for value in alpha for word in (value // 2, 0, 0, value)]
    bits = f"{len(words):032b}{7:05b}{2:04b}{3:04b}{7:04b}{15:04b}"
    bits += "010" + f"{len(words) - 1:08b}" + "".join(f"{word:08b}" for word in words)
    bits += "0" * (-len(bits) % 8)
    stream = [int(bits[at : at + 8], 2) for at in range(0, len(bits), 8)]
    assert theirs.decode_rle(stream).tolist() == words
    runs = decode(stream, len(alpha))
    assert (pixels(runs)[::4] == 255).tolist() == [value >= 128 for value in alpha]


@given(st.lists(st.integers(0, 255), max_size=40), st.integers(1, 30))
def test_any_bytes_are_a_mask_or_refused(stream: list[int], count: int) -> None:
    try:
        runs = decode(stream, count)
    except ValueError:
        return
    assert sum(runs) == count


@given(RUNS, st.data())
def test_cut_short(runs: tuple[int, ...], data: st.DataObject) -> None:
    stream = encode(runs)
    with pytest.raises(ValueError, match="end early"):
        decode(stream[: data.draw(st.integers(0, len(stream) - 2))], sum(runs))


def test_another_number_of_pixels() -> None:
    with pytest.raises(ValueError, match="does not have 5 pixels"):
        decode(encode((2, 2)), 5)
    with pytest.raises(ValueError, match="beyond its pixels"):
        decode([0, 0, 0, 4, *encode((2, 2))[4:]], 1)


def test_painted() -> None:
    assert [painted(runs) for runs in ((4,), (0, 4), (1, 2, 3, 4))] == [0, 4, 6]
