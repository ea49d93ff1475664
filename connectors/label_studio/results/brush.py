"""Masks <-> the bit stream that Label Studio keeps them in (``rle``), run by run: no picture is ever laid out.

The stream is that of thi.ng/rle-pack: 32 bits how many words, 5 bits the word size less one, four times 4 bits a run
size less one; then runs: 1 bit whether one word is repeated, 2 bits which run size, that many bits the length less one,
and the word, or all of them. Its words are the pixels' red, green, blue and alpha; the annotator's page paints where
alpha is not 0 and writes anti-aliased edges.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

CHANNELS = 4
WORD = 8
SIZES = (3, 4, 8, 16)
"""Bits that the four kinds of run write their length with."""
OPAQUE = 128
"""Least alpha of a pixel that counts as painted: half of it is covered."""


def encode(runs: Sequence[int]) -> list[int]:
    """The bytes of a mask, given as runs of pixels: off, on, off ... from the upper left."""
    bits = [f"{sum(runs) * CHANNELS:032b}", f"{WORD - 1:05b}", *(f"{size - 1:04b}" for size in SIZES)]
    for index, pixels in enumerate(runs):
        word = f"{255 * (index % 2):08b}"
        bits += [f"1{_length(count)}{word}" for count in _pieces(pixels * CHANNELS)]
    stream = "".join(bits)
    stream += "0" * (-len(stream) % 8)
    return list(int(stream, 2).to_bytes(len(stream) // 8, "big"))


def _pieces(count: int) -> Iterator[int]:
    """A run in parts that its length can be written of."""
    most = 1 << SIZES[-1]
    while count > 0:
        yield min(count, most)
        count -= most


def _length(count: int) -> str:
    kind = next(index for index, size in enumerate(SIZES) if count <= 1 << size)
    return f"{kind:02b}{count - 1:0{SIZES[kind]}b}"


def decode(rle: Sequence[int], pixels: int) -> tuple[int, ...]:
    """The runs of pixels of a mask with so many pixels.

    Raises:
        ValueError: the bytes are no such mask.
    """
    counts: list[int] = [0]
    on, done = False, 0
    for end, word in _words(bytes(rle), pixels * CHANNELS):
        count = end // CHANNELS - done  # alpha is the last of a pixel's words
        done += count
        if count and (word >= OPAQUE) != on:
            on = not on
            counts.append(0)
        counts[-1] += count
    return tuple(counts)


def _words(stream: bytes, words: int) -> Iterator[tuple[int, int]]:
    """(index after it, word) of every run of equal words.

    Raises:
        ValueError: the stream ends early, or holds another number of words.
    """
    bits = f"{int.from_bytes(stream, 'big'):0{8 * len(stream)}b}" if stream else ""
    at = 0

    def read(size: int) -> int:
        nonlocal at
        at += size
        if at > len(bits):
            raise ValueError("the mask's bytes end early")
        return int(bits[at - size : at], 2)

    if read(32) != words:
        raise ValueError(f"the mask does not have {words // CHANNELS} pixels")
    word = read(5) + 1
    sizes = [read(4) + 1 for _ in SIZES]
    index = 0
    while index < words:
        repeated = read(1)
        count = read(sizes[read(2)]) + 1
        if index + count > words:
            raise ValueError("the mask's bytes go on beyond its pixels")
        for step in (count,) if repeated else (1,) * count:
            index += step
            yield index, read(word)


def painted(runs: Sequence[int]) -> int:
    """How many pixels are on."""
    return sum(runs[1::2])
